//! The test bed's own tests: what other tests take for granted about their hosts.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, User},
    image,
    link::{BEYOND, Link},
    process::{self, Running},
    rootfs::{Engine, engines},
    scenario,
    spaces::{Space, Spaces},
};

#[test]
fn a_host_answers_the_outside_world() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "earth")?;
        let version = host.docker(&["version", "--format", "{{.Server.Version}}"])?;
        match engine {
            Engine::Docker20_10 | Engine::Docker26_1 => {
                ensure!(version.starts_with(engine.version()), "{version}");
            }
            // From a moving suite: say which it was.
            Engine::Docker28_5 => println!("the engine of sid is {version}"),
        }
        assert_eq!(host.ok(&["hostname"])?.trim(), "earth");

        scenario::run(&host, "web", &["-p", "8080:80"], &scenario::HTTP)?;
        scenario::run(&host, "echo", &["-p", "5353:53/udp", "--entrypoint", "/bin/udp-echo"], &["53"])?;
        let page = host.link().fetch(&format!("http://{}:8080/", host.address()))?;
        assert_eq!(page.trim(), image::GREETING);
        assert_eq!(host.link().ask_udp(host.address(), 5353, "who?")?, "who?");
        let out = ["exec", "web", "ping", "-c", "1", "-w", "5"];
        host.docker(&[&out[..], &[&BEYOND.to_string()]].concat())?;

        // Its processes are its own: init is tini, and nothing of this machine is seen.
        let processes = host.ok(&["ps", "-e", "-o", "pid=,comm="])?;
        assert_eq!(processes.lines().next().map(str::trim), Some("1 tini"));
        let ours = format!("/proc/{}/comm", std::process::id());
        let comm = fs::read_to_string(ours)?;
        ensure!(!processes.contains(comm.trim()), "{processes}");

        let ask = ["docker", "ps", "--format", "{{.Names}}"];
        let member = host.run_as(User::MEMBER, &ask)?;
        assert_eq!(member.ok("docker as a member")?.lines().count(), 2);
        let plain = host.run_as(User::PLAIN, &ask)?;
        ensure!(!plain.status.success() && plain.stderr.contains("permission denied"));
        let admin = host.run_as(User::ADMIN, &["sudo", "-n", "id", "-u"])?;
        assert_eq!(admin.ok("sudo as an admin")?.trim(), "0");
    }
    Ok(())
}

#[test]
fn everything_stands() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::everything(&host).with_context(|| format!("{engine}"))?;

        let names = |status: &str| -> Result<BTreeSet<String>> {
            let filter = format!("status={status}");
            let names = host.docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"])?;
            // A linked container's name comes with its aliases.
            Ok(names
                .lines()
                .flat_map(|line| line.split(','))
                .filter(|name| !name.contains('/'))
                .map(str::to_owned)
                .collect())
        };
        let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(ToString::to_string).collect() };
        assert_eq!(names("running")?, set(&scenario::RUNNING), "{engine}");
        assert_eq!(names("paused")?, set(&[scenario::PAUSED]));
        assert_eq!(names("exited")?, set(&[scenario::STOPPED]));
        assert_eq!(names("created")?, set(&[scenario::CREATED]));
        let networks: BTreeSet<String> =
            host.networks()?.iter().filter_map(|network| network["Name"].as_str().map(str::to_owned)).collect();
        for name in scenario::NETWORKS {
            assert!(networks.contains(name), "{engine}: {name} in {networks:?}");
        }
        assert_eq!(host.containers()?.len(), scenario::RUNNING.len() + 3, "{engine}");

        // Real packets, where they should pass and where they should not.
        let outside = |port: u16| host.link().fetch(&format!("http://{}:{port}/", host.address()));
        for port in [8080, 8086, 9090] {
            assert_eq!(outside(port)?.trim(), image::GREETING, "{engine}: {port}");
        }
        assert!(outside(8081).is_err(), "8081 is published on 127.0.0.1");
        assert_eq!(host.fetch("http://127.0.0.1:8081/")?.trim(), image::GREETING);
        assert_eq!(host.link().fetch(&format!("http://[{}]:8086/", host.address6()))?.trim(), image::GREETING);
        for url in ["http://entrance/", "http://shop-back/", "http://store.back/"] {
            let page = host.docker(&["exec", "shop", "timeout", "5", "wget", "-q", "-O", "-", url])?;
            assert_eq!(page, image::GREETING, "{engine}: {url}");
        }

        // The oracles, wherever they are pointed.
        let kind = |links: &serde_json::Value, name: &str| {
            links
                .as_array()
                .into_iter()
                .flatten()
                .find_map(|link| (link["ifname"] == name).then(|| link["linkinfo"]["info_kind"].clone()))
        };
        assert_eq!(kind(&host.oracle().links()?, "docker0"), Some("bridge".into()));
        let camera = host.oracle_in("camera")?;
        assert_eq!(kind(&camera.links()?, "eth0"), Some("macvlan".into()));
        let mesh = host.docker(&["network", "inspect", "--format", "{{.Id}}", "mesh"])?;
        let hidden = host.oracle_at(&format!("/run/docker/netns/1-{}", &mesh[..10]));
        assert_eq!(kind(&hidden.links()?, "vxlan0"), Some("vxlan".into()));
        assert_ne!(hidden.inode()?, host.oracle().inode()?);
        assert_eq!(host.oracle_in("sidecar")?.inode()?, host.oracle_in("web")?.inode()?);
        let rules = host.oracle().iptables()?;
        assert!(rules.contains("--dport 8080"), "{rules}");
        assert!(host.oracle().nft()?["nftables"].is_array());
        assert!(host.oracle().sysctl("net/ipv4/ip_forward")? == "1");
        let web = host.oracle_in("web")?;
        let back = web.veth_peer("eth0")?;
        let ports = host.oracle().links()?;
        let port = ports.as_array().into_iter().flatten().find(|link| link["ifindex"] == back);
        assert_eq!(port.context("web's veth")?["master"], "docker0");
    }
    Ok(())
}

