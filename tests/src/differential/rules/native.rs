//! In nft's language.

use std::fmt::Write as _;

use super::{INTERFACES, NETS4, NETS6, PORTS};
use crate::differential::random::Random;

/// Single addresses for maps and sets without intervals.
const HOSTS4: [&str; 5] = ["172.17.0.2", "172.17.0.3", "192.0.2.2", "198.51.100.2", "203.0.113.7"];
const HOSTS6: [&str; 4] = ["2001:db8:2::2", "2001:db8:2::3", "2001:db8:3::2", "2001:db8:1::2"];

/// A few tables with sets, maps and chains.
pub(super) fn tables(random: &mut Random) -> String {
    let mut text = String::new();
    for number in 0..1 + random.below(2) {
        let family = random.word(&["inet", "inet", "ip", "ip6"]);
        let _ = writeln!(text, "table {family} t{number} {{");
        sets(&mut text, random);
        let mut body = Body { text: &mut text, family, hook: "" };
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
            if random.chance(if hook == "input" { 15 } else { 55 }) {
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
}

impl Body<'_> {
    fn chain(&mut self, random: &mut Random, kind: &str, hook: &'static str, priority: i32) {
        let policy = if kind == "filter" && priority >= 0 && random.chance(25) { "drop" } else { "accept" };
        let name = format!("{kind}_{hook}");
        let _ = writeln!(self.text, "chain {name} {{ type {kind} hook {hook} priority {priority}; policy {policy};");
        self.hook = hook;
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
        let (ip, nets): (&str, &[&str]) = if is_ipv6 { ("ip6", &NETS6) } else { ("ip", &NETS4) };
        let not = |random: &mut Random| random.word(&["", "", "", "!= "]);
        let mut line = String::new();
        let mut is_of_ip = false;
        let mut protocol = "";
        for _ in 0..1 + random.below(3) {
            match random.below(16) {
                0 | 1 => {
                    is_of_ip = true;
                    let _ =
                        write!(line, "{ip} {} {}{} ", random.word(&["saddr", "daddr"]), not(random), random.word(nets));
                }
                2 if !is_ipv6 => {
                    is_of_ip = true;
                    let _ = write!(
                        line,
                        "ip {} {}@{} ",
                        random.word(&["saddr", "daddr"]),
                        not(random),
                        random.word(&["hosts4", "nets4"])
                    );
                }
                2 => {
                    is_of_ip = true;
                    let _ = write!(line, "ip6 {} {}@nets6 ", random.word(&["saddr", "daddr"]), not(random));
                }
                3 if matches!(self.hook, "prerouting" | "input" | "forward") => {
                    let _ = write!(
                        line,
                        "iifname {}{} ",
                        not(random),
                        random.word(&["\"up0\"", "\"docker0\"", "\"br*\"", "{ \"up0\", \"bridge1\" }"])
                    );
                }
                4 if matches!(self.hook, "output" | "postrouting" | "forward") => {
                    let _ = write!(line, "oifname {}\"{}\" ", not(random), random.word(&INTERFACES));
                }
                5 | 6 if protocol.is_empty() => {
                    protocol = random.word(&["tcp", "udp"]);
                    let side = random.word(&["dport", "dport", "sport"]);
                    let _ = write!(line, "{protocol} {side} {}{} ", not(random), random.word(&PORTS));
                }
                7 if protocol.is_empty() => {
                    protocol = random.word(&["tcp", "udp"]);
                    let _ = write!(
                        line,
                        "{protocol} dport {}{} ",
                        not(random),
                        random.word(&["@ports", "{ 22, 80, 443 }", "{ 1-100, 8080 }"])
                    );
                }
                8 => {
                    let _ = write!(
                        line,
                        "ct state {}{} ",
                        not(random),
                        random.word(&["new", "established,related", "established", "invalid", "new,untracked"])
                    );
                }
                9 if protocol.is_empty() && !is_ipv6 => {
                    is_of_ip = true;
                    protocol = "tcp";
                    let _ = write!(line, "ip daddr . tcp dport {}@pairs ", not(random));
                }
                10 if protocol.is_empty() => {
                    let _ = write!(line, "meta l4proto . th dport {}@exact ", not(random));
                }
                11 => {
                    let _ = write!(line, "fib daddr type {}local ", not(random));
                }
                12 => {
                    let _ = write!(line, "meta mark {} ", random.word(&["0x1", "!= 0x1", "and 0x3 == 0x2", "0x1-0x5"]));
                }
                13 if protocol.is_empty() => {
                    protocol = "any";
                    let _ =
                        write!(line, "meta l4proto {} ", random.word(&["tcp", "udp", "{ icmp, icmpv6 }", "!= tcp"]));
                }
                14 => {
                    let _ = write!(line, "ct status dnat ");
                }
                15 if protocol.is_empty() => {
                    protocol = "tcp";
                    let _ = write!(
                        line,
                        "tcp flags {} ",
                        random.word(&["syn", "& (syn | ack) == syn", "& (fin | syn | rst | ack) == syn"])
                    );
                }
                _ => {}
            }
        }
        if random.chance(1) {
            line += "limit rate 1/hour burst 1 packets ";
        }
        self.statement(random, kind, &mut line, is_ipv6, is_of_ip, protocol, may_jump);
        let _ = writeln!(self.text, "{line}");
    }

    #[allow(clippy::too_many_arguments, reason = "what a line has asked decides what it may do")]
    fn statement(
        &self,
        random: &mut Random,
        kind: &str,
        line: &mut String,
        is_ipv6: bool,
        is_of_ip: bool,
        protocol: &str,
        may_jump: bool,
    ) {
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
                "drop",
                "return",
                "counter",
                "meta mark set 0x1",
                "meta mark set meta mark or 0x2",
                "ct mark set 0x4",
                "meta mark set ct mark",
                // It is not allowed everywhere that a helper is jumped to from.
                if matches!(self.hook, "" | "postrouting") { "drop" } else { "reject" },
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
