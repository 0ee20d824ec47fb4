//! In iptables' language.

use std::fmt::Write as _;

use super::{PORTS, Tool, scene::Scene};
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
    let hook = match (is_user, table) {
        (false, _) => chain,
        (true, "raw") => random.word(&["PREROUTING", "OUTPUT"]),
        (true, "filter") => random.word(&["FORWARD", "INPUT", "OUTPUT"]),
        (true, _) => random.word(&["PREROUTING", "POSTROUTING"]),
    };
    let scene = Scene::at(hook, table == "nat", table == "raw", is_ipv6, random);
    let (asked, has_ports) = questions(text, random, &scene, table, is_user);
    // A rule that asks little and ends what it matches leaves nothing to those after it.
    let may_end = asked > 1;
    if may_jump && random.chance(25) {
        let chain = if is_user { "USER-B" } else { random.word(&["USER-A", "USER-B"]) };
        let _ = writeln!(text, " {} {chain}", random.word(if may_end { &["-j", "-j", "-g"] } else { &["-j"] }));
        return;
    }
    *text += &target(random, table, if is_user { "USER" } else { chain }, is_ipv6, has_ports, may_end);
    *text += "\n";
}

/// What a rule asks. Gives how much, and whether it is about a protocol that has ports.
fn questions(text: &mut String, random: &mut Random, scene: &Scene, table: &str, is_user: bool) -> (usize, bool) {
    let mut asked = 0;
    let ask = |text: &mut String, asked: &mut usize, option: &str, (not, value): (bool, &str)| {
        *asked += 1;
        let _ = write!(text, "{} {option} {value}", if not { " !" } else { "" });
    };
    if random.chance(40) {
        ask(text, &mut asked, "-s", scene.net(true, random));
    }
    if random.chance(45) {
        ask(text, &mut asked, "-d", scene.net(false, random));
    }
    const DEVICES: [(&str, &[&str]); 5] = [
        ("up0", &["up0"]),
        ("docker0", &["docker0"]),
        ("bridge1", &["bridge1"]),
        ("br+", &["bridge1"]),
        ("up+", &["up0"]),
    ];
    for (option, device) in [("-i", scene.in_device), ("-o", scene.out_device)] {
        if let (Some(device), false, true) = (device, is_user, random.chance(40)) {
            ask(text, &mut asked, option, Scene::word(device, &DEVICES, random));
        }
    }
    let asks_ports = random.chance(if table == "nat" { 85 } else { 70 });
    match scene.protocol {
        "icmp" if !asks_ports => {}
        "icmp" if scene.is_ipv6 => ask(text, &mut asked, "-p ipv6-icmp -m icmp6 --icmpv6-type", (false, "128")),
        "icmp" => ask(text, &mut asked, "-p icmp -m icmp --icmp-type", (false, "8")),
        protocol if asks_ports => {
            ask(text, &mut asked, "-p", (false, protocol));
            let _ = write!(text, " -m {protocol}");
            for (option, is_source, percent) in [("--sport", true, 25), ("--dport", false, 65)] {
                if random.chance(percent) {
                    let (not, ports) = scene.ports(is_source, random);
                    ask(text, &mut asked, option, (not, &ports.replace('-', ":")));
                }
            }
            if protocol == "tcp" && random.chance(15) {
                let is_first = scene.state == "new";
                *text += if is_first { " --tcp-flags SYN,ACK,RST SYN" } else { " ! --tcp-flags FIN,SYN,RST,ACK SYN" };
            }
            if random.chance(20) {
                let (not, ports) = scene.ports(false, random);
                let (not, more) = if not { ("! ", "") } else { ("", "22,80,") };
                let _ = write!(text, " -m multiport {not}--dports {more}{}", ports.replace('-', ":"));
                asked += 1;
            }
        }
        _ => {}
    }
    if table != "raw" && random.chance(25) {
        const STATES: [(&str, &[&str]); 5] = [
            ("NEW", &["new"]),
            ("ESTABLISHED,RELATED", &["established"]),
            ("ESTABLISHED", &["established"]),
            ("INVALID", &["invalid"]),
            ("NEW,UNTRACKED", &["new"]),
        ];
        let (not, states) = Scene::word(scene.state, &STATES, random);
        let _ = write!(text, " -m conntrack{} --ctstate {states}", if not { " !" } else { "" });
        asked += 1;
    }
    if random.chance(12) {
        const KINDS: [(&str, &[&str]); 3] =
            [("LOCAL", &["here"]), ("UNICAST", &["elsewhere"]), ("BROADCAST,LOCAL", &["here"])];
        let (side, is_here) =
            [("--src-type", scene.is_from_here()), ("--dst-type", scene.is_for_here())][random.below(2)];
        // IPv6 has other names for what is elsewhere.
        let kinds = if scene.is_ipv6 { &KINDS[..1] } else { &KINDS };
        let (not, kind) = Scene::word(if is_here { "here" } else { "elsewhere" }, kinds, random);
        let _ = write!(text, " -m addrtype{} {side} {kind}", if not { " !" } else { "" });
        asked += 1;
    }
    if random.chance(5) {
        // Marks are set by the table mangle, if at all.
        let is_marked = text.contains("--set-xmark 0x1") && random.chance(50);
        *text += if is_marked {
            " -m mark --mark 0x1"
        } else {
            random.word(&[" -m mark ! --mark 0x1", " -m mark --mark 0x0/0xff"])
        };
    }
    if !scene.is_ipv6 && random.chance(8) {
        let not = if matches!(scene.destination, "172.17.0.2" | "172.17.0.3") { "" } else { " !" };
        let _ = write!(text, " -m iprange{not} --dst-range 172.17.0.2-172.17.0.9");
    }
    if random.chance(1) {
        *text += " -m limit --limit 1/hour --limit-burst 1";
    }
    (asked, asks_ports && scene.protocol != "icmp")
}

