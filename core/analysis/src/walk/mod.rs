//! How a packet goes, hop by hop, with the rule that decides, or why it does not arrive.

mod access;
mod connection;
mod ends;
mod engine;
mod entry;
mod evidence;
mod finish;
mod flow;
mod hop;
mod links;
mod lookup;
mod opening;
mod packet;
mod place;
pub mod proof;
mod question;
mod reach;
mod result;
pub mod rules;
mod unknown;
mod walker;

pub use access::{Access, access};
pub use connection::Connection;
pub use ends::{EndError, qualified};
pub use entry::EntryBy;
pub use evidence::{Evidence, NameSource, PortSetting};
pub use hop::{Action, Hop};
pub use opening::Opening;
pub use packet::{Layer4, Packet};
pub use question::{End, Protocol, Question};
pub use reach::{By, Cell, Door, Matrix, Party, Receiver, reach};
pub use result::{Alternative, Verdict, Walk, Way, connects};
pub use unknown::Unknown;
pub use walker::Walker;
