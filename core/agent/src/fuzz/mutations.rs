//! Mutated dumps of real kernels against every decoder, wherever the tests run: no bytes may make one panic or grow
//! without bounds.
//!
//! Some seconds by default, `BRIDGEWALK_FUZZ_SECONDS` for as long as one likes, `BRIDGEWALK_FUZZ_SEED` for the same once
//! more. What is mutated is kept in `tests/data/corpus`, and made again by the ignored test `keep_corpus`.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bridgewalk_model::{
    Snapshot,
    recording::{Header, Recording},
};

use super::{Target, decoders};
use crate::{firewall, frame, protocol, proving, reading};

/// Real bytes, by the target's name.
type Corpus = BTreeMap<String, Vec<Vec<u8>>>;

/// The file as it is: mostly broken compression.
fn recordings(bytes: &[u8]) {
    read_recording(bytes);
}

/// The lines in it, compressed in order: broken lines.
fn lines(bytes: &[u8]) {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    read_recording(&encoder.finish().unwrap());
}

fn read_recording(bytes: &[u8]) {
    if let Ok((recording, _)) = Recording::salvage(bytes) {
        let _: Snapshot = recording.last_snapshot();
    }
}

fn targets() -> Vec<Target> {
    decoders().into_iter().chain([("recordings", recordings as fn(&[u8])), ("lines", lines)]).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus")
}

fn corpus() -> Corpus {
    targets().into_iter().map(|(name, _)| (name.to_owned(), corpus_of(name))).collect()
}

/// What is kept for a target: pieces, each behind its length in four bytes.
pub(crate) fn corpus_of(name: &str) -> Vec<Vec<u8>> {
    let bytes = fs::read(folder().join(name)).unwrap_or_default();
    let mut rest = &bytes[..];
    let mut pieces = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let (piece, after) = after.split_at(u32::from_be_bytes(*len) as usize);
        pieces.push(piece.to_vec());
        rest = after;
    }
    assert!(!pieces.is_empty(), "no corpus for {name}: run the test keep_corpus as root");
    pieces
}

/// xorshift64*: the same seed, the same bytes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }
}

/// Some changes to a piece, or to two joined.
fn mutate(random: &mut Random, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = pieces[random.below(pieces.len())].clone();
    if random.below(8) == 0 {
        let other = &pieces[random.below(pieces.len())];
        bytes.truncate(random.below(bytes.len() + 1));
        bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
    }
    if random.below(50) == 0 {
        let len = random.below(300);
        bytes = (0..len).map(|_| random.next() as u8).collect();
    }
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            // Lengths and offsets.
            3 if bytes.len() > at + 1 => {
                let value = [0, 1, 3, 4, 5, 0x7fff, 0xffff, random.next() as u16][random.below(8)];
                bytes[at..at + 2].copy_from_slice(&value.to_ne_bytes());
            }
            4 if bytes.len() > at + 3 => {
                let value = [0, 1, u32::MAX, i32::MAX as u32, 0x8000_0000, random.next() as u32][random.below(6)];
                bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
            }
            5 => {
                let len = random.below(32).min(bytes.len() - at);
                let copied = bytes[at..at + len].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copied);
            }
            6 => {
                let len = random.below(32).min(bytes.len() - at);
                bytes.drain(at..at + len);
            }
            _ if !bytes.is_empty() => bytes[at] = random.next() as u8,
            _ => {}
        }
    }
    bytes.truncate(256 << 10);
    bytes
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// The most memory this process ever held, in KiB.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

