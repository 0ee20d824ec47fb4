//! Addresses (`RTM_GETADDR`).

use std::io;

use bridgewalk_model::kernel::{Address, AddressScope};

use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, ip, u8_at, u32_at},
};

const RTM_GETADDR: u16 = 22;
const IFADDRMSG_LEN: usize = 8;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_FLAGS: u16 = 8;
const IFA_TARGET_NETNSID: u16 = 10;
const IFA_F_SECONDARY: u32 = 0x01;
const IFA_F_DADFAILED: u32 = 0x08;
const IFA_F_TENTATIVE: u32 = 0x40;

/// The addresses of the namespace that `netlink` is in.
pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Vec<Address>> {
    netlink.dump(RTM_GETADDR, &Body::new(&[0; IFADDRMSG_LEN]), decode)
}

/// Those of another namespace; see [`super::links::read_target`].
pub(crate) fn read_target(netlink: &mut Netlink, nsid: i32) -> io::Result<Vec<Address>> {
    let mut addresses = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        let mut header = [0; IFADDRMSG_LEN];
        header[0] = family as u8;
        let body = Body::new(&header).with(IFA_TARGET_NETNSID, &nsid.to_ne_bytes());
        addresses.extend(netlink.dump(RTM_GETADDR, &body, decode)?);
    }
    Ok(addresses)
}

pub(super) fn decode(message: Message<'_>) -> Option<Address> {
    let body = message.body;
    let attributes = Attributes::after(body, IFADDRMSG_LEN);
    let whole = attributes.find(IFA_ADDRESS).and_then(ip);
    let local = attributes.find(IFA_LOCAL).and_then(ip);
    let address = local.or(whole)?;
    let flags = attributes
        .find(IFA_FLAGS)
        .and_then(|value| u32_at(value, 0))
        .unwrap_or_else(|| u8_at(body, 2).unwrap_or(0).into());
    Some(Address {
        if_index: u32_at(body, 4)?,
        address,
        prefix_len: u8_at(body, 1)?,
        peer: whole.filter(|whole| *whole != address),
        broadcast: attributes.find(IFA_BROADCAST).and_then(ip),
        scope: scope(u8_at(body, 3)?),
        is_secondary: flags & IFA_F_SECONDARY != 0,
        is_tentative: flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) != 0,
    })
}

/// `RT_SCOPE_*`.
pub(crate) const fn scope(number: u8) -> AddressScope {
    match number {
        0 => AddressScope::Global,
        200 => AddressScope::Site,
        253 => AddressScope::Link,
        254 => AddressScope::Host,
        _ => AddressScope::Nowhere,
    }
}
