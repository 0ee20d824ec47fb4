//! Several hosts on the command line: two clones of one machine, as recordings.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{
    collections::BTreeSet,
    fs::File,
    path::Path,
    process::{Command, Output},
};

use bridgewalk_model::{
    Fact,
    recording::{Recording, Writer},
};
use serde_json::Value;

const RECORDING: &[u8] = include_bytes!("recordings/bed.bwrec");

/// The recorded machine, as one of these ids has it.
fn clone(at: &Path, machine_id: Option<&str>, engine_id: &str) {
    let mut recording = Recording::read(RECORDING).unwrap();
    for observation in recording.hosts.iter_mut().flatten() {
        match &mut observation.fact {
            Fact::Host(facts) => facts.machine_id = machine_id.map(str::to_owned),
            Fact::Engine(facts) => facts.engine_id = engine_id.to_owned(),
            _ => {}
        }
    }
    let mut writer = Writer::new(File::create(at).unwrap(), &recording.header).unwrap();
    writer.append(recording.hosts.iter().flatten()).unwrap();
    writer.finish().unwrap();
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("LANG", "C.UTF-8").output().unwrap()
}

fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one line that says what is wrong.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len(), said.lines().count()), (Some(2), 0, 1), "{said}");
    said
}

#[test]
fn clones_are_told_apart_by_what_is_their_own_in_whatever_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (a, b, names) in [
        ((Some("1111111111aa"), "E"), (Some("2222222222bb"), "E"), ["bed#11111111", "bed#22222222"]),
        ((Some("1111111111aa"), "E"), (Some("1111111111aa"), "F"), ["bed#E", "bed#F"]),
        ((None, "E"), (None, "F"), ["bed#E", "bed#F"]),
    ] {
        clone(&folder.join("a"), a.0, a.1);
        clone(&folder.join("b"), b.0, b.1);
        let hosts = |files: [&str; 2]| -> Vec<(String, String)> {
            let text = stdout(folder, &["snapshot", "--from", files[0], "--from", files[1]]);
            let snapshot: Value = serde_json::from_str(&text).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let hosts = snapshot["hosts"].as_array().unwrap();
            hosts.iter().map(|host| (text(&host["name"]), text(&host["engine"]["engine_id"]))).collect()
        };
        let there = hosts(["a", "b"]);
        assert_eq!(there, [(names[0].to_owned(), a.1.to_owned()), (names[1].to_owned(), b.1.to_owned())]);
        let mut back = hosts(["b", "a"]);
        back.reverse();
        assert_eq!(back, there);
        let rows: Value =
            serde_json::from_str(&stdout(folder, &["veths", "--json", "--from", "a", "--from", "b"])).unwrap();
        let of: BTreeSet<&str> =
            rows["veths"].as_array().unwrap().iter().map(|row| row["host"].as_str().unwrap()).collect();
        assert_eq!(of, BTreeSet::from(names));
    }
}

#[test]
fn what_several_hosts_have_is_asked_for_with_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    clone(&folder.join("a"), Some("1111111111aa"), "E");
    clone(&folder.join("b"), Some("2222222222bb"), "E");
    let both = |arguments: &[&'static str]| [arguments, &["--from", "a", "--from", "b"]].concat();
    for (arguments, choices) in [
        (["walk", "web", "outside"], "bed#11111111/web, bed#22222222/web"),
        (["walk", "outside", "host:8080"], "bed#11111111/host, bed#22222222/host"),
        (["walk", "172.17.0.2", "outside"], "bed#11111111/172.17.0.2, bed#22222222/172.17.0.2"),
        (["walk", "bed", "outside"], "bed#11111111, bed#22222222"),
        (["wires", "outside", "docker0"], "bed#11111111/docker0, bed#22222222/docker0"),
    ] {
        let said = refused(folder, &both(&arguments));
        assert!(said.contains(choices), "{arguments:?}: {said}");
        for choice in choices.split(", ") {
            let meant = arguments.map(|argument| match argument.split_once(':') {
                Some((name, port)) if choice.ends_with(name) => format!("{choice}:{port}"),
                _ if choice.split('/').next_back() == Some(argument) || choice.split('#').next() == Some(argument) => {
                    choice.to_owned()
                }
                _ => argument.to_owned(),
            });
            let mut meant: Vec<&str> = meant.iter().map(String::as_str).collect();
            meant.extend(["--json", "--from", "a", "--from", "b"]);
            let document: Value = serde_json::from_str(&stdout(folder, &meant)).unwrap();
            let host = choice.split('/').next().unwrap();
            let first = document["hops"].as_array().map(|hops| hops[0]["host"].as_str().unwrap().to_owned());
            assert!(first.is_none_or(|first| first == "outside" || first == format!("host:{host}")), "{meant:?}");
        }
    }
    assert!(refused(folder, &both(&["walk", "bed#11111111/nobody", "outside"])).contains("nobody"));
    assert!(refused(folder, &both(&["walk", "bed#11111111/192.0.2.99", "outside"])).contains("192.0.2.99"));
    // Alone, none needs its host, and may have it.
    for sender in ["web", "bed/web", "host", "bed"] {
        stdout(folder, &["walk", sender, "outside", "--from", "a"]);
    }
}

#[test]
fn hosts_are_named_more_than_once_and_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    clone(&folder.join("a"), Some("1111111111aa"), "E");
    for named in [["--host", "unix:///nowhere/one.sock"], ["--context", "nowhere"]] {
        let [option, value] = named;
        let said = refused(folder, &["networks", option, value, "--from", "a"]);
        assert!(said.contains("nowhere"), "{said}");
        assert!(refused(folder, &["networks", option, value, option, value]).contains("nowhere"));
        let said = refused(folder, &["record", "-o", "r.bwrec", option, value, "--from", "a"]);
        assert!(said.contains("live"), "{said}");
        let said = refused(folder, &["walk", "a", "b", "--prove", option, value, option, value]);
        assert!(said.contains("one host"), "{said}");
    }
    assert!(refused(folder, &["networks", "--agent", "none", "--from", "a"]).contains("--from"));
    let table = stdout(folder, &["doctor", "--from", "a", "--from", "a"]);
    assert!(table.contains("bed ") && table.contains("bed#2 "), "{table}");
}
