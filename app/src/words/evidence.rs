//! What makes a hop so, in words, and as the tool that shows the same prints it.

use bridgewalk_analysis::walk::{EntryBy, Evidence};
use bridgewalk_model::{
    EntityId, Snapshot,
    firewall::{Family, Policy},
    kernel::{FdbEntry, Route, RouteKind, RoutingRule},
};

use super::{
    Words, name,
    walk::{socket, with_port},
};

impl Words {
    /// What makes a hop so, in a sentence.
    pub fn walk_evidence(self, snapshot: &Snapshot, evidence: &Evidence) -> String {
        let named = |id: &EntityId| name(snapshot, id);
        let place = |id: &EntityId| self.walk_place(snapshot, id);
        match evidence {
            Evidence::Rule { rule, .. } => {
                self.format("evidence-rule", &[("does", self.rule_does(snapshot, rule).into())])
            }
            Evidence::Policy { namespace, family, table, chain } => {
                match policy(snapshot, namespace, *family, table, chain) {
                    Some(Policy::Accept) => self.text("evidence-policy-accept"),
                    Some(Policy::Drop) | None => self.text("evidence-policy-drop"),
                }
            }
            Evidence::Connection { namespace } => {
                self.format("evidence-connection", &[("place", place(namespace).into())])
            }
            Evidence::Route { namespace, route, rule } => self.route(snapshot, namespace, route, rule.as_ref()),
            Evidence::RoutingRule { rule, .. } => self.format(
                "evidence-routing-rule",
                &[("priority", rule.priority.to_string().into()), ("action", rule.action.as_str().into())],
            ),
            Evidence::Neighbour { address, mac_address: Some(mac), .. } => self.format(
                "evidence-neighbour",
                &[("address", address.to_string().into()), ("mac", mac.to_string().into())],
            ),
            Evidence::Neighbour { address, mac_address: None, .. } => {
                self.format("evidence-neighbour-nobody", &[("address", address.to_string().into())])
            }
            Evidence::FdbEntry { interface, entry } => {
                let mac = entry.mac_address.to_string();
                let interface_name = named(interface);
                match entry.remote {
                    Some(remote) => self.format(
                        "evidence-fdb-remote",
                        &[
                            ("interface", interface_name.into()),
                            ("mac", mac.into()),
                            ("remote", remote.to_string().into()),
                        ],
                    ),
                    None => self.format(
                        "evidence-fdb",
                        &[
                            ("interface", interface_name.into()),
                            ("mac", mac.into()),
                            ("port", port_name(snapshot, interface, entry).into()),
                        ],
                    ),
                }
            }
            Evidence::Flooded { bridge } => self.format("evidence-flooded", &[("bridge", named(bridge).into())]),
            Evidence::BridgePort { interface, setting } => self.format(
                "evidence-bridge-port",
                &[("interface", named(interface).into()), ("why", self.port_setting(*setting).into())],
            ),
            Evidence::Sysctl { setting, .. } => self.format(
                "evidence-sysctl",
                &[("path", setting.path.replace('/', ".").into()), ("value", setting.value.as_str().into())],
            ),
            Evidence::Socket { transport, local, command, pid, .. } => {
                let who = command.as_ref().map(ToString::to_string).or_else(|| pid.map(|pid| pid.to_string()));
                self.format(
                    "evidence-socket",
                    &[
                        ("who", who.unwrap_or_else(|| self.text("evidence-somebody")).into()),
                        ("local", socket(*local).into()),
                        ("transport", transport.to_string().into()),
                    ],
                )
            }
            Evidence::Echo => self.text("evidence-echo"),
            Evidence::Process { pid: Some(pid), command } => self.format(
                "evidence-process",
                &[("command", command.to_string().into()), ("pid", pid.to_string().into())],
            ),
            Evidence::Process { pid: None, command } => command.to_string(),
            Evidence::Name { name, by, addresses, .. } => {
                let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                self.format(
                    "evidence-name",
                    &[
                        ("name", name.to_string().into()),
                        ("addresses", addresses.into()),
                        ("by", self.name_source(*by).into()),
                    ],
                )
            }
            Evidence::VirtualServer { server, chosen, .. } => self.format(
                "evidence-virtual-server",
                &[("chosen", socket(chosen.address).into()), ("count", server.servers.len().into())],
            ),
            Evidence::LinkDown { interface } => {
                self.format("evidence-link-down", &[("interface", named(interface).into())])
            }
            Evidence::ParentIsolation { interface, parent } => self.format(
                "evidence-parent-isolation",
                &[("interface", named(interface).into()), ("parent", named(parent).into())],
            ),
            Evidence::Tunnel { vni, remote, .. } => self
                .format("evidence-tunnel", &[("vni", vni.to_string().into()), ("remote", remote.to_string().into())]),
            Evidence::TimeToLive => self.text("evidence-time-to-live"),
            Evidence::Martian { address } => {
                self.format("evidence-martian", &[("address", address.to_string().into())])
            }
            Evidence::Container { container, state } => self.format(
                "evidence-container",
                &[("container", named(container).into()), ("state", self.container_state(*state).into())],
            ),
            Evidence::NoAddress { of, is_ipv6 } => {
                let family = if *is_ipv6 { "IPv6" } else { "IPv4" };
                self.format("evidence-no-address", &[("of", place(of).into()), ("family", family.into())])
            }
            Evidence::Entry { interface, by } => {
                let key = match by {
                    EntryBy::Receiver => "evidence-entry-receiver",
                    EntryBy::Neighbour => "evidence-entry-neighbour",
                    EntryBy::ForwardingTable => "evidence-entry-forwarding-table",
                    EntryBy::Route => "evidence-entry-route",
                    EntryBy::LeadsOut => "evidence-entry-leads-out",
                };
                self.format(key, &[("interface", named(interface).into())])
            }
            Evidence::Astray { came_in, leaves_by, source, awaited } => {
                let key = if source == awaited { "evidence-astray" } else { "evidence-astray-sender" };
                self.format(
                    key,
                    &[
                        ("in", named(came_in).into()),
                        ("out", named(leaves_by).into()),
                        ("source", source.to_string().into()),
                        ("awaited", awaited.to_string().into()),
                    ],
                )
            }
            Evidence::Beyond { address } => self.format("evidence-beyond", &[("address", address.to_string().into())]),
        }
    }

