//! Reads a namespace that may not be entered: from the host's side, and through `/proc/PID/net`.

use super::{Known, Parts, Reading, Record};
use crate::discovery::Place;
use bridgewalk_model::Via;

/// Reads what can be read of `place` without being in it.
pub(super) fn read(place: &Place, _parts: Parts, _known: &Known) -> Reading {
    let record = Record::new(place, Via::Proc);
    record.reading
}
