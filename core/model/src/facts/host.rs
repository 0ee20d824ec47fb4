//! A host's facts.

use super::{Facts, command, derived, docker, file};
use crate::{HostFacts, Source, Sourced, snapshot::Host};

pub(super) fn facts(host: &Host) -> Vec<Sourced> {
    let mut facts = Facts::default();
    let lost =
        [(host.engine_lost_ms, "the engine, which does not answer"), (host.agent_lost_ms, "the agent, which has gone")];
    for (since, from) in lost {
        facts.add_some("last-seen", since.map(|since| crate::moment(since, 0)), &derived(from), None);
    }
    let uname = derived("uname(2)");
    let run = |words: &[&str]| Some(command(words));
    facts.add("name", &host.name, &uname, run(&["uname", "-n"]).as_ref());
    facts.add("kernel", &host.facts.kernel_release, &uname, run(&["uname", "-r"]).as_ref());
    facts.add("architecture", &host.facts.architecture, &uname, run(&["uname", "-m"]).as_ref());
    let release = "/etc/os-release";
    facts.add_some(
        "operating-system",
        host.facts.operating_system.as_ref(),
        &file(release),
        run(&["cat", release]).as_ref(),
    );
    let hashed = format!("--app-specific={}", HostFacts::MACHINE_ID_APPLICATION);
    facts.add_some(
        "machine-id",
        host.facts.machine_id.as_ref(),
        &file("/etc/machine-id"),
        run(&["systemd-id128", "machine-id", &hashed]).as_ref(),
    );
    if let Some(engine) = &host.engine {
        let info = |field: &str| docker("GET /info", field);
        let show = |format: &str| run(&["docker", "info", "--format", format]);
        let mut add = |key: &str, value: String, source: &Source, command: Option<String>| {
            facts.add(key, value, source, command.as_ref());
        };
        add("engine-id", engine.engine_id.clone(), &info("ID"), show("{{.ID}}"));
        let version = docker("GET /version", "Version");
        add("engine-version", engine.version.clone(), &version, run(&["docker", "version"]));
        let contexts = run(&["docker", "context", "ls"]);
        add("engine-address", engine.address.clone(), &derived("the docker client's configuration"), contexts);
        let backend = engine.firewall_backend.clone().unwrap_or_default();
        add("firewall-backend", backend, &info("FirewallBackend.Driver"), show("{{.FirewallBackend}}"));
        let swarm = engine.swarm_state.clone();
        add("swarm", swarm, &info("Swarm.LocalNodeState"), show("{{.Swarm.LocalNodeState}}"));
        let plugins = engine.plugins.iter().filter(|plugin| plugin.kind == "network").map(|plugin| &plugin.name);
        add("driver", super::joined(plugins), &info("Plugins.Network"), show("{{.Plugins.Network}}"));
    }
    if let Some(namespace) = host.own_namespace() {
        for sysctl in namespace.sysctls.iter().filter(|sysctl| is_telling(&sysctl.path)) {
            let path = format!("/proc/sys/{}", sysctl.path);
            facts.add(
                if sysctl.path == "net/ipv4/ip_forward" { "forwarding" } else { "sysctl" },
                if sysctl.path == "net/ipv4/ip_forward" {
                    sysctl.value.clone()
                } else {
                    format!("{} = {}", sysctl.path, sysctl.value)
                },
                &file(path.clone()),
                run(&["cat", &path]).as_ref(),
            );
        }
    }
    facts.list
}

/// Sysctls of the whole host, not of one interface.
fn is_telling(path: &str) -> bool {
    path == "net/ipv4/ip_forward"
        || path == "net/ipv6/conf/all/forwarding"
        || path.starts_with("net/bridge/")
        || path.ends_with("conf/all/rp_filter")
}
