//! IPVS.

use std::io;

use bridgewalk_model::kernel::Ipvs;

/// The virtual servers.
pub(super) fn read(_family: u16) -> io::Result<Ipvs> {
    Ok(Ipvs::default())
}

/// Generic netlink's number of IPVS.
pub(super) fn family() -> Option<u16> {
    None
}
