//! What an observed host calls its things never reaches a terminal as it is: every command, on a recording in which every
//! name is hostile.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/bed.bwrec");
/// An escape sequence, one in eight bits, a title, a forged line, a turned direction, marks that nobody sees.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{1b}]0;owned\u{7}\r\nroot@host:~# \u{202e}\u{2066}\u{200b}\u{7f}\u{ad}\u{2028}\u{e0041}\u{180f}";
/// Fields that hold what somebody outside has chosen.
const NAMES: [&str; 12] = [
    "name",
    "hostname",
    "host_name",
    "image",
    "network_name",
    "path",
    "command",
    "comment",
    "text",
    "operating_system",
    "resolv_conf",
    "detail",
];

/// Without Rust's own idea of it: controls, marks of direction, what shows nothing.
fn is_dangerous(character: char) -> bool {
    let code = u32::from(character);
    (code < 0x20 && character != '\n')
        || (0x7f..=0x9f).contains(&code)
        || matches!(code, 0xad | 0x61c | 0x180e | 0x180f | 0xfeff)
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || (0xe0000..=0xe0fff).contains(&code)
}

/// The recording with every name made hostile, the same in the same way, and thousands of stale paths.
fn hostile(at: &Path, length: usize) {
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(RECORDING).unwrap()).read_to_string(&mut text).unwrap();
    let stale: Vec<Value> = (0..2_000)
        .map(|number| {
            let path = format!("/run/netns/{HOSTILE}{number}{}", "x".repeat(length));
            json!({"source": "namespaces", "reason": {"kind": "stale", "path": path}, "remedy": "none"})
        })
        .collect();
    let mut out = flate2::write::GzEncoder::new(fs::File::create(at).unwrap(), flate2::Compression::fast());
    let mut at_ms = 0;
    for (number, line) in text.lines().enumerate() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if number > 0 {
            at_ms = line["at_ms"].as_u64().unwrap();
            let is_rules = line["fact"] == "firewall";
            spoil(&mut line["of"], is_rules, length);
        }
        writeln!(out, "{line}").unwrap();
    }
    let limits = json!({"at_ms": at_ms, "fact": "limits", "of": {"of": ["namespaces"], "limits": stale}});
    writeln!(out, "{limits}").unwrap();
    out.finish().unwrap();
}

fn spoil(value: &mut Value, is_rules: bool, length: usize) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    // A chain's name leads to it, and a driver's kind is a vocabulary.
                    Value::String(text) if NAMES.contains(&key.as_str()) && !(is_rules && key == "name") => {
                        text.push_str(HOSTILE);
                        text.push_str(&"y".repeat(length));
                    }
                    other => spoil(other, is_rules, length),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| spoil(value, is_rules, length)),
        _ => {}
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("LANG", "C.UTF-8");
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn nothing_dangerous_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 5_000] {
        hostile(&folder.path().join("hostile.bwrec"), length);
        let lists = ["veths", "ports", "networks", "namespaces", "findings", "reach", "doctor", "watch", "snapshot"];
        let mut commands: Vec<Vec<&str>> = lists.iter().map(|list| vec![*list]).collect();
        commands.extend(lists.iter().map(|list| vec![*list, "--json"]));
        commands.extend([vec!["walk", "host", "172.17.0.2:80"], vec!["walk", "host", "172.17.0.2:80", "--json"]]);
        commands.extend([vec!["walk", HOSTILE, "web"], vec!["walk", "host", "172.17.0.2:80", "--lang", "fr"]]);
        commands.extend(
            ["svg", "mmd", "dot", "drawio", "excalidraw"]
                .map(|format| vec!["export", "-o", "-", "--format", format, "--detail", "everything"]),
        );
        for command in commands {
            // Length makes no difference to most of them.
            if length > 0 && !matches!(command[0], "veths" | "namespaces" | "doctor" | "walk") {
                continue;
            }
            let arguments: Vec<&str> = command.iter().copied().chain(["--from", "hostile.bwrec"]).collect();
            let output = run(folder.path(), &arguments);
            for bytes in [&output.stdout, &output.stderr] {
                let text = String::from_utf8_lossy(bytes);
                let found = text.char_indices().find(|(_, character)| is_dangerous(*character));
                let around = found.map(|(at, _)| text[..at].chars().rev().take(60).collect::<Vec<_>>());
                let around = around.map(|around| around.into_iter().rev().collect::<String>());
                assert!(found.is_none(), "{arguments:?} prints {:?} after {around:?}", found.map(|found| found.1));
                assert!(!text.lines().any(|line| line.starts_with("root@host")), "{arguments:?}: a forged line");
            }
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.lines().count() < 40, "{arguments:?} says {} lines", said.lines().count());
            assert!(said.lines().all(|line| line.chars().count() < 2_000), "{arguments:?}: {said}");
        }
        let doctor = run(folder.path(), &["doctor", "--from", "hostile.bwrec"]);
        let table = String::from_utf8(doctor.stdout).unwrap();
        assert!(table.contains("1995 more") && table.lines().count() < 60, "{table}");
    }
}

#[test]
fn arguments_are_quoted_tamely() {
    for arguments in [
        vec![HOSTILE],
        vec!["veths", HOSTILE],
        vec!["--lang", HOSTILE],
        vec!["veths", "--from", HOSTILE],
        vec!["veths", "--host", HOSTILE],
        vec!["veths", "--context", HOSTILE],
        vec!["export", "--demo", "-o", HOSTILE],
        vec!["export", "--demo", "-o", "a.svg", "--select", HOSTILE],
        vec!["walk", "--demo", HOSTILE, "web"],
        vec!["walk", "--demo", "web", HOSTILE],
    ] {
        let output = run(Path::new("/"), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said:?}");
        assert!(!said.chars().any(is_dangerous), "{arguments:?}: {said:?}");
    }
}

/// Two names that are shown alike are two: each document has both sides, and each is found by what it really is.
#[test]
fn names_that_look_alike_are_two() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(RECORDING).unwrap()).read_to_string(&mut text).unwrap();
    let (web, local) = (format!("{}one", "w".repeat(130)), format!("{}two", "w".repeat(130)));
    let text = text.replace(r#""name":"web""#, &format!(r#""name":"{web}""#));
    let text = text.replace(r#""name":"local""#, &format!(r#""name":"{local}""#));
    let mut out = flate2::write::GzEncoder::new(
        fs::File::create(folder.path().join("alike.bwrec")).unwrap(),
        flate2::Compression::fast(),
    );
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap();
    let document = |arguments: &[&str]| -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--from", "alike.bwrec", "--json"]).collect();
        let output = run(folder.path(), &arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error} {said}"))
    };
    let ports = document(&["ports"]);
    let rows = ports["ports"].as_array().unwrap();
    for name in [&web, &local] {
        let row = rows.iter().find(|row| row["container_raw"] == **name).unwrap();
        assert_eq!(row["container"], format!("{}…", "w".repeat(120)));
        let walk = document(&["walk", "host", &format!("{name}:80")]);
        assert_eq!(walk["to"].as_str().map(|to| to.contains("one")), Some(name == &web));
    }
    let one = document(&["walk", "host", &format!("{web}:80")])["question"]["to"]["id"].clone();
    let two = document(&["walk", "host", &format!("{local}:80")])["question"]["to"]["id"].clone();
    assert!(one.is_string() && two.is_string() && one != two, "{one} {two}");
}
