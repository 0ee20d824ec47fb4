//! Bridgewalk's window and command line.
//!
//! [`words`] holds every text a user reads, [`source`] says where a snapshot comes from, [`cli`] and [`window`] show it.

pub mod cli;
pub mod new_file;
pub mod picture;
pub mod source;
pub mod window;
pub mod words;
