//! What a session makes of its readers' answers: what is news is told, what it gives rise to is marked.

use std::{
    collections::{BTreeSet, HashSet},
    io,
    sync::Arc,
    time::Instant,
};

use bridgewalk_model::{Fact, Limit, LimitReason, NamespaceInode, SourceKind, kernel::Process};

use super::{AFTERWARDS, Full, Gone, Memory, Pending, Session};
use crate::{
    discovery::{Found, Place, processes},
    host_facts,
    protocol::Message,
    reading::{Part, Parts, Reading, readers::Answer, remedy},
    watching::{Watch, subscription::Subscription},
};

impl Session {
    pub(super) async fn take_answer(&mut self, answer: Answer) -> Result<(), Gone> {
        match answer {
            Answer::Found(found) => self.take_found(found).await,
            Answer::SocketOwners { owners, missing } => {
                self.is_finding_owners = false;
                self.socket_owners = Arc::new(owners);
                self.owners_missing = missing;
                Ok(())
            }
            Answer::Inside(inside) => {
                self.is_looking_inside = false;
                let there: HashSet<u32> = self.processes.iter().map(|process| process.pid).collect();
                self.inner_pids.retain(|pid, _| there.contains(pid));
                self.inner_pids.extend(inside.inner_pids.into_iter().map(|known| (known.0.pid, known)));
                self.memory.name_file_limits = inside.limits;
                let files = Fact::NameFiles(inside.name_files);
                let is_news = !self.places.is_empty() && self.memory.is_news(&files);
                if is_news { self.tell(vec![files]).await } else { Ok(()) }
            }
            Answer::Read { namespace, parts, reading, subscription, took } => {
                self.busy.remove(&namespace);
                self.pending.took(namespace, took);
                if !self.places.iter().any(|place| place.inode == namespace) {
                    return Ok(());
                }
                if let Some(subscription) = subscription {
                    self.take_subscription(namespace, subscription);
                }
                self.take_reading(namespace, parts, reading).await
            }
        }
    }

    fn take_subscription(&mut self, namespace: NamespaceInode, subscription: io::Result<Subscription>) {
        let Some(watch) = &mut self.watch else { return };
        let Some(place) = self.places.iter().find(|place| place.inode == namespace) else { return };
        let missing = match subscription {
            Ok(subscription) => {
                let firewall = subscription.firewall.as_ref().err().map(|error| unheard(place, "CAP_NET_ADMIN", error));
                let subscribed = watch.subscribe(namespace, subscription);
                subscribed.err().map(|error| unheard(place, "CAP_SYS_ADMIN", &error)).or(firewall)
            }
            Err(error) => Some(unheard(place, "CAP_SYS_ADMIN", &error)),
        };
        self.memory.events_missing(namespace, missing);
    }

    async fn take_reading(&mut self, namespace: NamespaceInode, parts: Parts, reading: Reading) -> Result<(), Gone> {
        let Reading { facts, limits } = reading;
        self.memory.limits_of(namespace, parts, limits);
        let facts: Vec<Fact> = facts.into_iter().filter(|fact| self.memory.is_news(fact)).collect();
        self.tell(facts).await?;
        if parts.has(Part::Links) && self.to_tell_resynchronised.remove(&namespace) {
            self.send(Message::Resynchronised { namespace: Some(namespace) }).await?;
        }
        let Some(full) = &mut self.full else { return Ok(()) };
        let mut is_progress = false;
        if parts.has(Part::Links) {
            is_progress = full.open.remove(&(namespace, false));
        }
        if parts.has(Part::Sockets) {
            full.open.remove(&(namespace, true));
        }
        if is_progress {
            let left = full.open.iter().filter(|(_, is_sockets)| !is_sockets).count();
            let (done, total) = (full.total.saturating_sub(u32::try_from(left).unwrap_or(u32::MAX)), full.total);
            self.send(Message::Progress { done, total }).await?;
        }
        Ok(())
    }

