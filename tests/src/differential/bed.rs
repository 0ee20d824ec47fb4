//! A router between namespaces, made for one set of rules.
//!
//! `outside` – `up0` [router] `docker0` – `one`, `two`; `bridge1` – `three`, `four`. Every end drops what it gets once it was
//! seen, so that nothing answers but what a test sends. All runs in a process that has mount, PID and network namespaces
//! of its own, and goes with it.

use std::{
    fs::File,
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use bridgewalk_analysis::walk::Packet;
use bridgewalk_collector::{CollectorConfig, observe_once};
use bridgewalk_model::snapshot::Namespace;
use rustix::{
    net::{
        AddressFamily, Protocol, SendFlags, SocketType,
        netlink::{self, SocketAddrNetlink},
        sendto, socket,
    },
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use super::{trace::Trace, wire};

/// The table that asks for the trace and sees a hook's beginning and end; it is no part of what is compared.
pub const TRACE_TABLE: &str = "bwtrace";

/// A namespace that packets come from or go to.
#[derive(Debug)]
pub struct End {
    /// Its name.
    pub name: String,
    /// Its own addresses, IPv4 and IPv6.
    pub addresses: Vec<IpAddr>,
    namespace: File,
    raw: [OwnedFd; 2],
    conntrack: OwnedFd,
    /// What is seen in it.
    pub trace: Trace,
}

/// The router with its ends; the router is the first.
#[derive(Debug)]
pub struct Bed {
    /// All ends, the router first.
    pub ends: Vec<End>,
    /// The router's devices, each with an end behind it.
    pub doors: Vec<(String, usize)>,
}

/// Which end is behind which of the router's devices.
const DOORS: [(&str, usize); 6] =
    [("up0", 1), ("docker0", 2), ("docker0", 3), ("bridge1", 4), ("bridge1", 5), ("lo", 0)];

/// What traces, in the router and, with a drop at the end, elsewhere.
fn trace_table(is_router: bool) -> String {
    use std::fmt::Write as _;
    let mut text = format!("table inet {TRACE_TABLE} {{\n");
    for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
        let _ = write!(
            text,
            "chain {hook}_first {{ type filter hook {hook} priority -350; meta nftrace set 1; }}\n\
             chain {hook}_last {{ type filter hook {hook} priority 350; }}\n"
        );
    }
    if !is_router {
        text += "chain silence { type filter hook prerouting priority 340; \
                 icmpv6 type { 133, 134, 135, 136 } accept; drop; }\n";
    }
    text + "}\n"
}

impl End {
    /// The namespace at a path such as `/run/netns/one`.
    pub fn open(name: &str, path: &Path, addresses: Vec<IpAddr>, is_router: bool) -> Result<Self> {
        let namespace = File::open(path).with_context(|| path.display().to_string())?;
        let (raw, conntrack, trace) = inside(&namespace, || {
            let protocol = raw_protocol()?;
            let raw = |family| socket(family, SocketType::RAW, Some(protocol));
            let conntrack = socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::NETFILTER))?;
            Ok(([raw(AddressFamily::INET)?, raw(AddressFamily::INET6)?], conntrack, Trace::listen()?))
        })?;
        let end = Self { name: name.to_owned(), addresses, namespace, raw, conntrack, trace };
        end.run("nft", &["-f", "-"], &trace_table(is_router))?;
        Ok(end)
    }

    /// Forgets all flows, so that none takes another's port away.
    pub fn forget_flows(&self) -> Result<()> {
        // `IPCTNL_MSG_CT_DELETE` without a tuple; its answer is not awaited, for it is done when the call returns.
        let mut message = 20_u32.to_ne_bytes().to_vec();
        message.extend(0x0102_u16.to_ne_bytes());
        message.extend(1_u16.to_ne_bytes());
        message.extend([0; 12]);
        sendto(&self.conntrack, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(())
    }

    /// Sends a packet as it is.
    pub fn send(&self, packet: &Packet, id: u16) -> Result<()> {
        let raw = &self.raw[usize::from(packet.is_ipv6())];
        let bytes = wire::bytes(packet, id);
        match sendto(raw, &bytes, SendFlags::DONTWAIT, &SocketAddr::new(packet.destination, 0)) {
            Ok(_) => Ok(()),
            // Its own rules refused it, or there is no way: that is the kernel's answer, and was traced.
            Err(
                rustix::io::Errno::PERM
                | rustix::io::Errno::NETUNREACH
                | rustix::io::Errno::HOSTUNREACH
                | rustix::io::Errno::INVAL
                | rustix::io::Errno::ACCESS
                | rustix::io::Errno::ADDRNOTAVAIL
                | rustix::io::Errno::NETDOWN
                | rustix::io::Errno::HOSTDOWN
                | rustix::io::Errno::NOBUFS
                | rustix::io::Errno::AGAIN,
            ) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("{packet:?}")),
        }
    }

    /// Runs a tool in it that must succeed.
    pub fn run(&self, program: &str, args: &[&str], input: &str) -> Result<String> {
        inside(&self.namespace, || tool(program, args, input))
    }
}

