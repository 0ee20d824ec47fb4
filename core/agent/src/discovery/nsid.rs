//! Numbers by which one network namespace knows another (`RTM_GETNSID`).

use std::{io, os::fd::AsRawFd};

use super::{Door, Place};
use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, i32_at},
};

const RTM_GETNSID: u16 = 90;
const NETNSA_NSID: u16 = 1;
const NETNSA_PID: u16 = 2;
const NETNSA_FD: u16 = 3;
/// `struct rtgenmsg`, padded.
const RTGENMSG_LEN: usize = 4;

/// The number of `place` in the namespace that `netlink` is in; none if it has none there.
pub(crate) fn read(netlink: &mut Netlink, place: &Place) -> io::Result<Option<i32>> {
    let body = Body::new(&[0; RTGENMSG_LEN]);
    let body = match (&place.door, place.pid) {
        (Door::Enter(descriptor), _) => body.with(NETNSA_FD, &descriptor.as_raw_fd().to_ne_bytes()),
        (_, Some(pid)) => body.with(NETNSA_PID, &pid.to_ne_bytes()),
        _ => return Ok(None),
    };
    Ok(netlink.ask(RTM_GETNSID, &body, decode)?.filter(|nsid| *nsid >= 0))
}

fn decode(message: Message<'_>) -> Option<i32> {
    Attributes::after(message.body, RTGENMSG_LEN).find(NETNSA_NSID).and_then(|value| i32_at(value, 0))
}
