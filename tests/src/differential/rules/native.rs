//! In nft's language.

use std::fmt::Write as _;

use super::{NETS4, NETS6, PORTS, scene::Scene};
use crate::differential::random::Random;

/// Single addresses for maps and sets without intervals.
const HOSTS4: [&str; 5] = ["172.17.0.2", "172.17.0.3", "192.0.2.2", "198.51.100.2", "203.0.113.7"];
const HOSTS6: [&str; 4] = ["2001:db8:2::2", "2001:db8:2::3", "2001:db8:3::2", "2001:db8:1::2"];

/// Named sets, with the addresses and ports that they surely have: those for IPv4 first, then IPv6's.
const SETS: [(&str, &[&str]); 3] = [
    ("@hosts4", &["172.17.0.2"]),
    ("@nets4", &["172.17.0.1", "172.17.0.2", "172.17.0.3", "192.0.2.2", "192.0.2.3", "203.0.113.7"]),
    ("@nets6", &["2001:db8:2::1", "2001:db8:2::2", "2001:db8:2::3", "2001:db8:3::2", "2001:db8:3::3"]),
];
const PORT_SETS: [(&str, &[&str]); 3] = [
    ("@ports", &["22", "80"]),
    ("{ 22, 80, 443 }", &["22", "80", "443"]),
    ("{ 1-100, 8080 }", &["22", "53", "80", "8080"]),
];
const DEVICES: [(&str, &[&str]); 5] = [
    ("\"up0\"", &["up0"]),
    ("\"docker0\"", &["docker0"]),
    ("\"bridge1\"", &["bridge1"]),
    ("\"br*\"", &["bridge1"]),
    ("{ \"up0\", \"bridge1\" }", &["up0", "bridge1"]),
];
const STATES: [(&str, &[&str]); 5] = [
    ("new", &["new"]),
    ("established,related", &["established"]),
    ("established", &["established"]),
    ("invalid", &["invalid"]),
    ("new,untracked", &["new"]),
];
const PROTOCOLS: [(&str, &[&str]); 3] = [("tcp", &["tcp"]), ("udp", &["udp"]), ("{ icmp, icmpv6 }", &["icmp"])];

/// What a rule has asked so far.
#[derive(Default)]
struct Asked {
    number: usize,
    is_of_ip: bool,
    /// The protocol, if it is about one.
    protocol: &'static str,
}

/// A few tables with sets, maps and chains.
pub(super) fn tables(random: &mut Random) -> String {
    let mut text = String::new();
    for number in 0..1 + random.below(2) {
        let family = random.word(&["inet", "inet", "ip", "ip6"]);
        let _ = writeln!(text, "table {family} t{number} {{");
        sets(&mut text, random);
        let translates = random.chance(70);
        let mut body = Body { text: &mut text, family, hook: "", priority: 0, translates };
        for chain in ["helper", "other"] {
            let _ = writeln!(body.text, "chain {chain} {{");
            for _ in 0..2 + random.below(3) {
                body.rule(random, "filter", chain == "other");
            }
            let _ = writeln!(body.text, "}}");
        }
        for (hook, percent) in
            [("prerouting", 60), ("input", 70), ("forward", 100), ("output", 60), ("postrouting", 40)]
        {
            if random.chance(percent) {
                let priority = [-300, -150, -5, 0, 10, 60][random.below(6)];
                body.chain(random, "filter", hook, priority);
            }
        }
        for (hook, priority) in [("prerouting", -100), ("output", -100), ("postrouting", 100), ("input", 100)] {
            if translates && random.chance(if hook == "input" { 20 } else { 75 }) {
                let priority = priority + [0, 0, 0, 5, -5][random.below(5)];
                body.chain(random, "nat", hook, priority);
            }
        }
        let _ = writeln!(text, "}}");
    }
    text
}

