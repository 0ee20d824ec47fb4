//! In iptables' language.

use std::fmt::Write as _;

use super::{INTERFACES, NETS4, NETS6, PORTS, Tool};
use crate::differential::random::Random;

/// IPv4's and IPv6's rules.
pub(super) fn both(random: &mut Random, is_legacy: bool) -> Vec<(Tool, String)> {
    let tools =
        if is_legacy { [Tool::IptablesLegacy, Tool::Ip6tablesLegacy] } else { [Tool::IptablesNft, Tool::Ip6tablesNft] };
    vec![(tools[0], tables(random, false)), (tools[1], tables(random, true))]
}

fn tables(random: &mut Random, is_ipv6: bool) -> String {
    let mut text = String::new();
    for (table, chains, percent) in [
        ("raw", &["PREROUTING", "OUTPUT"][..], 40),
        ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"], 50),
        ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], 70),
        ("filter", &["INPUT", "FORWARD", "OUTPUT"], 100),
    ] {
        if !random.chance(percent) {
            continue;
        }
        let _ = writeln!(text, "*{table}");
        for chain in chains {
            let policy = if table == "filter" && random.chance(25) { "DROP" } else { "ACCEPT" };
            let _ = writeln!(text, ":{chain} {policy} [0:0]");
        }
        let _ = writeln!(text, ":USER-A - [0:0]\n:USER-B - [0:0]");
        for _ in 0..1 + random.below(3) {
            for chain in chains {
                rule(&mut text, random, table, chain, is_ipv6, true);
            }
        }
        for (chain, may_jump) in [("USER-A", true), ("USER-B", false)] {
            for _ in 0..1 + random.below(3) {
                rule(&mut text, random, table, chain, is_ipv6, may_jump);
            }
        }
        let _ = writeln!(text, "COMMIT");
    }
    text
}

/// One rule. Users' chains are reached from every hook, so they ask and do what is allowed in all of them.
fn rule(text: &mut String, random: &mut Random, table: &str, chain: &str, is_ipv6: bool, may_jump: bool) {
    let is_user = chain.starts_with("USER");
    let _ = write!(text, "-A {chain}");
    let not = |random: &mut Random| if random.chance(20) { " !" } else { "" };
    let nets: &[&str] = if is_ipv6 { &NETS6 } else { &NETS4 };
    let own: &[&str] =
        if is_ipv6 { &["2001:db8:1::1", "2001:db8:2::/64"] } else { &["198.51.100.1", "192.0.2.1", "172.17.0.0/16"] };
    // What is sent from here has an address of here, and so has what is received.
    let of = |is_here: bool| if is_here { own } else { nets };
    if random.chance(35) {
        let _ = write!(text, "{} -s {}", not(random), random.word(of(chain == "OUTPUT")));
    }
    if random.chance(40) {
        let _ = write!(text, "{} -d {}", not(random), random.word(of(chain == "INPUT")));
    }
    if matches!(chain, "PREROUTING" | "INPUT" | "FORWARD") && random.chance(40) {
        let _ = write!(text, "{} -i {}", not(random), random.word(&["up0", "docker0", "bridge1", "br+", "up+"]));
    }
    if matches!(chain, "OUTPUT" | "POSTROUTING" | "FORWARD") && random.chance(30) {
        let _ = write!(text, "{} -o {}", not(random), random.word(&INTERFACES));
    }
    let mut protocol = ["tcp", "udp", "icmp", ""][random.below(4)];
    if table == "nat" && random.chance(60) {
        protocol = "tcp";
    }
    let ports = |random: &mut Random| random.word(&PORTS).replace('-', ":");
    match protocol {
        "icmp" if is_ipv6 => *text += " -p ipv6-icmp -m icmp6 --icmpv6-type 128",
        "icmp" => *text += " -p icmp -m icmp --icmp-type 8",
        "" => {}
        protocol => {
            let _ = write!(text, " -p {protocol} -m {protocol}");
            if random.chance(30) {
                let _ = write!(text, "{} --sport {}", not(random), ports(random));
            }
            if random.chance(60) {
                let _ = write!(text, "{} --dport {}", not(random), ports(random));
            }
            if protocol == "tcp" && random.chance(15) {
                *text += random.word(&[" --tcp-flags SYN,ACK,RST SYN", " ! --tcp-flags FIN,SYN,RST,ACK SYN"]);
            }
            if random.chance(20) {
                let _ = write!(text, " -m multiport{} --dports 22,80,{}", not(random), ports(random));
            }
        }
    }
    if table != "raw" && random.chance(25) {
        let states = random.word(&["NEW", "ESTABLISHED,RELATED", "ESTABLISHED", "INVALID", "NEW,UNTRACKED", "DNAT"]);
        let _ = write!(text, " -m conntrack{} --ctstate {states}", not(random));
    }
    if random.chance(12) {
        let kinds = if is_ipv6 { "LOCAL" } else { random.word(&["LOCAL", "UNICAST", "BROADCAST,LOCAL"]) };
        let side = random.word(&["--src-type", "--dst-type"]);
        let _ = write!(text, " -m addrtype{} {side} {kinds}", not(random));
    }
    if random.chance(5) {
        let _ = write!(text, " -m mark{} --mark {}", not(random), random.word(&["0x1", "0x2/0x2", "0x0/0xff"]));
    }
    if !is_ipv6 && random.chance(8) {
        let _ = write!(text, " -m iprange{} --dst-range 172.17.0.2-172.17.0.9", not(random));
    }
    if random.chance(1) {
        *text += " -m limit --limit 1/hour --limit-burst 1";
    }
    target(text, random, table, if is_user { "USER" } else { chain }, is_ipv6, protocol, may_jump);
    *text += "\n";
}