    /// Where a rule stands: its namespace, table, chain and place.
    pub fn walk_evidence_place(self, snapshot: &Snapshot, evidence: &Evidence) -> Option<String> {
        match evidence {
            Evidence::Rule { rule, .. } => Some(self.format(
                "evidence-rule-place",
                &[
                    ("place", self.walk_place(snapshot, &rule.namespace).into()),
                    ("table", format!("{} {}", rule.family, rule.table).into()),
                    ("chain", rule.chain.as_str().into()),
                    ("position", rule.position.to_string().into()),
                ],
            )),
            Evidence::Policy { namespace, family, table, chain } => Some(self.format(
                "evidence-policy-place",
                &[
                    ("place", self.walk_place(snapshot, namespace).into()),
                    ("table", format!("{family} {table}").into()),
                    ("chain", chain.as_str().into()),
                ],
            )),
            Evidence::Route { namespace, .. }
            | Evidence::RoutingRule { namespace, .. }
            | Evidence::Sysctl { namespace, .. }
            | Evidence::Socket { namespace, .. } => Some(self.walk_place(snapshot, namespace)),
            _ => None,
        }
    }

    fn route(self, snapshot: &Snapshot, namespace: &EntityId, route: &Route, rule: Option<&RoutingRule>) -> String {
        let destination = route.destination.to_string();
        let hop = route.next_hops.iter().find(|hop| !hop.is_dead).or(route.next_hops.first());
        let interface = || hop.map_or_else(String::new, |hop| device(snapshot, namespace, hop.if_index));
        let told = match (route.kind, hop.and_then(|hop| hop.gateway)) {
            (RouteKind::Unicast, Some(gateway)) => self.format(
                "evidence-route-gateway",
                &[
                    ("destination", destination.into()),
                    ("gateway", gateway.to_string().into()),
                    ("interface", interface().into()),
                ],
            ),
            (RouteKind::Unicast, None) => self.format(
                "evidence-route-link",
                &[("destination", destination.into()), ("interface", interface().into())],
            ),
            (RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast | RouteKind::Multicast, _) => {
                self.format("evidence-route-local", &[("destination", destination.into())])
            }
            _ => self.format("evidence-route-nowhere", &[("destination", destination.into())]),
        };
        match rule {
            Some(rule) => self.format(
                "evidence-route-by-rule",
                &[
                    ("route", told.into()),
                    ("table", rule.table.to_string().into()),
                    ("priority", rule.priority.to_string().into()),
                ],
            ),
            None => told,
        }
    }
}