/// What a rule does.
fn target(random: &mut Random, table: &str, chain: &str, is_ipv6: bool, has_ports: bool, may_end: bool) -> String {
    let port = if has_ports { random.word(&["", ":80", ":8080"]) } else { "" };
    match (table, chain) {
        ("nat", "PREROUTING" | "OUTPUT") if may_end && random.chance(70) => {
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
                " -j REDIRECT --to-ports 8080".to_owned()
            } else {
                format!(" -j DNAT --to-destination {address}{port}")
            }
        }
        ("nat", "POSTROUTING") if may_end && random.chance(70) => {
            let address = if is_ipv6 { "2001:db8:1::1" } else { "198.51.100.1" };
            if random.chance(60) { " -j MASQUERADE".to_owned() } else { format!(" -j SNAT --to-source {address}") }
        }
        ("nat", "INPUT") if may_end && random.chance(30) => {
            format!(" -j SNAT --to-source {}", if is_ipv6 { "2001:db8:1::99" } else { "198.51.100.99" })
        }
        ("mangle", _) if random.chance(60) => random
            .word(&[
                " -j MARK --set-xmark 0x1/0xffffffff",
                " -j MARK --set-xmark 0x2/0x2",
                " -j CONNMARK --save-mark",
                " -j CONNMARK --restore-mark",
                " -j CONNMARK --set-xmark 0x4/0xffffffff",
            ])
            .to_owned(),
        ("raw", _) if may_end && random.chance(30) => " -j CT --notrack".to_owned(),
        ("filter", _) if may_end && random.chance(55) => random
            .word(&[" -j DROP", " -j REJECT", " -j ACCEPT", " -j ACCEPT", " -j LOG --log-prefix \"walk \""])
            .to_owned(),
        ("filter", _) if random.chance(30) => " -j LOG --log-prefix \"walk \"".to_owned(),
        _ if may_end => random.word(&[" -j RETURN", " -j ACCEPT", "", " -j RETURN"]).to_owned(),
        _ => String::new(),
    }
}

/// As ufw lays its chains out: before, user, after; a user's rules by port; Docker's beside.
pub(super) fn ufw(random: &mut Random) -> Vec<(Tool, String)> {
    let mut parts = Vec::new();
    for (tool, is_ipv6) in [(Tool::IptablesNft, false), (Tool::Ip6tablesNft, true)] {
        let prefix = if is_ipv6 { "ufw6" } else { "ufw" };
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
            let scene = Scene::at(hook, true, false, is_ipv6, random);
            let protocol = random.word(&["tcp", "udp"]);
            let _ = write!(text, "-A {prefix}-user-{hook} -p {protocol}");
            if let (true, (false, net)) = (random.chance(50), scene.net(true, random)) {
                let _ = write!(text, " -s {net}");
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
