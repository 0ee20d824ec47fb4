//! A router between namespaces, made for one set of rules.
//!
//! `outside` – `up0` [router] `docker0` – `one`, `two`; `bridge1` – `three`, `four`. Every end drops what it gets once it was
//! seen, so that nothing answers but what a test sends. All runs in a process that has mount, PID and network namespaces
//! of its own, and goes with it.

use std::{
    fmt::Write as _,
    fs::File,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use bridgewalk_analysis::walk::Packet;
use bridgewalk_collector::{CollectorConfig, observe_once};
use bridgewalk_model::snapshot::Namespace;
use ipnet::IpNet;
use rustix::{
    net::{
        AddressFamily, Protocol, SendFlags, SocketType, bind,
        netlink::{self, SocketAddrNetlink},
        sendto, socket,
    },
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use super::{layout::Layout, trace::Trace, wire};

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
    conntrack: OwnedFd,
    /// What is seen in it.
    pub trace: Trace,
}

/// The router with its ends; the router is the first.
#[derive(Debug)]
pub struct Bed {
    /// All ends, the router first.
    pub ends: Vec<End>,
    /// The ways to the router; its own, for what it sends itself, is the first.
    pub doors: Vec<Door>,
    /// Addresses of many at once.
    groups: Vec<IpAddr>,
}

/// A way from an end to the router. Whatever is sent by it goes to the router, also what is for the end's own network or
/// for the end itself.
#[derive(Debug)]
pub struct Door {
    /// The router's device behind which the end is.
    pub device: String,
    /// The end.
    pub end: usize,
    /// IPv4's socket and IPv6's, where the end has an address on the device's network.
    raw: [Option<OwnedFd>; 2],
}

/// The router's devices, with their addresses and networks.
const NETS: [(&str, &str); 6] = [
    ("up0", "198.51.100.1/24"),
    ("docker0", "172.17.0.1/16"),
    ("bridge1", "192.0.2.1/24"),
    ("up0", "2001:db8:1::1/64"),
    ("docker0", "2001:db8:2::1/64"),
    ("bridge1", "2001:db8:3::1/64"),
];

/// The first routing table of doors.
const DOOR_TABLE: usize = 1000;

/// What traces, in the router and, with a drop at the end, elsewhere.
fn trace_table(is_router: bool) -> String {
    let mut text = format!("table inet {TRACE_TABLE} {{\nchain ours {{ meta nftrace set 1; }}\n");
    for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
        // The router has no sockets for what we send in its name: it must not end our flows. Nor may its own answers and
        // errors, which no process sends, have a rule mark the flow that they are of behind our back.
        let first = if is_router && hook == "output" {
            "tcp flags rst drop; meta skuid 0 goto ours; meta l4proto icmp drop; icmpv6 type < 133 drop; "
        } else {
            ""
        };
        let _ = write!(
            text,
            "chain {hook}_first {{ type filter hook {hook} priority -350; {first}meta nftrace set 1; }}\n\
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
        let (conntrack, trace) = inside(&namespace, || {
            let conntrack = socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::NETFILTER))?;
            Ok((conntrack, Trace::listen()?))
        })?;
        let end = Self { name: name.to_owned(), addresses, namespace, conntrack, trace };
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

    /// A socket for packets with headers of our own; routes see `own` as their sender.
    fn raw_socket(&self, own: IpAddr) -> Result<OwnedFd> {
        let family = if own.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        inside(&self.namespace, || {
            let raw = socket(family, SocketType::RAW, Some(raw_protocol()?))?;
            bind(&raw, &SocketAddr::new(own, 0)).with_context(|| own.to_string())?;
            Ok(raw)
        })
    }

    /// Runs a tool in it that must succeed.
    pub fn run(&self, program: &str, args: &[&str], input: &str) -> Result<String> {
        inside(&self.namespace, || tool(program, args, input))
    }
}

impl Door {
    /// Sends a packet as it is.
    pub fn send(&self, packet: &Packet, id: u16) -> Result<()> {
        let Some(raw) = &self.raw[usize::from(packet.is_ipv6())] else { return Ok(()) };
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
        let mut bed = Self::around(ends);
        let nets = NETS.map(|(device, net)| Ok((device.to_owned(), net.parse()?)));
        bed.open_doors(&nets.into_iter().collect::<Result<Vec<_>>>()?)?;
        Ok(bed)
    }

    /// Of these ends, the router first; [`Self::open_doors`] has yet to find the ways.
    pub const fn around(ends: Vec<End>) -> Self {
        Self { ends, doors: Vec::new(), groups: Vec::new() }
    }

    /// Finds the ways to the router: an end that has an address on one of its networks is behind that network's device.
    pub fn open_doors(&mut self, nets: &[(String, IpNet)]) -> Result<()> {
        let router = self.router()?;
        let raw = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()].map(|any| router.raw_socket(any).ok());
        let mut doors = vec![Door { device: "lo".to_owned(), end: 0, raw }];
        for (number, end) in self.ends.iter().enumerate().skip(1) {
            let mut script = String::from(LOCAL_LATER);
            for (device, net) in nets {
                let Some(own) = end.addresses.iter().find(|address| net.contains(*address)) else { continue };
                let at = match doors.iter().position(|door| door.end == number && door.device == *device) {
                    Some(at) => at,
                    None => {
                        doors.push(Door { device: device.clone(), end: number, raw: [None, None] });
                        doors.len() - 1
                    }
                };
                let ip = if own.is_ipv6() { "ip -6" } else { "ip" };
                let table = DOOR_TABLE + at;
                let _ = writeln!(
                    script,
                    "{ip} rule add pref 50 from {own} iif lo lookup {table}; \
                     {ip} route replace default via {} table {table}",
                    net.addr()
                );
                // An address that is gone already, on a busy machine, is a way less.
                doors[at].raw[usize::from(own.is_ipv6())] = end.raw_socket(*own).ok();
            }
            end.run("sh", &["-ec", &script], "")?;
        }
        self.doors = doors;
        let broadcast = nets.iter().map(|(_, net)| net.broadcast()).filter(IpAddr::is_ipv4);
        self.groups = broadcast.collect();
        Ok(())
    }

    /// Where its ends and doors are.
    pub fn layout(&self) -> Layout {
        Layout {
            addresses: self.ends.iter().map(|end| end.addresses.clone()).collect(),
            doors: self.doors.iter().map(|door| (door.device.clone(), door.end)).collect(),
            families: self.doors.iter().map(|door| [0, 1].map(|family| door.raw[family].is_some())).collect(),
            groups: self.groups.clone(),
        }
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

/// What is sent by a door comes before an end's own addresses.
const LOCAL_LATER: &str = r"
for ip in 'ip -4' 'ip -6'; do
  while $ip rule del pref 50 2>/dev/null; do :; done
  $ip rule show | grep -q '^200:' || { $ip rule add pref 200 lookup local; $ip rule del pref 0; }
done
";

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
ip -n router route add default via 198.51.100.2
ip -n router -6 route add default via 2001:db8:1::2
"#;

/// `IPPROTO_RAW`: the header is ours.
fn raw_protocol() -> Result<Protocol> {
    Ok(Protocol::from_raw(std::num::NonZeroU32::new(255).context("a number")?))
}