    async fn take_found(&mut self, found: Found) -> Result<(), Gone> {
        let now = Instant::now();
        self.is_finding = false;
        self.find_rested_at = now + now.duration_since(self.find_asked_at);
        let before: HashSet<NamespaceInode> = self.places.iter().map(|place| place.inode).collect();
        let there: HashSet<NamespaceInode> = found.places.iter().map(|place| place.inode).collect();
        self.places = found.places;
        self.sightings = found.sightings;
        self.processes = found.processes;
        self.find_limits = found.limits;
        let look_inside_at = if self.full_is_due { now } else { now + AFTERWARDS };
        self.look_inside_at.get_or_insert(look_inside_at);
        self.pending.retain(|inode| there.contains(&inode));
        self.memory.retain(|inode| there.contains(&inode));
        self.to_subscribe.retain(|inode| there.contains(inode));
        if let Some(full) = &mut self.full {
            full.open.retain(|(inode, _)| there.contains(inode));
        }
        let is_full = std::mem::take(&mut self.full_is_due);
        if is_full {
            self.has_ipvs = crate::reading::has_ipvs();
        }
        let new: Vec<NamespaceInode> =
            self.places.iter().map(|place| place.inode).filter(|inode| is_full || !before.contains(inode)).collect();
        for inode in &new {
            self.pending.mark(*inode, Parts::ALL_BUT_SOCKETS, now);
            let sockets_at = if is_full { now } else { now + AFTERWARDS };
            self.pending.mark(*inode, Parts::of(&[Part::Sockets]), sockets_at);
        }
        if let Some(watch) = &mut self.watch {
            watch.retain(|inode| there.contains(&inode));
            let named: Vec<(Arc<Place>, bool)> = self
                .places
                .iter()
                .zip(&self.sightings)
                .map(|(place, sighting)| (Arc::clone(place), !sighting.names.is_empty()))
                .collect();
            let unwatched = watch.watch_processes(&named);
            if unwatched.iter().any(|one| one.has_ended) {
                self.find_at.get_or_insert(self.find_rested_at);
            }
            self.memory.ends_missing(unwatched);
            self.to_subscribe.extend(&new);
        }
        if !new.is_empty() && !is_full {
            // A cable's other end may be in the new namespace: only now can its number be resolved.
            for place in &self.places {
                if before.contains(&place.inode) && self.memory.has_unresolved_peers(place.inode) {
                    self.pending.mark(place.inode, Parts::of(&[Part::Links]), now);
                }
            }
            self.find_owners_at.get_or_insert(now + AFTERWARDS);
        }
        if is_full {
            let total = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            let open = new.iter().flat_map(|inode| [(*inode, false), (*inode, true)]).collect();
            self.full = Some(Full { total, open });
            for inode in there.iter().filter(|inode| self.pending.is_suspended(**inode)).copied().collect::<Vec<_>>() {
                self.is_stuck(inode);
            }
            self.tell(vec![Fact::Host(host_facts::read())]).await?;
        }
        let mut facts = vec![Fact::Namespaces(self.sightings.clone())];
        if !is_full {
            facts.push(Fact::Processes(self.processes_that_matter()));
        }
        facts.retain(|fact| self.memory.is_news(fact));
        self.tell(facts).await
    }

    /// When all is read for now: what depends on it, and the end of a full observation.
    pub(super) async fn settle(&mut self) -> Result<(), Gone> {
        let mut facts = vec![Fact::Processes(self.processes_that_matter())];
        if !self.places.is_empty() {
            facts.push(self.limits());
        }
        facts.retain(|fact| self.memory.is_news(fact));
        if self.places.is_empty() {
            facts.clear();
        }
        self.tell(facts).await?;
        if self.full.take().is_some() {
            self.send(Message::Done).await?;
            if self.watch.is_none() {
                // Nothing is followed: let go of the namespaces.
                self.places.clear();
                self.sightings.clear();
                self.processes.clear();
                self.inner_pids.clear();
                self.pending = Pending::default();
                self.memory = Memory::default();
            }
        }
        Ok(())
    }

    fn processes_that_matter(&self) -> Vec<Process> {
        let representatives: HashSet<u32> = self.places.iter().filter_map(|place| place.pid).collect();
        let holders: BTreeSet<u32> = self.memory.socket_holders();
        let matter = self.processes.iter().filter(|process| {
            process.container_id.is_some()
                || !process.arguments.is_empty()
                || representatives.contains(&process.pid)
                || holders.contains(&process.pid)
        });
        let mut list = Vec::new();
        for process in matter {
            let known = self.inner_pids.get(&process.pid).filter(|(same, _)| same == process).map(|(_, pid)| *pid);
            list.push(Process {
                inner_pid: known.unwrap_or_else(|| processes::inner_pid(process.pid)),
                ..process.clone()
            });
        }
        list
    }

    pub(super) fn limits(&self) -> Fact {
        let mut limits = self.find_limits.clone();
        limits.extend(self.watch.as_ref().and_then(Watch::unwatched_mounts).map(|reason| Limit {
            source: SourceKind::KernelEvents,
            namespace: None,
            remedy: remedy(&reason),
            reason,
        }));
        if let Some(reason) = self.owners_missing.clone() {
            limits.push(Limit { source: SourceKind::Processes, namespace: None, remedy: remedy(&reason), reason });
        }
        if !self.has_ipvs {
            let reason = LimitReason::NotInKernel;
            limits.push(Limit { source: SourceKind::Ipvs, namespace: None, remedy: remedy(&reason), reason });
        }
        self.memory.limits(limits)
    }
}

/// Why the events of a namespace do not come.
fn unheard(place: &Place, capability: &str, error: &io::Error) -> LimitReason {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => place.refused(capability),
        Some(libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT) => LimitReason::NotInKernel,
        Some(libc::ENOENT | libc::ESRCH) => LimitReason::Vanished,
        _ => LimitReason::Unreachable { detail: error.to_string() },
    }
}
