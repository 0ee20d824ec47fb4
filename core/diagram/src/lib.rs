//! From a snapshot to a picture: what is shown (the view), where it stands (the layout), what is painted ([`scene`]),
//! and the files that hold it (the exporters).

#![forbid(unsafe_code)]

pub mod scene;
