//! The bundled recordings, made on real engines so that a lesson can be held on them.
//!
//! [`record`] makes the two that test hosts can make: `harbour`, with one of each thing that Docker's networks can do,
//! and `island`, a second node of its swarm. The third, a swarm's ingress with its load balancer, needs a kernel with
//! IPVS: `demo_ingress.sh` makes it on any Docker host that may be thrown away afterwards, such as a virtual machine.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    host::DockerHost,
    link::Link,
    process::{self, SOON},
    rootfs::Engine,
    scenario::{self, HTTP, SLEEP, run, settled},
};

/// An engine sweeps once a minute.
const SWEEP_LIMIT: Duration = Duration::from_secs(150);

/// Makes `demo.bwrec` and `demo-overlay.bwrec` in `folder`; the files made.
pub fn record(folder: &Path) -> Result<Vec<PathBuf>> {
    let link = Link::new()?;
    let harbour = DockerHost::builder(Engine::Docker26_1, "harbour").on(&link).start()?;
    let island = DockerHost::builder(Engine::Docker26_1, "island").on(&link).start()?;
    one_host(&harbour)?;
    shop(&harbour)?;
    scenario::swarm_init(&harbour)?;
    scenario::swarm_join(&harbour, &island)?;
    harbour.docker(&["network", "create", "--driver", "overlay", "--attachable", "sea"])?;
    run(&harbour, "lighthouse", &["--network", "sea"], &HTTP)?;
    for name in ["boat", "buoy"] {
        run(&island, name, &["--network", "sea"], &SLEEP)?;
        process::until("the hosts' containers reach each other", SOON, || {
            island.docker(&["exec", name, "ping", "-c", "1", "-w", "2", "lighthouse"]).map(Some)
        })?;
    }
    for host in [&harbour, &island] {
        settled(host)?;
        swept(host)?;
    }
    traffic(&harbour)?;
    [(&harbour, "demo.bwrec"), (&island, "demo-overlay.bwrec")]
        .into_iter()
        .map(|(host, name)| {
            let path = folder.join(name);
            record_one(host, &path).with_context(|| format!("{name} of {}", host.name()))?;
            Ok(path)
        })
        .collect()
}

/// What one host can do: a port published on every address, on one, and none; each kind of network; each mode; each
/// state.
fn one_host(host: &DockerHost) -> Result<()> {
    run(host, "web", &["--publish", "8080:80"], &HTTP)?;
    run(host, "admin", &["--publish", "127.0.0.1:8081:80"], &HTTP)?;
    run(host, "cache", &["--expose", "6379"], &SLEEP)?;
    let network = |args: &[&str]| -> Result<()> {
        let argv: Vec<&str> = ["network", "create"].iter().chain(args).copied().collect();
        host.docker(&argv).map(drop)
    };
    network(&["--internal", "sealed"])?;
    run(host, "vault", &["--network", "sealed"], &HTTP)?;
    let lan =
        ["--driver", "macvlan", "--subnet", "198.51.100.0/24", "--gateway", "198.51.100.1", "--opt", "parent=eth0"];
    network(&[&lan[..], &["lan"]].concat())?;
    for name in ["camera", "printer"] {
        run(host, name, &["--network", "lan"], &HTTP)?;
    }
    network(&["--ipv6", "--subnet", "2001:db8:6::/64", "--gateway", "2001:db8:6::1", "six"])?;
    run(host, "sixer", &["--network", "six", "--publish", "8086:80"], &HTTP)?;
    run(host, "metrics", &["--network", "host"], &["httpd", "-f", "-p", "9090", "-h", "/www"])?;
    run(host, "hermit", &["--network", "none"], &SLEEP)?;
    run(host, "debug", &["--network", "container:web"], &SLEEP)?;
    run(host, "sleeper", &[], &SLEEP)?;
    host.docker(&["pause", "sleeper"])?;
    run(host, "finished", &["--publish", "8099:80"], &["true"])?;
    host.docker(&["wait", "finished"])?;
    Ok(())
}

/// A Compose project as `docker compose up` makes it: two networks, and one service on both.
fn shop(host: &DockerHost) -> Result<()> {
    let label = |name: &str, value: &str| format!("com.docker.compose.{name}={value}");
    for network in ["frontend", "backend"] {
        let (project, name) = (label("project", "shop"), label("network", network));
        let full = format!("shop_{network}");
        host.docker(&["network", "create", "--label", &project, "--label", &name, &full])?;
    }
    let service = |name: &str, network: &str, options: &[&str]| -> Result<()> {
        let labels = [label("project", "shop"), label("service", name), label("container-number", "1")];
        let mut all = vec!["--network", network, "--network-alias", name];
        for label in &labels {
            all.extend(["--label", label]);
        }
        all.extend(options);
        run(host, &format!("shop-{name}-1"), &all, &HTTP)
    };
    service("proxy", "shop_frontend", &["--publish", "8000:80"])?;
    service("api", "shop_frontend", &["--expose", "3000"])?;
    service("database", "shop_backend", &["--expose", "5432"])?;
    host.docker(&["network", "connect", "--alias", "api", "shop_backend", "shop-api-1"])?;
    Ok(())
}

/// Waits until the engine has swept up the files of namespaces that are gone (it does so once a minute): the demo is to
/// begin with nothing that cannot be seen.
fn swept(host: &DockerHost) -> Result<()> {
    process::until("no file of a namespace that is gone is left", SWEEP_LIMIT, || {
        let stale = "sleep 1; for file in /run/docker/netns/*; do nsenter --net=$file true 2>&- || echo $file; done";
        Ok(host.shell(stale)?.is_empty().then_some(()))
    })
}

/// Words between containers, so that neighbours and forwarding databases have something to tell.
fn traffic(host: &DockerHost) -> Result<()> {
    for (from, to) in
        [("shop-proxy-1", "api"), ("shop-api-1", "database"), ("sixer", "2001:db8:6::1"), ("web", "172.17.0.3")]
    {
        host.docker(&["exec", from, "/bin/busybox", "ping", "-c", "1", "-w", "3", to])?;
    }
    Ok(())
}

/// Records from inside, so that nothing but the host is seen.
fn record_one(host: &DockerHost, path: &Path) -> Result<()> {
    let inside = "/tmp/demo.bwrec";
    let command = host.bridgewalk_command(None, &["record", "--output", inside, "--seconds", "2"]);
    process::ok(command, SOON + Duration::from_secs(2))?;
    fs::copy(host.path_in_host(inside), path)?;
    Ok(())
}
