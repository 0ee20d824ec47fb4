//! What the user reads when a connection over ssh or TLS does not stand: what ssh and TLS themselves say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::Command,
};

use bridgewalk_collector::{AgentChoice, CollectorConfig, EngineChoice, reach};

const HOST: &str = "BRIDGEWALK_TEST_HOST";

/// Tries to reach an engine in another process, with these variables; what is said.
fn said(host: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "reaching", "--ignored", "--nocapture"]).env(HOST, host).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| line.strip_prefix("said "));
    said.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// The other process: no test of its own.
#[test]
#[ignore = "run by the tests in this file"]
fn reaching() {
    let Ok(host) = env::var(HOST) else { return };
    let engine = EngineChoice { host: Some(host), context: None };
    let config = CollectorConfig { engine, agent: AgentChoice::None, ..CollectorConfig::default() };
    println!("\nsaid {}", reach(&config).map_or_else(|error| error.to_string(), |()| "nothing".to_owned()));
}

/// A folder with a program `ssh`, and a PATH that begins with it.
fn ssh(script: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ssh");
    fs::File::create(&path).unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let variable = format!("{}:{}", folder.path().display(), env::var("PATH").unwrap());
    (folder, variable)
}

#[test]
fn what_ssh_says_is_said() {
    let (_folder, path) = ssh("echo 'banner' >&2; echo 'me@far: Permission denied (publickey).' >&2; exit 255");
    let line = said("ssh://me@far", &[("PATH", &path)]);
    assert!(line.contains("ssh://me@far") && line.contains("Permission denied (publickey)."), "{line}");
    // A novel with terminal escapes is one line of bounded length.
    let (_folder, path) =
        ssh(r"i=0; while [ $i -lt 2000 ]; do printf '\033[31mred line %d\n' $i >&2; i=$((i+1)); done; exit 1");
    let line = said("ssh://far", &[("PATH", &path)]);
    assert!(line.contains("red line 1999") && line.len() < 1000 && !line.contains('\u{1b}'), "{line}");
    let (folder, _) = ssh("exit 0");
    let nowhere = folder.path().join("nowhere").display().to_string();
    let line = said("ssh://far", &[("PATH", &nowhere)]);
    assert!(line.contains("ssh"), "{line}");
}

#[test]
fn ssh_is_asked_as_the_docker_client_asks_it() {
    for (host, expected) in [
        ("ssh://far", "-- far docker system dial-stdio"),
        ("ssh://me@[::1]:2222", "-l me -p 2222 -- ::1 docker system dial-stdio"),
        (
            "ssh://me@far/run/user/1000/docker.sock",
            "-l me -- far docker --host unix:///run/user/1000/docker.sock system dial-stdio",
        ),
    ] {
        let (_folder, path) = ssh(r#"echo "asked: $*" >&2; exit 1"#);
        let line = said(host, &[("PATH", &path)]);
        assert!(line.contains(expected) && line.contains("ServerAliveInterval="), "{line}");
    }
}

#[test]
fn what_tls_says_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    let serve = move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1000]);
            let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    };
    std::thread::Builder::new().name("not-tls".to_owned()).spawn(serve).unwrap();
    let line = said(&host, &[("DOCKER_TLS", "1")]);
    assert!(line.contains("cannot be secured") && line.contains("corrupt message"), "{line}");
}
