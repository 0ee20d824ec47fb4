//! A Docker host made of namespaces.
//!
//! Its first process is PID 1 of a PID namespace, with a network, mount, UTS, IPC and cgroup namespace of its
//! own, an engine's root file system under an overlay, and its own dockerd. That process lives only while the
//! test process holds the other end of its standard input: when the test ends, fails, panics or is killed, the
//! pipe closes, PID 1 ends, the kernel ends every other process of the host, and with the last of them mounts,
//! interfaces and files are gone, since all of them live in its namespaces. Only cgroups remain to be removed.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, Ipv6Addr},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    cgroup::{self, Cgroups},
    image,
    link::{self, Link},
    process::{self, Ran, Running, SOON},
    rootfs::{self, Engine},
    spaces::{Space, Spaces},
};

const INIT: &str = include_str!("host_init.sh");
const DAEMON_LIMIT: Duration = Duration::from_secs(90);
/// What `docker run` says when the process that runc makes a container of ends before it was set up.
const LOST_INIT: &str = "waiting for init preliminary setup";
/// Where the machine's build output (the directory of `bridgewalk`, `bridgewalk-agent`) lies in every host.
pub const PROGRAMS: &str = "/opt/bridgewalk";

/// One of the people every host knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The login name, also that of the home directory and primary group.
    pub name: &'static str,
    /// The user id, and the primary group's.
    pub uid: u32,
    /// The other groups.
    pub groups: &'static [&'static str],
}

impl User {
    /// Somebody in the docker group.
    pub const MEMBER: Self = Self { name: "member", uid: 1000, groups: &["docker"] };
    /// Somebody in no group, with no rights.
    pub const PLAIN: Self = Self { name: "plain", uid: 1001, groups: &[] };
    /// Somebody who may use sudo without a password, and is not in the docker group.
    pub const ADMIN: Self = Self { name: "admin", uid: 1002, groups: &[] };
}

/// What a host is to be before it is started.
#[derive(Debug)]
pub struct HostBuilder {
    engine: Engine,
    name: String,
    link: Option<Arc<Link>>,
    daemon: Vec<String>,
    binds: Vec<(PathBuf, String)>,
    layer: Option<PathBuf>,
    legacy_iptables: bool,
    docker: bool,
}

impl HostBuilder {
    /// Plugs it into a link that other hosts may be on too; else it gets a link of its own.
    pub fn on(mut self, link: &Arc<Link>) -> Self {
        self.link = Some(Arc::clone(link));
        self
    }

    /// Adds an option of dockerd, such as `--userland-proxy=false`.
    pub fn daemon_option(mut self, option: &str) -> Self {
        self.daemon.push(option.to_owned());
        self
    }

    /// Shows a directory of the machine at a path of the host, read-only.
    pub fn bind(mut self, outer: impl Into<PathBuf>, inner: &str) -> Self {
        self.binds.push((outer.into(), inner.to_owned()));
        self
    }

    /// Lays a folder over the engine's root file system, as [`crate::desk`] makes one.
    pub fn layer(mut self, layer: PathBuf) -> Self {
        self.layer = Some(layer);
        self
    }

    /// Has Docker write its rules with the legacy iptables instead of the one over nf_tables.
    pub fn legacy_iptables(mut self) -> Self {
        self.legacy_iptables = true;
        self
    }

    /// Makes it a host where no Docker runs.
    pub fn without_docker(mut self) -> Self {
        self.docker = false;
        self
    }

    /// Starts it, and waits until its Docker answers and has the image.
    pub fn start(self) -> Result<DockerHost> {
        let name = self.name.clone();
        let engine = self.engine;
        self.start_unnamed().with_context(|| format!("the test host {name} ({engine}) did not come up"))
    }

    fn start_unnamed(self) -> Result<DockerHost> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut lower = rootfs::prepare(self.engine)?.into_os_string();
        if let Some(layer) = self.layer {
            lower = [layer.as_os_str(), OsStr::new(":"), &lower].into_iter().collect();
        }
        let mount_point = rootfs::cache()?.join("mnt");
        fs::create_dir_all(&mount_point)?;
        let link = match self.link {
            Some(link) => link,
            None => Link::new()?,
        };
        cgroup::sweep()?;
        let cgroups = Cgroups::make(&COUNT.fetch_add(1, Ordering::Relaxed).to_string())?;