fn target(
    text: &mut String,
    random: &mut Random,
    table: &str,
    chain: &str,
    is_ipv6: bool,
    protocol: &str,
    may_jump: bool,
) {
    if may_jump && random.chance(25) {
        let chain = if chain == "USER" { "USER-B" } else { random.word(&["USER-A", "USER-B"]) };
        let _ = write!(text, " {} {chain}", random.word(&["-j", "-j", "-g"]));
        return;
    }
    let port = if matches!(protocol, "tcp" | "udp") { random.word(&["", ":80", ":8080"]) } else { "" };
    let common = random.word(&["-j RETURN", "-j ACCEPT", "", "-j RETURN"]);
    match (table, chain) {
        ("nat", "PREROUTING" | "OUTPUT") if random.chance(70) => {
            let address = match (is_ipv6, random.below(3)) {
                (false, 0) => "172.17.0.2",
                (false, 1) => "172.17.0.3",
                (false, _) => "192.0.2.2",
                (true, 0) => "[2001:db8:2::2]",
                (true, 1) => "[2001:db8:2::3]",
                (true, _) => "[2001:db8:3::2]",
            };
            let address = if port.is_empty() { address.trim_matches(['[', ']']) } else { address };
            if random.chance(15) && !port.is_empty() {
                let _ = write!(text, " -j REDIRECT --to-ports 8080");
            } else {
                let _ = write!(text, " -j DNAT --to-destination {address}{port}");
            }
        }
        ("nat", "POSTROUTING") if random.chance(70) => {
            let address = if is_ipv6 { "2001:db8:1::1" } else { "198.51.100.1" };
            *text += &if random.chance(60) {
                " -j MASQUERADE".to_owned()
            } else {
                format!(" -j SNAT --to-source {address}")
            };
        }
        ("nat", "INPUT") if random.chance(30) => {
            let address = if is_ipv6 { "2001:db8:1::99" } else { "198.51.100.99" };
            let _ = write!(text, " -j SNAT --to-source {address}");
        }
        ("mangle", _) if random.chance(60) => {
            *text += random.word(&[
                " -j MARK --set-xmark 0x1/0xffffffff",
                " -j MARK --set-xmark 0x2/0x2",
                " -j CONNMARK --save-mark",
                " -j CONNMARK --restore-mark",
                " -j CONNMARK --set-xmark 0x4/0xffffffff",
            ]);
        }
        ("raw", _) if random.chance(30) => *text += " -j CT --notrack",
        ("filter", _) if random.chance(55) => {
            *text +=
                random.word(&[" -j DROP", " -j REJECT", " -j ACCEPT", " -j ACCEPT", " -j LOG --log-prefix \"walk \""]);
        }
        _ => {
            let _ = write!(text, " {common}");
        }
    }
}

