//! How a packet goes, hop by hop, with the rule that decides, or why it does not arrive.

mod connection;
mod packet;
pub mod rules;

pub use connection::Connection;
pub use packet::{Layer4, Packet};