        let mut command = Command::new("sh");
        command
            .args(["-c", MOVE_AND_EXEC, "sh"])
            .args(cgroups.procs())
            .args(["--", "unshare", "--cgroup", "--net", "--pid", "--mount"])
            .args(["--uts", "--ipc", "--fork", "--kill-child=SIGKILL"])
            .args(["sh", "-c", INIT, "host_init.sh"])
            .arg(&self.name)
            .arg(&lower)
            .arg(&mount_point)
            .env_clear()
            .envs(environment("root", "/root"));
        let mut binds = self.binds;
        if let Some(programs) = programs() {
            binds.push((programs, PROGRAMS.to_owned()));
        }
        for (outer, inner) in &binds {
            command.arg(outer).arg(inner);
        }
        let (mut keeper, pid) = link::start_keeper(command)?;
        let spaces = Spaces::open(pid, &Space::ALL).inspect_err(|_| link::end_keeper(&mut keeper, pid))?;
        // From here on the host is ended by being dropped, also when a step below fails.
        let mut host = DockerHost {
            engine: self.engine,
            name: self.name,
            keeper: Mutex::new(keeper),
            pid,
            spaces,
            address: Ipv4Addr::UNSPECIFIED,
            address6: Ipv6Addr::UNSPECIFIED,
            daemon: Mutex::new(self.daemon),
            link,
            cgroups,
        };
        let plug = host.link.plug(&host.spaces)?;
        host.address = plug.address;
        host.address6 = plug.address6;
        if self.legacy_iptables {
            for tool in ["iptables", "ip6tables"] {
                host.ok(&["update-alternatives", "--set", tool, &format!("/usr/sbin/{tool}-legacy")])?;
            }
        }
        if self.docker {
            host.start_daemon()?;
            image::import(&host)?;
        }
        Ok(host)
    }
}

/// A host that runs. Dropping it removes it without a trace.
#[derive(Debug)]
pub struct DockerHost {
    engine: Engine,
    name: String,
    keeper: Mutex<Child>,
    pid: u32,
    spaces: Spaces,
    address: Ipv4Addr,
    address6: Ipv6Addr,
    daemon: Mutex<Vec<String>>,
    link: Arc<Link>,
    cgroups: Cgroups,
}

impl DockerHost {
    /// A host of this engine and host name, to be told more before it is started.
    pub fn builder(engine: Engine, name: &str) -> HostBuilder {
        HostBuilder {
            engine,
            name: name.to_owned(),
            link: None,
            daemon: Vec::new(),
            binds: Vec::new(),
            layer: None,
            legacy_iptables: false,
            docker: true,
        }
    }

    /// Starts a host as Debian would install it, on a link of its own.
    pub fn start(engine: Engine, name: &str) -> Result<Self> {
        Self::builder(engine, name).start()
    }

    /// Its engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Its host name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id of its PID 1, as this machine counts.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The address of its `eth0`.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The IPv6 address of its `eth0`.
    pub fn address6(&self) -> Ipv6Addr {
        self.address6
    }

    /// Its namespaces.
    pub fn spaces(&self) -> &Spaces {
        &self.spaces
    }

    /// The link it is plugged into: the outside world.
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Its cgroups on this machine.
    pub fn cgroups(&self) -> &Cgroups {
        &self.cgroups
    }

