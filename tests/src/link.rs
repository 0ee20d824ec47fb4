//! The world outside of a test host: a network namespace with one link that hosts are plugged into.
//!
//! Hosts on the same link reach each other, which is what an overlay needs; and a packet sent from here into a
//! published port comes from outside as it would on a real network. All addresses are documentation addresses.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, Ipv6Addr},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    process::{self, Ran, Running, SOON},
    spaces::{Space, Spaces},
};

/// The link's own address, the hosts' gateway.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The link's address in the scenario's macvlan network: that one's gateway.
pub const LAN_GATEWAY: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// The gateway in IPv6.
pub const GATEWAY6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
/// An address beyond the gateway: somebody on the internet.
pub const BEYOND: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The same in IPv6.
pub const BEYOND6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1);

/// How pages are fetched.
pub(crate) const CURL: [&str; 6] = ["curl", "-sSfg", "-m", "5", "--noproxy", "*"];

/// A link with the outside world on it. It is gone, with every veth on it, when the last user drops it.
#[derive(Debug)]
pub struct Link {
    keeper: Child,
    pid: u32,
    spaces: Spaces,
    next: AtomicU8,
}

/// Where a host was plugged in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plug {
    pub(crate) address: Ipv4Addr,
    pub(crate) address6: Ipv6Addr,
}

impl Link {
    /// Makes a link with nobody on it but the outside world.
    pub fn new() -> Result<Arc<Self>> {
        let script = format!(
            "read -r pid _ </proc/self/stat && ip link set lo up && \
             ip addr add {BEYOND}/32 dev lo && ip addr add {BEYOND6}/128 dev lo && \
             ip link add link0 type bridge && ip link set link0 up && \
             ip addr add {GATEWAY}/24 dev link0 && ip addr add {LAN_GATEWAY}/24 dev link0 && \
             ip addr add {GATEWAY6}/64 dev link0 nodad && \
             echo \"pid $pid\" && exec cat >/dev/null"
        );
        let mut command = Command::new("unshare");
        command.args(["--net", "--pid", "--fork", "--kill-child=SIGKILL", "sh", "-c"]).arg(script);
        let (mut keeper, pid) = start_keeper(command)?;
        let spaces = Spaces::open(pid, &[Space::Network, Space::Pid]).inspect_err(|_| end_keeper(&mut keeper, pid))?;
        Ok(Arc::new(Self { keeper, pid, spaces, next: AtomicU8::new(10) }))
    }

    /// The process that keeps the outside world's network namespace.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its namespaces.
    pub fn spaces(&self) -> &Spaces {
        &self.spaces
    }

    /// A command in the outside world: its network, this machine's own programs and files.
    pub fn command(&self, argv: &[&str]) -> Command {
        let mut command = self.spaces.enter(&[Space::Network]);
        command.args(["--", "setpriv", "--pdeathsig", "KILL", "--"]).args(argv);
        command
    }

    /// Runs a command in the outside world.
    pub fn run(&self, argv: &[&str]) -> Result<Ran> {
        process::run(self.command(argv), &[], SOON)
    }

    /// Runs a command in the outside world that must succeed, and gives what it printed.
    pub fn ok(&self, argv: &[&str]) -> Result<String> {
        process::ok(self.command(argv), SOON)
    }

    /// Starts a command in the outside world that goes on until it is dropped.
    pub fn spawn(&self, argv: &[&str]) -> Result<Running> {
        Running::start(self.command(argv))
    }

    /// Fetches a page from outside, as `http://192.0.2.10:8080/`.
    pub fn fetch(&self, url: &str) -> Result<String> {
        self.ok(&[&CURL[..], &[url]].concat())
    }

    /// Sends a datagram from outside and gives the answer.
    pub fn ask_udp(&self, address: Ipv4Addr, port: u16, question: &str) -> Result<String> {
        let script = "my ($a, $p, $q) = @ARGV; socket(S, 2, 2, 17) or die $!; \
                      my $to = pack('Sna4x8', 2, $p, pack('C4', split /\\./, $a)); \
                      for (1 .. 5) { send(S, $q, 0, $to); my $r = ''; vec($r, fileno(S), 1) = 1; \
                      next unless select($r, undef, undef, 1); recv(S, my $d, 2048, 0); print $d; exit 0 } \
                      die \"no answer\\n\"";
        self.ok(&["perl", "-e", script, &address.to_string(), &port.to_string(), question])
    }

    /// Plugs a host's network namespace in: its `eth0`, with addresses and default routes.
    pub(crate) fn plug(&self, host: &Spaces) -> Result<Plug> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number > 250 {
            bail!("no address is left on this link");
        }
        let plug = Plug {
            address: Ipv4Addr::new(192, 0, 2, number),
            address6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number.into()),
        };
        let port = format!("host{number}");
        let network = host.network()?;
        self.ok(&["ip", "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &network])?;
        self.ok(&["ip", "link", "set", &port, "master", "link0", "up"])?;
        let script = format!(
            "ip link set eth0 up && ip addr add {}/24 dev eth0 && ip addr add {}/64 dev eth0 nodad && \
             ip route add default via {GATEWAY} && ip -6 route add default via {GATEWAY6}",
            plug.address, plug.address6
        );
        let mut command = host.enter(&[Space::Network]);
        command.args(["--", "sh", "-c", &script]);
        process::ok(command, SOON)?;
        Ok(plug)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        end_keeper(&mut self.keeper, self.pid);
    }
}

/// Starts a process that says `pid N` when its namespaces are ready and then lives until its standard input ends.
pub(crate) fn start_keeper(mut command: Command) -> Result<(Child, u32)> {
    let complaints = tempfile::NamedTempFile::new()?;
    let mut keeper = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(complaints.reopen()?)
        .spawn()
        .context("cannot start unshare (from util-linux)")?;
    let pipe = keeper.stdout.take().context("no pipe")?;
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(pipe).read_line(&mut line);
        // Nobody listens any more if the limit was reached.
        drop(send.send(read.map(|_| line)));
    });
    let line = receive.recv_timeout(SOON);
    if let Ok(Ok(line)) = &line
        && let Some(pid) = line.trim().strip_prefix("pid ")
    {
        return Ok((keeper, pid.parse()?));
    }
    drop(keeper.kill());
    drop(keeper.wait());
    let complaints = std::fs::read_to_string(complaints.path()).unwrap_or_default();
    bail!("the namespaces did not come up ({line:?}):\n{complaints}");
}

/// Ends it and every process of its PID namespace, and waits until they are gone.
pub(crate) fn end_keeper(keeper: &mut Child, pid: u32) {
    drop(keeper.stdin.take());
    if process::wait(keeper, Duration::from_secs(10)).is_none() {
        if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        let _ = process::wait(keeper, Duration::from_secs(10));
        drop(keeper.kill());
        drop(keeper.wait());
    }
}
