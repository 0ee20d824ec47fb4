//! One talk with a program: what it asked, what was found, what was told already.
//!
//! A session runs on one thread and waits; threads of their own read. What changed is marked, and read again at once,
//! but a part of a namespace no more often than [`part_interval`] allows: a burst ends with one reading after it. What
//! was told is kept, and only what differs from it is told again.

mod memory;
mod pending;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bridgewalk_model::{
    Fact, Limit, LimitReason, NamespaceInode, NamespaceSighting, Observation, SourceKind,
    kernel::{NameFiles, Process},
    proof::{ProofFailure, ProofOrder},
};
use tokio::sync::mpsc;

use crate::{
    Leave,
    discovery::{Found, Place, processes},
    host_facts, privilege,
    protocol::{Hints, Message, PROTOCOL_VERSION, ProtocolError, Request},
    proving,
    reading::{
        Known, Part, Parts, Reading, name_files,
        readers::{Answer, MAX_UNDER_WAY, Readers, Task},
        remedy,
    },
    watching::{Event, Watch},
};
use memory::Memory;
use pending::Pending;

/// Changes that come together are read together.
const COALESCE: Duration = Duration::from_millis(2);
/// Namespaces are looked for no more often.
const FIND_INTERVAL: Duration = Duration::from_millis(20);

/// The program does not listen any more.
struct Gone;

/// Serves requests until they end or the program does not listen any more. The first must be `Hello`.
///
/// Must run within a tokio runtime with I/O and time.
pub async fn serve(mut requests: mpsc::Receiver<Request>, messages: mpsc::Sender<Message>, leave: Leave) {
    if let Err(error) = greet(&mut requests, &messages).await {
        let _ = messages.send(Message::Error { error }).await;
        return;
    }
    let ended = match Session::start(messages.clone(), leave) {
        Ok(mut session) => session.run(&mut requests).await,
        Err(error) => Ok(Some(io_error(&error))),
    };
    if let Ok(Some(error)) = ended {
        let _ = messages.send(Message::Error { error }).await;
    }
}

async fn greet(requests: &mut mpsc::Receiver<Request>, messages: &mpsc::Sender<Message>) -> Result<(), ProtocolError> {
    let out_of_turn = |detail: &str| ProtocolError::OutOfTurn { detail: detail.to_owned() };
    match requests.recv().await {
        None => Err(out_of_turn("the requests ended before Hello")),
        Some(Request::Hello { protocol_version, .. }) if protocol_version != PROTOCOL_VERSION => {
            Err(ProtocolError::Version { program: protocol_version, agent: PROTOCOL_VERSION })
        }
        Some(Request::Hello { .. }) => {
            let privilege = privilege::own_privilege();
            let hello = Message::Hello {
                protocol_version: PROTOCOL_VERSION,
                agent_version: env!("CARGO_PKG_VERSION").to_owned(),
                uid: privilege.uid,
                capabilities: privilege.capabilities,
            };
            let _ = messages.send(hello).await;
            Ok(())
        }
        Some(_) => Err(out_of_turn("a request before Hello")),
    }
}

fn io_error(error: &io::Error) -> ProtocolError {
    ProtocolError::Io { detail: error.to_string() }
}

/// A full observation under way.
#[derive(Debug)]
struct Full {
    total: u32,
    /// Namespaces of which something was not read yet: all but sockets, and sockets.
    open: HashSet<(NamespaceInode, bool)>,
}

struct Session {
    messages: mpsc::Sender<Message>,
    readers: Readers,
    answers: mpsc::Receiver<Answer>,
    hints: Arc<Hints>,
    places: Vec<Arc<Place>>,
    sightings: Vec<NamespaceSighting>,
    processes: Vec<Process>,
    find_limits: Vec<Limit>,
    has_ipvs: bool,
    socket_owners: Arc<HashMap<u64, u32>>,
    owners_are_partial: bool,
    find_at: Option<Instant>,
    found_at: Option<Instant>,
    is_finding: bool,
    is_finding_owners: bool,
    files_are_due: bool,
    pending: Pending,
    busy: HashSet<NamespaceInode>,
    to_subscribe: HashSet<NamespaceInode>,
    to_tell_resynchronised: HashSet<NamespaceInode>,
    memory: Memory,
    full: Option<Full>,
    full_is_due: bool,
    watch: Option<Watch>,
    leave: Leave,
    /// A proof under way holds one more of it.
    proofs: Arc<()>,
}

