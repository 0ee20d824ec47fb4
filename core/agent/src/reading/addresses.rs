//! Addresses (`RTM_GETADDR`).

use std::io;

use bridgewalk_model::kernel::{Address, AddressScope};
use netlink_packet_route::{
    AddressFamily,
    address::{AddressAttribute, AddressFlags, AddressMessage},
};

use crate::netlink::route::Route;

/// The addresses of the namespace that `route` is in.
pub(crate) fn read(route: &mut Route) -> io::Result<Vec<Address>> {
    route.dump(|handle| handle.address().get().execute(), decode)
}

/// Those of another namespace; see [`super::links::read_target`].
pub(crate) fn read_target(route: &mut Route, nsid: i32) -> io::Result<Vec<Address>> {
    let mut addresses = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        addresses.extend(route.dump(
            |handle| {
                let mut request = handle.address().get();
                request.message_mut().header.family = family;
                request.message_mut().attributes.push(AddressAttribute::TargetNetNsId(nsid));
                request.execute()
            },
            decode,
        )?);
    }
    Ok(addresses)
}

pub(super) fn decode(message: AddressMessage) -> Option<Address> {
    let header = message.header;
    let (mut whole, mut local, mut broadcast) = (None, None, None);
    let mut flags = AddressFlags::from_bits_retain(header.flags.bits().into());
    for attribute in message.attributes {
        match attribute {
            AddressAttribute::Address(address) => whole = Some(address),
            AddressAttribute::Local(address) => local = Some(address),
            AddressAttribute::Broadcast(address) => broadcast = Some(address.into()),
            AddressAttribute::Flags(all) => flags = all,
            _ => {}
        }
    }
    let address = local.or(whole)?;
    Some(Address {
        if_index: header.index,
        address,
        prefix_len: header.prefix_len,
        peer: whole.filter(|whole| *whole != address),
        broadcast,
        scope: scope(header.scope.into()),
        is_secondary: flags.contains(AddressFlags::Secondary),
        is_tentative: flags.intersects(AddressFlags::Tentative | AddressFlags::Dadfailed),
    })
}

/// `RT_SCOPE_*`.
pub(crate) const fn scope(number: u8) -> AddressScope {
    match number {
        libc::RT_SCOPE_UNIVERSE => AddressScope::Global,
        libc::RT_SCOPE_SITE => AddressScope::Site,
        libc::RT_SCOPE_LINK => AddressScope::Link,
        libc::RT_SCOPE_HOST => AddressScope::Host,
        _ => AddressScope::Nowhere,
    }
}
