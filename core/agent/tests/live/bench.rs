//! Namespaces of our own, and a talk with an agent in this process.

use std::{
    net::IpAddr,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use bridgewalk_agent::{
    AgentLink, Leave,
    protocol::{BUILD, Hints, Message, PROTOCOL_VERSION, Request},
    start_in_process,
};
use bridgewalk_model::{Fact, NamespaceInode, NamespaceSighting, Observation, kernel::Link};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Runs a command that must succeed, and returns what it printed.
pub(crate) fn run(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().expect("sh");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A named namespace, removed when dropped.
pub(crate) struct Named(pub(crate) String);

impl Named {
    pub(crate) fn new() -> Self {
        let name = format!("kernel-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(&format!("ip netns add {name}"));
        Self(name)
    }

    /// Runs a command inside.
    pub(crate) fn run(&self, command: &str) -> String {
        run(&format!("ip netns exec {} {command}", self.0))
    }

    pub(crate) fn json(&self, command: &str) -> Vec<serde_json::Value> {
        let text = self.run(command);
        if text.trim().is_empty() { Vec::new() } else { serde_json::from_str(&text).expect(command) }
    }

    pub(crate) fn inode(&self) -> NamespaceInode {
        use std::os::unix::fs::MetadataExt;
        NamespaceInode(std::fs::metadata(format!("/run/netns/{}", self.0)).expect("namespace").ino())
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// A talk with an agent.
pub(crate) struct Talk {
    pub(crate) link: AgentLink,
    pub(crate) facts: Vec<Fact>,
}

impl Talk {
    pub(crate) fn start() -> Self {
        Self::start_with(Leave::MayProve)
    }

    pub(crate) fn start_with(leave: Leave) -> Self {
        let mut talk = Self { link: start_in_process(leave), facts: Vec::new() };
        talk.ask(Request::Hello { protocol_version: PROTOCOL_VERSION, program_version: BUILD.to_owned() });
        assert!(matches!(talk.next(), Message::Hello { uid: 0, .. }));
        talk
    }

    pub(crate) fn ask(&self, request: Request) {
        self.link.requests.blocking_send(request).expect("the agent listens");
    }

    pub(crate) fn next(&mut self) -> Message {
        self.next_before(Instant::now() + Duration::from_secs(20)).expect("a message in time")
    }

    pub(crate) fn next_before(&mut self, end: Instant) -> Option<Message> {
        loop {
            match self.link.messages.try_recv() {
                Ok(message) => {
                    if let Message::Observations { of } = &message {
                        self.facts.extend(of.iter().map(|Observation { fact, .. }| fact.clone()));
                    }
                    return Some(message);
                }
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_micros(200)),
                Err(_) => return None,
            }
        }
    }

    /// Until the full observation is complete.
    pub(crate) fn until_done(&mut self) {
        while !matches!(self.next(), Message::Done) {}
    }

    pub(crate) fn observe() -> Self {
        let mut talk = Self::start();
        talk.ask(Request::Observe { hints: Hints::default() });
        talk.until_done();
        talk
    }

    pub(crate) fn watch() -> Self {
        let mut talk = Self::start();
        talk.ask(Request::Watch { hints: Hints::default() });
        talk.until_done();
        talk
    }

    /// Takes messages until `is` holds of the facts; returns how long that took.
    pub(crate) fn wait_for(&mut self, what: &str, is: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !is(self) {
            assert!(self.next_before(start + Duration::from_secs(10)).is_some() || is(self), "no sign of {what}");
        }
        start.elapsed()
    }

    /// The newest of the facts that `pick` knows.
    pub(crate) fn newest<'a, T>(&'a self, pick: impl Fn(&'a Fact) -> Option<T>) -> Option<T> {
        self.facts.iter().rev().find_map(pick)
    }

    pub(crate) fn sightings(&self) -> &[NamespaceSighting] {
        self.newest(|fact| match fact {
            Fact::Namespaces(list) => Some(&list[..]),
            _ => None,
        })
        .expect("namespaces")
    }

    pub(crate) fn links(&self, of: NamespaceInode) -> &[Link] {
        self.newest(|fact| match fact {
            Fact::Links(section) if section.namespace == of => Some(&section.is[..]),
            _ => None,
        })
        .unwrap_or_default()
    }

    pub(crate) fn addresses(&self, of: NamespaceInode) -> Vec<(u32, IpAddr, u8)> {
        self.newest(|fact| match fact {
            Fact::Addresses(section) if section.namespace == of => {
                Some(section.is.iter().map(|address| (address.if_index, address.address, address.prefix_len)).collect())
            }
            _ => None,
        })
        .unwrap_or_default()
    }
}

/// The host's namespace here.
pub(crate) fn own() -> NamespaceInode {
    use std::os::unix::fs::MetadataExt;
    NamespaceInode(std::fs::metadata("/proc/self/ns/net").expect("own").ino())
}
