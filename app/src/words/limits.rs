//! Lists of what is not seen: bounded, whatever an observed host has.

use std::collections::BTreeMap;

use bridgewalk_model::{Limit, LimitReason, Remedy, Snapshot, SourceKind, moment, snapshot::Host};

use super::Words;

/// The most lines of one kind; the others are counted.
const MAX_OF_A_KIND: usize = 5;

/// What makes limits alike: the source, the reason without its details, and the remedy.
type Kind = (SourceKind, &'static str, Remedy);

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitLine {
    /// It.
    pub text: String,
    /// In how many places it holds.
    pub places: usize,
}

impl Words {
    /// What the window counts as not seen: what may hide something. Not what the kernel lacks or what is gone, nor what a
    /// namespace that has just come lacks until it is read a moment later.
    pub fn not_seen(self, snapshot: &Snapshot) -> Vec<LimitLine> {
        let limits = snapshot.hosts.iter().flat_map(|host| &host.limits).filter(|limit| {
            limit.reason.is_lack() && (limit.reason != LimitReason::NeverRead || limit.namespace.is_none())
        });
        self.limit_lines(limits)
    }

    /// What of a host is as last seen only, and since when: a line for the engine, one for the agent.
    pub fn last_seen(self, host: &Host, now_ms: u64) -> Vec<String> {
        let lost = [("last-seen-engine", host.engine_lost_ms), ("last-seen-agent", host.agent_lost_ms)];
        let line = |(key, since_ms): (&str, Option<u64>)| {
            let at = moment(since_ms?, now_ms);
            Some(self.format(key, &[("host", host.name.as_str().into()), ("at", at.into())]))
        };
        lost.into_iter().filter_map(line).collect()
    }

    /// What is not seen, a line each: the same in several places is one line; of a kind (one source, one reason, one
    /// remedy) there are at most five, and one that says how many more.
    pub fn limit_lines<'l>(self, limits: impl IntoIterator<Item = &'l Limit>) -> Vec<LimitLine> {
        let mut kinds: BTreeMap<Kind, BTreeMap<&LimitReason, (&Limit, usize)>> = BTreeMap::new();
        for limit in limits {
            let kind = (limit.source, limit.reason.kind(), limit.remedy);
            kinds.entry(kind).or_default().entry(&limit.reason).or_insert((limit, 0)).1 += 1;
        }
        let mut lines = Vec::new();
        for ((source, ..), of_kind) in kinds {
            let more = of_kind.len().saturating_sub(MAX_OF_A_KIND);
            let shown = of_kind.into_iter().take(MAX_OF_A_KIND);
            // What holds in several places is not said to be in one of them.
            lines.extend(shown.map(|(_, (limit, places))| {
                let text = if places == 1 {
                    self.limit(limit)
                } else {
                    self.limit(&Limit { namespace: None, ..limit.clone() })
                };
                LimitLine { text, places }
            }));
            if more > 0 {
                let arguments = [("source", self.source_kind(source).into()), ("count", more.into())];
                lines.push(LimitLine { text: self.format("limit-more", &arguments), places: 1 });
            }
        }
        lines
    }

    /// Why one source does not see everything, in the same way.
    pub fn limit_reasons(self, reasons: &[LimitReason]) -> Vec<String> {
        let mut kinds: BTreeMap<&'static str, Vec<&LimitReason>> = BTreeMap::new();
        for reason in reasons {
            kinds.entry(reason.kind()).or_default().push(reason);
        }
        let mut lines = Vec::new();
        for of_kind in kinds.into_values() {
            lines.extend(of_kind.iter().take(MAX_OF_A_KIND).map(|reason| self.limit_reason(reason)));
            let more = of_kind.len().saturating_sub(MAX_OF_A_KIND);
            if more > 0 {
                lines.push(self.format("limit-reason-more", &[("count", more.into())]));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::NamespaceInode;

    use super::*;

    fn stale(number: usize) -> Limit {
        let reason = LimitReason::Stale { path: format!("/run/netns/{number:05}") };
        Limit { source: SourceKind::Namespaces, namespace: None, reason, remedy: Remedy::None }
    }

    #[test]
    fn what_is_gone_is_not_counted_and_what_is_closed_is_named() {
        let words = Words::default();
        let inode = NamespaceInode(4_026_531_840);
        let limit = |source, reason| Limit { source, namespace: Some(inode), reason, remedy: Remedy::None };
        let with = |limits| {
            let mut snapshot = sample();
            snapshot.hosts[0].limits = limits;
            snapshot
        };
        let gone = (0..150).flat_map(|number| {
            let vanished =
                Limit { namespace: Some(NamespaceInode(number)), ..limit(SourceKind::Links, LimitReason::Vanished) };
            [stale(number as usize), vanished]
        });
        assert_eq!(words.not_seen(&with(gone.collect())), []);

        let what = "net:[4026531840] (PID 1)".to_owned();
        let closed = LimitReason::NotRead { what, because: bridgewalk_model::NotReadBecause::Closed };
        let denied = LimitReason::Privilege { missing: "CAP_SYS_ADMIN".to_owned() };
        let limits = vec![limit(SourceKind::Links, closed), limit(SourceKind::Fdb, denied)];
        let lines = words.not_seen(&with(limits));
        let [links, fdb] = &lines[..] else { panic!("{lines:?}") };
        assert!(links.text.contains("net:[4026531840] (PID 1)") && !links.text.contains("--agent"), "{links:?}");
        assert!(fdb.text.contains("in net:[4026531840]: no permission"), "{fdb:?}");
    }

    fn sample() -> Snapshot {
        bridgewalk_model::assembly::assemble(&[&bridgewalk_model::assembly::State::default()])
    }

    #[test]
    fn thousands_of_a_kind_are_a_few_lines() {
        let words = Words::default();
        let missing = |inode| Limit {
            source: SourceKind::Sockets,
            namespace: Some(NamespaceInode(inode)),
            reason: LimitReason::NotInKernel,
            remedy: Remedy::None,
        };
        let limits: Vec<_> = (0..20_000).map(stale).chain((0..3).map(missing)).collect();
        let lines = words.limit_lines(&limits);
        assert_eq!(lines.len(), 7, "{lines:?}");
        assert!(lines[5].text.contains("19995 more"), "{lines:?}");
        assert_eq!(lines[6].places, 3);
        let reasons: Vec<_> = (0..300).map(|number| stale(number).reason).collect();
        let reasons = words.limit_reasons(&reasons);
        assert_eq!(reasons.len(), 6);
        assert!(reasons[5].contains("295 more"), "{reasons:?}");
    }
}