/// What makes a hop so, as the tool that shows the same prints it: to be read by those who know it, and to be copied. None
/// for what no tool prints.
pub fn evidence_text(snapshot: &Snapshot, evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::Rule { rule, .. } => Some(rule.text.clone()),
        Evidence::Route { namespace, route, .. } => Some(route_text(snapshot, namespace, route)),
        Evidence::Neighbour { address, mac_address: Some(mac), .. } => Some(format!("{address} lladdr {mac}")),
        Evidence::FdbEntry { interface, entry } => {
            let port = port_name(snapshot, interface, entry);
            let remote = entry.remote.map_or_else(String::new, |remote| format!(" dst {remote}"));
            Some(format!("{} dev {port}{remote}", entry.mac_address))
        }
        Evidence::Sysctl { setting, .. } => Some(format!("{} = {}", setting.path.replace('/', "."), setting.value)),
        Evidence::Socket { transport, local, pid, command, .. } => {
            let process = match (command, pid) {
                (Some(command), Some(pid)) => format!(" {command} ({pid})"),
                (Some(command), None) => format!(" {command}"),
                (None, Some(pid)) => format!(" {pid}"),
                (None, None) => String::new(),
            };
            Some(format!("{transport} {}{process}", socket(*local)))
        }
        Evidence::VirtualServer { server, chosen, .. } => {
            let address = server.address.map_or_else(String::new, |at| with_port(at.address, Some(at.port)));
            let mark = server.mark.map_or_else(String::new, |mark| format!("mark {mark}"));
            Some(format!("{address}{mark} {} -> {}", server.scheduler, socket(chosen.address)))
        }
        _ => None,
    }
}

/// A route as `ip route` writes it.
fn route_text(snapshot: &Snapshot, namespace: &EntityId, route: &Route) -> String {
    let mut text = match route.kind {
        RouteKind::Unicast => String::new(),
        RouteKind::Local => "local ".to_owned(),
        RouteKind::Broadcast => "broadcast ".to_owned(),
        RouteKind::Anycast => "anycast ".to_owned(),
        RouteKind::Multicast => "multicast ".to_owned(),
        RouteKind::Blackhole => "blackhole ".to_owned(),
        RouteKind::Unreachable => "unreachable ".to_owned(),
        RouteKind::Prohibit => "prohibit ".to_owned(),
        RouteKind::Throw => "throw ".to_owned(),
        RouteKind::Other => "? ".to_owned(),
    };
    match route.destination.prefix_len() {
        0 => text.push_str("default"),
        _ => text.push_str(&route.destination.to_string()),
    }
    for hop in &route.next_hops {
        if let Some(gateway) = hop.gateway {
            text.push_str(&format!(" via {gateway}"));
        }
        text.push_str(&format!(" dev {}", device(snapshot, namespace, hop.if_index)));
    }
    if !matches!(route.table, 254 | 255) {
        text.push_str(&format!(" table {}", route.table));
    }
    if let Some(source) = route.preferred_source {
        text.push_str(&format!(" src {source}"));
    }
    text
}

fn device(snapshot: &Snapshot, namespace: &EntityId, if_index: u32) -> String {
    let interfaces = snapshot.namespace(namespace).map_or(&[][..], |(_, namespace)| &namespace.interfaces);
    let found = interfaces.iter().find(|interface| interface.link.if_index == if_index);
    found.map_or_else(|| format!("if{if_index}"), |interface| interface.name.to_string())
}

/// The port that a forwarding entry leads to.
fn port_name(snapshot: &Snapshot, interface: &EntityId, entry: &FdbEntry) -> String {
    snapshot
        .interface(interface)
        .map_or_else(|| "?".to_owned(), |(_, namespace, _)| device(snapshot, &namespace.id, entry.if_index))
}

fn policy(snapshot: &Snapshot, namespace: &EntityId, family: Family, table: &str, chain: &str) -> Option<Policy> {
    let (_, namespace) = snapshot.namespace(namespace)?;
    let mut tables = namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables);
    let table = tables.find(|it| it.family == family && it.name == table && it.chain(chain).is_some())?;
    Some(table.chain(chain)?.base.as_ref()?.policy)
}
