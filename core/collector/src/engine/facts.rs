//! What the engine tells of itself, as the model has it.

use bridgewalk_docker::bollard::models::{self, PluginsInfo, SystemInfo};
use bridgewalk_model::engine::{EngineFacts, Plugin};
use serde::Deserialize;

use super::reported::{parsed, some};

/// Drivers that every engine has in itself; what else is named is a plugin.
const BUILT_IN: [&str; 7] = ["bridge", "host", "ipvlan", "macvlan", "null", "overlay", "none"];

/// What engines before 29 tell beside it, and bollard's type does not have any more.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BridgeNetfilter {
    bridge_nf_iptables: Option<bool>,
    bridge_nf_ip6tables: Option<bool>,
}

/// Reads what it tells, with the plugins that it names. How the engine was reached is filled in by the caller.
pub(super) fn facts(reported: SystemInfo, bridge: &BridgeNetfilter) -> EngineFacts {
    let swarm = reported.swarm.unwrap_or_default();
    EngineFacts {
        engine_id: reported.id.unwrap_or_default(),
        host_name: reported.name.unwrap_or_default(),
        operating_system: reported.operating_system.unwrap_or_default(),
        kernel_release: reported.kernel_version.unwrap_or_default(),
        firewall_backend: some(reported.firewall_backend.and_then(|backend| backend.driver)),
        bridge_nf_iptables: bridge.bridge_nf_iptables,
        bridge_nf_ip6tables: bridge.bridge_nf_ip6tables,
        ipv4_forwarding: reported.ipv4_forwarding,
        live_restore: reported.live_restore_enabled.unwrap_or_default(),
        swarm_state: swarm.local_node_state.map(|state| state.to_string()).unwrap_or_default(),
        swarm_node_id: some(swarm.node_id),
        swarm_address: parsed(swarm.node_addr.as_deref()),
        is_swarm_manager: swarm.control_available.unwrap_or_default(),
        plugins: in_use(reported.plugins.unwrap_or_default()),
        ..EngineFacts::default()
    }
}

fn in_use(reported: PluginsInfo) -> Vec<Plugin> {
    [("network", reported.network), ("authorization", reported.authorization)]
        .into_iter()
        .flat_map(|(kind, names)| names.unwrap_or_default().into_iter().map(move |name| (kind, name)))
        .filter(|(_, name)| !name.is_empty())
        .map(|(kind, name)| Plugin {
            is_built_in: kind == "network" && BUILT_IN.contains(&name.as_str()),
            kind: kind.to_owned(),
            name,
            is_enabled: true,
        })
        .collect()
}

/// Reads one plugin that the engine manages: a plugin of each of its types, such as `docker.networkdriver/1.0`.
pub(super) fn managed(reported: &models::Plugin) -> Vec<Plugin> {
    let types = reported.config.interface.types.iter().map(|kind| {
        let kind = kind.rsplit("docker.").next().unwrap_or_default().split('/').next().unwrap_or_default();
        Plugin {
            name: reported.name.clone(),
            kind: kind.trim_end_matches("driver").to_owned(),
            is_built_in: false,
            is_enabled: reported.enabled,
        }
    });
    types.collect()
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
