//! What is kept of a live host's observations, so that the present can be saved as a recording: the last observation
//! of each thing, and no more. What is kept is bounded by what is there, however long the program runs.

use std::collections::{BTreeMap, HashSet};

use bridgewalk_model::{Fact, NamespaceInode, Observation, SectionKind, SourceKind};

/// What an observation is about: a later one about the same replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Host,
    Engine,
    EngineLost,
    Containers,
    Container(String),
    Networks,
    Network(String),
    Swarm,
    Namespaces,
    Section(SectionKind, NamespaceInode),
    Processes,
    NameFiles,
    Limits(Vec<SourceKind>),
}

/// The last observation of each thing, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    made: u64,
    last: BTreeMap<Thing, (u64, Observation)>,
}

impl Kept {
    /// Takes in one observation. Events of the engine are not kept: their effect is.
    pub(super) fn take(&mut self, observation: &Observation) {
        let Some(thing) = thing(&observation.fact) else { return };
        match &thing {
            Thing::Engine => drop(self.last.remove(&Thing::EngineLost)),
            Thing::Containers => self.last.retain(|other, _| !matches!(other, Thing::Container(_))),
            Thing::Networks => self.last.retain(|other, _| !matches!(other, Thing::Network(_))),
            Thing::Namespaces
            | Thing::Host
            | Thing::EngineLost
            | Thing::Container(_)
            | Thing::Network(_)
            | Thing::Swarm
            | Thing::Section(..)
            | Thing::Processes
            | Thing::NameFiles
            | Thing::Limits(_) => {}
        }
        if let Fact::Namespaces(sightings) = &observation.fact {
            let seen: HashSet<_> = sightings.iter().map(|sighting| sighting.inode).collect();
            self.last.retain(|other, _| !matches!(other, Thing::Section(_, inode) if !seen.contains(inode)));
        }
        self.made += 1;
        self.last.insert(thing, (self.made, observation.clone()));
    }

    /// What is kept, in the order in which it was made. However long that took, it is one full observation.
    pub(super) fn observations(&self) -> Vec<Observation> {
        let mut kept: Vec<_> = self.last.values().collect();
        kept.sort_by_key(|(made, _)| *made);
        let at_ms = kept.iter().map(|(_, observation)| observation.at_ms).max();
        let complete = at_ms.map(|at_ms| Observation { at_ms, fact: Fact::Complete });
        kept.into_iter().map(|(_, observation)| observation.clone()).chain(complete).collect()
    }
}

fn thing(fact: &Fact) -> Option<Thing> {
    if let Some((kind, namespace)) = fact.section() {
        return Some(Thing::Section(kind, namespace));
    }
    Some(match fact {
        Fact::Host(_) => Thing::Host,
        Fact::Engine(_) => Thing::Engine,
        Fact::EngineLost { .. } => Thing::EngineLost,
        Fact::Containers(_) => Thing::Containers,
        Fact::Container(container) => Thing::Container(container.container_id.clone()),
        Fact::ContainerGone { container_id } => Thing::Container(container_id.clone()),
        Fact::Networks(_) => Thing::Networks,
        Fact::Network(network) => Thing::Network(network.network_id.clone()),
        Fact::NetworkGone { network_id } => Thing::Network(network_id.clone()),
        Fact::Swarm(_) => Thing::Swarm,
        Fact::Namespaces(_) => Thing::Namespaces,
        Fact::Processes(_) => Thing::Processes,
        Fact::NameFiles(_) => Thing::NameFiles,
        Fact::Limits { of, .. } => Thing::Limits(of.clone()),
        // Sections were named above.
        Fact::EngineEvent(_)
        | Fact::Complete
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
        | Fact::Ipvs(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bridgewalk_model::{NamespaceSighting, Section, Via, engine::EngineContainer};

    use super::*;

    fn observation(at_ms: u64, fact: Fact) -> Observation {
        Observation { at_ms, fact }
    }

    fn container(id: &str) -> Arc<EngineContainer> {
        Arc::new(EngineContainer { container_id: id.to_owned(), ..EngineContainer::default() })
    }

    fn links(inode: u64) -> Fact {
        Fact::Links(Section { namespace: NamespaceInode(inode), via: Via::Netlink, is: Vec::new() })
    }

    fn sighting(inode: u64) -> NamespaceSighting {
        NamespaceSighting { inode: NamespaceInode(inode), is_host: false, names: Vec::new(), pid: None, nsid: None }
    }

    #[test]
    fn keeps_the_last_of_each_thing_in_order() {
        let mut kept = Kept::default();
        let facts = [
            Fact::Container(container("a")),
            Fact::Containers(vec![container("a"), container("b")]),
            links(1),
            links(2),
            Fact::ContainerGone { container_id: "b".to_owned() },
            Fact::Namespaces(vec![sighting(1)]),
            links(1),
        ];
        for (at_ms, fact) in facts.into_iter().enumerate() {
            kept.take(&observation(at_ms as u64, fact));
        }
        let times: Vec<_> = kept.observations().iter().map(|observation| observation.at_ms).collect();
        assert_eq!(times, [1, 4, 5, 6, 6]);
    }
}
