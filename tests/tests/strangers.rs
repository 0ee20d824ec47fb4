//! What is believed of processes, names and mounts that anybody may have made: acceptance on a real host.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, User},
    process::{self, Running, SOON},
    rootfs::one_engine,
    scenario,
};
use serde_json::Value;

fn snapshot(host: &DockerHost, user: Option<User>) -> Result<Value> {
    let ran = process::run(host.bridgewalk_command(user, &["snapshot", "--json"]), &[], SOON)?;
    Ok(serde_json::from_str(&ran.ok("bridgewalk snapshot")?)?)
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Perl under any name, with arguments of one's choice after the script: it listens on a port, with a child that listens
/// on the next one.
fn pretender(host: &DockerHost, name: &str, port: u16, arguments: &[&str]) -> Result<Running> {
    let program = format!("/tmp/strangers/{name}");
    host.shell(&format!("mkdir -p -m 755 /tmp/strangers && cp /usr/bin/perl {program} && chmod 755 {program}"))?;
    let script = format!(
        "use Socket; sub hold {{ socket(S, PF_INET, SOCK_STREAM, 0) or die; bind(S, sockaddr_in(shift, INADDR_ANY)) or die; \
         listen(S, 5) or die; sleep 1 while getppid() != 1 }} fork() ? hold({port}) : hold({port} + 1)"
    );
    let argv: Vec<&str> =
        [program.as_str(), "-e", &script, "--"].into_iter().chain(arguments.iter().copied()).collect();
    let running = Running::start(host.command_as(User::PLAIN, &argv))?;
    process::until("the stranger listens", SOON, || {
        let sockets = host.oracle().tool(&["ss", "-Htln"])?;
        Ok((sockets.contains(&format!(":{port} ")) && sockets.contains(&format!(":{} ", port + 1))).then_some(()))
    })?;
    Ok(running)
}

#[test]
fn nobody_is_believed_by_the_name_of_a_process_or_a_path() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::run(&host, "web", &["--publish", "8080:80"], &scenario::HTTP)?;
        names_of_processes(&host).with_context(|| format!("{engine}: processes"))?;
        living_names(&host).with_context(|| format!("{engine}: names of namespaces"))?;
    }
    Ok(())
}

fn names_of_processes(host: &DockerHost) -> Result<()> {
    let id = host.docker(&["inspect", "--format", "{{.Id}}", "web"])?;
    let address = host.docker(&["inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web"])?;
    let line = "-proto tcp -host-ip 0.0.0.0 -host-port 8098 -container-port 80 --password sesame -container-ip";
    let arguments: Vec<&str> = line.split(' ').chain([address.as_str()]).collect();
    let _proxy = pretender(host, "docker-proxy", 8098, &arguments)?;
    let _shim = pretender(host, "containerd-shim-runc-v2", 8096, &["-namespace", "moby", "-id", &id])?;
    let _daemon = pretender(host, "dockerd", 8094, &["--password", "sesame"])?;
    // A control group of any name can be made by whoever was given one.
    let _grouped = pretender(host, "grouped", 8092, &[])?;
    host.shell(&format!(
        "for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/pids; do [ -e $hierarchy/cgroup.procs ] || continue
           mkdir -p $hierarchy/delegated/{id}
           for pid in $(pgrep -x grouped); do echo $pid >$hierarchy/delegated/{id}/cgroup.procs || true; done
         done
         grep -q {id} /proc/$(pgrep -o -x grouped)/cgroup"
    ))?;

    for user in [None, Some(User::MEMBER), Some(User::PLAIN)] {
        let seen = snapshot(host, user)?;
        let text = seen.to_string();
        ensure!(!text.contains("sesame") && !text.contains("--password"), "{user:?}: arguments are kept");
        let proxied: BTreeSet<u64> = list(&seen, "/hosts/0/nat")
            .filter(|mapping| mapping["kind"] == "proxy")
            .filter_map(|mapping| mapping["host_port"].as_u64())
            .collect();
        ensure!(!proxied.contains(&8098), "{user:?}: a stranger counts as docker-proxy");
        ensure!(proxied.contains(&8080), "{user:?}: the real one is missing: {proxied:?}");
        let mut found = 0;
        for socket in list(&seen, "/hosts/0/namespaces").flat_map(|namespace| list(namespace, "/sockets")) {
            if socket["local"]["port"].as_u64().is_some_and(|port| (8092..=8099).contains(&port)) {
                found += 1;
                ensure!(socket["container"].is_null(), "{user:?}: {socket}");
            }
        }
        ensure!(found == 8, "{user:?}: {found} sockets of strangers");
        if user.is_none() {
            let container = list(&seen, "/hosts/0/namespaces")
                .flat_map(|namespace| list(namespace, "/sockets"))
                .find(|socket| socket["local"]["port"] == 80)
                .map(|socket| socket["container"].clone());
            ensure!(
                container.as_ref().is_some_and(|it| it.to_string().contains(&id)),
                "web's own socket: {container:?}"
            );
        }
        let strangers = list(&seen, "/hosts/0/processes")
            .filter(|process| process["uid"] == User::PLAIN.uid)
            .filter(|process| !process["container_id"].is_null() || process.get("arguments").is_some())
            .count();
        ensure!(strangers == 0, "{user:?}: {strangers} strangers are believed");
    }

    // Nothing but the stranger leads to the port once the rule and the real proxy are gone.
    host.shell("iptables -t nat -S DOCKER | grep -e '--dport 8080 ' | sed 's/^-A/-D/' | xargs iptables -t nat")?;
    let ports = host.bridgewalk_list(None, &["ports"], "ports")?;
    ensure!(ports.iter().any(|row| row["container"] == "web" && row["agrees"] == false), "{ports:#?}");

    host.shell(&format!("{} record --seconds 1 --output /tmp/strangers.bwrec", bridgewalk_tests::program::path()))?;
    let recorded = host.shell("zcat </tmp/strangers.bwrec")?;
    ensure!(recorded.contains("docker-proxy") && !recorded.contains("sesame"), "arguments are recorded");
    Ok(())
}

/// Namespaces that are mounted in another mount namespace live; a name that nothing is mounted on anywhere does not.
fn living_names(host: &DockerHost) -> Result<()> {
    host.ok(&["ip", "netns", "add", "here"])?;
    let script = "mount --make-rprivate /; i=0; while [ $i -lt 300 ]; do ip netns add there-$i; i=$((i + 1)); done; \
                  touch /run/netns/dead; echo made; exec sleep 1000";
    let _elsewhere = host.spawn(&["unshare", "--mount", "sh", "-euc", script])?;
    process::until("300 namespaces are there", SOON, || {
        Ok(host.run(&["test", "-e", "/run/netns/dead"])?.status.success().then_some(()))
    })?;
    let stale = |user: Option<User>| -> Result<Vec<String>> {
        let seen = snapshot(host, user)?;
        let limits = list(&seen, "/hosts/0/limits").filter(|limit| limit["reason"]["kind"] == "stale");
        Ok(limits.filter_map(|limit| Some(limit["reason"]["path"].as_str()?.to_owned())).collect())
    };
    assert_eq!(stale(None)?, ["/run/netns/dead"]);
    // Who may not look into others' mounts cannot know.
    for user in [User::MEMBER, User::PLAIN] {
        assert_eq!(stale(Some(user))?, [""; 0], "{user:?}");
    }
    let named = host.bridgewalk_list(None, &["namespaces"], "namespaces")?;
    let there = named.iter().filter(|row| row["name"].as_str().is_some_and(|name| name.starts_with("there-"))).count();
    assert_eq!(there, 300);
    Ok(())
}
