//! Files of hosts made by hand: the same bytes each time, all names in all of them, and names that want to be more than
//! names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

mod support;

use std::io::Read as _;

use bridgewalk_diagram::{Detail, Drawing, View, draw, export};
use bridgewalk_model::{Snapshot, Text};
use support::English;

/// From `shared/facts`: what dockerd 20.10 lets through in a name.
const HOSTILE: [&str; 9] = [
    "<img src=x onerror=alert(1)>",
    "\u{1b}[31mred\u{1b}[0m",
    "abc\u{202e}gnp.exe",
    "two\nlines",
    "]]>\"'&amp;",
    "null\u{1}byte",
    "\"]; click n1 call alert(1); %%{init: {}}%%",
    "`**x**` \\\"; } digraph { </TABLE>> #quot; $(id) end",
    "javascript:alert(1)//{{7*7}}",
];

fn files(drawing: &Drawing, title: &str) -> Vec<(&'static str, Vec<u8>)> {
    let scene = &drawing.scene;
    vec![
        ("svg", export::svg(scene).into_bytes()),
        ("png", export::png(scene, 1.0, false).unwrap()),
        ("pdf", export::pdf(scene, title, None).unwrap()),
        ("pptx", export::pptx(&[export::Slide { scene, title, notes: "one\ntwo" }], "en-GB").unwrap()),
        ("drawio", export::drawio(scene, title).into_bytes()),
        ("excalidraw", export::excalidraw(scene).into_bytes()),
        ("mmd", export::mermaid(scene).into_bytes()),
        ("dot", export::dot(scene, title).into_bytes()),
    ]
}

fn drawn(snapshot: &Snapshot) -> Drawing {
    draw(snapshot, &View { detail: Detail::Plumbing, ..View::default() }, None, &English)
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    let (one, two) = (drawn(&support::classroom()), drawn(&support::classroom()));
    for ((format, one), (_, two)) in files(&one, "a").into_iter().zip(files(&two, "a")) {
        assert!(one == two, "{format}");
        // To be opened.
        let file = format!("{}/classroom.{format}", env!("CARGO_TARGET_TMPDIR"));
        #[allow(clippy::disallowed_methods, reason = "a test leaves its files where people can open them")]
        std::fs::write(file, one).unwrap();
    }
}

/// Every box and every line is in every file that has shapes of its own.
#[test]
fn every_line_is_a_connector_with_two_ends() {
    for snapshot in [support::small(), support::classroom(), support::many(100)] {
        let drawing = drawn(&snapshot);
        let edges = drawing.scene.edges.len();
        assert!(edges > 3);
        let drawio = export::drawio(&drawing.scene, "a");
        let ends = |text: &str, needle: &str| text.matches(needle).count();
        assert_eq!(ends(&drawio, " source=\"n"), edges, "draw.io");
        assert_eq!(ends(&drawio, " target=\"n"), edges, "draw.io");
        let excalidraw = export::excalidraw(&drawing.scene);
        assert_eq!(ends(&excalidraw, "\"elementId\""), 2 * edges, "Excalidraw");
        let slide = part(
            &export::pptx(&[export::Slide { scene: &drawing.scene, title: "a", notes: "" }], "en-GB").unwrap(),
            "ppt/slides/slide1.xml",
        );
        assert_eq!((ends(&slide, "<a:stCxn"), ends(&slide, "<a:endCxn")), (edges, edges), "PPTX");
    }
}

#[test]
fn hostile_names_stay_names() {
    let mut snapshot = support::classroom();
    for host in &mut snapshot.hosts {
        for (container, name) in host.containers.iter_mut().zip(HOSTILE.iter().cycle()) {
            container.name = Text::new(name);
        }
        for (network, name) in host.networks.iter_mut().zip(HOSTILE.iter().rev().cycle()) {
            network.name = Text::new(name);
        }
        if let Some(container) = host.containers.first_mut() {
            container.name = Text::new(&"long".repeat(1250));
        }
    }
    let drawing = drawn(&snapshot);
    for (format, bytes) in files(&drawing, HOSTILE[0]) {
        let texts = if format == "pptx" {
            vec![part(&bytes, "ppt/slides/slide1.xml"), part(&bytes, "docProps/core.xml")]
        } else if matches!(format, "png" | "pdf") {
            Vec::new()
        } else {
            vec![String::from_utf8(bytes.clone()).unwrap()]
        };
        for text in texts {
            let has_hidden = |character: char| {
                (character.is_control() && character != '\n')
                    || matches!(character, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}')
            };
            assert!(!text.contains(has_hidden), "{format}");
            // Between quotes Graphviz takes a text as it is; markup would stand outside of them.
            let markup = match format {
                "dot" => text.replace("\\\"", "").split('"').step_by(2).collect::<String>(),
                _ => text.clone(),
            };
            assert!(format == "excalidraw" || !markup.contains("<img"), "{format}");
            assert!(!text.contains(&"long".repeat(40)), "{format}: a name is not cut");
        }
        let file = format!("{}/hostile.{format}", env!("CARGO_TARGET_TMPDIR"));
        #[allow(clippy::disallowed_methods, reason = "a test leaves its files where people can open them")]
        std::fs::write(file, bytes).unwrap();
    }
}

/// One part of an archive, found by its central directory.
fn part(zip: &[u8], wanted: &str) -> String {
    let number = |at: usize, bytes: usize| {
        zip[at..at + bytes].iter().rev().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte))
    };
    let end = zip.len() - 22;
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    for _ in 0..count {
        assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
        let (packed, name_length, offset) = (number(at + 20, 4), number(at + 28, 2), number(at + 42, 4));
        if &zip[at + 46..at + 46 + name_length] == wanted.as_bytes() {
            let content = offset + 30 + number(offset + 26, 2) + number(offset + 28, 2);
            let mut text = String::new();
            flate2::read::DeflateDecoder::new(&zip[content..content + packed]).read_to_string(&mut text).unwrap();
            return text;
        }
        at += 46 + name_length + number(at + 30, 2) + number(at + 32, 2);
    }
    panic!("no {wanted}");
}