/// Does something in another network namespace, and comes back.
fn inside<T>(namespace: &File, act: impl FnOnce() -> Result<T>) -> Result<T> {
    let own = File::open("/proc/thread-self/ns/net")?;
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
    let result = act();
    move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Network))?;
    result
}

/// Runs a tool that must succeed.
pub fn tool(program: &str, args: &[&str], input: &str) -> Result<String> {
    use std::io::Write as _;
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| program.to_owned())?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {args:?}: {complaint}\n{input}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Bed {
    /// Makes the namespaces. Must run in a process whose mount and network namespaces are its own.
    pub fn new() -> Result<Self> {
        tool("sh", &["-ec", SCRIPT], "")?;
        let at = |name: &str| Path::new("/run/netns").join(name);
        let addresses = |texts: &[&str]| -> Result<Vec<IpAddr>> {
            texts.iter().map(|text| text.parse().context("address")).collect()
        };
        let mut ends = Vec::new();
        for (name, own) in [
            (
                "router",
                &["198.51.100.1", "172.17.0.1", "192.0.2.1", "2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1"][..],
            ),
            ("outside", &["198.51.100.2", "2001:db8:1::2"][..]),
            ("one", &["172.17.0.2", "2001:db8:2::2"][..]),
            ("two", &["172.17.0.3", "2001:db8:2::3"][..]),
            ("three", &["192.0.2.2", "2001:db8:3::2"][..]),
            ("four", &["192.0.2.3", "2001:db8:3::3"][..]),
        ] {
            ends.push(End::open(name, &at(name), addresses(own)?, name == "router")?);
        }
        Ok(Self { ends, doors: DOORS.map(|(name, end)| (name.to_owned(), end)).into() })
    }

    /// The router.
    pub fn router(&self) -> Result<&End> {
        self.ends.first().context("no router")
    }

    /// Reads the router's namespace with the program's own eyes.
    pub fn read(&self) -> Result<Namespace> {
        let observed = observe_once(CollectorConfig::default(), |_, _| {})?;
        let namespaces = observed.snapshot.hosts.iter().flat_map(|host| &host.namespaces);
        let mut found: Vec<&Namespace> =
            namespaces.filter(|namespace| namespace.names.iter().any(|name| name.path.ends_with("/router"))).collect();
        let Some(found) = found.pop() else { bail!("the router was not seen") };
        let mut found = found.clone();
        found.sockets.clear();
        let mut rulesets = found.firewall.to_vec();
        for ruleset in &mut rulesets {
            ruleset.tables.retain(|table| table.name != TRACE_TABLE);
        }
        found.firewall = rulesets.into();
        Ok(found)
    }

    /// Takes all rules but the tracing ones away, and all flows.
    pub fn clear(&self) -> Result<()> {
        let router = self.router()?;
        router.run("nft", &["flush", "ruleset"], "")?;
        for program in ["iptables-legacy-restore", "ip6tables-legacy-restore"] {
            router.run(program, &[], LEGACY_EMPTY)?;
        }
        router.run("nft", &["-f", "-"], &trace_table(true))?;
        router.forget_flows()
    }
}

