//! A running engine's own rules, on its own host: probed from the host, its link's other end and its containers.
//!
//! A set-up is made by chance from what people ask of Docker: networks with options, ports published in the usual ways,
//! rules in `DOCKER-USER` and in a table of the user's own. The next set-up on the same host replaces it.

use std::{fs::File, io::BufReader, net::IpAddr, path::Path};

use anyhow::{Context, Result};
use bridgewalk_model::{recording::Recording, snapshot::Namespace};
use ipnet::IpNet;

use super::{
    bed::{Bed, End, TRACE_TABLE},
    random::Random,
};
use crate::{
    host::DockerHost,
    link::{BEYOND, BEYOND6, GATEWAY, GATEWAY6},
    rootfs::Engine,
    scenario::{self, SLEEP},
};

/// A host with the set-up that is on it now.
#[derive(Debug)]
pub struct Live {
    host: DockerHost,
    /// The host, its link's other end, its containers.
    pub bed: Bed,
}

impl Live {
    /// Starts a host of this engine, with options of its daemon chosen by chance.
    pub fn start(engine: Engine, random: &mut Random) -> Result<Self> {
        let mut builder = DockerHost::builder(engine, "live");
        if random.chance(40) {
            builder = builder.daemon_option("--userland-proxy=false");
        }
        if random.chance(25) {
            builder = builder.daemon_option("--icc=false");
        }
        if random.chance(75) {
            for option in ["--experimental", "--ip6tables=true", "--ipv6", "--fixed-cidr-v6=2001:db8:2::/64"] {
                builder = builder.daemon_option(option);
            }
        }
        let host = builder.start()?;
        let outside = [GATEWAY.into(), BEYOND.into(), GATEWAY6.into(), BEYOND6.into()];
        let ends = vec![
            End::open("host", Path::new(&host.spaces().network()?), Vec::new(), true)?,
            End::open("outside", Path::new(&host.link().spaces().network()?), outside.to_vec(), false)?,
        ];
        Ok(Self { host, bed: Bed::around(ends) })
    }

    /// Makes the next set-up in the place of the last one. Gives the host's namespace as it is then.
    pub fn set_up(&mut self, random: &mut Random) -> Result<Namespace> {
        self.bed.ends.truncate(2);
        self.host.shell(CLEAR)?;
        let networks = networks(&self.host, random)?;
        let names = containers(&self.host, random, &networks)?;
        scenario::settled(&self.host)?;
        for name in &names {
            let pid = self.host.outer_pid(self.host.container_pid(name)?)?;
            let own = addresses(&self.host.oracle_in(name)?.tool(&["ip", "-o", "addr", "show", "scope", "global"])?);
            self.bed.ends.push(End::open(name, Path::new(&format!("/proc/{pid}/ns/net")), own, false)?);
        }
        let own = self.bed.ends.iter().skip(2).flat_map(|end| end.addresses.clone()).collect::<Vec<_>>();
        user_rules(&self.host, random, &own)?;
        self.read()
    }

    /// Reads the host's namespace with the program's own eyes, and who is behind which of its devices.
    fn read(&mut self) -> Result<Namespace> {
        let path = "/tmp/live.bwrec";
        self.host.shell(&format!("rm -f {path}"))?;
        self.host.bridgewalk(&["record", "--seconds", "1", "-o", path])?.ok("bridgewalk record")?;
        let recording = Recording::read(BufReader::new(File::open(self.host.path_in_host(path))?))?;
        let snapshot = recording.last_snapshot();
        let namespaces = snapshot.hosts.iter().flat_map(|host| &host.namespaces);
        let mut found = namespaces.into_iter().find(|found| found.is_host).context("the host was not seen")?.clone();
        found.sockets.clear();
        let mut rulesets = found.firewall.to_vec();
        for ruleset in &mut rulesets {
            ruleset.tables.retain(|table| table.name != TRACE_TABLE);
        }
        found.firewall = rulesets.into();
        self.look_around(&found)?;
        Ok(found)
    }

    /// Takes the host's addresses from what was seen, and the ends behind each device.
    fn look_around(&mut self, host: &Namespace) -> Result<()> {
        let is_usual = |address: &IpAddr| match address {
            IpAddr::V4(address) => !address.is_loopback(),
            IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
        };
        let mut nets = Vec::new();
        for device in &host.interfaces {
            for found in device.addresses.iter().filter(|found| is_usual(&found.address)) {
                nets.push((device.link.name.as_str().to_owned(), IpNet::new(found.address, found.prefix_len)?));
            }
        }
        if let Some(end) = self.bed.ends.first_mut() {
            end.addresses = nets.iter().map(|(_, net)| net.addr()).collect();
        }
        self.bed.open_doors(&nets)
    }
}

/// The addresses that `ip -o addr` tells.
fn addresses(listed: &str) -> Vec<IpAddr> {
    let words = listed.lines().filter_map(|line| line.split_whitespace().nth(3));
    words.filter_map(|net| net.split('/').next()?.parse().ok()).collect()
}

const CLEAR: &str = r#"
ids=$(docker ps --all --quiet); [ -z "$ids" ] || docker rm --force $ids >/dev/null
docker network prune --force >/dev/null
for tool in iptables ip6tables; do
  $tool -w -n -L DOCKER-USER >/dev/null 2>&1 || continue
  $tool -w -F DOCKER-USER; $tool -w -A DOCKER-USER -j RETURN
