//! The program run by an unprivileged user: it shows less, says so, and the veth table is still right.

use std::{
    io::{Read, Write},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use bridgewalk_agent::{
    frame::{FrameDecoder, encode},
    protocol::{BUILD, Hints, Message, PROTOCOL_VERSION, Request},
};
use bridgewalk_model::{Fact, LimitReason, SourceKind};

use crate::bench::{Named, own, run};

/// What the program says to these bytes.
pub(crate) fn talk_as(uid: u32, input: &[u8]) -> Vec<Message> {
    let folder = tempfile::tempdir().expect("folder");
    let program = folder.path().join("agent");
    std::fs::copy(env!("CARGO_BIN_EXE_bridgewalk-agent"), &program).expect("copy");
    run(&format!("chmod 755 {} {}", folder.path().display(), program.display()));
    let mut child = Command::new(program)
        .uid(uid)
        .gid(uid)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("stdin");
    let mut stdout = child.stdout.take().expect("stdout");
    stdin.write_all(input).expect("written");
    let mut decoder = FrameDecoder::default();
    let mut messages = Vec::new();
    let mut piece = vec![0; 64 << 10];
    let mut stdin = Some(stdin);
    loop {
        let len = stdout.read(&mut piece).expect("read");
        if len == 0 {
            break;
        }
        decoder.push(&piece[..len]);
        while let Some(message) = decoder.next_value().expect("a message") {
            if matches!(message, Message::Done | Message::Error { .. }) {
                stdin = None;
            }
            messages.push(message);
        }
    }
    drop(stdin);
    decoder.finish().expect("whole frames");
    child.wait().expect("ends");
    messages
}

fn hello(protocol_version: u32) -> Vec<u8> {
    encode(&Request::Hello { protocol_version, program_version: BUILD.to_owned() }).expect("frame")
}

#[test]
fn nobody_sees_cables_and_is_told_what_is_missing() {
    let space = Named::new();
    let host_end = format!("kn{}", std::process::id() % 100_000);
    run(&format!("ip link add {host_end} type veth peer name e0 netns {}", space.0));
    run(&format!("ip link set {host_end} up"));
    space.run("ip link set e0 up");
    space.run("ip addr add 192.0.2.2/24 dev e0");
    let mut child =
        Command::new("ip").args(["netns", "exec", &space.0, "sleep", "30"]).spawn().expect("a process inside");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mut input = hello(PROTOCOL_VERSION);
    input.extend(encode(&Request::Observe { hints: Hints::default() }).expect("frame"));
    let messages = talk_as(65_534, &input);
    let _ = child.kill();
    let _ = child.wait();
    let facts: Vec<&Fact> = messages
        .iter()
        .filter_map(|message| match message {
            Message::Observations { of } => Some(of.iter().map(|observation| &observation.fact)),
            _ => None,
        })
        .flatten()
        .collect();
    let here = facts
        .iter()
        .find_map(|fact| match fact {
            Fact::Links(section) if section.namespace == own() => section.is.iter().find(|link| link.name == host_end),
            _ => None,
        })
        .expect("the end here");
    let there = here.peer_namespace.expect("the other namespace");
    let link = facts
        .iter()
        .find_map(|fact| match fact {
            Fact::Links(section) if section.namespace == there => section.is.iter().find(|link| link.name == "e0"),
            _ => None,
        })
        .expect("the end there");
    assert_eq!((link.peer_if_index, here.peer_if_index), (Some(here.if_index), Some(link.if_index)));
    assert!(facts.iter().any(|fact| matches!(fact, Fact::Addresses(section) if section.namespace == there
        && section.is.iter().any(|address| address.to_string() == "192.0.2.2/24" && address.if_index == link.if_index))));
    assert!(facts.iter().any(|fact| matches!(fact, Fact::Limits { limits, .. } if limits.iter().any(|limit| {
        limit.source == SourceKind::Links && matches!(limit.reason, LimitReason::Privilege { .. })
    }))));
}

#[test]
fn what_is_not_in_the_protocol_is_refused_in_one_message() {
    let mut broken = hello(PROTOCOL_VERSION);
    broken.extend([0, 0, 0, 2, b'{', b'x']);
    let mut oversized = hello(PROTOCOL_VERSION);
    oversized.extend([0xff; 4]);
    let cases = [
        (hello(PROTOCOL_VERSION + 1), "different protocols"),
        (broken, "cannot be understood"),
        (oversized, "longer than"),
        (encode(&Request::Observe { hints: Hints::default() }).expect("frame"), "out of turn"),
    ];
    for (input, expected) in cases {
        let messages = talk_as(0, &input);
        let Some(Message::Error { error }) = messages.last() else { panic!("{expected}: {messages:?}") };
        assert!(error.to_string().contains(expected), "{error}");
    }
}