const LEGACY_EMPTY: &str = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n\
*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n\
*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n\
*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n";

const SCRIPT: &str = r#"
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
for n in router outside one two three four; do
  ip netns add $n
  ip -n $n link set lo up
done
quiet() { ip netns exec $1 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
  net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0; }
for n in router outside one two three four; do quiet $n; done
ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.send_redirects=0
for b in docker0 bridge1; do ip -n router link add $b type bridge; ip -n router link set $b up; done
cable() { ip -n router link add $2 type veth peer name eth0 netns $1; ip -n router link set $2 up; ip -n $1 link set eth0 up; }
cable outside up0; cable one v1; cable two v2; cable three v3; cable four v4
ip -n router link set v1 master docker0; ip -n router link set v2 master docker0; ip -n router link set v3 master bridge1; ip -n router link set v4 master bridge1
ip -n router addr add 198.51.100.1/24 dev up0; ip -n router addr add 172.17.0.1/16 dev docker0; ip -n router addr add 192.0.2.1/24 dev bridge1
ip -n router addr add 2001:db8:1::1/64 dev up0 nodad; ip -n router addr add 2001:db8:2::1/64 dev docker0 nodad; ip -n router addr add 2001:db8:3::1/64 dev bridge1 nodad
mac() { ip netns exec $1 cat /sys/class/net/$2/address; }
home() { # name, router's device, prefix length, address, gateway, IPv6 address, gateway
  ip -n $1 addr add $4/$3 dev eth0; ip -n $1 addr add $6/64 dev eth0 nodad
  ip -n $1 route add default via $5; ip -n $1 -6 route add default via $7
  for a in $4 $6; do ip -n router neigh replace $a lladdr $(mac $1 eth0) dev $2 nud permanent; done
  for a in $5 $7; do ip -n $1 neigh replace $a lladdr $(mac router $2) dev eth0 nud permanent; done
}
home outside up0 24 198.51.100.2 198.51.100.1 2001:db8:1::2 2001:db8:1::1
home one docker0 16 172.17.0.2 172.17.0.1 2001:db8:2::2 2001:db8:2::1
home two docker0 16 172.17.0.3 172.17.0.1 2001:db8:2::3 2001:db8:2::1
home three bridge1 24 192.0.2.2 192.0.2.1 2001:db8:3::2 2001:db8:3::1
home four bridge1 24 192.0.2.3 192.0.2.1 2001:db8:3::3 2001:db8:3::1
pair() { # two of one bridge, and their addresses
  for a in $3 $5; do ip -n $2 neigh replace $a lladdr $(mac $1 eth0) dev eth0 nud permanent; done
  for a in $4 $6; do ip -n $1 neigh replace $a lladdr $(mac $2 eth0) dev eth0 nud permanent; done
}
pair one two 172.17.0.2 172.17.0.3 2001:db8:2::2 2001:db8:2::3
pair three four 192.0.2.2 192.0.2.3 2001:db8:3::2 2001:db8:3::3
ip -n outside rule add pref 100 lookup local; ip -n outside rule del pref 0
ip -n outside rule add pref 50 to 127.0.0.1 lookup 77; ip -n outside route add default via 198.51.100.1 table 77
ip -n router route add 203.0.113.0/24 via 198.51.100.2
ip -n router -6 route add 2001:db8:ffff::/64 via 2001:db8:1::2
"#;

/// `IPPROTO_RAW`: the header is ours.
fn raw_protocol() -> Result<Protocol> {
    Ok(Protocol::from_raw(std::num::NonZeroU32::new(255).context("a number")?))
}
