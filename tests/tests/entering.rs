//! Strangers of a real host, on each of its links and beyond them, as it is wired in one way after the other: each walk
//! beside a real connection attempt and its answer. The strangers' namespaces are not observed.

use std::{
    fs::File,
    io::BufReader,
    net::{IpAddr, Ipv4Addr, SocketAddrV4},
    sync::Arc,
    thread,
};

use anyhow::{Context, Result, ensure};
use bridgewalk_analysis::walk::{End, Protocol, Question, Unknown, Walk, Walker};
use bridgewalk_model::{Snapshot, recording::Recording};
use bridgewalk_tests::{
    host::DockerHost,
    link::{BEYOND, GATEWAY, Link},
    probe::{self, Outcome},
    process::{self, Running, SOON},
    rootfs::one_engine,
    scenario,
};

/// Seconds after which nothing comes back any more: a SYN is sent again after one.
const PATIENCE_S: u32 = 3;
/// The second link's own address and network, and somebody beyond it.
const GATEWAY2: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const BEYOND2: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 129);
/// The address at the tunnel's other end.
const PEER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// A machine behind the host's bridge.
const MACHINE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 50);

/// A tunnel between this namespace and another, as a VPN's daemon keeps one: what is read from the one device is
/// written to the other.
const RELAY: &str = r"
sub tun {
  my $request = pack('a16Sx22', 'wg0', 0x1001);
  sysopen(my $tun, '/dev/net/tun', 2) or die $!;
  ioctl($tun, 0x400454ca, $request) or die $!;
  $tun
}
my $here = tun();
open(my $there, '<', $ARGV[0]) or die $!;
syscall(308, fileno $there, 0x40000000) == 0 or die $!;
my $other = tun();
while (1) {
  my $read = '';
  vec($read, fileno $_, 1) = 1 for $here, $other;
  select($read, undef, undef, undef);
  for ([$here, $other], [$other, $here]) {
    if (vec($read, fileno $_->[0], 1)) { my $n = sysread($_->[0], my $packet, 65536); syswrite($_->[1], $packet) if $n }
  }
}
";

struct Bed {
    host: DockerHost,
    second: Arc<Link>,
}

/// Who tries to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stranger {
    /// On the link of `eth0`, or on that of `eth1`.
    Near,
    Near2,
    /// Beyond the routers there.
    Beyond,
    Beyond2,
    /// At the other end of the tunnel.
    Peer,
    /// Behind the host's own bridge.
    Machine,
}

/// What is wanted of a walk. The kernel's own answer is compared with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Connects,
    DoesNot,
    /// It hangs on where the packet comes in, and this is what comes of it really.
    Depends(bool),
}
use Wanted::{Connects, Depends, DoesNot};