done
nft delete table inet mine 2>/dev/null || true
"#;

/// Two networks beside the default one.
fn networks(host: &DockerHost, random: &mut Random) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for number in 1..=2 {
        let name = format!("net{number}");
        let mut args = vec!["network".to_owned(), "create".to_owned()];
        let mut option = |text: &str| args.extend(["--opt".to_owned(), format!("com.docker.network.bridge.{text}")]);
        option(&format!("name=br-{name}"));
        if random.chance(25) {
            option("enable_icc=false");
        }
        if random.chance(15) {
            option("enable_ip_masquerade=false");
        }
        if random.chance(15) {
            option("host_binding_ipv4=127.0.0.1");
        }
        if host.engine() == Engine::Docker28_5 && random.chance(50) {
            option(&format!("gateway_mode_ipv4={}", random.word(&["routed", "nat-unprotected", "nat"])));
        }
        if random.chance(60) {
            if host.engine() == Engine::Docker28_5 && random.chance(50) {
                option(&format!("gateway_mode_ipv6={}", random.word(&["routed", "nat-unprotected", "nat"])));
            }
            args.extend(["--ipv6".to_owned(), "--subnet".to_owned(), format!("2001:db8:1{number}::/64")]);
        }
        if random.chance(20) {
            args.push("--internal".to_owned());
        }
        args.push(name.clone());
        host.docker(&args.iter().map(String::as_str).collect::<Vec<_>>())?;
        names.push(name);
    }
    Ok(names)
}

/// Two containers on the default network and two on each other one; the last one on both others.
fn containers(host: &DockerHost, random: &mut Random, networks: &[String]) -> Result<Vec<String>> {
    let own = host.address();
    let all = [vec!["bridge".to_owned()], networks.to_vec()].concat();
    let mut names = Vec::new();
    for (number, network) in all.iter().flat_map(|network| [network, network]).enumerate() {
        let name = format!("c{number}");
        let port = 8000 + 10 * number;
        let published = match random.below(8) {
            0 => vec![format!("{port}:80")],
            1 => vec![format!("127.0.0.1:{port}:80"), format!("{}:81", port + 1)],
            2 => vec![format!("{own}:{port}:80")],
            3 => vec![format!("{port}:53/udp")],
            4 => vec![format!("{port}-{}:90-91", port + 1)],
            5 => vec![format!("{port}:80"), format!("{own}:{}:53/udp", port + 1)],
            _ => Vec::new(),
        };
        let mut options = vec!["--network", network];
        for one in &published {
            options.extend(["--publish", one]);
        }
        scenario::run(host, &name, &options, &SLEEP)?;
        names.push(name);
    }
    if let (Some(network), Some(name), true) = (networks.first(), names.last(), random.chance(60)) {
        host.docker(&["network", "connect", network, name])?;
    }
    Ok(names)
}

/// A few rules where users put theirs.
fn user_rules(host: &DockerHost, random: &mut Random, own: &[IpAddr]) -> Result<()> {
    let mut script = String::new();
    for (tool, is_ipv6) in [("iptables", false), ("ip6tables", true)] {
        let own: Vec<&IpAddr> = own.iter().filter(|address| address.is_ipv6() == is_ipv6).collect();
        for _ in 0..random.below(5) {
            let mut rule = String::new();
            if let (true, Some(address)) = (random.chance(40), random.pick(&own)) {
                rule += &format!(" {} {address}", random.word(&["-s", "-d"]));
            }
            if random.chance(40) {
                rule += random.word(&[" -i eth0", " -i br-net1", " -o br-net2", " ! -i eth0", " -i br-+"]);
            }
            rule += match random.below(5) {
                0 => " -p tcp -m tcp --dport 80",
                1 => " -p udp",
                2 => " -p tcp -m multiport --dports 80,90:91",
                3 => " -m conntrack --ctstate ESTABLISHED,RELATED",
                _ => "",
            };
            rule += random.word(&[" -j RETURN", " -j ACCEPT", " -j DROP", "", " -j REJECT"]);
            script += &format!("! {tool} -w -n -L DOCKER-USER >/dev/null 2>&1 || {tool} -w -I DOCKER-USER{rule}\n");
        }
    }
    if random.chance(60) {
        script += "nft -f - <<'END'\ntable inet mine {\n";
        for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
            if !random.chance(40) {
                continue;
            }
            let priority = random.word(&["-150", "-5", "0", "10"]);
            script += &format!("chain {hook} {{ type filter hook {hook} priority {priority}; policy accept;\n");
            for _ in 0..1 + random.below(3) {
                script += random.word(&[
                    "ct state invalid drop",
                    "ct state established,related counter accept",
                    "tcp dport { 80, 8000-8020 } meta mark set 0x1",
                    "udp dport 53 counter",
                    "ip protocol icmp accept",
                    "meta l4proto ipv6-icmp accept",
                    "fib daddr type local counter",
                    "meta mark 0x1 accept",
                    "ct status dnat counter",
                ]);
                script += "\n";
            }
            script += "}\n";
        }
        script += "}\nEND\n";
    }
    host.shell(&script)?;
    Ok(())
}
