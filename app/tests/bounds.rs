//! At most 512 MiB, whatever a recording holds: util-linux's `prlimit` bounds the memory that the program may take.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{fs::File, io::Write as _, path::Path, process::Command};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::Value;

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/bed.bwrec");
const MOST_BYTES: u64 = 512 << 20;
/// What a line may hold is `MAX_LINE_VALUES` and `MAX_LINE_BYTES` of the model: one item less than that many fit.
const MOST_VALUES: usize = 1 << 20;
const MOST_LINE_BYTES: usize = 31 << 20;

/// Each list that grows most when it is read, by its fact and the way to it: lists of what is small on the wire and large
/// in memory, and what is assembled, resolved and compared.
const SWOLLEN: [(&str, &str); 7] = [
    ("containers", ""),
    ("container", "/endpoints"),
    ("namespaces", ""),
    ("neighbours", "/is"),
    ("sysctls", "/is"),
    ("routes", "/is/0/next_hops"),
    ("firewall", "/is/0/tables/0/chains/0/rules"),
];

#[test]
fn no_recording_takes_more_memory_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = {
        let text = std::io::read_to_string(GzDecoder::new(File::open(RECORDING).unwrap())).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    for (fact, pointer) in SWOLLEN {
        let file = folder.path().join("swollen.bwrec");
        let line = lines.iter().find_map(|line| swollen(line, fact, pointer));
        write(&file, &lines, &line.unwrap_or_else(|| panic!("{fact}{pointer} is in no line")));
        let mut command = Command::new("prlimit");
        command.arg(format!("--data={MOST_BYTES}")).arg(env!("CARGO_BIN_EXE_bridgewalk"));
        let output = command.arg("--from").arg(&file).args(["snapshot", "--json"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // It shows it, or says in one line that it is too large.
        match output.status.code() {
            Some(0) => assert!(output.stdout.ends_with(b"}\n"), "{fact}{pointer}"),
            Some(2) => assert!(said.contains("too large") && said.lines().count() == 1, "{fact}{pointer}: {said}"),
            _ => panic!("{fact}{pointer}: {}: {said}", output.status),
        }
    }
}

/// The line with the first item of one of its lists repeated as often as a line may hold it. None: it is another fact's.
fn swollen(line: &str, fact: &str, pointer: &str) -> Option<String> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    if line.get("fact")? != fact {
        return None;
    }
    let list = line.get_mut("of")?.pointer_mut(pointer)?.as_array_mut()?;
    let item = list.first()?.clone();
    let count = (MOST_VALUES / values(&item)).min(MOST_LINE_BYTES / item.to_string().len());
    *list = vec![item; count.checked_sub(2_000)?];
    Some(line.to_string())
}

fn values(of: &Value) -> usize {
    1 + match of {
        Value::Array(items) => items.iter().map(values).sum::<usize>(),
        Value::Object(members) => members.values().map(|value| 1 + values(value)).sum(),
        _ => 0,
    }
}

/// A whole recording, and then the line six times.
fn write(file: &Path, lines: &[String], line: &str) {
    let mut gzip = GzEncoder::new(File::create(file).unwrap(), Compression::fast());
    for line in lines.iter().map(String::as_str).chain([line; 6]) {
        gzip.write_all(line.as_bytes()).unwrap();
        gzip.write_all(b"\n").unwrap();
    }
    gzip.finish().unwrap();
}
