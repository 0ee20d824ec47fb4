//! The command line as a shell has it: the built program on a recording of a real host (Docker 26.1 with one of every
//! wiring), on the bundled one, and on mistakes.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/bed.bwrec");
const LISTS: [&str; 5] = ["veths", "ports", "networks", "namespaces", "findings"];

/// The program, far from any engine, display or configuration of the machine that tests.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("LANG", "C.UTF-8");
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    program(Path::new("/"), arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tables_say_the_same_in_both_languages() {
    for language in ["en", "fr"] {
        for list in LISTS {
            let table = stdout(&[list, "--from", RECORDING, "--lang", language]);
            insta::assert_snapshot!(format!("{list}_{language}"), table);
        }
    }
    insta::assert_snapshot!("doctor_en", stdout(&["doctor", "--from", RECORDING]));
}

#[test]
fn a_walk_is_told_in_both_languages() {
    for language in ["en", "fr"] {
        for (name, from, to) in
            [("arrives", "web", "local:80"), ("blocked", "web", "vault:80"), ("door", "outside", "host:8080")]
        {
            let told = stdout(&["walk", from, to, "--from", RECORDING, "--lang", language]);
            insta::assert_snapshot!(format!("walk_{name}_{language}"), told);
        }
        insta::assert_snapshot!(
            format!("reach_{language}"),
            stdout(&["reach", "--from", RECORDING, "--lang", language])
        );
    }
}

#[test]
fn wires_are_listed_in_order_and_said_to_be_missing() {
    let document: Value =
        serde_json::from_str(&stdout(&["wires", "web", "outside", "--from", RECORDING, "--json"])).unwrap();
    let way = document["wires"].as_array().unwrap();
    let of = |field: &str| way.iter().map(|piece| piece[field].as_str().unwrap_or("-")).collect::<Vec<_>>();
    assert_eq!(of("by")[..5], ["-", "contains", "contains", "veth_pair", "port"], "{document}");
    assert_eq!((of("kind")[0], of("kind")[4], of("kind").last()), ("container", "bridge", Some(&"outside")));
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json-schema.md")).unwrap();
    for field in [&document, &way[0]].into_iter().flat_map(|object| object.as_object().unwrap().keys()) {
        assert!(schema.contains(&format!("`{field}`")), "`{field}` is not documented");
    }
    let table = stdout(&["wires", "web", "outside", "--from", RECORDING, "--lang", "fr"]);
    assert!(table.contains("paire veth") && table.contains("port du pont"), "{table}");
    assert!(!run(&["wires", "web", "nobody", "--from", RECORDING]).status.success());
}

#[test]
fn a_walk_is_one_document() {
    let document: Value =
        serde_json::from_str(&stdout(&["walk", "web", "vault:80", "--from", RECORDING, "--json"])).unwrap();
    assert_eq!((&document["schema_version"], &document["verdict"]), (&1.into(), &"dropped".into()));
    assert_eq!(document["decided_by"]["kind"], "rule");
    let reach: Value = serde_json::from_str(&stdout(&["reach", "--from", RECORDING, "--json"])).unwrap();
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json-schema.md")).unwrap();
    let mut objects = vec![&document, &document["hops"][0], &document["hops"][0]["before"], &reach];
    objects.extend([&reach["senders"][0], &reach["receivers"][0], &reach["cells"][0], &reach["open"][0]]);
    for field in objects.into_iter().flat_map(|object| object.as_object().unwrap().keys()) {
        assert!(schema.contains(&format!("`{field}`")), "`{field}` is not documented");
    }
}

#[test]
fn help_is_in_the_readers_language() {
    insta::assert_snapshot!("help_en", stdout(&["--help"]));
    let french = program(Path::new("/"), &["ports", "--help"]).env("LANG", "fr_FR.UTF-8").output().unwrap();
    insta::assert_snapshot!("help_ports_fr", String::from_utf8(french.stdout).unwrap());
}

#[test]
fn documents_have_a_version_a_list_and_the_limits() {
    for list in LISTS {
        let document: Value = serde_json::from_str(&stdout(&[list, "--from", RECORDING, "--json"])).unwrap();
        assert_eq!(document["schema_version"], 1, "{list}");
        assert!(!document[list].as_array().unwrap().is_empty(), "{list}");
        assert!(document["limits"].is_array(), "{list}");
    }
}

/// The names that programs rely on; each is in `docs/json-schema.md`.
#[test]
fn documents_have_the_fields_that_are_promised() {
    let fields = |list: &str| -> Vec<String> {
        let document: Value = serde_json::from_str(&stdout(&[list, "--from", RECORDING, "--json"])).unwrap();
        document[list][0].as_object().unwrap().keys().cloned().collect()
    };
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json-schema.md")).unwrap();
    for list in LISTS.into_iter().filter(|list| *list != "findings") {
        for field in fields(list) {
            assert!(schema.contains(&format!("`{field}`")), "`{field}` of {list} is not documented");
        }
    }
    let promised = [
        (
            "veths",
            "host_interface host_if_index bridge network containers container_interface container_if_index \
             mac_address addresses",
        ),
        ("ports", "container container_port protocol exposed published rules proxy_pid agrees reach"),
    ];
    for (list, names) in promised {
        let there = fields(list);
        for name in names.split(' ').filter(|name| !name.is_empty()) {
            assert!(there.iter().any(|field| field == name), "{list} lacks {name}");
        }
    }
}

#[test]
fn a_cable_is_told_with_all_that_share_its_end() {
    let document: Value = serde_json::from_str(&stdout(&["veths", "--from", RECORDING, "--json"])).unwrap();
    let rows = document["veths"].as_array().unwrap();
    let web = rows.iter().find(|row| row["addresses"][0] == "172.17.0.2/16").unwrap();
    assert_eq!(web["containers"], serde_json::json!(["sidecar", "web"]));
    assert_eq!(web["bridge"], "docker0");
    assert_eq!(web["mac_address"], "02:42:ac:11:00:02");
}

#[test]
fn exposed_published_and_published_on_loopback_differ() {
    let document: Value = serde_json::from_str(&stdout(&["ports", "--from", RECORDING, "--json"])).unwrap();
    let reach = |container: &str| {
        let ports = document["ports"].as_array().unwrap();
        ports.iter().find(|port| port["container"] == container).unwrap()["reach"].clone()
    };
    assert_eq!(reach("exposed"), "exposed_only");
    assert_eq!(reach("local"), "loopback");
    assert_eq!(reach("web"), "every_address");
}

#[test]
fn the_snapshot_is_one_document() {
    let snapshot: Value = serde_json::from_str(&stdout(&["snapshot", "--from", RECORDING])).unwrap();
    assert_eq!(snapshot["schema_version"], 1);
    assert_eq!(snapshot["hosts"][0]["name"], "bed");
}

#[test]
fn several_recordings_stand_side_by_side() {
    let document: Value =
        serde_json::from_str(&stdout(&["networks", "--from", RECORDING, "--from", RECORDING, "--json"])).unwrap();
    let mut hosts: Vec<_> =
        document["networks"].as_array().unwrap().iter().map(|row| row["host"].as_str().unwrap()).collect();
    hosts.dedup();
    assert_eq!(hosts.len(), 2, "{hosts:?}");
    assert!(stdout(&["networks", "--from", RECORDING, "--from", RECORDING]).starts_with("HOST"));
}

#[test]
fn the_bundled_recording_opens() {
    for list in ["veths", "ports", "networks", "namespaces"] {
        assert!(stdout(&[list, "--demo"]).lines().count() > 1, "{list}");
    }
}

#[test]
fn changes_are_a_line_each() {
    let lines = stdout(&["watch", "--from", RECORDING]);
    assert!(lines.lines().any(|line| line.ends_with("+ container late")), "{lines}");
    assert!(lines.lines().any(|line| line.contains("running → paused")), "{lines}");
    for line in stdout(&["watch", "--from", RECORDING, "--json"]).lines() {
        let change: Value = serde_json::from_str(line).unwrap();
        assert_eq!(change["schema_version"], 1);
        assert!(change["at_ms"].is_u64() && change["entity"].is_string() && change["kind"].is_string(), "{line}");
    }
}

#[test]
fn a_reader_that_goes_is_no_error() {
    for arguments in [
        ["snapshot", "--from", RECORDING, "--json"],
        ["watch", "--from", RECORDING, "--json"],
        ["namespaces", "--from", RECORDING, "--json"],
    ] {
        let mut child =
            program(Path::new("/"), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let status = child.wait().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(status.success() && !said.contains("panicked"), "{arguments:?}: {status} {said}");
    }
}

#[test]
fn pictures_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let formats = [
        ("a.svg", &b"<?xml"[..]),
        ("a.PNG", b"\x89PNG"),
        ("a.pdf", b"%PDF-"),
        ("a.pptx", b"PK\x03\x04"),
        ("a.drawio", b"<mxfile "),
        ("a.excalidraw", b"{"),
        ("a.mmd", b"flowchart LR"),
        ("a.dot", b"digraph"),
    ];
    for (name, begin) in formats {
        let output =
            program(folder.path(), &["export", "--from", RECORDING, "-o", name, "--theme", "dark"]).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let bytes = fs::read(folder.path().join(name)).unwrap();
        assert!(bytes.starts_with(begin) || bytes.starts_with(b"<svg"), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), formats.len());
}

/// A picture's options do what they say, and where they cannot that is said.
#[test]
fn pictures_have_options() {
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str, options: &[&str]| {
        let arguments: Vec<&str> =
            ["export", "--demo", "-o", name].into_iter().chain(options.iter().copied()).collect();
        let output = program(folder.path(), &arguments).output().unwrap();
        assert!(output.status.success(), "{name} {options:?}: {}", String::from_utf8_lossy(&output.stderr));
        fs::read(folder.path().join(name)).unwrap()
    };
    let pixels = |png: &[u8]| {
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    };
    assert_eq!(pixels(&export("a.png", &["--size", "1280x720"])), (1280, 720));
    let (one, four) = (pixels(&export("b.png", &["--scale", "1"])), pixels(&export("c.png", &["--scale", "4"])));
    assert!(four.0.abs_diff(4 * one.0) <= 4 && four.1.abs_diff(4 * one.1) <= 4, "{one:?} {four:?}");
    assert_eq!(export("any.name", &["--format", "mmd"])[..9], *b"flowchart");
    assert_ne!(export("d.svg", &["--theme", "print"]), export("e.svg", &["--theme", "projector"]));
    let part = export("f.svg", &["--select", "bridge"]);
    assert!(part.len() < export("g.svg", &[]).len());
}

/// Every mistake: exit status 2, exactly one line, nothing on stdout, no file left.
#[test]
fn mistakes_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let whole = fs::read(RECORDING).unwrap();
    fs::write(at("text.bwrec"), "this is no recording").unwrap();
    fs::write(at("empty.bwrec"), "").unwrap();
    let mut damaged = whole.clone();
    for byte in &mut damaged[20_000..20_200] {
        *byte ^= 0x55;
    }
    fs::write(at("damaged.bwrec"), damaged).unwrap();
    fs::write(at("newer.bwrec"), newer()).unwrap();
    fs::create_dir(at("folder.svg")).unwrap();
    let files = fs::read_dir(folder.path()).unwrap().count();

    let (text, empty, damaged, newer) = (at("text.bwrec"), at("empty.bwrec"), at("damaged.bwrec"), at("newer.bwrec"));
    let (absent, nowhere, taken) = (at("absent.bwrec"), at("absent/a.svg"), at("folder.svg"));
    let mistakes: &[(&[&str], &str)] = &[
        (&["veths", "--host", "unix:///nowhere.sock"], "/nowhere.sock"),
        (&["veths", "--host", "tcp://127.0.0.1:1"], "127.0.0.1:1"),
        (&["watch", "--host", "unix:///nowhere.sock"], "/nowhere.sock"),
        (&["record", "--host", "unix:///nowhere.sock", "-o", "a.bwrec"], "/nowhere.sock"),
        (&["veths", "--host", "carrier-pigeon://coop"], "carrier-pigeon"),
        (&["veths", "--context", "nosuch"], "nosuch"),
        (&["veths", "--from", &text], "text.bwrec"),
        (&["veths", "--from", &empty], "empty.bwrec"),
        (&["veths", "--from", &damaged], "damaged.bwrec"),
        (&["veths", "--from", &newer], "99"),
        (&["veths", "--from", &absent], "absent.bwrec"),
        (&["doctor", "--from", &absent], "absent.bwrec"),
        (&["watch", "--from", &absent], "absent.bwrec"),
        (&["export", "--from", RECORDING, "-o", &nowhere], "absent/a.svg"),
        (&["export", "--from", RECORDING, "-o", &taken], "folder.svg"),
        (&["export", "--from", RECORDING, "-o", "a.gif"], ".svg"),
        (&["export", "--from", RECORDING, "-o", "a"], ".png"),
        (&["export", "--demo", "-o", "a.pdf", "--transparent"], "--transparent"),
        (&["export", "--demo", "-o", "a.svg", "--scale", "2"], "--scale"),
        (&["export", "--demo", "-o", "a.png", "--scale", "0"], "--scale"),
        (&["export", "--demo", "-o", "a.svg", "--size", "huge"], "huge"),
        (&["export", "--demo", "-o", "a.svg", "--select", "nobody"], "nobody"),
        (&["export", "--demo", "-o", "a.svg", "--view", "sideways"], "host"),
        (&["record", "-o", &nowhere], "absent/a.svg"),
        (&["record", "--demo", "-o", "a.bwrec"], "--demo"),
        (&["record"], "--output"),
        (&["record", "-o", "a.bwrec", "--seconds", "0"], "--seconds"),
        (&["nosuch"], "nosuch"),
        (&["veths", "--nosuch"], "--nosuch"),
        (&["--lang", "xx", "veths"], "xx"),
        (&["veths", "--agent", "none", "--from", "b"], "--from"),
        (&["veths", "--demo", "--context", "b"], "--demo"),
        (&["export", "--demo", "-o", "a.svg", "--theme", "pink"], "light, dark"),
        (&["completions", "nosuch"], "bash"),
        (&["veths", "--from", "line\nbreak"], "--from"),
        (&["walk", "--demo", "nobody", "web"], "nobody"),
        (&["walk", "--demo", "web", "nobody:80"], "nobody"),
        (&["walk", "--demo", "web", "admin:http"], "http"),
        (&["walk", "--demo", "web", "admin:0"], "0"),
        (&["walk", "--demo", "proxy", "web"], "proxy"),
        (&["walk", "--demo", "web"], "TO[:PORT]"),
        (&["walk", "--demo", "web", "admin:80", "--protocol", "sctp"], "tcp, udp, icmp"),
        (&["walk", "--demo", "web", "admin:80", "--source-port", "0"], "--source-port"),
    ];
    for (arguments, named) in mistakes {
        for language in ["C.UTF-8", "fr_FR.UTF-8"] {
            let output = program(folder.path(), arguments).env("LANG", language).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
            assert!(said.contains(named), "{arguments:?} does not name {named}: {said}");
            assert!(output.stdout.is_empty(), "{arguments:?}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files, "a file was left");
}

/// A recording of a later program, by hand.
fn newer() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::default());
    let header = r#"{"bridgewalk_recording":99,"program":"bridgewalk 9.0.0","made_at_ms":0,"host":"alpha"}"#;
    std::io::Write::write_all(&mut encoder, format!("{header}\n").as_bytes()).unwrap();
    encoder.finish().unwrap();
    bytes
}

#[test]
fn without_a_display_it_says_so_and_what_to_do() {
    for arguments in [&["--demo"][..], &[]] {
        let output = run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("bridgewalk export"), "{said}");
    }
}

