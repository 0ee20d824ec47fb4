//! Hosts as they are remembered: by what is their own, not by their names nor in their order.

use bridgewalk_diagram::{Filter, View};
use bridgewalk_model::{EntityId, HostIdentity, Snapshot, snapshot::Host};
use serde::{Deserialize, Serialize};

/// A host that is shown, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownHost {
    /// What is its own.
    identity: HostIdentity,
    /// Its name: where nothing of its own is known, that must do.
    pub name: String,
    /// What it was called in the snapshot: the ids of its things begin with this.
    id: EntityId,
}

impl KnownHost {
    /// As a snapshot has it.
    pub(super) fn of(host: &Host) -> Self {
        Self { identity: host.identity(), name: host.name.to_string(), id: host.id.clone() }
    }

    /// All of a snapshot.
    pub(super) fn all(snapshot: &Snapshot) -> Vec<Self> {
        snapshot.hosts.iter().map(Self::of).collect()
    }

    /// Whether everything is known by which clones are told apart.
    pub(super) const fn is_certain(&self) -> bool {
        self.identity.machine_id.is_some() && self.identity.engine_id.is_some()
    }

    /// How much says that the two are one host; none: they are not.
    pub(super) fn likeness(&self, other: &Self) -> Option<u8> {
        let has_none = |one: &Self| one.identity.machine_id.is_none() && one.identity.engine_id.is_none();
        if has_none(self) && has_none(other) {
            return (self.name == other.name).then_some(0);
        }
        self.identity.likeness(&other.identity)
    }
}

/// Which of `now` each of `then` is, and how much says so; none: they are not the same hosts.
pub(super) fn pairs<'k>(
    then: &'k [KnownHost],
    now: &'k [KnownHost],
) -> Option<(u32, Vec<(&'k KnownHost, &'k KnownHost)>)> {
    if then.len() != now.len() {
        return None;
    }
    let likely = |(at, one): (usize, &'k KnownHost)| {
        now.iter().enumerate().filter_map(move |(other, host)| Some((one.likeness(host)?, at, other)))
    };
    let mut candidates: Vec<_> = then.iter().enumerate().flat_map(likely).collect();
    candidates.sort_by_key(|(likeness, at, other)| (u8::MAX - likeness, *at, *other));
    let (mut found, mut taken) = (vec![None; then.len()], vec![false; now.len()]);
    let mut sum = 0;
    for (likeness, at, other) in candidates {
        if let (Some(slot @ None), Some(is_taken @ false)) = (found.get_mut(at), taken.get_mut(other)) {
            *slot = now.get(other);
            *is_taken = true;
            sum += u32::from(likeness);
        }
    }
    then.iter().zip(found).map(|(one, other)| Some((one, other?))).collect::<Option<_>>().map(|pairs| (sum, pairs))
}

/// `view` with every thing under the id that its host has now.
pub(super) fn moved(view: &View, pairs: &[(&KnownHost, &KnownHost)]) -> View {
    let id =
        |id: &EntityId| pairs.iter().find_map(|(then, now)| id.moved(&then.id, &now.id)).unwrap_or_else(|| id.clone());
    View {
        hidden: view.hidden.iter().map(id).collect(),
        collapsed: view.collapsed.iter().map(id).collect(),
        arrangement: view.arrangement.iter().map(|(entity, corner)| (id(entity), *corner)).collect(),
        filter: Filter { network: view.filter.network.as_ref().map(id), ..view.filter.clone() },
        ..view.clone()
    }
}

/// A host called `debian` with these ids of its own, for tests; an empty one is not known.
#[cfg(test)]
pub(super) fn known(machine: &str, engine: &str, id: &str) -> KnownHost {
    let own = |id: &str| (!id.is_empty()).then(|| id.to_owned());
    let identity = HostIdentity { machine_id: own(machine), engine_id: own(engine), mac_address: None };
    KnownHost { identity, name: "debian".to_owned(), id: EntityId::host(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_found_again_in_whatever_order() {
        let then = [known("m", "E", "debian#E"), known("m", "F", "debian#F")];
        let now = [known("m", "F", "debian"), known("m", "E", "debian#2")];
        let (_, found) = pairs(&then, &now).unwrap();
        assert_eq!(found, [(&then[0], &now[1]), (&then[1], &now[0])]);

        let place = |x: f32| bridgewalk_diagram::scene::Point { x, y: 0.0 };
        let mut view = View::default();
        view.arrangement.insert(then[0].id.container("c"), place(1.0));
        view.arrangement.insert(then[1].id.container("c"), place(2.0));
        view.arrangement.insert(EntityId::outside(), place(3.0));
        let view = moved(&view, &found);
        assert_eq!(view.arrangement[&now[1].id.container("c")], place(1.0));
        assert_eq!(view.arrangement[&now[0].id.container("c")], place(2.0));
        assert_eq!(view.arrangement[&EntityId::outside()], place(3.0));
    }

    #[test]
    fn a_name_alone_is_enough_where_nothing_else_is_known_and_only_there() {
        assert!(pairs(&[known("", "", "debian")], &[known("", "", "debian")]).is_some());
        assert!(pairs(&[known("", "", "debian")], &[known("m", "E", "debian")]).is_none());
        assert!(pairs(&[known("m", "E", "debian")], &[known("n", "E", "debian")]).is_none());
        assert!(pairs(&[known("m", "E", "debian")], &[known("m", "E", "debian"), known("n", "F", "b")]).is_none());
    }
}
