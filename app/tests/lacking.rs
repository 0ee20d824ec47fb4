//! What was not read is said wherever it matters: each command, as a table and as JSON, in both languages, and each format of
//! a picture, on a real host of which each source in turn is left out.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{fs, path::Path, process::Command};

use bridgewalk_model::{
    Answer, Fact, Limit, LimitReason, Observation, Remedy, SourceKind,
    recording::{Header, Recording, Writer},
};
use serde_json::Value;

const RECORDING: &[u8] = include_bytes!("recordings/bed.bwrec");
/// The lists that a document has, and what they answer.
const LISTS: [(&str, Answer); 5] = [
    ("veths", Answer::Veths),
    ("ports", Answer::Ports),
    ("networks", Answer::Networks),
    ("namespaces", Answer::Namespaces),
    ("findings", Answer::Findings),
];

fn run(folder: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk"));
    let output = command.args(arguments).current_dir(folder).env_clear().env("LANG", "C.UTF-8").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (stdout, stderr)
}

/// The host with what `keep` says, and a limit; a recording named `name`.
fn record(folder: &Path, name: &str, keep: impl Fn(&Fact) -> bool, limit: Option<Limit>) {
    let mut observations = Recording::read(RECORDING).unwrap().hosts.concat();
    observations.retain(|observation| keep(&observation.fact));
    let at_ms = observations.last().map_or(0, |last| last.at_ms);
    observations.extend(
        limit.map(|limit| Observation { at_ms, fact: Fact::Limits { of: vec![limit.source], limits: vec![limit] } }),
    );
    let file = fs::File::create(folder.join(name)).unwrap();
    let mut writer = Writer::new(file, &Header::new("test", 0, "bed")).unwrap();
    writer.append(&observations).unwrap();
    writer.finish().unwrap();
}

fn is_engines(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Engine(_)
            | Fact::Containers(_)
            | Fact::Container(_)
            | Fact::ContainerGone { .. }
            | Fact::Networks(_)
            | Fact::Network(_)
            | Fact::NetworkGone { .. }
            | Fact::Swarm(_)
            | Fact::EngineEvent(_)
    )
}

/// What an answer must not say without having read what it rests on.
const CLAIMS: [&str; 12] = [
    "No veth pairs",
    "No container ports",
    "No networks",
    "No namespaces",
    "No findings",
    "Nothing is open",
    "Aucune paire",
    "Aucun port",
    "Aucun réseau",
    "Aucun espace",
    "Rien à signaler",
    "Rien n’est ouvert",
];

#[test]
fn each_answer_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "whole.bwrec", |_| true, None);
    for source in SourceKind::ALL {
        let limit = Limit { source, namespace: None, reason: LimitReason::NotAsked, remedy: Remedy::None };
        let keep = |fact: &Fact| match source {
            SourceKind::Engine => !is_engines(fact),
            SourceKind::Agent => is_engines(fact) || matches!(fact, Fact::Host(_)),
            _ => true,
        };
        record(folder.path(), "part.bwrec", keep, Some(limit));
        for (recording, is_whole) in [("whole.bwrec", true), ("part.bwrec", false)] {
            // The whole host is the same for every source, and one source says it in French as all do.
            let is_first = source == SourceKind::Engine;
            if is_whole && !is_first {
                continue;
            }
            for (language, signs) in [
                ("en", ["Unknown: not everything was read.", "Not everything was read:"]),
                ("fr", ["Indéterminé\u{a0}: tout n’a pas été lu.", "Tout n’a pas été lu\u{a0}:"]),
            ]
            .into_iter()
            .take(if is_first { 2 } else { 1 })
            {
                let table = |arguments: &[&str], answer: Answer| {
                    let all = [arguments, &["--from", recording, "--lang", language]].concat();
                    let (stdout, _) = run(folder.path(), &all);
                    let is_said = signs.iter().any(|sign| stdout.contains(sign));
                    let is_due = !is_whole && answer.rests_on(source);
                    assert_eq!(is_said, is_due, "{source:?}: {all:?}: {stdout}");
                    let is_claimed = CLAIMS.iter().any(|claim| stdout.contains(claim));
                    assert!(!(is_claimed && is_due), "{source:?}: {all:?}: {stdout}");
                };
                for (list, answer) in LISTS {
                    table(&[list], answer);
                }
                table(&["reach"], Answer::Reach);
                table(&["walk", "172.17.0.2", "outside:443"], Answer::Walk);
                table(&["walk", "outside", "host:8080"], Answer::Walk);
            }
            let documents = LISTS.iter().map(|(list, answer)| (vec![*list], *answer));
            let walks = [(vec!["reach"], Answer::Reach), (vec!["walk", "outside", "host:8080"], Answer::Walk)];
            for (arguments, answer) in documents.chain(walks) {
                let all = [arguments.as_slice(), &["--from", recording, "--json"]].concat();
                let document: Value = serde_json::from_str(&run(folder.path(), &all).0).unwrap();
                let is_due = !is_whole && answer.rests_on(source);
                assert_eq!(document["complete"], !is_due, "{source:?}: {all:?}");
                let mut limits = document["limits"].as_array().unwrap().iter();
                let is_said = limits.any(|it| it["source"] == source.name() && it["reason"]["kind"] == "not_asked");
                assert_eq!(is_said, is_due, "{source:?}: {all:?}");
            }
        }
    }
}