#[test]
fn a_recording_that_was_cut_off_opens_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(RECORDING).unwrap();
    fs::write(folder.path().join("cut.bwrec"), &whole[..whole.len() - 2_000]).unwrap();
    let output = program(folder.path(), &["networks", "--from", "cut.bwrec"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("cut.bwrec"));
}

/// What can be seen of the testing machine itself, with whatever privilege the tests have.
#[test]
fn a_recording_ends_well_with_the_time_and_with_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let timed = program(folder.path(), &["record", "-o", "timed.bwrec", "--seconds", "1"]).output().unwrap();
    assert!(timed.status.success(), "{}", String::from_utf8_lossy(&timed.stderr));

    for signal in ["INT", "TERM"] {
        let file = format!("{signal}.bwrec");
        let mut child = program(folder.path(), &["record", "-o", &file]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        assert!(!folder.path().join(&file).exists(), "it is there before it is whole");
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
    }
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["INT.bwrec", "TERM.bwrec", "timed.bwrec"]);
    for name in names {
        let output = program(folder.path(), &["namespaces", "--from", &name, "--json"]).output().unwrap();
        assert!(output.status.success());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["namespaces"][0]["kind"], "host", "{name}");
    }
}

/// `packaging/` holds what the program prints; CONTRIBUTING.md has the commands that make it again.
#[test]
fn the_packages_man_page_and_completions_are_fresh() {
    let packaging = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging");
    let kept = |name: &str| fs::read_to_string(format!("{packaging}/{name}")).unwrap_or_default();
    assert!(kept("bridgewalk.1") == stdout(&["man"]), "packaging/bridgewalk.1 is stale");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let name = format!("completions/bridgewalk.{shell}");
        assert!(kept(&name) == stdout(&["completions", shell]), "packaging/{name} is stale");
    }
}