#[test]
fn no_bytes_make_a_decoder_panic_or_grow() {
    let corpus = corpus();
    let seed = variable("BRIDGEWALK_FUZZ_SEED").unwrap_or(20_260_101);
    let limit = Duration::from_secs(variable("BRIDGEWALK_FUZZ_SECONDS").unwrap_or(3));
    let mut random = Random(seed | 1);
    let targets = targets();
    for (name, decode) in &targets {
        corpus[*name].iter().for_each(|piece| decode(piece));
    }
    let before = peak_kib();
    let end = Instant::now() + limit;
    let mut runs: BTreeMap<&str, u64> = BTreeMap::new();
    while Instant::now() < end {
        for (name, decode) in &targets {
            // What is slow is run less often.
            let times = if matches!(*name, "recordings" | "lines") { 2 } else { 200 };
            for _ in 0..times {
                let state = random.0;
                let bytes = mutate(&mut random, &corpus[*name]);
                let outcome = std::panic::catch_unwind(|| decode(&bytes));
                assert!(outcome.is_ok(), "{name} panicked at seed {state} with {bytes:02x?}");
            }
            *runs.entry(name).or_default() += times;
        }
    }
    let total: u64 = runs.values().sum();
    println!("seed {seed}: {total} executions in {limit:?}, at most {} KiB: {runs:?}", peak_kib());
    assert!(peak_kib() < before + (512 << 10), "{} KiB before, {} KiB after", before, peak_kib());
}

/// Makes the corpus anew, of this machine's kernel and of the bed's recording. Needs root.
#[test]
#[ignore = "writes into the source tree"]
fn keep_corpus() {
    let mut corpus = Corpus::new();
    reading::fuzz::collect(&mut |name, bytes| corpus.entry(name.to_owned()).or_default().push(bytes));
    firewall::fuzz::collect(&mut |name, bytes| corpus.entry(name.to_owned()).or_default().push(bytes));
    proving::fuzz::collect(&mut |name, bytes| corpus.entry(name.to_owned()).or_default().push(bytes));
    let bed = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../app/tests/recordings/bed.bwrec")).unwrap();
    let recording = Recording::read(&bed[..]).unwrap();
    let header = serde_json::to_vec(&Header::new("bridgewalk", 1, "alpha")).unwrap();
    let mut told = header.clone();
    for observation in recording.hosts.iter().flatten() {
        let line = serde_json::to_vec(observation).unwrap();
        if line.len() > 6_000 {
            continue;
        }
        let of = vec![observation.clone()];
        let answer = frame::encode(&protocol::Message::Observations { of }).unwrap();
        corpus.entry("answers".to_owned()).or_default().push(answer);
        let alone = [&header[..], b"\n", &line[..], b"\n"].concat();
        corpus.entry("lines".to_owned()).or_default().push(alone);
        if told.len() < 30_000 {
            told.push(b'\n');
            told.extend_from_slice(&line);
        }
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&told).unwrap();
    corpus.insert("recordings".to_owned(), vec![encoder.finish().unwrap()]);
    let hints = protocol::Hints {
        daemon_pid: Some(7),
        container_pids: vec![(8, "a".repeat(64))],
        sandbox_keys: vec!["/run/docker/netns/1a2b3c".to_owned()],
    };
    let hello = protocol::Request::Hello { protocol_version: 2, program_version: protocol::BUILD.to_owned() };
    let asked = [hello, protocol::Request::Watch { hints: hints.clone() }, protocol::Request::LookAgain { hints }];
    let mut all: Vec<Vec<u8>> = asked.iter().map(|request| frame::encode(request).unwrap()).collect();
    all.push(frame::encode(&protocol::Request::Prove { number: 1, order: proving::fuzz::order() }).unwrap());
    all.push(all.concat());
    corpus.insert("requests".to_owned(), all);

    fs::create_dir_all(folder()).unwrap();
    for (name, pieces) in corpus {
        let mut kept = Vec::new();
        let mut lens = BTreeMap::new();
        for piece in pieces {
            // Enough of each length: many are alike.
            let alike: &mut u32 = lens.entry(piece.len()).or_default();
            *alike += 1;
            if *alike <= 3 && kept.len() + piece.len() < 160_000 {
                kept.extend_from_slice(&u32::try_from(piece.len()).unwrap().to_be_bytes());
                kept.extend_from_slice(&piece);
            }
        }
        fs::write(folder().join(name), kept).unwrap();
    }
}