fn sets(text: &mut String, random: &mut Random) {
    let _ = writeln!(
        text,
        "set hosts4 {{ type ipv4_addr; elements = {{ {}, {} }} }}",
        HOSTS4[0],
        HOSTS4[2 + random.below(3)]
    );
    let _ = writeln!(
        text,
        "set nets4 {{ type ipv4_addr; flags interval; elements = {{ 172.17.0.0/24, 192.0.2.2-192.0.2.5, 203.0.113.0/28 }} }}"
    );
    let _ = writeln!(
        text,
        "set nets6 {{ type ipv6_addr; flags interval; elements = {{ 2001:db8:2::/64, 2001:db8:3::2-2001:db8:3::9 }} }}"
    );
    let _ = writeln!(
        text,
        "set ports {{ type inet_service; flags interval; elements = {{ 22, 80-90, {} }} }}",
        400 + random.below(60_000)
    );
    let _ = writeln!(
        text,
        "set pairs {{ type ipv4_addr . inet_service; flags interval; elements = {{ 172.17.0.0/30 . 80-443, 192.0.2.2 . 22, 198.51.100.0/24 . 5000-5010 }} }}"
    );
    let _ = writeln!(
        text,
        "set exact {{ type inet_proto . inet_service; elements = {{ tcp . 80, udp . 53, tcp . 8080 }} }}"
    );
    let _ = writeln!(
        text,
        "map targets {{ type inet_service : ipv4_addr; elements = {{ 80 : 172.17.0.2, 8080 : 192.0.2.2, 443 : 172.17.0.3 }} }}"
    );
    let _ = writeln!(
        text,
        "map doors {{ type inet_service : ipv4_addr . inet_service; elements = {{ 80 : 172.17.0.2 . 8080, 5000 : 192.0.2.2 . 80 }} }}"
    );
}

struct Body<'t> {
    text: &'t mut String,
    family: &'static str,
    hook: &'static str,
    priority: i32,
    /// Whether there are chains of nat.
    translates: bool,
}