/// As ufw lays its chains out: before, user, after; a user's rules by port; Docker's beside.
pub(super) fn ufw(random: &mut Random) -> Vec<(Tool, String)> {
    let mut parts = Vec::new();
    for (tool, is_ipv6) in [(Tool::IptablesNft, false), (Tool::Ip6tablesNft, true)] {
        let prefix = if is_ipv6 { "ufw6" } else { "ufw" };
        let nets: &[&str] = if is_ipv6 { &NETS6 } else { &NETS4 };
        let mut text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
        for hook in ["input", "forward", "output"] {
            for part in ["before-logging", "before", "after", "after-logging", "reject", "track"] {
                let _ = writeln!(text, ":{prefix}-{part}-{hook} - [0:0]");
            }
            let _ = writeln!(text, ":{prefix}-user-{hook} - [0:0]");
        }
        let _ = writeln!(text, ":{prefix}-skip-to-policy-input - [0:0]\n:{prefix}-not-local - [0:0]");
        for (hook, name) in [("input", "INPUT"), ("forward", "FORWARD"), ("output", "OUTPUT")] {
            for part in ["before-logging", "before", "after", "after-logging", "reject", "track"] {
                let _ = writeln!(text, "-A {name} -j {prefix}-{part}-{hook}");
            }
            let _ = writeln!(text, "-A {prefix}-before-{hook} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
        }
        let (icmp, echo) =
            if is_ipv6 { ("ipv6-icmp -m icmp6 --icmpv6-type", 128) } else { ("icmp -m icmp --icmp-type", 8) };
        let _ = writeln!(text, "-A {prefix}-before-input -i lo -j ACCEPT");
        let _ = writeln!(text, "-A {prefix}-before-input -m conntrack --ctstate INVALID -j DROP");
        let _ = writeln!(text, "-A {prefix}-before-input -p {icmp} {echo} -j ACCEPT");
        let _ = writeln!(text, "-A {prefix}-before-forward -p {icmp} {echo} -j ACCEPT");
        if !is_ipv6 {
            let _ = writeln!(text, "-A {prefix}-before-input -j {prefix}-not-local");
            let _ = writeln!(text, "-A {prefix}-not-local -m addrtype --dst-type LOCAL -j RETURN");
            let _ = writeln!(text, "-A {prefix}-not-local -m addrtype --dst-type MULTICAST -j RETURN");
            let _ = writeln!(text, "-A {prefix}-not-local -m addrtype --dst-type BROADCAST -j RETURN");
            let _ = writeln!(text, "-A {prefix}-not-local -j DROP");
        }
        for hook in ["input", "forward", "output"] {
            let _ = writeln!(text, "-A {prefix}-before-{hook} -j {prefix}-user-{hook}");
        }
        for _ in 0..4 + random.below(5) {
            let hook = random.word(&["input", "forward", "forward"]);
            let protocol = random.word(&["tcp", "udp"]);
            let _ = write!(text, "-A {prefix}-user-{hook} -p {protocol}");
            if random.chance(50) {
                let _ = write!(text, " -s {}", random.word(nets));
            }
            let port = random.word(&PORTS).replace('-', ":");
            if random.chance(30) {
                let _ = write!(text, " -m multiport --dports {port},25");
            } else {
                let _ = write!(text, " --dport {port}");
            }
            let _ = writeln!(text, " -j {}", random.word(&["ACCEPT", "ACCEPT", "DROP", "REJECT"]));
        }
        let _ = writeln!(text, "-A {prefix}-after-input -p udp --dport 137 -j {prefix}-skip-to-policy-input");
        let _ = writeln!(text, "-A {prefix}-skip-to-policy-input -j DROP");
        let _ = writeln!(
            text,
            "-A {prefix}-after-logging-input -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix \"[UFW BLOCK] \""
        );
        let _ = writeln!(text, "-A {prefix}-track-output -p tcp -m conntrack --ctstate NEW -j ACCEPT");
        let _ = writeln!(text, "-A {prefix}-track-output -p udp -m conntrack --ctstate NEW -j ACCEPT");
        text += "COMMIT\n";
        parts.push((tool, text));
    }
    parts
}
