//! Bridgewalk's window and command line.
//!
//! [`words`] holds every text a user reads, [`source`] says where a snapshot comes from, [`views`] which pictures there
//! are, [`cli`] and [`window`] show them.

pub mod cli;
pub mod new_file;
pub mod picture;
pub mod source;
pub mod views;
pub mod window;
pub mod words;
