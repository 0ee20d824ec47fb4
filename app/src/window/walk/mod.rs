//! A packet's walk in the window: the two ends are chosen, the path lights up in the picture, a packet moves along it,
//! and beside it stand each hop, the header as it is there, and what makes it so.
//!
//! A [`Follower`] works walks out on a thread of its own; a [`Course`] is where they lead in the picture; a [`Playback`]
//! says how far along the packet is. Nothing asks to be painted but while the packet moves.

mod completion;
mod course;
mod ending;
mod ends;
mod follower;
mod header;
mod hops;
mod mark;
mod panel;
mod playback;
mod proof;

pub(super) use completion::{HOST, OUTSIDE};
pub(super) use ends::Slot;
pub(super) use follower::Inquiry;
pub(super) use mark::Mark;
pub(super) use panel::{WalkPanel, can_be_end};

use course::Course;
use follower::Follower;
use playback::Playback;
