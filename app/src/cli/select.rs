//! `--select`: which containers and networks stay, by name.

use std::collections::BTreeSet;

use bridgewalk_model::{EntityId, Snapshot, Text, snapshot::Host};

/// The fewest characters of a container's id that stand for it.
const LEAST_ID: usize = 4;

/// Containers and networks that are not shown, by host and place in its lists.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    containers: Vec<(usize, usize)>,
    networks: Vec<(usize, usize)>,
}

impl LeftOut {
    /// All but what `names` name: containers by name, id, service or project, and their networks; networks by name, and
    /// their containers.
    ///
    /// # Errors
    /// A name that nothing bears.
    pub(super) fn all_but<'n>(names: &'n [String], snapshot: &Snapshot) -> Result<Self, &'n str> {
        let mut left_out = Self::default();
        if names.is_empty() {
            return Ok(left_out);
        }
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for (host_index, host) in snapshot.hosts.iter().enumerate() {
            let (mut containers, mut networks) = (BTreeSet::new(), BTreeSet::new());
            for name in names {
                let (named_containers, named_networks) = named(host, name);
                if !named_containers.is_empty() || !named_networks.is_empty() {
                    found.insert(name);
                }
                let members = host.containers.iter().filter(|container| {
                    container.attachments.iter().any(|attachment| named_networks.contains(&attachment.network))
                });
                containers.extend(members.map(|container| container.id.clone()));
                containers.extend(named_containers.iter().map(|id| (*id).clone()));
                let attached = host.containers.iter().filter(|container| named_containers.contains(&container.id));
                let attachments = attached.flat_map(|container| &container.attachments);
                networks.extend(attachments.map(|attachment| attachment.network.clone()));
                networks.extend(named_networks.into_iter().cloned());
            }
            let hidden = |index: usize, is_kept: bool| (!is_kept).then_some((host_index, index));
            let each = host.containers.iter().enumerate();
            left_out.containers.extend(each.filter_map(|(n, one)| hidden(n, containers.contains(&one.id))));
            let each = host.networks.iter().enumerate();
            left_out.networks.extend(each.filter_map(|(n, one)| hidden(n, networks.contains(&one.id))));
        }
        match names.iter().find(|name| !found.contains(name.as_str())) {
            Some(unknown) => Err(unknown),
            None => Ok(left_out),
        }
    }

    /// Their ids in `snapshot`, which may have been made anonymous since.
    pub(super) fn ids(&self, snapshot: &Snapshot) -> BTreeSet<EntityId> {
        let host = |index: usize| snapshot.hosts.get(index);
        let containers = self.containers.iter().filter_map(|(at, index)| host(*at)?.containers.get(*index));
        let networks = self.networks.iter().filter_map(|(at, index)| host(*at)?.networks.get(*index));
        let containers = containers.map(|container| container.id.clone());
        containers.chain(networks.map(|network| network.id.clone())).collect()
    }
}

fn named<'h>(host: &'h Host, name: &str) -> (BTreeSet<&'h EntityId>, BTreeSet<&'h EntityId>) {
    let containers = host.containers.iter().filter(|container| {
        let compose = container.compose.as_ref();
        is_called(&container.name, name)
            || (name.len() >= LEAST_ID && container.container_id.starts_with(name))
            || compose.is_some_and(|compose| is_called(&compose.project, name) || is_called(&compose.service, name))
    });
    let networks = host.networks.iter().filter(|network| is_called(&network.name, name));
    (containers.map(|container| &container.id).collect(), networks.map(|network| &network.id).collect())
}

/// Whether `name` is what the source said, or what is shown for it: of several that look alike all are meant.
fn is_called(text: &Text, name: &str) -> bool {
    text.raw() == name || text.as_str() == name
}
