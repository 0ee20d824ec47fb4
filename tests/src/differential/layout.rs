//! Where packets can come from and go to, apart from the means to send them.

use std::net::IpAddr;

use bridgewalk_analysis::walk::{Layer4, Packet};

/// The ends around a router, and the ways to it.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Each end's own addresses; the router's come first.
    pub addresses: Vec<Vec<IpAddr>>,
    /// The router's device and the end behind it; the first is the router itself, for what it sends.
    pub doors: Vec<(String, usize)>,
    /// Whether each door is open for IPv4, and for IPv6.
    pub families: Vec<[bool; 2]>,
    /// Addresses of many at once.
    pub groups: Vec<IpAddr>,
}

/// A packet, and the door by which it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// In [`Layout::doors`].
    pub door: usize,
    /// The packet.
    pub packet: Packet,
}

impl Layout {
    /// An end's addresses of one family.
    pub fn of_family(&self, end: usize, is_ipv6: bool) -> Vec<IpAddr> {
        let all = self.addresses.get(end).into_iter().flatten();
        all.copied().filter(|address| address.is_ipv6() == is_ipv6).collect()
    }

    /// Whether a packet can be sent by its door.
    pub fn is_open(&self, probe: &Probe) -> bool {
        self.families.get(probe.door).is_some_and(|open| open[usize::from(probe.packet.is_ipv6())])
    }

    /// The end behind a door.
    pub fn end(&self, door: usize) -> usize {
        self.doors.get(door).map_or(0, |(_, end)| *end)
    }

    /// The door of an end behind this device.
    pub fn door(&self, end: usize, device: Option<&str>) -> Option<usize> {
        let is_there = |door: &&(String, usize)| device.is_none_or(|device| door.0 == device);
        self.doors.iter().position(|door| door.1 == end && is_there(&door))
    }

    /// The end that has an address, and is behind the device.
    pub fn owner(&self, address: IpAddr, device: &str) -> Option<usize> {
        let mut ends = self.doors.iter().filter(|(name, _)| name == device).map(|(_, end)| *end);
        ends.find(|end| self.addresses[*end].contains(&address))
    }
}

/// Whether an end can answer a packet that has come to it. The router itself refuses TCP of its own accord, before we can
/// answer; and nobody sends in the name of a loopback's address or of many.
pub fn may_answer(layout: &Layout, end: usize, packet: &Packet) -> bool {
    let is_ones_own = !packet.destination.is_loopback() && !layout.groups.contains(&packet.destination);
    is_ones_own && (end != 0 || !matches!(packet.layer4, Layer4::Tcp { .. }))
}

/// The next packet of a flow whose first one this is, once it was answered.
pub fn next(first: &Packet) -> Packet {
    const ACK: u8 = 16;
    let layer4 = match first.layer4 {
        Layer4::Tcp { source_port, destination_port, .. } => Layer4::Tcp { source_port, destination_port, flags: ACK },
        other => other,
    };
    Packet { layer4, ..first.clone() }
}
