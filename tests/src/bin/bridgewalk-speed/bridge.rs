//! Makes and removes a bridge as `ip link add` does, over rtnetlink, so that no program's start is measured: the kernel
//! tells of the change while it answers the request, which is therefore the earliest moment the event can bear.

use std::os::fd::OwnedFd;

use anyhow::{Result, bail, ensure};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink::SocketAddrNetlink, recv, sendto, socket_with,
};

use crate::now_ms;

const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;

/// A socket in this process's namespace.
pub(crate) struct Bridges(OwnedFd);

impl Bridges {
    pub(crate) fn open() -> Result<Self> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        Ok(Self(socket))
    }

    /// Makes a bridge; the time just before it was asked for.
    pub(crate) fn add(&self, name: &str) -> Result<f64> {
        let kind = attribute(IFLA_LINKINFO, &attribute(IFLA_INFO_KIND, b"bridge"));
        self.ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &[named(name), kind].concat())
    }

    /// Removes a bridge; the time just before it was asked for.
    pub(crate) fn remove(&self, name: &str) -> Result<f64> {
        self.ask(RTM_DELLINK, 0, &named(name))
    }

    fn ask(&self, kind: u16, flags: u16, attributes: &[u8]) -> Result<f64> {
        let len = u32::try_from(32 + attributes.len())?;
        let mut request = len.to_ne_bytes().to_vec();
        request.extend(kind.to_ne_bytes());
        request.extend((flags | NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
        // Sequence and port; then an empty `struct ifinfomsg`.
        request.extend([0; 8 + 16]);
        request.extend(attributes);
        let at_ms = now_ms();
        sendto(&self.0, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut answer = [0; 4096];
        let (count, _) = recv(&self.0, &mut answer[..], RecvFlags::empty())?;
        ensure!(count >= 20, "the kernel's answer is too short");
        match i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]) {
            0 => Ok(at_ms),
            code => bail!("the kernel refused: {}", std::io::Error::from_raw_os_error(-code)),
        }
    }
}

fn named(name: &str) -> Vec<u8> {
    attribute(IFLA_IFNAME, &[name.as_bytes(), &[0]].concat())
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
