//! At most 512 MiB, whatever comes in. Each test has another process observe something hostile, and looks how much memory
//! that took at its peak (`VmHWM`). All is said at sockets and pipes, whatever client reads it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod fake_engine;

use std::{
    env, fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use bridgewalk_collector::{AgentChoice, Collector, CollectorConfig, EngineChoice, Update, observe_once};
use bridgewalk_model::{Fact, LimitReason};
use fake_engine::{Answer, FakeEngine};
use serde_json::{Value, json};

const MAX_PEAK_KIB: u64 = 512 << 10;
/// What tells the observing process that it is one: the engine's address.
const HOST: &str = "BRIDGEWALK_TEST_HOST";
/// How long it watches, in seconds; none: it observes once.
const SECONDS: &str = "BRIDGEWALK_TEST_SECONDS";
/// Through which agent.
const AGENT: &str = "BRIDGEWALK_TEST_AGENT";

/// What became of it.
#[derive(Debug)]
struct Outcome {
    peak_kib: u64,
    /// What it could not read, or why it failed.
    said: String,
}

/// Runs [`observing`] in a process of its own.
fn observe(host: &str, variables: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "observing", "--ignored", "--nocapture"]).env(HOST, host);
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let Some(peak) = line("peak_kib ") else {
        panic!("{}: {text} {}", output.status, String::from_utf8_lossy(&output.stderr))
    };
    let outcome = Outcome { peak_kib: peak.trim().parse().unwrap(), said: line("said ").unwrap_or_default() };
    println!("{outcome:?}");
    outcome
}

