//! Recordings without labels: people write there what is nobody else's business.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Fact, Observation};

/// Labels that Compose and Swarm write themselves, and by which assembly knows projects, services and what is our own.
const KEPT: [&str; 5] = [
    "com.docker.compose.project",
    "com.docker.compose.service",
    "com.docker.compose.container-number",
    "com.docker.swarm.service.id",
    "org.bridgewalk.agent",
];

/// The same observation without the labels of containers, networks and services, but those that Compose and Swarm write
/// for themselves.
pub fn without_labels(observation: &Observation) -> Observation {
    let mut observation = observation.clone();
    match &mut observation.fact {
        Fact::Containers(list) => list.iter_mut().for_each(|one| strip(&mut Arc::make_mut(one).labels)),
        Fact::Container(one) => strip(&mut Arc::make_mut(one).labels),
        Fact::Networks(list) => list.iter_mut().for_each(|one| strip(&mut Arc::make_mut(one).labels)),
        Fact::Network(one) => strip(&mut Arc::make_mut(one).labels),
        Fact::Swarm(swarm) => swarm.services.iter_mut().for_each(|service| strip(&mut service.labels)),
        // Nobody writes labels there.
        Fact::Host(_)
        | Fact::Engine(_)
        | Fact::EngineLost { .. }
        | Fact::ContainerGone { .. }
        | Fact::NetworkGone { .. }
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
        | Fact::Limits { .. } => {}
    }
    observation
}

fn strip(labels: &mut BTreeMap<String, String>) {
    labels.retain(|name, _| KEPT.contains(&name.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineContainer, EngineNetwork};

    #[test]
    fn what_people_wrote_is_gone() {
        let labels = || BTreeMap::from(["token", KEPT[0]].map(|name| (name.to_owned(), "s3cret".to_owned())));
        let container = Arc::new(EngineContainer { labels: labels(), ..EngineContainer::default() });
        let network = Arc::new(EngineNetwork { labels: labels(), ..EngineNetwork::default() });
        for fact in [
            Fact::Container(Arc::clone(&container)),
            Fact::Containers(vec![container]),
            Fact::Network(Arc::clone(&network)),
            Fact::Networks(vec![network]),
        ] {
            let text = serde_json::to_string(&without_labels(&Observation { at_ms: 1, fact })).unwrap();
            assert!(!text.contains("token") && text.contains(KEPT[0]), "{text}");
        }
    }
}
