//! `GET /version`, `/info` and `/plugins` as the model has them.

use bridgewalk_model::engine::{EngineFacts, Plugin};

use super::field::Field;

/// Drivers that every engine has in itself; what else is named is a plugin.
const BUILT_IN: [&str; 7] = ["bridge", "host", "ipvlan", "macvlan", "null", "overlay", "none"];

/// Reads `GET /info`, with the plugins that it names. How the engine was reached is filled in by the caller.
pub(super) fn facts(info: Field<'_>) -> EngineFacts {
    EngineFacts {
        engine_id: info.get("ID").text(),
        host_name: info.require().get("Name").text(),
        operating_system: info.get("OperatingSystem").text(),
        kernel_release: info.get("KernelVersion").text(),
        firewall_backend: info.get("FirewallBackend.Driver").some_text(),
        bridge_nf_iptables: info.get("BridgeNfIptables").some_flag(),
        bridge_nf_ip6tables: info.get("BridgeNfIp6tables").some_flag(),
        ipv4_forwarding: info.get("IPv4Forwarding").some_flag(),
        live_restore: info.get("LiveRestoreEnabled").flag(),
        swarm_state: info.get("Swarm.LocalNodeState").text(),
        swarm_node_id: info.get("Swarm.NodeID").some_text(),
        swarm_address: info.get("Swarm.NodeAddr").parsed(),
        is_swarm_manager: info.get("Swarm.ControlAvailable").flag(),
        plugins: in_use(info),
        ..EngineFacts::default()
    }
}

fn in_use(info: Field<'_>) -> Vec<Plugin> {
    [("network", "Plugins.Network"), ("authorization", "Plugins.Authorization")]
        .into_iter()
        .flat_map(|(kind, path)| info.get(path).texts().into_iter().map(move |name| (kind, name)))
        .map(|(kind, name)| Plugin {
            is_built_in: kind == "network" && BUILT_IN.contains(&name.as_str()),
            kind: kind.to_owned(),
            name,
            is_enabled: true,
        })
        .collect()
}

/// Reads one of `GET /plugins`: a plugin of each of its types.
pub(super) fn managed(plugin: Field<'_>) -> Vec<Plugin> {
    let types = plugin.require().get("Config.Interface.Types").items().map(|kind| {
        // Before API 1.4x a type was an object of `Prefix`, `Capability` and `Version`, now it is one text.
        if kind.is_text() { kind.text() } else { kind.get("Capability").text() }
    });
    types
        .map(|kind| {
            let kind = kind.rsplit("docker.").next().unwrap_or_default().split('/').next().unwrap_or_default();
            Plugin {
                name: plugin.get("Name").text(),
                kind: kind.trim_end_matches("driver").to_owned(),
                is_built_in: false,
                is_enabled: plugin.get("Enabled").flag(),
            }
        })
        .collect()
}

/// All plugins, sorted: those that are managed, and those in use beside them.
pub(super) fn plugins(managed: Vec<Plugin>, in_use: Vec<Plugin>) -> Vec<Plugin> {
    let mut all = managed;
    for plugin in in_use {
        if !all.iter().any(|known| known.name == plugin.name && known.kind == plugin.kind) {
            all.push(plugin);
        }
    }
    all.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    all
}
