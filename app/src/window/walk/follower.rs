//! Works walks out, off the window's thread.

use std::sync::Arc;

use bridgewalk_analysis::walk::{EndError, Protocol, Question, Walk, Walker};
use bridgewalk_model::Snapshot;

use crate::window::worker::Worker;

/// What a person asks: the ends as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::window) struct Inquiry {
    /// Who sends.
    pub from: String,
    /// Who receives; a port may follow after a colon.
    pub to: String,
    /// The receiver's port; empty: none given.
    pub port: String,
    /// The protocol.
    pub protocol: Protocol,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// In what it was followed.
    pub snapshot: Arc<Snapshot>,
    /// The walk, or why there is none.
    pub walk: Result<Arc<Walk>, EndError>,
}

/// Follows packets.
pub(super) type Follower = Worker<(Arc<Snapshot>, Inquiry), Answer>;

/// Follows the packet that `inquiry` asks for.
pub(super) fn follow((snapshot, inquiry): (Arc<Snapshot>, Inquiry)) -> Answer {
    let walk = walk(&snapshot, &inquiry).map(Arc::new);
    Answer { snapshot, walk }
}

fn walk(snapshot: &Snapshot, inquiry: &Inquiry) -> Result<Walk, EndError> {
    let walker = Walker::new(snapshot);
    let from = walker.sender(inquiry.from.trim())?;
    let (to, own_port) = walker.receiver(inquiry.to.trim())?;
    let port = match inquiry.port.trim() {
        "" => own_port,
        text => Some(text.parse().ok().filter(|port| *port != 0).ok_or_else(|| EndError::Port(text.into()))?),
    };
    Ok(walker.walk(&Question { from, to, port, protocol: inquiry.protocol, source_port: None }))
}