#[test]
fn one_application_id_everywhere() {
    let id = "io.github.bridgewalk.Bridgewalk";
    let linux = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/linux");
    for ending in ["desktop", "metainfo.xml", "svg"] {
        assert!(Path::new(&format!("{linux}/{id}.{ending}")).exists(), "{ending}");
    }
    assert_eq!(bridgewalk_app::window::APP_ID, id);
    assert!(fs::read_to_string(format!("{linux}/{id}.metainfo.xml")).unwrap().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_desktop_is_told_what_is_asked_for() {
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/linux/io.github.bridgewalk.policy");
    let policy = fs::read_to_string(policy).unwrap();
    for part in ["description", "message"] {
        assert_eq!(policy.matches(&format!("<{part}>")).count(), 1, "{part}");
        assert_eq!(policy.matches(&format!("<{part} xml:lang=\"fr\">")).count(), 1, "{part}");
    }
    let path = "<annotate key=\"org.freedesktop.policykit.exec.path\">/usr/lib/bridgewalk/bridgewalk-agent</annotate>";
    assert!(policy.contains(path));
    assert_eq!(policy.matches("auth_admin</allow_").count(), 3, "nobody is let in without being asked");
}

/// What is done is said on stderr alone, in lines of ours that hide nothing; and a level that is none is a mistake.
#[test]
fn what_is_done_is_said_to_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |set_up: &dyn Fn(&mut Command)| {
        let mut command = program(folder.path(), &["networks", "--json", "--agent", "none"]);
        set_up(&mut command);
        let output = command.output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let quiet = ask(&|_| {});
    assert!(!quiet.contains("the engine is not read"), "{quiet}");
    let verbose = ask(&|command| {
        command.arg("--verbose");
    });
    let chosen = ask(&|command| {
        command.env("BRIDGEWALK_LOG", "warn").env("TOKEN", "SECRET");
    });
    for said in [&verbose, &chosen] {
        let line = said.lines().find(|line| line.contains("the engine is not read")).unwrap();
        assert!(line.starts_with("bridgewalk: ") && line.contains("WARN bridgewalk_collector"), "{line}");
        assert!(!said.contains('\u{1b}') && !said.contains("SECRET"), "{said}");
    }
    assert!(verbose.contains("DEBUG") && !chosen.contains("DEBUG"), "{verbose} {chosen}");

    let output = program(folder.path(), &["networks"]).env("BRIDGEWALK_LOG", "loud\u{1b}[31m").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("loud\\u{1b}[31m"), "{said}");
}
