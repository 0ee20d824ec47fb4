//! What the engine knows that helps the agent to find namespaces.

use std::collections::BTreeMap;

use bridgewalk_agent::protocol::Hints;
use bridgewalk_model::{Fact, engine::EngineContainer};

/// Kept from the facts that pass by.
#[derive(Debug, Default)]
pub(crate) struct Known {
    daemon_pid: Option<u32>,
    /// By container id.
    containers: BTreeMap<String, (Option<u32>, String)>,
}

impl Known {
    /// Takes in a fact; true if the hints differ after it.
    pub(crate) fn apply(&mut self, fact: &Fact) -> bool {
        match fact {
            Fact::Engine(engine) => {
                let differs = self.daemon_pid != engine.daemon_pid;
                self.daemon_pid = engine.daemon_pid;
                differs
            }
            Fact::Containers(containers) => {
                let containers = containers.iter().filter_map(|container| entry(container)).collect();
                let differs = self.containers != containers;
                self.containers = containers;
                differs
            }
            Fact::Container(container) => match entry(container) {
                Some((id, hint)) => self.containers.insert(id, hint.clone()) != Some(hint),
                None => self.containers.remove(&container.container_id).is_some(),
            },
            Fact::ContainerGone { container_id } => self.containers.remove(container_id).is_some(),
            Fact::Host(_)
            | Fact::EngineLost { .. }
            | Fact::Networks(_)
            | Fact::Network(_)
            | Fact::NetworkGone { .. }
            | Fact::Swarm(_)
            | Fact::EngineEvent(_)
            | Fact::Namespaces(_)
            | Fact::Links(_)
            | Fact::Addresses(_)
            | Fact::Routes(_)
            | Fact::RoutingRules(_)
            | Fact::Neighbours(_)
            | Fact::Fdb(_)
            | Fact::BridgeVlans(_)
            | Fact::Sysctls(_)
            | Fact::Firewall(_)
            | Fact::Sockets(_)
            | Fact::Ipvs(_)
            | Fact::Complete
            | Fact::Processes(_)
            | Fact::NameFiles(_)
            | Fact::Limits { .. } => false,
        }
    }

    /// The daemon's process, known before the engine has told anything.
    pub(crate) const fn daemon(&mut self, pid: u32) {
        self.daemon_pid = Some(pid);
    }

    /// As the agent takes them.
    pub(crate) fn hints(&self) -> Hints {
        Hints {
            daemon_pid: self.daemon_pid,
            container_pids: self.containers.iter().filter_map(|(id, (pid, _))| Some(((*pid)?, id.clone()))).collect(),
            sandbox_keys: self.containers.values().map(|(_, key)| key).filter(|key| !key.is_empty()).cloned().collect(),
        }
    }
}

/// A container that lives.
fn entry(container: &EngineContainer) -> Option<(String, (Option<u32>, String))> {
    let lives = container.state.is_alive() && (container.pid.is_some() || !container.sandbox_key.is_empty());
    lives.then(|| (container.container_id.clone(), (container.pid, container.sandbox_key.clone())))
}