    /// Where an absolute path of the host is found from outside. No symbolic link in it may be absolute.
    pub fn path_in_host(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.spaces.root().join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Docker's socket, found from outside.
    pub fn socket_path(&self) -> PathBuf {
        self.path_in_host("/run/docker.sock")
    }

    /// A command of the host, as its root: its programs, files, processes and network.
    pub fn command(&self, argv: &[&str]) -> Command {
        self.entered("root", "/root", &[], argv)
    }

    /// A command of the host as somebody else.
    pub fn command_as(&self, user: User, argv: &[&str]) -> Command {
        let id = user.uid.to_string();
        let groups = user.groups.join(",");
        let mut options = vec!["--reuid", &id, "--regid", &id];
        if user.groups.is_empty() {
            options.push("--clear-groups");
        } else {
            options.extend(["--groups", &groups]);
        }
        let home = format!("/home/{}", user.name);
        self.entered(user.name, &home, &options, argv)
    }

    fn entered(&self, user: &str, home: &str, options: &[&str], argv: &[&str]) -> Command {
        let mut command = self.spaces.enter(&Space::ALL);
        command
            .arg("--")
            // nsenter forks to get into the PID namespace; killing it must be enough.
            .args(["setpriv", "--pdeathsig", "KILL"])
            .args(options)
            .arg("--")
            .args(argv)
            .env_clear()
            .envs(environment(user, home));
        command
    }

    /// A command of this machine (its programs, libraries, X server) run as if it were a process of the host:
    /// the host's network, processes, `/sys` and `/run`. It keeps this process's environment.
    pub fn outer_command(&self, argv: &[&str]) -> Command {
        let mut command = self.spaces.enter(&[Space::Uts, Space::Network, Space::Pid, Space::Cgroup]);
        command.arg("--").args(["unshare", "--mount", "sh", "-c", OUTER, "sh"]).args(argv);
        command
    }

    /// Runs a command as the host's root.
    pub fn run(&self, argv: &[&str]) -> Result<Ran> {
        process::run(self.command(argv), &[], SOON)
    }

    /// Runs a command as the host's root that must succeed, and gives what it printed.
    pub fn ok(&self, argv: &[&str]) -> Result<String> {
        process::ok(self.command(argv), SOON)
    }

    /// Runs a command as somebody else.
    pub fn run_as(&self, user: User, argv: &[&str]) -> Result<Ran> {
        process::run(self.command_as(user, argv), &[], SOON)
    }

    /// Starts a command as the host's root that goes on until it is dropped.
    pub fn spawn(&self, argv: &[&str]) -> Result<Running> {
        Running::start(self.command(argv))
    }

    /// Runs a script of its shell that must succeed, and gives what it printed.
    pub fn shell(&self, script: &str) -> Result<String> {
        self.ok(&["/bin/sh", "-euc", script])
    }

    /// Runs the docker client, and gives what it printed without the last newline.
    ///
    /// On a busy machine runc rarely loses the process that it has just made ([`LOST_INIT`]): such a container is
    /// removed and run once more, since this is the engine's mishap and nothing of what is tested.
    pub fn docker(&self, args: &[&str]) -> Result<String> {
        let argv: Vec<&str> = ["docker"].into_iter().chain(args.iter().copied()).collect();
        let first = self.run(&argv)?;
        let lost = args.first() == Some(&"run") && first.stderr.contains(LOST_INIT);
        let printed = if lost {
            eprintln!("run again, since runc lost its process: docker {}", args.join(" "));
            if let Some(container) = first.stdout.split_whitespace().next() {
                self.ok(&["docker", "rm", "--force", container])?;
            }
            self.ok(&argv)?
        } else {
            first.ok(&argv.join(" "))?
        };
        Ok(printed.trim_end().to_owned())
    }

    /// Fetches a page from the host itself, as `http://127.0.0.1:8081/`.
    pub fn fetch(&self, url: &str) -> Result<String> {
        // With this machine's curl: Debian 12's busybox crashes in `wget -T`.
        let mut command = self.spaces.enter(&[Space::Network]);
        command.arg("--").args(link::CURL).arg(url);
        process::ok(command, SOON)
    }

    /// The process id of a running container, as the host counts.
    pub fn container_pid(&self, container: &str) -> Result<u32> {
        let pid = self.docker(&["inspect", "--format", "{{.State.Pid}}", container])?;
        match pid.parse() {
            Ok(0) | Err(_) => bail!("{container} does not run on {}", self.name),
            Ok(pid) => Ok(pid),
        }
    }

    /// What this machine calls a process of the host.
    pub fn outer_pid(&self, inner: u32) -> Result<u32> {
        let own = fs::read_link(format!("/proc/{}/ns/pid", self.pid))?;
        for entry in fs::read_dir("/proc")?.flatten() {
            let Ok(status) = fs::read_to_string(entry.path().join("status")) else {
                continue;
            };
            let numbers: Vec<u32> = status
                .lines()
                .find_map(|line| line.strip_prefix("NSpid:"))
                .unwrap_or_default()
                .split_whitespace()
                .filter_map(|number| number.parse().ok())
                .collect();
            if numbers.get(1) == Some(&inner)
                && (numbers.len() > 2
                    || fs::read_link(entry.path().join("ns/pid")).is_ok_and(|namespace| namespace == own))
            {
                return numbers.first().copied().context("no process id");
            }
        }
        bail!("{} has no process {inner}", self.name)
    }

    /// The end of dockerd's log.
    pub fn daemon_log(&self, lines: usize) -> String {
        let log = fs::read(self.path_in_host("/var/log/dockerd.log")).unwrap_or_default();
        process::tail(&String::from_utf8_lossy(&log), lines)
    }

    /// Starts dockerd and waits until it answers.
    pub fn start_daemon(&self) -> Result<()> {
        let options: Vec<String> =
            self.daemon.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|option| quoted(option)).collect();
        // A child of the host's init and in its cgroup, as no command that enters from outside is. In a
        // subshell, so that it becomes init's own child, and is buried by it.
        self.tell_init(&format!("(setsid dockerd {} </dev/null >>/var/log/dockerd.log 2>&1 &)", options.join(" ")))?;
        process::until("dockerd answers", DAEMON_LIMIT, || self.ping())
            .with_context(|| format!("dockerd's log ends with:\n{}", self.daemon_log(40)))
    }