#[test]
fn a_dropped_host_leaves_nothing() -> Result<()> {
    for engine in engines() {
        let before = interfaces()?;
        let host = DockerHost::start(engine, "earth")?;
        scenario::run(&host, "web", &["-p", "8080:80"], &scenario::HTTP)?;
        scenario::run(&host, "dozer", &[], &scenario::SLEEP)?;
        host.docker(&["pause", "dozer"])?;
        let mut background = host.spawn(&["sleep", "1000"])?;
        let namespace = pid_namespace(host.pid())?;
        let processes = processes_in(&namespace);
        assert!(processes.len() > 6, "{processes:?}");
        let cgroups: Vec<PathBuf> = host.cgroups().procs().collect();
        assert!(cgroups.iter().all(|file| file.exists()));
        assert_eq!(interfaces()?, before, "a host's interfaces are not here");

        drop(host);
        assert_eq!(processes_in(&namespace), Vec::<u32>::new());
        assert!(!cgroups.iter().any(|file| file.exists()), "{cgroups:?}");
        assert!(!fs::read_to_string("/proc/self/mountinfo")?.contains("bridgewalk-bed"));
        assert_eq!(interfaces()?, before);
        assert!(background.wait(Duration::from_secs(5)).is_some());
    }
    Ok(())
}

#[test]
fn a_killed_test_leaves_nothing() -> Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk-bed"));
    command.args(["up", "20.10"]);
    let mut test = Running::start(command)?;
    let output = test.child.stdout.take().context("no pipe")?;
    let mut pid = None;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(rest) = line.strip_prefix("enter: nsenter -t ") {
            pid = rest.split(' ').next().and_then(|pid| pid.parse::<u32>().ok());
        }
        if line.starts_with("it is gone") {
            break;
        }
    }
    let pid = pid.context("the bed did not say where its host is")?;
    let namespace = pid_namespace(pid)?;
    // A paused container is the hard case: a frozen process does not die of SIGKILL.
    let spaces = Spaces::open(pid, &Space::ALL)?;
    let enter = |script: &str| {
        let mut command = spaces.enter(&Space::ALL);
        command.args(["--", "sh", "-euc", script]);
        process::ok(command, process::SOON)
    };
    enter("docker run --detach --name dozer bb:1 sleep 1000; docker pause dozer")?;
    drop(spaces);
    assert!(!processes_in(&namespace).is_empty());

    test.child.kill()?;
    test.child.wait()?;
    process::until("the processes of a killed test are gone", process::SOON, || {
        Ok(processes_in(&namespace).is_empty().then_some(()))
    })?;
    // The next host that is started sweeps its cgroups away.
    let host = DockerHost::builder(Engine::Docker20_10, "mars").without_docker().start()?;
    let left: Vec<PathBuf> = host
        .cgroups()
        .procs()
        .filter_map(|file| Some(file.parent()?.parent()?.to_owned()))
        .flat_map(|parent| fs::read_dir(parent).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains(&format!("bridgewalk-bed-{}-", test.child.id())))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    Ok(())
}

#[test]
fn the_daemon_restarts() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::run(&host, "web", &["-p", "8080:80", "--restart", "always"], &scenario::HTTP)?;
        host.restart_daemon()?;
        let url = format!("http://{}:8080/", host.address());
        process::until("the container answers again", process::SOON, || host.link().fetch(&url).map(Some))?;
        host.stop_daemon(true)?;
        assert!(host.run(&["docker", "ps"])?.status.code() != Some(0));
        host.set_daemon_options(&["--userland-proxy=false"]);
        host.start_daemon()?;
        process::until("the container answers once more", process::SOON, || host.link().fetch(&url).map(Some))?;
        assert!(!host.ok(&["ps", "-e"])?.contains("docker-proxy"), "{engine}");
    }
    Ok(())
}

