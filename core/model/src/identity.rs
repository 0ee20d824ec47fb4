//! What is a host's own.

use serde::{Deserialize, Serialize};

use crate::{
    MacAddress,
    kernel::{Link, LinkKind},
    snapshot::Host,
};

/// The fewest characters of an id by which hosts of one name are told apart.
const TAG_CHARS: usize = 8;

/// By what a host is known again, whatever it is called, in whatever order it was opened. All of it is unknown of a host of
/// which only a little was observed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct HostIdentity {
    /// The machine's id, hashed ([`HostFacts::machine_id`](crate::HostFacts::machine_id)).
    pub machine_id: Option<String>,
    /// Its engine's (`Info.ID`).
    pub engine_id: Option<String>,
    /// Of its first network device: clones that share both ids differ in this on one link.
    pub mac_address: Option<MacAddress>,
}

impl HostIdentity {
    /// Of a host in a snapshot.
    pub fn of(host: &Host) -> Self {
        let links = host.own_namespace().into_iter().flat_map(|own| &own.interfaces).map(|interface| &interface.link);
        Self::new(
            host.facts.machine_id.as_deref(),
            host.engine.as_ref().map(|engine| engine.engine_id.as_str()),
            first_device(links),
        )
    }

    /// Of ids as they were reported; an empty one is none.
    pub(crate) fn new(machine_id: Option<&str>, engine_id: Option<&str>, mac_address: Option<MacAddress>) -> Self {
        let known = |id: Option<&str>| id.filter(|id| !id.is_empty()).map(str::to_owned);
        Self { machine_id: known(machine_id), engine_id: known(engine_id), mac_address }
    }

    /// How much says that `other` is the same host, more for more; none: something says that it is another, or nothing is
    /// known that could tell.
    ///
    /// The machine's id counts most, then the engine's. A clone may bear its model's machine id: where both engines are
    /// known and differ they are two hosts. A MAC address that differs says nothing against it (a card may be replaced);
    /// it decides between hosts for which all else speaks alike.
    pub fn likeness(&self, other: &Self) -> Option<u8> {
        let machine = equal(self.machine_id.as_ref(), other.machine_id.as_ref());
        let engine = equal(self.engine_id.as_ref(), other.engine_id.as_ref());
        let mac = equal(self.mac_address, other.mac_address) == Some(true);
        match (machine, engine) {
            (Some(false), _) | (_, Some(false)) | (None, None) => None,
            (machine, engine) => Some(4 * u8::from(machine.is_some()) + 2 * u8::from(engine.is_some()) + u8::from(mac)),
        }
    }

    /// The beginning of what tells it apart from all `others`; none: nothing does, or it is alone.
    ///
    /// It depends on the hosts and not on their order: the machine's id if no other has the same, else the engine's, else
    /// the MAC address.
    pub(crate) fn tag(&self, others: &[&Self]) -> Option<String> {
        type Part = fn(&HostIdentity) -> Option<String>;
        const PARTS: [Part; 3] = [
            |one| one.machine_id.clone(),
            |one| one.engine_id.clone(),
            |one| one.mac_address.map(|mac| mac.to_string()),
        ];
        if others.is_empty() {
            return None;
        }
        // Engines before 23.0 write their ids with colons.
        let plain = |text: String| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let own = PARTS.iter().find_map(|part| {
            let own = part(self).map(plain)?;
            let is_own = others.iter().all(|other| part(other).map(plain).as_ref() != Some(&own));
            is_own.then_some((own, part))
        });
        let (own, part) = own?;
        let is_shared = |chars: usize| {
            let start = own.get(..chars);
            others.iter().any(|other| part(other).map(plain).is_some_and(|text| text.get(..chars) == start))
        };
        let chars = (TAG_CHARS..own.len()).find(|chars| !is_shared(*chars)).unwrap_or(own.len());
        Some(own.get(..chars).unwrap_or(&own).to_owned())
    }
}

/// The MAC address of the first device by ifindex that leads to other machines: hardware, or a veth that is no bridge's
/// port, as a system container has it.
pub(crate) fn first_device<'l>(links: impl Iterator<Item = &'l Link>) -> Option<MacAddress> {
    let leads_out = |link: &&Link| match link.kind {
        LinkKind::Physical => true,
        LinkKind::Veth => link.master_if_index.is_none(),
        _ => false,
    };
    links.filter(leads_out).filter_map(|link| Some((link.if_index, link.mac_address?))).min().map(|(_, mac)| mac)
}

/// None: one of the two is not known.
fn equal<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<bool> {
    Some(a? == b?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(machine: &str, engine: &str, mac: u8) -> HostIdentity {
        HostIdentity::new(Some(machine), Some(engine), Some(MacAddress([2, 0, 0, 0, 0, mac])))
    }

    #[test]
    fn the_machine_counts_most_and_an_engine_that_differs_is_another_host() {
        let one = host("machine", "engine", 1);
        assert_eq!(one.likeness(&one), Some(7));
        assert_eq!(one.likeness(&host("machine", "engine", 2)), Some(6), "another card");
        assert_eq!(one.likeness(&host("machine", "", 1)), Some(5), "the engine does not answer");
        assert_eq!(one.likeness(&host("", "engine", 2)), Some(2), "only the engine is seen");
        assert_eq!(one.likeness(&host("machine", "other", 1)), None, "a clone");
        assert_eq!(one.likeness(&host("other", "engine", 1)), None, "a clone whose engine was copied");
        assert_eq!(host("", "", 1).likeness(&host("", "", 1)), None, "nothing to tell by");
    }

    #[test]
    fn clones_are_tagged_by_what_differs_in_whatever_order() {
        let tags = |hosts: &[HostIdentity]| -> Vec<Option<String>> {
            let others =
                |at: usize| hosts.iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, one)| one);
            (0..hosts.len()).map(|at| hosts[at].tag(&others(at).collect::<Vec<_>>())).collect()
        };
        let some = |tags: &[&str]| tags.iter().map(|tag| Some((*tag).to_owned())).collect::<Vec<_>>();
        let machines = [host("aaaaaaaaaaaa", "E", 1), host("bbbbbbbbbbbb", "E", 1)];
        assert_eq!(tags(&machines), some(&["aaaaaaaa", "bbbbbbbb"]));
        let engines = [host("m", "AAAA:BBBB:CCCC", 1), host("m", "AAAA:BBBB:DDDD", 1)];
        assert_eq!(tags(&engines), some(&["AAAABBBBC", "AAAABBBBD"]));
        let cards = [host("m", "e", 1), host("m", "e", 2)];
        assert_eq!(tags(&cards), some(&["020000000001", "020000000002"]));
        let mut three = [machines[0].clone(), engines[0].clone(), engines[1].clone()];
        let before = tags(&three);
        three.reverse();
        assert_eq!(tags(&three).into_iter().rev().collect::<Vec<_>>(), before);
        assert_eq!(before, some(&["aaaaaaaa", "AAAABBBBC", "AAAABBBBD"]));
        assert_eq!(tags(&[host("m", "e", 1), host("m", "e", 1)]), [None, None], "one machine, twice");
        assert_eq!(tags(&[host("m", "e", 1)]), [None], "alone");
    }
}