    /// Ends dockerd, by request or (`brutal`) by SIGKILL, and waits until it is gone.
    pub fn stop_daemon(&self, brutal: bool) -> Result<()> {
        let signal = if brutal { "KILL" } else { "TERM" };
        let pid = self.shell("cat /run/docker.pid")?;
        let pid = pid.trim();
        self.ok(&["/bin/kill", "-s", signal, pid])?;
        let process = self.path_in_host("/proc").join(pid);
        process::until("dockerd has ended", DAEMON_LIMIT, || Ok((!process.exists()).then_some(())))
            .with_context(|| format!("dockerd's log ends with:\n{}", self.daemon_log(40)))?;
        if brutal {
            // The old pid may be that of somebody else by now, and dockerd would refuse to start.
            self.shell("rm -f /run/docker.pid")?;
        }
        Ok(())
    }

    /// Stops dockerd as `systemctl restart docker` would, and starts it again.
    pub fn restart_daemon(&self) -> Result<()> {
        self.stop_daemon(false)?;
        self.start_daemon()
    }

    /// Sets dockerd's options, for its next start.
    pub fn set_daemon_options(&self, options: &[&str]) {
        *self.daemon.lock().unwrap_or_else(PoisonError::into_inner) =
            options.iter().map(|option| (*option).to_owned()).collect();
    }

    fn ping(&self) -> Result<Option<()>> {
        let mut stream = UnixStream::connect(self.socket_path())?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.contains(" 200 ").then_some(()))
    }

    fn tell_init(&self, line: &str) -> Result<()> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let stdin = keeper.stdin.as_mut().context("the host is being removed")?;
        writeln!(stdin, "{line}").context("the host's init is gone")?;
        Ok(())
    }
}

impl Drop for DockerHost {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.cgroups.thaw();
        link::end_keeper(keeper, self.pid);
        // The cgroups go next, being dropped after this.
    }
}

/// Moves the shell into the cgroups named before `--`, and becomes the command named after it.
const MOVE_AND_EXEC: &str = r#"while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@""#;

/// The host's `/run` cannot be mounted in another mount namespace, but linked to through its init.
const OUTER: &str = r#"mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs run /run || exit
for entry in docker docker.sock docker.pid netns $(ls /proc/1/root/run); do
  [ -L "/run/$entry" ] || ln -s "/proc/1/root/run/$entry" "/run/$entry"
done
exec setpriv --pdeathsig KILL -- "$@""#;

fn environment(user: &str, home: &str) -> [(&'static str, String); 6] {
    [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOME", home.to_owned()),
        ("USER", user.to_owned()),
        ("LOGNAME", user.to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("RUST_BACKTRACE", "1".to_owned()),
    ]
}

/// The directory that cargo built into: the parent of the one that the running test lies in.
fn programs() -> Option<PathBuf> {
    let test = env::current_exe().ok()?;
    let directory = test.parent()?;
    let programs = match directory.file_name()?.to_str()? {
        "deps" | "examples" => directory.parent()?,
        _ => directory,
    };
    Some(programs.to_owned())
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