#[test]
fn docker_can_write_legacy_rules() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::builder(engine, "earth").legacy_iptables().start()?;
        let rules = host.ok(&["iptables-legacy-save"])?;
        assert!(rules.contains("DOCKER"), "{engine}: {rules}");
        let modern = host.ok(&["iptables-nft-save"])?;
        assert!(!modern.contains("DOCKER"), "{engine}: {modern}");
    }
    Ok(())
}

#[test]
fn two_hosts_share_an_overlay() -> Result<()> {
    let link = Link::new()?;
    let manager = DockerHost::builder(Engine::Docker20_10, "earth").on(&link).start()?;
    let worker = DockerHost::builder(Engine::Docker26_1, "mars").on(&link).start()?;
    scenario::swarm(&manager)?;
    scenario::swarm_join(&manager, &worker)?;
    scenario::run(&worker, "far", &["--network", "mesh"], &scenario::HTTP)?;
    // Names spread by gossip.
    process::until("the hosts' containers reach each other", process::SOON, || {
        manager.docker(&["exec", "mesher", "ping", "-c", "1", "-w", "2", "far"]).map(Some)
    })?;
    Ok(())
}

#[test]
fn a_host_needs_no_docker() -> Result<()> {
    let host = DockerHost::builder(Engine::Docker26_1, "earth").without_docker().start()?;
    host.shell(
        "ip netns add red && ip link add veth0 type veth peer name inner netns red && \
         ip link add br0 type bridge && ip link set veth0 master br0",
    )?;
    let red = host.oracle_at("/run/netns/red").links()?;
    assert!(red.to_string().contains("\"inner\""), "{red}");
    assert!(!host.socket_path().exists());
    assert_eq!(host.outer_pid(1)?, host.pid());
    Ok(())
}

#[test]
fn programs_of_this_machine_run_as_the_hosts() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    let exe = std::env::current_exe()?;
    let name = exe.file_name().context("no name")?.to_string_lossy();
    let inner = format!("/opt/bridgewalk/deps/{name}");
    ensure!(host.ok(&[&inner, "--list"])?.contains("everything_stands"));

    let seen = process::ok(
        host.outer_command(&[
            "sh",
            "-c",
            "hostname; cat /proc/1/comm; ls /sys/class/net; ls /run; cat /etc/debian_version",
        ]),
        process::SOON,
    )?;
    for word in ["earth", "tini", "docker0", "docker.sock"] {
        assert!(seen.lines().any(|line| line == word), "{word} in {seen}");
    }
    let here = fs::read_to_string("/etc/debian_version").unwrap_or_default();
    assert!(seen.ends_with(&here), "{seen}");
    Ok(())
}

/// In a chroot, who entered a host's mount namespace came to the root of the machine, and a host with legacy iptables
/// switched the machine's own. Here the machine's folders stand below an overlay, which tells what was written.
#[test]
fn a_bed_in_a_chroot_changes_nothing_of_the_machine() -> Result<()> {
    const INSIDE: &str = "BRIDGEWALK_BED_IN_A_CHROOT";
    const SCRIPT: &str = r#"
folder=$1; shift
mount -t tmpfs changed "$folder"
for path in etc usr/sbin var/lib/dpkg var/log; do
  mkdir -p "$folder/upper/$path" "$folder/work/$path"
  mount -t overlay -o "lowerdir=/$path,upperdir=$folder/upper/$path,workdir=$folder/work/$path" changed "/$path"
done
mkdir "$folder/root"
mount --rbind / "$folder/root"
chroot "$folder/root" "$@" >&2
cd "$folder/upper"
find . ! -type d
"#;
    if std::env::var_os(INSIDE).is_some() {
        let host = DockerHost::builder(Engine::Docker20_10, "earth").without_docker().legacy_iptables().start()?;
        host.shell("touch /etc/written")?;
        ensure!(host.path_in_host("/etc/written").exists());
        ensure!(host.ok(&["readlink", "/etc/alternatives/iptables"])?.contains("legacy"));
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", SCRIPT, "sh"]).arg(folder.path()).arg(std::env::current_exe()?);
    command.args(["--exact", "a_bed_in_a_chroot_changes_nothing_of_the_machine"]).env(INSIDE, "1");
    let changed = process::ok(command, Duration::from_secs(120))?;
    ensure!(changed.is_empty(), "changed: {changed}");
    Ok(())
}

#[test]
fn nothing_is_run_in_namespaces_of_this_process() {
    let error = Spaces::open(std::process::id(), &Space::ALL).unwrap_err();
    assert!(error.to_string().contains("this machine's own"), "{error}");
}

fn pid_namespace(pid: u32) -> Result<PathBuf> {
    Ok(fs::read_link(format!("/proc/{pid}/ns/pid"))?)
}

fn processes_in(namespace: &PathBuf) -> Vec<u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| fs::read_link(entry.path().join("ns/pid")).is_ok_and(|link| link == *namespace))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn interfaces() -> Result<BTreeSet<String>> {
    let mut command = Command::new("ip");
    command.args(["-o", "link", "show"]);
    let text = process::ok(command, process::SOON)?;
    Ok(text.lines().filter_map(|line| line.split(": ").nth(1).map(str::to_owned)).collect())
}
