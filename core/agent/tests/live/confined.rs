//! The program as it runs: what it gave up, which system calls it makes, and that it ends with its input.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bridgewalk_agent::{
    confinement::syscall_names,
    frame::{FrameDecoder, encode},
    protocol::{BUILD, Hints, Message, PROTOCOL_VERSION, Request},
};

use crate::bench::Named;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bridgewalk-agent");

struct Agent(Child);

impl Agent {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the agent"))
    }

    fn say(&mut self, request: &Request) {
        self.0.stdin.as_mut().expect("stdin").write_all(&encode(request).expect("frame")).expect("said");
    }

    fn hello(&mut self) {
        self.say(&Request::Hello { protocol_version: PROTOCOL_VERSION, program_version: BUILD.to_owned() });
    }

    /// What it says, up to the end of a full observation.
    fn until_done(&mut self) -> Vec<Message> {
        let stdout = self.0.stdout.as_mut().expect("stdout");
        let mut decoder = FrameDecoder::default();
        let mut messages = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            let len = stdout.read(&mut piece).expect("read");
            assert!(len > 0, "it ended: {messages:?}");
            decoder.push(&piece[..len]);
            while let Some(message) = decoder.next_value().expect("a message") {
                let is_done = message == Message::Done;
                messages.push(message);
                if is_done {
                    return messages;
                }
            }
        }
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if self.0.try_wait().expect("child").is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_thread_keeps_four_capabilities_and_is_filtered() {
    let mut agent = Agent::start(&mut Command::new(PROGRAM));
    agent.hello();
    agent.say(&Request::Watch { hints: Hints::default() });
    let messages = agent.until_done();
    let Some(Message::Hello { uid, capabilities, .. }) = messages.first() else { panic!("{messages:?}") };
    assert_eq!(*uid, 65_534);
    assert_eq!(capabilities[..], ["CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN"]);
    let threads: Vec<_> = fs::read_dir(format!("/proc/{}/task", agent.0.id())).expect("threads").flatten().collect();
    assert!(threads.len() >= 5, "{threads:?}");
    for thread in threads {
        let status = fs::read_to_string(thread.path().join("status")).expect("status");
        for line in [
            "Uid:\t65534\t65534\t65534\t65534",
            "CapPrm:\t0000000000281004",
            "CapEff:\t0000000000281004",
            "CapBnd:\t0000000000000000",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
        ] {
            assert!(status.lines().any(|it| it == line), "{line}: {status}");
        }
    }
}

#[test]
fn it_makes_no_call_that_is_not_in_the_list() {
    // More namespaces than threads, one with rules of each kind.
    let spaces = [Named::new(), Named::new(), Named::new()];
    spaces[0].run("ip link set lo up");
    spaces[0].run("nft add table inet t");
    spaces[1].run("iptables-legacy -A INPUT -j ACCEPT");
    spaces[1].run("ip6tables-legacy -A INPUT -j ACCEPT");
    let folder = tempfile::tempdir().expect("folder");
    let log = folder.path().join("strace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "0", "-o"]).arg(&log).arg(PROGRAM);
    let mut agent = Agent::start(&mut command);
    agent.hello();
    agent.say(&Request::Watch { hints: Hints::default() });
    let messages = agent.until_done();
    let facts = format!("{messages:?}");
    assert!(facts.contains("backend: Legacy") && facts.contains("backend: NfTables"), "rules of both kinds");
    agent.0.stdin = None;
    assert!(agent.ends_within(Duration::from_secs(10)));

    let log = fs::read_to_string(&log).expect("strace's log");
    let (before, after) = log.split_at(log.rfind(" seccomp(SECCOMP_SET_MODE_FILTER").expect("it filters its calls"));
    assert!(before.contains("capset(") && before.contains("setresuid("), "{before}");
    let allowed: BTreeSet<&str> = syscall_names().into_iter().chain(["openat2", "clone3"]).collect();
    let mut seen = BTreeSet::new();
    for line in after.lines().skip(1) {
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        let call = call.strip_prefix("<... ").unwrap_or(call);
        let name = call.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_')).next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        seen.insert(name);
        assert!(allowed.contains(name), "{line}");
        assert!(!line.ends_with("= -1 EPERM (Operation not permitted)"), "{line}");
    }
    assert!(seen.contains("setns") && seen.contains("openat") && seen.len() > 20, "{seen:?}");
}

#[test]
fn it_ends_with_its_input_even_if_nobody_reads_what_it_says() {
    let mut agent = Agent::start(&mut Command::new(PROGRAM));
    agent.hello();
    // Far more than a pipe holds.
    for _ in 0..200 {
        agent.say(&Request::Watch { hints: Hints::default() });
        std::thread::sleep(Duration::from_millis(2));
        if agent.0.stdin.is_none() {
            break;
        }
    }
    agent.0.stdin = None;
    assert!(agent.ends_within(Duration::from_secs(8)), "it outlives its input");
}