impl Body<'_> {
    fn chain(&mut self, random: &mut Random, kind: &str, hook: &'static str, priority: i32) {
        let may_end = matches!(hook, "input" | "forward" | "output") && kind == "filter" && priority >= 0;
        let policy = if may_end && random.chance(25) { "drop" } else { "accept" };
        let name = format!("{kind}_{hook}");
        let _ = writeln!(self.text, "chain {name} {{ type {kind} hook {hook} priority {priority}; policy {policy};");
        self.hook = hook;
        self.priority = priority;
        for _ in 0..4 + random.below(5) {
            self.rule(random, kind, true);
        }
        self.hook = "";
        let _ = writeln!(self.text, "}}");
    }

    fn is_ipv6(&self, random: &mut Random) -> bool {
        match self.family {
            "ip" => false,
            "ip6" => true,
            _ => random.chance(40),
        }
    }

    fn rule(&mut self, random: &mut Random, kind: &str, may_jump: bool) {
        let is_ipv6 = self.is_ipv6(random);
        let hook = if self.hook.is_empty() { random.word(&["prerouting", "forward", "output"]) } else { self.hook };
        let is_early = self.priority < -200 && matches!(self.hook, "prerouting" | "output");
        let scene = Scene::at(hook, kind == "nat", is_early, is_ipv6, random);
        let mut asked = Asked::default();
        let mut line = String::new();
        for _ in 0..2 + random.below(3) {
            let before = line.len();
            self.question(random, &mut line, &mut asked, &scene, is_early || kind == "nat");
            asked.number += usize::from(line.len() > before);
        }
        if random.chance(1) {
            line += "limit rate 1/hour burst 1 packets ";
        }
        // What asks little and ends what it matches leaves nothing to the rules after it.
        if asked.number < 2 && (kind == "nat" || !random.chance(40)) {
            line += random.word(&["counter", "counter", "meta mark set meta mark or 0x2", "ct mark set 0x4"]);
        } else {
            self.statement(random, kind, &mut line, is_ipv6, &asked, may_jump);
        }
        let _ = writeln!(self.text, "{line}");
    }

    /// One thing that a rule asks.
    fn question(
        &self,
        random: &mut Random,
        line: &mut String,
        asked: &mut Asked,
        scene: &Scene,
        is_untranslated: bool,
    ) {
        let is = |not: bool| if not { "!= " } else { "" };
        let is_ipv6 = scene.is_ipv6;
        match random.below(16) {
            0..=2 => {
                asked.is_of_ip = true;
                let (side, is_source) = [("saddr", true), ("daddr", false)][random.below(2)];
                let own = if is_source { scene.source } else { scene.destination };
                let (not, net) = if random.chance(30) {
                    Scene::word(own, if is_ipv6 { &SETS[2..] } else { &SETS[..2] }, random)
                } else {
                    scene.net(is_source, random)
                };
                let _ = write!(line, "{} {side} {}{net} ", if is_ipv6 { "ip6" } else { "ip" }, is(not));
            }
            number @ (3 | 4) => {
                let (key, device) =
                    if number == 3 { ("iifname", scene.in_device) } else { ("oifname", scene.out_device) };
                // A chain that is jumped to may be at any hook.
                let Some(device) = device.filter(|_| !self.hook.is_empty()) else { return };
                let (not, word) = Scene::word(device, &DEVICES, random);
                let _ = write!(line, "{key} {}{word} ", is(not));
            }
            5..=7 if asked.protocol.is_empty() && scene.protocol != "icmp" => {
                asked.protocol = scene.protocol;
                let (side, is_source) = [("dport", false), ("dport", false), ("sport", true)][random.below(3)];
                let (not, ports) = if !is_source && random.chance(40) {
                    Scene::word(&scene.destination_port.to_string(), &PORT_SETS, random)
                } else {
                    scene.ports(is_source, random)
                };
                let _ = write!(line, "{} {side} {}{ports} ", scene.protocol, is(not));
            }
            8 => {
                let (not, states) = Scene::word(scene.state, &STATES, random);
                let _ = write!(line, "ct state {}{states} ", is(not));
            }
            9 if asked.protocol.is_empty() && !is_ipv6 && scene.protocol == "tcp" => {
                (asked.is_of_ip, asked.protocol) = (true, "tcp");
                let _ = write!(line, "ip daddr . tcp dport {}@pairs ", is(!scene.is_of_pairs()));
            }
            10 if asked.protocol.is_empty() => {
                let is_there = matches!((scene.protocol, scene.destination_port), ("tcp", 80 | 8080) | ("udp", 53));
                let _ = write!(line, "meta l4proto . th dport {}@exact ", is(!is_there));
            }
            11 => {
                let _ = write!(line, "fib daddr type {}local ", is(!scene.is_for_here()));
            }
            12 if random.chance(40) => {
                // A mark is set by rules before, if at all.
                let is_set = self.text.contains("meta mark set 0x1") && random.chance(12);
                *line += random.word(if is_set {
                    &["meta mark 0x1 ", "meta mark 0x1-0x5 "]
                } else {
                    &["meta mark != 0x1 "]
                });
            }
            13 if asked.protocol.is_empty() => {
                asked.protocol = "any";
                let (not, found) = Scene::word(scene.protocol, &PROTOCOLS, random);
                let _ = write!(line, "meta l4proto {}{found} ", is(not));
            }
            14 if self.translates && !is_untranslated && self.hook == "forward" && random.chance(60) => {
                *line += "ct status dnat ";
            }
            15 if asked.protocol.is_empty() && scene.protocol == "tcp" && scene.state == "new" => {
                asked.protocol = "tcp";
                *line += random.word(&[
                    "tcp flags syn ",
                    "tcp flags & (syn | ack) == syn ",
                    "tcp flags & (fin | syn | rst | ack) == syn ",
                ]);
            }
            _ => {}
        }
    }

    fn statement(
        &self,
        random: &mut Random,
        kind: &str,
        line: &mut String,
        is_ipv6: bool,
        asked: &Asked,
        may_jump: bool,
    ) {
        let &Asked { is_of_ip, protocol, .. } = asked;
        if may_jump && random.chance(20) {
            *line += random.word(&["jump helper", "goto helper", "jump helper"]);
            return;
        }
        if kind == "nat" && random.chance(65) {
            let guard = if is_of_ip || self.family != "inet" {
                ""
            } else if is_ipv6 {
                "meta nfproto ipv6 "
            } else {
                "meta nfproto ipv4 "
            };
            let family = if self.family == "inet" { if is_ipv6 { "ip6 " } else { "ip " } } else { "" };
            let host = if is_ipv6 { random.word(&HOSTS6) } else { random.word(&HOSTS4) };
            let port = if !matches!(protocol, "tcp" | "udp") { "" } else { random.word(&["", ":80", ":8080"]) };
            let address = if is_ipv6 && !port.is_empty() { format!("[{host}]") } else { host.to_owned() };
            match self.hook {
                "prerouting" | "output" if !is_ipv6 && protocol == "tcp" && random.chance(30) => {
                    let _ = write!(line, "{guard}dnat {family}to tcp dport map @targets");
                }
                "prerouting" | "output" if !is_ipv6 && protocol == "tcp" && random.chance(25) => {
                    let _ = write!(line, "{guard}dnat ip addr . port to tcp dport map @doors");
                }
                "prerouting" | "output" if random.chance(20) => *line += "redirect",
                "prerouting" | "output" => {
                    let _ = write!(line, "{guard}dnat {family}to {address}{port}");
                }
                "postrouting" if random.chance(60) => *line += "masquerade",
                "postrouting" | "input" => {
                    let to = if is_ipv6 { "2001:db8:1::1" } else { "198.51.100.1" };
                    let _ = write!(line, "{guard}snat {family}to {to}");
                }
                _ => *line += "counter",
            }
            return;
        }
        if kind == "filter" && protocol.is_empty() && random.chance(8) {
            let _ = write!(
                line,
                "{} dport vmap {{ 22 : accept, 80 : jump other, 443-500 : drop, 8080 : return }}",
                random.word(&["tcp", "udp"])
            );
            // A chain that is jumped to may not lead back.
            if !may_jump {
                *line = "counter".to_owned();
            }
            return;
        }
        *line += match kind {
            "nat" => random.word(&["accept", "return", "counter"]),
            _ => random.word(&[
                "accept",
                "accept",
                if asked.number > 2 { "drop" } else { "counter" },
                "return",
                "counter",
                "meta mark set 0x1",
                "meta mark set meta mark or 0x2",
                "ct mark set 0x4",
                "meta mark set ct mark",
                // What is dropped early is seen by no rule at a later hook; reject is not allowed everywhere.
                match self.hook {
                    "input" | "forward" | "output" => "reject",
                    _ if asked.number > 2 => "drop",
                    _ => "counter",
                },
                "counter accept",
                "counter",
            ]),
        };
    }
}