type Attempt = (Stranger, &'static str, Wanted);

impl Bed {
    fn start(host: DockerHost) -> Result<Self> {
        let second = Link::new()?;
        second.ok(&[
            "sh",
            "-euc",
            &format!(
                "ip addr flush dev link0; ip addr flush dev lo scope global
                 ip addr add {BEYOND2}/32 dev lo; ip addr add {GATEWAY2}/24 dev link0"
            ),
        ])?;
        Ok(Self { host, second })
    }

    fn of(&self, stranger: Stranger) -> (&Link, Ipv4Addr) {
        let first: &Link = self.host.link();
        match stranger {
            Stranger::Near => (first, GATEWAY),
            Stranger::Beyond => (first, BEYOND),
            Stranger::Near2 => (&self.second, GATEWAY2),
            Stranger::Beyond2 => (&self.second, BEYOND2),
            Stranger::Peer => (&self.second, PEER),
            Stranger::Machine => (&self.second, MACHINE),
        }
    }

    /// A cable from the second link to a new interface of the host.
    fn cable(&self, name: &str) -> Result<()> {
        let network = self.host.spaces().network()?;
        self.second.ok(&["ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", &network])?;
        self.second.ok(&["ip", "link", "set", name, "master", "link0", "up"]).map(drop)
    }

    /// Tries each for real, looks at the host, and walks.
    fn check(&self, wiring: &str, attempts: &[Attempt]) -> Result<()> {
        let real = self.attempt(attempts).with_context(|| wiring.to_owned())?;
        let snapshot = self.look()?;
        let walker = Walker::new(&snapshot);
        let mut wrong = Vec::new();
        for ((stranger, to, wanted), outcome) in attempts.iter().zip(real) {
            let to: SocketAddrV4 = to.parse()?;
            let came = matches!(outcome, Outcome::Answered | Outcome::Open);
            let is_as_meant = match wanted {
                Connects => came,
                DoesNot => !came,
                Depends(really) => came == *really,
            };
            let mut from = vec![End::Address { address: IpAddr::V4(self.of(*stranger).1), host: None }];
            // Whoever is beyond the router may be anybody.
            if *stranger == Stranger::Beyond {
                from.push(End::Outside);
            }
            for from in from {
                let walk = walk(&walker, from, to);
                let is_right = match wanted {
                    Connects => walk.connects() == Some(true),
                    DoesNot => walk.connects() == Some(false),
                    Depends(_) => walk.connects().is_none() && has_entries(&walk),
                };
                if !is_as_meant || !is_right {
                    wrong.push(format!("{wiring}: {stranger:?} to {to}: {outcome:?}, {wanted:?}\n{}", told(&walk)));
                }
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }

    /// What comes of each attempt; all at once.
    fn attempt(&self, attempts: &[Attempt]) -> Result<Vec<Outcome>> {
        thread::scope(|scope| {
            let running: Vec<_> = attempts
                .iter()
                .map(|(stranger, to, _)| {
                    let (link, source) = self.of(*stranger);
                    let pid = link.pid();
                    scope.spawn(move || -> Result<Outcome> {
                        let to: SocketAddrV4 = to.parse()?;
                        let found = probe::connect_as(pid, Some(source), &[to], PATIENCE_S)?;
                        found.get(&to).copied().context("no outcome")
                    })
                })
                .collect();
            running
                .into_iter()
                .map(|one| one.join().map_err(|_| anyhow::anyhow!("an attempt panicked")).flatten())
                .collect()
        })
    }

    fn look(&self) -> Result<Snapshot> {
        let path = "/tmp/entering.bwrec";
        self.host.shell(&format!("rm -f {path}"))?;
        self.host.bridgewalk(&["record", "--seconds", "1", "-o", path])?.ok("bridgewalk record")?;
        let recording = Recording::read(BufReader::new(File::open(self.host.path_in_host(path))?))?;
        Ok(recording.last_snapshot())
    }
}

fn walk(walker: &Walker<'_>, from: End, to: SocketAddrV4) -> Walk {
    walker.walk(&Question {
        from,
        to: End::Address { address: IpAddr::V4(*to.ip()), host: None },
        port: Some(to.port()),
        protocol: Protocol::Tcp,
        source_port: None,
    })
}

fn has_entries(walk: &Walk) -> bool {
    let assumed = walk.branches.iter().flat_map(|branch| &branch.assuming);
    assumed.filter(|one| matches!(one, Unknown::Entry { .. })).count() > 1
}

fn told(walk: &Walk) -> String {
    let hops: Vec<String> = walk
        .all_hops()
        .map(|hop| format!("    {:?} {:?} {:?}", hop.action, hop.after.source, hop.evidence.first()))
        .collect();
    let reply = walk.reply.as_ref().map(|reply| (reply.verdict, &reply.decided_by));
    format!("  {:?} {reply:?}, unknown: {:?}\n{}", walk.way.verdict, walk.unknowns, hops.join("\n"))
}

#[test]
fn strangers_come_in_and_are_answered_as_the_kernel_has_it() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::start(engine, "entered")?;
        scenario::run(&host, "web", &["--publish", "8080:80"], &scenario::HTTP)?;
        scenario::run(&host, "hostly", &["--network", "host"], &["httpd", "-f", "-p", "9090", "-h", "/www"])?;
        host.shell("for one in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$one; done")?;
        scenario::settled(&host)?;
        let bed = Bed::start(host)?;
        one_uplink(&bed)?;
        two_uplinks(&bed)?;
        a_tunnel(&bed)?;
        a_bridge(&bed)?;
    }
    Ok(())
}

fn one_uplink(bed: &Bed) -> Result<()> {
    bed.host.shell("ip addr add 192.0.2.99/24 dev eth0; ip addr add 198.51.100.9/24 dev eth0")?;
    bed.check(
        "secondary addresses",
        &[
            (Stranger::Near, "192.0.2.10:8080", Connects),
            (Stranger::Beyond, "192.0.2.10:8080", Connects),
            (Stranger::Near, "192.0.2.99:8080", Connects),
            (Stranger::Beyond, "192.0.2.99:9090", Connects),
            (Stranger::Near, "198.51.100.9:8080", Connects),
        ],
    )?;
    bed.host.shell("ip addr del 192.0.2.99/24 dev eth0; ip addr del 198.51.100.9/24 dev eth0")?;
    bed.host.shell("ip route del default")?;
    bed.check(
        "no default route",
        &[
            (Stranger::Near, "192.0.2.10:8080", Connects),
            (Stranger::Near, "192.0.2.10:9090", Connects),
            (Stranger::Beyond, "192.0.2.10:8080", DoesNot),
            (Stranger::Beyond, "192.0.2.10:9090", DoesNot),
        ],
    )?;
    bed.host.shell(&format!("ip route add default via {GATEWAY}")).map(drop)
}

fn two_uplinks(bed: &Bed) -> Result<()> {
    bed.cable("eth1")?;
    bed.host.shell(
        "ip addr add 10.77.0.10/24 dev eth1; ip link set eth1 up; echo 0 >/proc/sys/net/ipv4/conf/eth1/rp_filter",
    )?;
    bed.second.ok(&["ip", "route", "add", "192.0.2.10/32", "via", "10.77.0.10"])?;
    let both = [
        (Stranger::Near, "192.0.2.10:8080", Connects),
        (Stranger::Beyond, "192.0.2.10:8080", Connects),
        (Stranger::Near2, "10.77.0.10:8080", Connects),
        // By eth1, or by a router of its own: the answer goes to the neighbour either way.
        (Stranger::Near2, "192.0.2.10:9090", Connects),
    ];
    let by_the_other =
        [(Stranger::Beyond2, "10.77.0.10:8080", DoesNot), (Stranger::Beyond2, "10.77.0.10:9090", DoesNot)];
    bed.check("two uplinks", &[&both[..], &by_the_other].concat())?;

    bed.host.shell(&format!(
        "ip route add default via {GATEWAY2} dev eth1 table 100; ip rule add from 10.77.0.10 lookup 100"
    ))?;
    let by_source = [(Stranger::Beyond2, "10.77.0.10:8080", DoesNot), (Stranger::Beyond2, "10.77.0.10:9090", Connects)];
    bed.check("a rule for the second address", &[&both[..], &by_source].concat())?;

    let marks = "-i eth1 -m conntrack --ctstate NEW -j CONNMARK --set-mark 0x77";
    bed.host.shell(&format!(
        "iptables -t mangle -A PREROUTING {marks}; iptables -t mangle -A PREROUTING -i docker0 -j CONNMARK --restore-mark
         ip rule add fwmark 0x77 lookup 100"
    ))?;
    let by_mark = [(Stranger::Beyond2, "10.77.0.10:8080", Connects), (Stranger::Beyond2, "10.77.0.10:9090", Connects)];
    bed.check("a rule for the connection's mark", &[&both[..], &by_mark].concat())?;
    bed.host.shell("iptables -t mangle -F PREROUTING; ip rule del fwmark 0x77; ip rule del from 10.77.0.10")?;

    bed.host.shell("iptables -I DOCKER-USER -i eth1 -j DROP; echo 1 >/proc/sys/net/ipv4/conf/eth1/rp_filter")?;
    bed.check(
        "closed on the second uplink",
        &[
            (Stranger::Near, "192.0.2.10:8080", Connects),
            (Stranger::Near2, "10.77.0.10:8080", DoesNot),
            (Stranger::Near2, "10.77.0.10:9090", Connects),
            (Stranger::Beyond2, "10.77.0.10:9090", DoesNot),
            (Stranger::Near2, "192.0.2.10:8080", Depends(false)),
        ],
    )?;
    bed.host.shell("iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN; ip link del eth1")?;
    bed.second.run(&["ip", "route", "del", "192.0.2.10/32"]).map(drop)
}

/// A tunnel to somebody elsewhere, by a user's program, as VPNs have it.
fn tunnel(bed: &Bed) -> Result<Running> {
    let far = &bed.second;
    let relay = far.spawn(&["perl", "-e", RELAY, &bed.host.spaces().network()?])?;
    process::until("both ends of the tunnel are there", SOON, || {
        let is_there = bed.host.run(&["ip", "link", "show", "wg0"])?.status.success()
            && far.run(&["ip", "link", "show", "wg0"])?.status.success();
        Ok(is_there.then_some(()))
    })?;
    bed.host
        .shell("ip addr add 10.9.0.1/24 dev wg0; ip link set wg0 up; echo 0 >/proc/sys/net/ipv4/conf/wg0/rp_filter")?;
    let script = "ip addr add 10.9.0.2/24 dev wg0; ip link set wg0 up; ip route add 172.16.0.0/12 dev wg0 src 10.9.0.2";
    far.ok(&["sh", "-euc", script])?;
    Ok(relay)
}

fn a_tunnel(bed: &Bed) -> Result<()> {
    let relay = tunnel(bed)?;
    let web = bed.host.docker(&["inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web"])?;
    ensure!(web == "172.17.0.2", "web has {web}");
    // Docker 28 closes its containers' addresses to what is no bridge of its own.
    let direct = if bed.host.engine().version() >= "28" { DoesNot } else { Connects };
    let link = [(Stranger::Near, "192.0.2.10:8080", Connects), (Stranger::Beyond, "192.0.2.10:8080", Connects)];
    let through = [(Stranger::Peer, "10.9.0.1:8080", Connects), (Stranger::Peer, "172.17.0.2:80", direct)];
    bed.check("a tunnel", &[&link[..], &through].concat())?;

    bed.host.shell("iptables -I DOCKER-USER -i wg0 -j DROP")?;
    bed.check(
        "closed in the tunnel",
        &[link[0], (Stranger::Peer, "10.9.0.1:8080", DoesNot), (Stranger::Peer, "10.9.0.1:9090", Connects)],
    )?;
    bed.host
        .shell("iptables -F DOCKER-USER; iptables -A DOCKER-USER -i eth0 -j DROP; iptables -A DOCKER-USER -j RETURN")?;
    bed.check("closed on the link", &[(Stranger::Near, "192.0.2.10:8080", DoesNot), through[0], through[1]])?;
    bed.host.shell("iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN")?;

    // As Tailscale has it: nobody but the tunnel has these addresses, and what comes through it is masqueraded.
    bed.host.shell(
        "iptables -I INPUT -s 10.9.0.0/24 ! -i wg0 -j DROP
         iptables -I FORWARD -i wg0 -j MARK --set-xmark 0x40000/0xff0000
         iptables -t nat -I POSTROUTING -m mark --mark 0x40000/0xff0000 -j MASQUERADE
         ip route del 10.9.0.0/24 dev wg0; ip route add 10.9.0.2 dev wg0 table 52; ip rule add lookup 52 priority 5270",
    )?;
    bed.check(
        "the tunnel's own table",
        &[(Stranger::Peer, "10.9.0.1:9090", Connects), through[0], through[1], link[0], link[1]],
    )?;
    bed.host.shell(
        "iptables -D INPUT -s 10.9.0.0/24 ! -i wg0 -j DROP
         iptables -D FORWARD -i wg0 -j MARK --set-xmark 0x40000/0xff0000
         iptables -t nat -D POSTROUTING -m mark --mark 0x40000/0xff0000 -j MASQUERADE
         ip rule del lookup 52; ip route add 10.9.0.0/24 dev wg0",
    )?;

    // As wg-quick has it for all there is.
    bed.host.shell(
        "ip route add default dev wg0 table 51820; ip rule add not fwmark 51820 table 51820
         ip rule add table main suppress_prefixlength 0",
    )?;
    bed.check(
        "a full tunnel",
        &[
            link[0],
            through[0],
            through[1],
            (Stranger::Beyond, "192.0.2.10:8080", DoesNot),
            (Stranger::Beyond, "192.0.2.10:9090", DoesNot),
        ],
    )?;
    let said = bed.host.bridgewalk(&["walk", "outside", "192.0.2.10:8080"])?.ok("bridgewalk walk")?;
    let first = said.lines().next().unwrap_or_default();
    ensure!(first == "No connection: the answer leaves by wg0 as 192.0.2.10, but the packet came in by eth0", "{said}");
    bed.host.shell("ip rule del table main suppress_prefixlength 0; ip rule del not fwmark 51820 table 51820")?;
    drop(relay);
    process::until("the tunnel is gone", SOON, || {
        Ok((!bed.host.run(&["ip", "link", "show", "wg0"])?.status.success()).then_some(()))
    })
}

/// The uplink becomes a port of the host's own bridge, beside a machine.
fn a_bridge(bed: &Bed) -> Result<()> {
    bed.cable("tap0")?;
    bed.second.ok(&["sh", "-euc", &format!("ip addr flush dev link0; ip addr add {MACHINE}/24 dev link0")])?;
    bed.host.shell(&format!(
        "ip link add br0 type bridge; ip link set br0 up; echo 0 >/proc/sys/net/ipv4/conf/br0/rp_filter
         ip addr flush dev eth0; ip link set eth0 master br0; ip link set tap0 master br0 up
         ip addr add 192.0.2.10/24 dev br0; ip route add default via {GATEWAY}"
    ))?;
    // Who is behind which port is known once each has said something.
    let says = |link: &Link| {
        process::until("the host answers over its bridge", SOON, || {
            Ok(link.fetch("http://192.0.2.10:9090/").ok().map(drop))
        })
    };
    says(&bed.second)?;
    says(bed.host.link())?;
    let _listener = bed.host.link().spawn(&["perl", "-MIO::Socket::INET", "-e", LISTENER])?;
    process::until("the neighbour listens", SOON, || {
        let sockets = bed.host.link().ok(&["ss", "-Htln"])?;
        Ok(sockets.contains(":7070 ").then_some(()))
    })?;
    let own = [
        (Stranger::Near, "192.0.2.10:8080", Connects),
        (Stranger::Machine, "192.0.2.10:8080", Connects),
        (Stranger::Machine, "192.0.2.10:9090", Connects),
        (Stranger::Beyond, "192.0.2.10:8080", Connects),
    ];
    for (filter, wanted) in [("0", Connects), ("1", DoesNot)] {
        bed.host.shell(&format!("echo {filter} >/proc/sys/net/bridge/bridge-nf-call-iptables"))?;
        let across = (Stranger::Machine, "192.0.2.1:7070", wanted);
        bed.check(&format!("a bridge, bridge netfilter {filter}"), &[&own[..], &[across]].concat())?;
    }
    Ok(())
}

const LISTENER: &str = "my $s = IO::Socket::INET->new(LocalPort => 7070, Listen => 5, ReuseAddr => 1) or die $!; \
                        while (my $c = $s->accept) { print $c \"HTTP/1.0 200 OK\\r\\n\\r\\nyes\\n\"; close $c }";
