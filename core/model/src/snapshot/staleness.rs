//! What is as last seen only, and since when.
//!
//! An engine that does not answer leaves what it said last. What the kernel shows at the same time is of now: a bridge that
//! is there is there, and a container whose process is there runs.

use super::{Container, Host, Network};
use crate::engine::ContainerState;

impl Host {
    /// Since when a container is as last seen: the engine does not answer, and the kernel does not show that it runs.
    /// Milliseconds since 1970-01-01 UTC.
    pub fn stale_since(&self, container: &Container) -> Option<u64> {
        self.engine_lost_ms.filter(|_| container.state != ContainerState::Running || !self.is_seen_to_run(container))
    }

    /// Since when a network is as last seen: the engine does not answer, and no device of it is seen.
    pub fn network_stale_since(&self, network: &Network) -> Option<u64> {
        let is_seen = network.bridge.is_some() || network.parent.is_some() || network.namespace.is_some();
        self.engine_lost_ms.filter(|_| self.agent_lost_ms.is_some() || !is_seen)
    }

    /// Since when the engine or the kernel is as last seen, whichever was lost first.
    pub fn lost_ms(&self) -> Option<u64> {
        self.engine_lost_ms.into_iter().chain(self.agent_lost_ms).min()
    }

    fn is_seen_to_run(&self, container: &Container) -> bool {
        let Some(pid) = container.pid.filter(|_| self.agent_lost_ms.is_none()) else { return false };
        // They are kept by PID.
        let at = self.processes.binary_search_by_key(&pid, |process| process.pid);
        let process = at.ok().and_then(|at| self.processes.get(at));
        process.is_some_and(|process| process.container_id.as_deref() == Some(&*container.container_id))
    }
}