impl Session {
    fn start(messages: mpsc::Sender<Message>, leave: Leave) -> io::Result<Self> {
        raise_descriptor_limit();
        let (answer_sender, answers) = mpsc::channel(2 * MAX_UNDER_WAY);
        Ok(Self {
            messages,
            readers: Readers::start(&answer_sender)?,
            answers,
            hints: Arc::default(),
            places: Vec::new(),
            sightings: Vec::new(),
            processes: Vec::new(),
            find_limits: Vec::new(),
            has_ipvs: false,
            socket_owners: Arc::default(),
            owners_are_partial: false,
            find_at: None,
            found_at: None,
            is_finding: false,
            is_finding_owners: false,
            files_are_due: false,
            pending: Pending::default(),
            busy: HashSet::new(),
            to_subscribe: HashSet::new(),
            to_tell_resynchronised: HashSet::new(),
            memory: Memory::default(),
            full: None,
            full_is_due: false,
            watch: None,
            leave,
            proofs: Arc::default(),
        })
    }

    async fn run(&mut self, requests: &mut mpsc::Receiver<Request>) -> Result<Option<ProtocolError>, Gone> {
        loop {
            self.dispatch();
            if self.is_quiet() {
                self.settle().await?;
            }
            let next = self.next_due();
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    None => return Ok(None),
                    Some(request) => if let Some(error) = self.take_request(request).await? { return Ok(Some(error)) },
                },
                Some(answer) = self.answers.recv() => self.take_answer(answer).await?,
                events = hear(&mut self.watch) => match events {
                    Ok(events) => self.take_events(events),
                    Err(error) => return Ok(Some(io_error(&error))),
                },
                () = sleep_until(next) => {}
                () = self.messages.closed() => return Err(Gone),
            }
        }
    }

    async fn take_request(&mut self, request: Request) -> Result<Option<ProtocolError>, Gone> {
        let (hints, watch) = match request {
            Request::Hello { .. } => {
                return Ok(Some(ProtocolError::OutOfTurn { detail: "a second Hello".to_owned() }));
            }
            Request::LookAgain { hints } => {
                self.hints = Arc::new(hints);
                self.look_again();
                return Ok(None);
            }
            Request::Prove { number, order } => {
                if let Err(failure) = self.start_proof(number, order) {
                    self.send(Message::Proof { number, proof: None, failure: Some(failure) }).await?;
                }
                return Ok(None);
            }
            Request::Observe { hints } => (hints, false),
            Request::Watch { hints } => (hints, true),
        };
        let daemon_pid = hints.daemon_pid;
        self.hints = Arc::new(hints);
        self.memory = Memory::default();
        self.full = None;
        self.full_is_due = true;
        self.find_at = Some(Instant::now());
        if watch {
            match Watch::start(daemon_pid) {
                Ok(watch) => self.watch = Some(watch),
                Err(error) => return Ok(Some(io_error(&error))),
            }
            self.to_subscribe.clear();
        }
        Ok(None)
    }

    /// On a thread of its own: it waits for an answer from the network.
    fn start_proof(&self, number: u32, order: ProofOrder) -> Result<(), ProofFailure> {
        if self.leave != Leave::MayProve {
            return Err(ProofFailure::NotAllowed);
        }
        if Arc::strong_count(&self.proofs) > proving::MAX_UNDER_WAY {
            return Err(ProofFailure::Busy);
        }
        let (places, messages, under_way) = (self.places.clone(), self.messages.clone(), Arc::clone(&self.proofs));
        let run = move || {
            let (proof, failure) = match proving::prove(&order, &places) {
                Ok(proof) => (Some(Box::new(proof)), None),
                Err(failure) => (None, Some(failure)),
            };
            drop(under_way);
            let _ = messages.blocking_send(Message::Proof { number, proof, failure });
        };
        let started = std::thread::Builder::new().name("agent-proof".to_owned()).spawn(run);
        started.map(drop).map_err(|error| ProofFailure::Send { detail: error.to_string() })
    }

    fn look_again(&mut self) {
        let now = Instant::now();
        self.look_for_namespaces(now);
        self.find_socket_owners();
        for place in &self.places {
            self.pending.mark(place.inode, Parts::of(&[Part::Firewall, Part::Sockets]), now);
        }
    }

    fn look_for_namespaces(&mut self, now: Instant) {
        let earliest = self.found_at.map_or(now, |found| (found + FIND_INTERVAL).max(now + COALESCE));
        self.find_at.get_or_insert(earliest);
    }

    fn find_socket_owners(&mut self) {
        if !self.is_finding_owners {
            self.is_finding_owners = true;
            self.readers.ask(Task::FindSocketOwners);
        }
    }

    fn take_events(&mut self, events: Vec<Event>) {
        let now = Instant::now();
        for event in events {
            match event {
                Event::LookForNamespaces => self.look_for_namespaces(now),
                Event::Heard(namespace, heard) => {
                    let mut parts = heard.parts;
                    if heard.lost {
                        parts = Parts::ALL_BUT_SOCKETS;
                        self.to_tell_resynchronised.insert(namespace);
                        self.look_for_namespaces(now);
                    }
                    if heard.look_for_namespaces {
                        self.look_for_namespaces(now);
                    }
                    self.pending.mark(namespace, parts, now + COALESCE);
                }
            }
        }
    }

    /// Hands on what is due, as far as readers are free; what waits for sockets' owners waits on.
    fn dispatch(&mut self) {
        let now = Instant::now();
        if !self.is_finding && self.find_at.is_some_and(|at| at <= now) {
            self.find_at = None;
            self.is_finding = true;
            self.readers.ask(Task::Find { hints: Arc::clone(&self.hints), before: self.places.clone() });
            if self.full_is_due {
                self.find_socket_owners();
            }
        }
        if self.is_finding && self.full_is_due {
            return;
        }
        let mut known: Option<Arc<Known>> = None;
        for place in &self.places {
            if self.busy.len() + 2 >= MAX_UNDER_WAY {
                return;
            }
            if self.busy.contains(&place.inode) {
                continue;
            }
            let parts = self.pending.take_due(place.inode, now, !self.is_finding_owners);
            if parts.is_empty() {
                continue;
            }
            let known = known.get_or_insert_with(|| {
                Arc::new(Known {
                    places: self.places.clone(),
                    socket_owners: Arc::clone(&self.socket_owners),
                    has_ipvs: self.has_ipvs,
                })
            });
            self.busy.insert(place.inode);
            let subscribe = self.watch.is_some() && self.to_subscribe.remove(&place.inode);
            let (place, known) = (Arc::clone(place), Arc::clone(known));
            self.readers.ask(Task::Read { place, parts, subscribe, known });
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let find_at = self.find_at.filter(|_| !self.is_finding);
        let may_read = self.busy.len() + 2 < MAX_UNDER_WAY && !(self.is_finding && self.full_is_due);
        let part = may_read.then(|| self.pending.next_due(&self.busy, !self.is_finding_owners)).flatten();
        find_at.into_iter().chain(part).min()
    }

    fn is_quiet(&self) -> bool {
        !self.is_finding
            && !self.is_finding_owners
            && self.busy.is_empty()
            && self.find_at.is_none()
            && !self.full_is_due
            && self.full.as_ref().map_or_else(|| self.pending.is_empty(), |full| full.open.is_empty())
    }

    async fn take_answer(&mut self, answer: Answer) -> Result<(), Gone> {
        match answer {
            Answer::Found(found) => self.take_found(found).await,
            Answer::SocketOwners { owners, is_partial } => {
                self.is_finding_owners = false;
                self.socket_owners = Arc::new(owners);
                self.owners_are_partial = is_partial;
                Ok(())
            }
            Answer::Read { namespace, parts, reading, subscription } => {
                self.busy.remove(&namespace);
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

    fn take_subscription(
        &mut self,
        namespace: NamespaceInode,
        subscription: io::Result<crate::watching::subscription::Subscription>,
    ) {
        let Some(watch) = &mut self.watch else { return };
        let missing = match subscription {
            Ok(subscription) => {
                let firewall_is_denied = subscription.firewall.is_err();
                match watch.subscribe(namespace, subscription) {
                    Ok(()) => firewall_is_denied.then_some("CAP_NET_ADMIN"),
                    Err(_) => Some("CAP_SYS_ADMIN"),
                }
            }
            Err(_) => Some("CAP_SYS_ADMIN"),
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
        self.found_at = Some(now);
        let before: HashSet<NamespaceInode> = self.places.iter().map(|place| place.inode).collect();
        let there: HashSet<NamespaceInode> = found.places.iter().map(|place| place.inode).collect();
        self.places = found.places;
        self.sightings = found.sightings;
        self.processes = found.processes;
        self.find_limits = found.limits;
        self.files_are_due = true;
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
            self.pending.mark(*inode, Parts::of(&[Part::Sockets]), now);
        }
        if let Some(watch) = &mut self.watch {
            watch.retain(|inode| there.contains(&inode));
            let named: Vec<(Arc<Place>, bool)> = self
                .places
                .iter()
                .zip(&self.sightings)
                .map(|(place, sighting)| (Arc::clone(place), !sighting.names.is_empty()))
                .collect();
            watch.watch_processes(&named);
            self.to_subscribe.extend(&new);
        }
        if !new.is_empty() && !is_full {
            // A cable's other end may be in the new namespace: only now can its number be resolved.
            for place in &self.places {
                if before.contains(&place.inode) && self.memory.has_unresolved_peers(place.inode) {
                    self.pending.mark(place.inode, Parts::of(&[Part::Links]), now);
                }
            }
            self.find_socket_owners();
        }
        if is_full {
            let total = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            let open = new.iter().flat_map(|inode| [(*inode, false), (*inode, true)]).collect();
            self.full = Some(Full { total, open });
            self.tell(vec![Fact::Host(host_facts::read())]).await?;
        }
        let mut facts = vec![Fact::Namespaces(self.sightings.clone()), Fact::Processes(self.processes_that_matter())];
        facts.retain(|fact| self.memory.is_news(fact));
        self.tell(facts).await
    }

    /// When all is read for now: what depends on it, and the end of a full observation.
    async fn settle(&mut self) -> Result<(), Gone> {
        let mut facts = vec![Fact::Processes(self.processes_that_matter())];
        if std::mem::take(&mut self.files_are_due) {
            let (files, limits) = self.name_files();
            self.memory.name_file_limits = limits;
            facts.push(Fact::NameFiles(files));
        }
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
                self.pending = Pending::default();
                self.memory = Memory::default();
            }
        }
        Ok(())
    }

    fn processes_that_matter(&self) -> Vec<Process> {
        let representatives: HashSet<u32> = self.places.iter().filter_map(|place| place.pid).collect();
        let holders: BTreeSet<u32> = self.memory.socket_holders();
        self.processes
            .iter()
            .filter(|process| {
                process.container_id.is_some()
                    || process.command == "docker-proxy"
                    || representatives.contains(&process.pid)
                    || holders.contains(&process.pid)
            })
            .map(|process| Process { inner_pid: processes::inner_pid(process.pid), ..process.clone() })
            .collect()
    }

    fn name_files(&self) -> (Vec<NameFiles>, Vec<Limit>) {
        let mut asked: HashSet<&str> = HashSet::new();
        let mut files = Vec::new();
        let mut limits = Vec::new();
        for process in &self.processes {
            let Some(container_id) = &process.container_id else { continue };
            if !asked.insert(container_id) {
                continue;
            }
            match name_files::read(process.pid) {
                Some(of_process) => files.push(of_process),
                None => {
                    let reason = LimitReason::Privilege { missing: "CAP_SYS_PTRACE".to_owned() };
                    let remedy = remedy(&reason);
                    limits.push(Limit { source: SourceKind::NameFiles, namespace: process.namespace, reason, remedy });
                }
            }
        }
        limits.dedup();
        (files, limits)
    }

    fn limits(&self) -> Fact {
        let mut limits = self.find_limits.clone();
        if self.owners_are_partial {
            let reason = LimitReason::Privilege { missing: "CAP_SYS_PTRACE".to_owned() };
            limits.push(Limit { source: SourceKind::Processes, namespace: None, remedy: remedy(&reason), reason });
        }
        if !self.has_ipvs {
            let reason = LimitReason::NotInKernel;
            limits.push(Limit { source: SourceKind::Ipvs, namespace: None, remedy: remedy(&reason), reason });
        }
        self.memory.limits(limits)
    }

    async fn tell(&self, facts: Vec<Fact>) -> Result<(), Gone> {
        if facts.is_empty() {
            return Ok(());
        }
        let at_ms = now_ms();
        let of = facts.into_iter().map(|fact| Observation { at_ms, fact }).collect();
        self.send(Message::Observations { of }).await
    }

    async fn send(&self, message: Message) -> Result<(), Gone> {
        self.messages.send(message).await.map_err(|_| Gone)
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

async fn hear(watch: &mut Option<Watch>) -> io::Result<Vec<Event>> {
    match watch {
        Some(watch) => watch.hear().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Hundreds of namespaces need more descriptors than the 1,024 that are usual; as many as may be had without asking.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some() && limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}