/// As firewalld lays its zones out in its own table.
pub(super) fn firewalld(random: &mut Random) -> String {
    let mut text = "table inet firewalld {\n".to_owned();
    let zones = ["public", "docker", "trusted"];
    for zone in zones {
        for what in ["IN", "FWD"] {
            for part in ["pre", "log", "deny", "allow", "post"] {
                let _ = writeln!(text, "chain filter_{what}_{zone}_{part} {{");
                if part == "allow" && zone != "trusted" {
                    for _ in 0..2 + random.below(3) {
                        let _ = writeln!(
                            text,
                            "{} dport {} ct state {{ new, untracked }} accept",
                            random.word(&["tcp", "udp"]),
                            random.word(&PORTS)
                        );
                    }
                    if random.chance(50) {
                        let _ = writeln!(
                            text,
                            "ip saddr {} {}",
                            random.word(&NETS4),
                            random.word(&["accept", "drop", "reject with icmpx type admin-prohibited"])
                        );
                    }
                }
                if part == "deny" && random.chance(40) {
                    let _ = writeln!(text, "ip6 saddr {} drop", random.word(&NETS6));
                }
                let _ = writeln!(text, "}}");
            }
            let _ = writeln!(text, "chain filter_{what}_{zone} {{");
            for part in ["pre", "log", "deny", "allow", "post"] {
                let _ = writeln!(text, "jump filter_{what}_{zone}_{part}");
            }
            let _ = writeln!(
                text,
                "{}\n}}",
                match (zone, what) {
                    ("trusted", _) => "accept",
                    ("docker", _) => "accept",
                    (_, "IN") => "meta l4proto { icmp, ipv6-icmp } accept",
                    _ => "reject with icmpx type admin-prohibited",
                }
            );
        }
        let _ = writeln!(
            text,
            "chain nat_POST_{zone} {{\n{}\n}}",
            if zone == "public" { "meta nfproto ipv4 oifname != \"lo\" masquerade" } else { "return" }
        );
    }
    for (what, key) in [("IN", "iifname"), ("FWD", "iifname")] {
        let _ = writeln!(text, "chain filter_{what}_ZONES {{");
        if random.chance(50) {
            let _ = writeln!(text, "ip saddr {} goto filter_{what}_trusted", random.word(&NETS4));
        }
        let _ = writeln!(
            text,
            "{key} \"docker0\" goto filter_{what}_docker\n{key} \"up0\" goto filter_{what}_public\ngoto filter_{what}_public\n}}"
        );
    }
    text + r#"
chain nat_POST_ZONES { oifname "docker0" goto nat_POST_docker
 oifname "up0" goto nat_POST_public
 goto nat_POST_public
}
chain nat_POSTROUTING { type nat hook postrouting priority 110; policy accept; jump nat_POST_ZONES; }
chain filter_PREROUTING { type filter hook prerouting priority 10; policy accept;
 icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
 meta nfproto ipv6 fib saddr . mark . iif oif missing drop
}
chain filter_INPUT { type filter hook input priority 10; policy accept;
 ct state { established, related } accept
 ct status dnat accept
 iifname "lo" accept
 ct state invalid drop
 jump filter_IN_ZONES
 reject with icmpx type admin-prohibited
}
chain filter_FORWARD { type filter hook forward priority 10; policy accept;
 ct state { established, related } accept
 ct status dnat accept
 iifname "lo" accept
 ct state invalid drop
 jump filter_FWD_ZONES
 reject with icmpx type admin-prohibited
}
chain filter_OUTPUT { type filter hook output priority 10; policy accept;
 ct state { established, related } accept
 oifname "lo" accept
 ip6 daddr { ::/96, 2002::/24 } reject with icmpv6 type addr-unreachable
}
}
"#
}
