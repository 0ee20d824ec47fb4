//! Numbers by which one network namespace knows another (`RTM_GETNSID`).

use std::{io, os::fd::AsRawFd};

use netlink_packet_route::{
    RouteNetlinkMessage,
    nsid::{NsidAttribute, NsidMessage},
};

use super::{Door, Place};
use crate::netlink::route::Route;

/// The number of `place` in the namespace that `route` is in; none if it has none there.
pub(crate) fn read(route: &mut Route, place: &Place) -> io::Result<Option<i32>> {
    let which = match (&place.door, place.pid) {
        (Door::Enter(descriptor), _) => NsidAttribute::Fd(descriptor.as_raw_fd().cast_unsigned()),
        (_, Some(pid)) => NsidAttribute::Pid(pid),
        _ => return Ok(None),
    };
    let mut message = NsidMessage::default();
    message.attributes.push(which);
    let answer = route.ask(RouteNetlinkMessage::GetNsId(message))?;
    let Some(RouteNetlinkMessage::NewNsId(answer)) = answer else { return Ok(None) };
    let number = |attribute| if let NsidAttribute::Id(nsid) = attribute { Some(nsid) } else { None };
    Ok(answer.attributes.into_iter().find_map(number).filter(|nsid| *nsid >= 0))
}
