//! One talk with a program: what it asked, what was found, what was told already.
//!
//! A session runs on one thread and waits; threads of their own read. What changed is marked, and read again at once,
//! but with rests in proportion to what reading takes ([`pending`]): a burst ends with one reading after it. What was
//! told is kept, and only what differs from it is told again.

mod answers;
mod late;
mod memory;
mod pending;
mod system;

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use bridgewalk_model::{
    Fact, Limit, LimitReason, NamespaceInode, NamespaceSighting, Observation,
    kernel::Process,
    proof::{ProofFailure, ProofOrder},
};
use tokio::sync::mpsc;

use crate::{
    Leave,
    discovery::Place,
    privilege,
    protocol::{BUILD, Hints, Message, PROTOCOL_VERSION, ProtocolError, Request},
    proving,
    reading::{
        Known, Part, Parts,
        readers::{Answered, MAX_UNDER_WAY, Readers, Task},
    },
    watching::{Event, Watch},
};
use memory::Memory;
use pending::Pending;
pub(crate) use system::raise_descriptor_limit;
use system::{hear, now_ms, sleep_until};

/// Changes that come together are read together.
const COALESCE: Duration = Duration::from_millis(2);
/// What has no events of its own and depends on others (sockets, their processes, names' files) is read so long after
/// the engine's word: first what changed, then what may have.
const AFTERWARDS: Duration = Duration::from_millis(40);

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
        Some(Request::Hello { program_version, .. }) if program_version != BUILD => {
            Err(ProtocolError::Build { program: program_version, agent: BUILD.to_owned() })
        }
        Some(Request::Hello { .. }) => {
            let privilege = privilege::own_privilege();
            let hello = Message::Hello {
                protocol_version: PROTOCOL_VERSION,
                agent_version: BUILD.to_owned(),
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
#[derive(Debug, Default)]
struct Full {
    total: u32,
    /// Namespaces of which something was not read yet: all but sockets, and sockets.
    open: HashSet<(NamespaceInode, bool)>,
}

struct Session {
    messages: mpsc::Sender<Message>,
    readers: Readers,
    answers: mpsc::Receiver<Answered>,
    hints: Arc<Hints>,
    places: Vec<Arc<Place>>,
    sightings: Vec<NamespaceSighting>,
    processes: Vec<Process>,
    find_limits: Vec<Limit>,
    has_ipvs: bool,
    socket_owners: Arc<HashMap<u64, u32>>,
    /// Why not all of them are known.
    owners_missing: Option<LimitReason>,
    find_at: Option<Instant>,
    /// When finding was asked for, was over, and so may be asked for again: at most half of the time goes into it.
    find_asked_at: Instant,
    find_rested_at: Instant,
    is_finding: bool,
    find_owners_at: Option<Instant>,
    is_finding_owners: bool,
    /// When containers are looked into again.
    look_inside_at: Option<Instant>,
    is_looking_inside: bool,
    /// The own number of each container's processes, which stays.
    inner_pids: HashMap<u32, (Process, Option<u32>)>,
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
        let now = Instant::now();
        let (answer_sender, answers) = mpsc::channel(2 * MAX_UNDER_WAY);
        Ok(Self {
            messages,
            readers: Readers::start(answer_sender)?,
            answers,
            hints: Arc::default(),
            places: Vec::new(),
            sightings: Vec::new(),
            processes: Vec::new(),
            find_limits: Vec::new(),
            has_ipvs: false,
            socket_owners: Arc::default(),
            owners_missing: None,
            find_at: None,
            find_asked_at: now,
            find_rested_at: now,
            is_finding: false,
            find_owners_at: None,
            is_finding_owners: false,
            look_inside_at: None,
            is_looking_inside: false,
            inner_pids: HashMap::new(),
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
            self.give_up().await?;
            self.dispatch();
            if self.rests() {
                self.settle().await?;
            }
            let next = self.next_due().into_iter().chain(self.readers.next_due()).min();
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    None => return Ok(None),
                    Some(request) => if let Some(error) = self.take_request(request).await? { return Ok(Some(error)) },
                },
                Some(answered) = self.answers.recv() => match self.readers.take(answered) {
                    Ok(answer) => self.take_answer(answer).await?,
                    Err(task) => self.is_back(task),
                },
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
        self.find_owners_at.get_or_insert(now + AFTERWARDS);
        self.look_inside_at.get_or_insert(now + AFTERWARDS);
        for place in &self.places {
            self.pending.mark(place.inode, Parts::of(&[Part::Sockets]), now + AFTERWARDS);
            // Rules of nf_tables have events, others have not.
            if place.is_host || self.memory.has_silent_rules(place.inode) {
                self.pending.mark(place.inode, Parts::of(&[Part::Firewall]), now);
            }
        }
    }

    fn look_for_namespaces(&mut self, now: Instant) {
        self.find_at.get_or_insert(self.find_rested_at.max(now + COALESCE));
    }

    fn find_socket_owners(&mut self) {
        self.find_owners_at = None;
        if !self.is_finding_owners {
            self.is_finding_owners = true;
            self.readers.ask(Task::FindSocketOwners);
        }
    }

    /// Whether what says which process holds which socket is there, and nobody asked for it again.
    const fn owners_are_known(&self) -> bool {
        !self.is_finding_owners && self.find_owners_at.is_none()
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
            self.find_asked_at = now;
            self.is_finding = true;
            self.readers.ask(Task::Find { hints: Arc::clone(&self.hints), before: self.places.clone() });
            if self.full_is_due {
                self.find_socket_owners();
            }
        }
        if self.is_finding && self.full_is_due {
            return;
        }
        if self.find_owners_at.is_some_and(|at| at <= now) && self.has_room() {
            self.find_socket_owners();
        }
        if !self.is_looking_inside && self.look_inside_at.is_some_and(|at| at <= now) && self.has_room() {
            self.look_inside_at = None;
            self.look_inside();
        }
        let mut known: Option<Arc<Known>> = None;
        for place in &self.places {
            if !self.has_room() {
                return;
            }
            if self.busy.contains(&place.inode) {
                continue;
            }
            let parts = self.pending.take_due(place.inode, now, self.owners_are_known());
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
        let may_read = self.has_room() && !(self.is_finding && self.full_is_due);
        let part = may_read.then(|| self.pending.next_due(&self.busy, self.owners_are_known())).flatten();
        let owners = self.find_owners_at.filter(|_| may_read);
        let inside = self.look_inside_at.filter(|_| may_read && !self.is_looking_inside);
        [find_at, part, owners, inside].into_iter().flatten().min()
    }

    /// Whether readers may be asked to read more: three slots are reserved for tasks that read no namespace.
    fn has_room(&self) -> bool {
        self.busy.len() + 3 < MAX_UNDER_WAY
    }

    /// Whether all is read for now.
    fn rests(&self) -> bool {
        !self.is_finding
            && !self.is_looking_inside
            && self.owners_are_known()
            && self.busy.is_empty()
            && self.find_at.is_none()
            && !self.full_is_due
            && self.full.as_ref().map_or_else(|| self.pending.is_empty(), |full| full.open.is_empty())
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
