//! What independent tools say: iproute2, bridge, iptables, nft, ethtool, the docker client.
//!
//! A live test compares the program with these, so nothing here may use the code under test. They run on the
//! host, with the host's own versions of the tools, in the network namespace that is asked about.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::host::DockerHost;

/// The tools, pointed at one network namespace of a host.
#[derive(Debug)]
pub struct Oracle<'a> {
    host: &'a DockerHost,
    /// What comes before the tool's own command line to get there.
    entrance: Vec<String>,
}

impl DockerHost {
    /// The tools in the host's own network namespace.
    pub fn oracle(&self) -> Oracle<'_> {
        Oracle { host: self, entrance: Vec::new() }
    }

    /// The tools in the network namespace of a running container.
    pub fn oracle_in(&self, container: &str) -> Result<Oracle<'_>> {
        let pid = self.container_pid(container)?.to_string();
        Ok(Oracle { host: self, entrance: ["nsenter", "-t", &pid, "-n", "--"].map(str::to_owned).to_vec() })
    }

    /// The tools in the network namespace bound to a file of the host, such as `/run/docker/netns/1-abcdef`.
    pub fn oracle_at(&self, file: &str) -> Oracle<'_> {
        Oracle { host: self, entrance: vec!["nsenter".to_owned(), format!("--net={file}"), "--".to_owned()] }
    }
}

impl Oracle<'_> {
    /// Runs any tool there that must succeed, and gives what it printed.
    pub fn tool(&self, argv: &[&str]) -> Result<String> {
        let argv: Vec<&str> = self.entrance.iter().map(String::as_str).chain(argv.iter().copied()).collect();
        self.host.ok(&argv)
    }

    /// Runs a tool there that prints JSON. The tools of iproute2 print nothing where there is nothing.
    pub fn json(&self, argv: &[&str]) -> Result<Value> {
        let text = self.tool(argv)?;
        if text.trim().is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        serde_json::from_str(&text).with_context(|| format!("{argv:?} printed no JSON: {text}"))
    }

    /// `ip -j -d link show`
    pub fn links(&self) -> Result<Value> {
        self.json(&["ip", "-j", "-d", "link", "show"])
    }

    /// `ip -j -s link show`: with statistics.
    pub fn statistics(&self) -> Result<Value> {
        self.json(&["ip", "-j", "-s", "link", "show"])
    }

    /// `ip -j addr show`
    pub fn addresses(&self) -> Result<Value> {
        self.json(&["ip", "-j", "addr", "show"])
    }

    /// `ip -j -4 route show table all`
    pub fn routes(&self) -> Result<Value> {
        self.json(&["ip", "-j", "-4", "route", "show", "table", "all"])
    }

    /// `ip -j -6 route show table all`
    pub fn routes6(&self) -> Result<Value> {
        self.json(&["ip", "-j", "-6", "route", "show", "table", "all"])
    }

    /// `ip -j rule show`, for one family (`-4` or `-6`).
    pub fn rules(&self, family: &str) -> Result<Value> {
        self.json(&["ip", "-j", family, "rule", "show"])
    }

    /// `ip -j neigh show`
    pub fn neighbours(&self) -> Result<Value> {
        self.json(&["ip", "-j", "neigh", "show"])
    }

    /// `bridge -j fdb show`
    pub fn fdb(&self) -> Result<Value> {
        self.json(&["bridge", "-j", "fdb", "show"])
    }

    /// `bridge -j link show`
    pub fn bridge_ports(&self) -> Result<Value> {
        self.json(&["bridge", "-j", "link", "show"])
    }

    /// `bridge -j vlan show`
    pub fn vlans(&self) -> Result<Value> {
        self.json(&["bridge", "-j", "vlan", "show"])
    }

    /// `iptables-save -c`, of whichever iptables the host uses.
    pub fn iptables(&self) -> Result<String> {
        self.tool(&["iptables-save", "-c"])
    }

    /// `ip6tables-save -c`
    pub fn ip6tables(&self) -> Result<String> {
        self.tool(&["ip6tables-save", "-c"])
    }

    /// `nft -j list ruleset`
    pub fn nft(&self) -> Result<Value> {
        self.json(&["nft", "-j", "list", "ruleset"])
    }

    /// `ss -H -n -a -t -u -p`: sockets with their processes.
    pub fn sockets(&self) -> Result<String> {
        self.tool(&["ss", "-H", "-n", "-a", "-t", "-u", "-p"])
    }

    /// The interface index that a veth's own driver names as its peer's.
    pub fn veth_peer(&self, interface: &str) -> Result<u32> {
        let text = self.tool(&["ethtool", "-S", interface])?;
        let index = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("peer_ifindex: "))
            .with_context(|| format!("{interface} names no peer: {text}"))?;
        Ok(index.trim().parse()?)
    }

    /// The value of a sysctl, as `net/ipv4/ip_forward`.
    pub fn sysctl(&self, name: &str) -> Result<String> {
        let text = self.tool(&["cat", &format!("/proc/sys/{name}")])?;
        Ok(text.trim_end().to_owned())
    }

    /// The inode of the network namespace.
    pub fn inode(&self) -> Result<u64> {
        let text = self.tool(&["stat", "-L", "-c", "%i", "/proc/self/ns/net"])?;
        Ok(text.trim().parse()?)
    }
}

impl DockerHost {
    /// `docker inspect` of one object, of the kind `container`, `network` or `image`.
    pub fn inspect(&self, kind: &str, name: &str) -> Result<Value> {
        let text = self.docker(&["inspect", "--type", kind, name])?;
        let mut found: Vec<Value> = serde_json::from_str(&text)?;
        found.pop().with_context(|| format!("no {kind} {name}"))
    }

    /// `docker inspect` of all containers, in every state.
    pub fn containers(&self) -> Result<Vec<Value>> {
        self.inspect_all("docker ps --all --quiet --no-trunc", "container")
    }

    /// `docker inspect` of all networks.
    pub fn networks(&self) -> Result<Vec<Value>> {
        self.inspect_all("docker network ls --quiet --no-trunc", "network")
    }

    fn inspect_all(&self, list: &str, kind: &str) -> Result<Vec<Value>> {
        let text =
            self.shell(&format!("ids=$({list}); [ -z \"$ids\" ] && echo '[]' || docker inspect --type {kind} $ids"))?;
        serde_json::from_str(&text).context("docker inspect printed no JSON")
    }
}