/// The other process: no test of its own.
#[test]
#[ignore = "run by the tests in this file"]
fn observing() {
    let Ok(host) = env::var(HOST) else { return };
    let agent = if env::var_os(AGENT).is_some() { AgentChoice::Sudo } else { AgentChoice::None };
    let engine = EngineChoice { host: Some(host), context: None };
    let seconds = env::var(SECONDS).ok().map(|seconds| seconds.parse().unwrap());
    let config = CollectorConfig { engine, agent, watch: seconds.is_some(), ..CollectorConfig::default() };
    let mut said = Vec::new();
    let mut see = |fact: &Fact| {
        if let Fact::Limits { limits, .. } = fact {
            said.extend(limits.iter().map(|limit| match &limit.reason {
                LimitReason::Undecoded { detail }
                | LimitReason::Truncated { detail }
                | LimitReason::Resynchronised { detail }
                | LimitReason::Unreachable { detail } => detail.clone(),
                other => format!("{other:?}"),
            }));
        }
    };
    match seconds {
        None => match observe_once(config, |_, _| {}) {
            Ok(observed) => observed.observations.iter().for_each(|observation| see(&observation.fact)),
            Err(error) => said.push(error.to_string()),
        },
        Some(seconds) => {
            let collector = Collector::start(config, Box::new(|| {})).unwrap();
            let until = Instant::now() + Duration::from_secs(seconds);
            while Instant::now() < until {
                if let Some(Update::Observed { observations, .. }) = collector.recv_timeout(Duration::from_millis(500))
                {
                    observations.iter().for_each(|observation| see(&observation.fact));
                    // A reader that is not quick.
                    std::thread::sleep(Duration::from_millis(300));
                }
            }
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("\npeak_kib {}", peak.trim().trim_end_matches(" kB"));
    said.truncate(5);
    println!("said {}", said.join("; ").chars().take(2000).collect::<String>());
}

fn answers() -> serde_json::Map<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/docker-26.1.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn bytes(text: String) -> Answer {
    Answer::Bytes(Arc::new(text.into_bytes()))
}

/// An answer of `count` items, each of which becomes a hundred times what it is.
fn swollen(before: &str, count: usize, after: &str) -> Answer {
    bytes(format!("{before}{}{{}}{after}", "{\"\":0},".repeat(count)))
}

#[test]
fn no_answer_becomes_more_than_it_may() {
    let millions = 4 << 20;
    let answers = answers();
    let inspection = |kind: &str| {
        let list = format!("/{kind}/json");
        answers.keys().find(|path| path.starts_with(&format!("/{kind}/")) && **path != list).unwrap().clone()
    };
    let text = |count: usize| (0..count).map(|n| format!("\"{n}\":\"\",")).collect::<String>();
    let cases: Vec<(String, Answer)> = ["/version", "/info", "/plugins", "/containers/json", "/networks", "/_ping"]
        .into_iter()
        .map(|path| (path.to_owned(), swollen("[", millions, "]")))
        .chain([
            (inspection("containers"), swollen("{\"Id\":\"x\",\"Mounts\":[", millions, "]}")),
            (inspection("networks"), swollen("{\"Id\":\"x\",\"Peers\":[", millions, "]}")),
            (
                inspection("containers"),
                bytes(format!("{{\"Id\":\"x\",\"Config\":{{\"Labels\":{{{}\"\":\"\"}}}}}}", text(1 << 20))),
            ),
            (
                "/containers/json".to_owned(),
                bytes(format!("[{}{{}}]", "{\"Id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\"},".repeat(1 << 20))),
            ),
            ("/networks".to_owned(), bytes(format!("[{}{{}}]", "{\"Id\":\"a\"},".repeat(20_000)))),
            ("/info".to_owned(), bytes(format!("\"{}\"", "x".repeat(70 << 20)))),
            ("/info".to_owned(), bytes("[".repeat(30 << 20))),
        ])
        .collect();
    for (path, answer) in cases {
        let began = Instant::now();
        let engine = FakeEngine::start(answers.clone());
        engine.answer_with(&path, answer);
        let outcome = observe(&engine.host(), &[]);
        assert!(outcome.peak_kib < MAX_PEAK_KIB, "{path}: {outcome:?}");
        println!("{path}: {:?}", began.elapsed());
        // What is passed over by `/_ping` was not asked for.
        assert!(!outcome.said.is_empty() || path == "/_ping", "{path}: {outcome:?}");
    }
}

#[test]
fn many_large_answers_together_are_bounded() {
    let engine = FakeEngine::start(answers());
    let labels: String = (0..100_000).map(|n| format!("\"label{n}\":\"a value of some length\",")).collect();
    let mut list = Vec::new();
    for n in 0..100 {
        let id = format!("{n:064}");
        let inspection =
            format!("{{\"Id\":\"{id}\",\"Name\":\"/c{n}\",\"Config\":{{\"Labels\":{{{labels}\"\":\"\"}}}}}}");
        engine.answer_with(&format!("/containers/{id}/json"), bytes(inspection));
        list.push(json!({"Id": id}));
    }
    engine.answer("/containers/json", Some(Value::Array(list)));
    let outcome = observe(&engine.host(), &[]);
    assert!(outcome.peak_kib < MAX_PEAK_KIB, "{outcome:?}");
    assert!(outcome.said.contains("memory"), "{outcome:?}");
}

#[test]
fn a_flood_of_events_is_bounded() {
    let engine = FakeEngine::start(answers());
    let host = engine.host();
    let watch = move || observe(&host, &[(SECONDS, "10")]);
    let watching = std::thread::Builder::new().name("watching".to_owned()).spawn(watch).unwrap();
    let began = Instant::now();
    while !engine.is_listened_to() {
        assert!(began.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut n = 0;
    loop {
        let lines: String = (0..200)
            .map(|_| {
                n += 1;
                let attributes = json!({"name": "x".repeat(2000), "image": "y".repeat(2000)});
                let actor = json!({"ID": format!("{n:064}"), "Attributes": attributes});
                format!("{}\n", json!({"Type": "container", "Action": "start", "Actor": actor, "timeNano": n}))
            })
            .collect();
        if !engine.events(&lines) {
            break;
        }
    }
    let outcome = watching.join().unwrap();
    println!("{n} events");
    assert!(outcome.peak_kib < MAX_PEAK_KIB, "{outcome:?}");
    assert!(n > 1000, "{n}");
}

/// A program in the place of `sudo` that says these frames and then waits.
fn with_frames(frames: &[u8]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let said = file("frames", frames);
    file("sudo", format!("#!/bin/sh\ncat '{}'\nexec cat >/dev/null\n", said.display()).as_bytes());
    let agent = file("agent", b"#!/bin/sh\n");
    let path = format!("{}:{}", folder.path().display(), env::var("PATH").unwrap());
    let variables =
        [("PATH", path.as_str()), (AGENT, "1"), ("BRIDGEWALK_AGENT", agent.to_str().unwrap()), (SECONDS, "10")];
    // An engine elsewhere is no reason to read this kernel.
    let mut answers = answers();
    answers["/info"]["KernelVersion"] = json!(fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim());
    let engine = FakeEngine::start(answers);
    observe(&engine.host(), &variables)
}

fn frame(json: &str) -> Vec<u8> {
    let length = u32::try_from(json.len()).unwrap().to_be_bytes();
    [&length[..], json.as_bytes()].concat()
}

#[test]
fn no_frame_of_an_agent_becomes_more_than_it_may() {
    let observations = |of: &str| frame(&format!("{{\"message\":\"observations\",\"of\":[{of}]}}"));
    let item = "{\"\":0},";
    let swollen =
        format!("{{\"at_ms\":1,\"fact\":\"processes\",\"of\":[{}0]}}", item.repeat((16 << 20) / item.len() - 20));
    let outcome = with_frames(&observations(&swollen));
    assert!(outcome.peak_kib < MAX_PEAK_KIB && outcome.said.contains("values"), "{outcome:?}");

    let name = "x".repeat(100_000);
    let flood: Vec<u8> = (0..4000_u64)
        .flat_map(|n| {
            let section = json!({"namespace": n, "via": "netlink", "is": [{"path": name, "value": ""}]});
            observations(&json!({"at_ms": 1, "fact": "sysctls", "of": section}).to_string())
        })
        .collect();
    let outcome = with_frames(&flood);
    assert!(outcome.peak_kib < MAX_PEAK_KIB && outcome.said.contains("it was stopped"), "{outcome:?}");
}
