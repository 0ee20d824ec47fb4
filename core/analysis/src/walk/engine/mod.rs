//! The order of evaluation: one step of a packet's way after the other.
//!
//! A [`Flow`] is one branch of a walk and knows its next [`Step`]. Each step is a function in one of the modules here;
//! where something cannot be told, the flow goes on in several.

mod arrive;
mod balance;
mod bridge;
mod forward;
mod hook;
mod reply;
mod routing;
mod send;
mod wire;

use std::net::IpAddr;

use bridgewalk_model::SourceKind;

use super::{
    Unknown, Walker,
    flow::{Fact, Flow, Step},
    place::{At, Place},
};

pub(super) use reply::is_private;
use routing::{Found, Key, look_up};

/// More steps than any way takes that does not go round in circles.
const MAX_STEPS: u32 = 400;
/// More branches than this are not followed.
const MAX_BRANCHES: usize = 48;

impl<'a> Walker<'a> {
    /// Follows a packet, and all branches of its way, to the end.
    pub(super) fn run(&self, start: Flow) -> Vec<Flow> {
        let mut open = vec![start];
        let mut done = Vec::new();
        while let Some(mut flow) = open.pop() {
            while flow.step != Step::Over {
                flow.steps += 1;
                if flow.steps > MAX_STEPS || open.len() + done.len() > MAX_BRANCHES {
                    flow.undecided(Unknown::TooLong);
                } else {
                    self.take(&mut flow, &mut open);
                }
            }
            done.push(flow);
        }
        // Branches were put aside last first.
        done.reverse();
        done
    }

    fn take(&self, flow: &mut Flow, open: &mut Vec<Flow>) {
        match flow.step {
            Step::Send { at } => self.send(flow, at, open),
            Step::Sent { at, out, gateway, destination, mark } => {
                self.sent(flow, at, (out, gateway), (destination, mark), open);
            }
            Step::Transmit { at, out, gateway } => self.transmit(flow, at, out, gateway, open),
            Step::Frame { at, out } => self.frame(flow, at, out),
            Step::FrameIn { at, index } => self.frame_in(flow, at, index, open),
            Step::Bridge { at, crossing } => self.bridge(flow, at, crossing, open),
            Step::Bridged { at, bridge, from, to } => self.bridged(flow, at, bridge, from, to, open),
            Step::Route { at, input, from } => self.route(flow, at, input, from, open),
            Step::Forwarded { at, input, out, gateway, from } => {
                self.forwarded(flow, at, (input, out), gateway, from, open);
            }
            Step::Deliver { at, input } => self.deliver(flow, at, input, open),
            Step::Over => {}
        }
    }

    pub(super) fn place(&self, at: At) -> Option<&Place<'a>> {
        self.places.get(at)
    }

    /// A setting of a namespace as a number; none, with the flow ended, where it was not read. What the kernel does not
    /// have is 0.
    fn setting(&self, flow: &mut Flow, at: At, path: &str) -> Option<i64> {
        let place = self.place(at)?;
        match place.sysctl(path).and_then(|value| value.parse().ok()) {
            Some(value) => Some(value),
            None if place.is_unread(SourceKind::Sysctls) => {
                flow.undecided(Unknown::Setting { namespace: place.namespace.id.clone(), path: path.to_owned() });
                None
            }
            None => Some(0),
        }
    }

    fn sysctl_fact(&self, at: At, path: String) -> Option<Fact> {
        let place = self.place(at)?;
        let value = place.sysctl(&path).unwrap_or("0").to_owned();
        let setting = bridgewalk_model::kernel::Sysctl { path, value };
        Some(Fact::ready(super::Evidence::Sysctl { namespace: place.namespace.id.clone(), setting }))
    }
}

/// `net/ipv4/conf/NAME/KEY`.
fn conf(is_ipv6: bool, name: &str, key: &str) -> String {
    let family = if is_ipv6 { "ipv6" } else { "ipv4" };
    format!("net/{family}/conf/{name}/{key}")
}

/// The next hop: the gateway, else the receiver itself.
fn next_hop(flow: &Flow, gateway: Option<IpAddr>) -> IpAddr {
    gateway.unwrap_or(flow.packet.destination)
}