#[test]
fn a_picture_says_what_it_lacks_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let limit =
        Limit { source: SourceKind::Agent, namespace: None, reason: LimitReason::NotAsked, remedy: Remedy::StartAgent };
    record(folder.path(), "whole.bwrec", |_| true, None);
    record(folder.path(), "part.bwrec", |fact| is_engines(fact) || matches!(fact, Fact::Host(_)), Some(limit));
    let export = |recording: &str, name: &str, more: &[&str]| -> Vec<u8> {
        let all = [&["export", "--from", recording, "-o", name], more].concat();
        let (stdout, stderr) = run(folder.path(), &all);
        assert!(stdout.is_empty());
        let is_said = stderr.contains("not asked for") || stderr.contains("non demandé");
        assert_eq!(is_said, recording == "part.bwrec", "{all:?}: {stderr}");
        fs::read(folder.path().join(name)).unwrap()
    };
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for format in ["svg", "drawio", "excalidraw", "mmd", "dot"] {
        let name = format!("a.{format}");
        let part = export("part.bwrec", &name, &[]);
        assert!(has(&part, "Not seen"), "{format}");
        assert!(has(&part, "the kernel"), "{format}");
        assert!(!has(&export("whole.bwrec", &name, &[]), "Not seen"), "{format}");
    }
    for format in ["png", "pdf", "pptx"] {
        let name = format!("a.{format}");
        assert_ne!(export("part.bwrec", &name, &[]), export("whole.bwrec", &name, &[]), "{format}");
    }
    for view in ["port-mapping", "bridge", "nat", "dns", "overlay", "ingress", "plugins"] {
        let part = export("part.bwrec", "b.svg", &["--view", view]);
        assert!(has(&part, "Not seen") && !has(&part, "Nothing of this kind is here"), "{view}");
    }
    assert!(has(&export("part.bwrec", "c.svg", &["--anonymise"]), "Not seen"));
    let french = export("part.bwrec", "d.svg", &["--lang", "fr"]);
    assert!(has(&french, "Non vu") && has(&french, "le noyau"));
}

#[test]
fn changes_begin_with_what_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let limit =
        Limit { source: SourceKind::Agent, namespace: None, reason: LimitReason::NotAsked, remedy: Remedy::StartAgent };
    record(folder.path(), "part.bwrec", |fact| is_engines(fact) || matches!(fact, Fact::Host(_)), Some(limit));
    let (lines, _) = run(folder.path(), &["watch", "--from", "part.bwrec"]);
    assert!(lines.contains("not asked for"), "{lines}");
    let (lines, _) = run(folder.path(), &["watch", "--from", "part.bwrec", "--json"]);
    let has_limit = |line: &str| serde_json::from_str::<Value>(line).unwrap()["limit"]["source"] == "agent";
    assert!(lines.lines().any(has_limit), "{lines}");
}
