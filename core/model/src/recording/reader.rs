//! Reads a recording, whatever the bytes are.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::GzDecoder;
use serde_json::Value;

use super::{
    FORMAT_VERSION, Header, MAX_HOSTS, MAX_KEPT_BYTES, MAX_LINE_BYTES, MAX_LINE_VALUES, MAX_TOTAL_BYTES, OfHost,
};
use crate::{
    Observation, Snapshot,
    assembly::{State, assemble},
    json_elements,
    text::reveal,
    weight,
};

/// The longest line, in bytes, that may say of which host those after it are.
const MAX_OF_HOST_BYTES: usize = 64;

/// A recording, read whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Its first line.
    pub header: Header,
    /// Each host's observations, in the order in which they were made. As many hosts as the header names, in its order.
    pub hosts: Vec<Vec<Observation>>,
    /// Whether its end is missing, as when the recorder was killed.
    pub is_truncated: bool,
}

/// Why a recording does not open.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The bytes are something else.
    #[error("this is not a Bridgewalk recording")]
    NotARecording,
    /// It was made by a later program.
    #[error(
        "this recording is of format {found}, made by {program}; this program reads up to format {known}: upgrade it"
    )]
    Newer {
        /// The recording's version.
        found: u64,
        /// [`FORMAT_VERSION`].
        known: u32,
        /// Who made it.
        program: String,
    },
    /// A line is not an observation, or the compressed data are broken there.
    #[error("the recording is damaged at line {line}: {detail}")]
    Damaged {
        /// From 1, the header's.
        line: u64,
        /// What is wrong there.
        detail: String,
    },
    /// A line or the whole is longer than a reader takes.
    #[error("the recording is too large at line {line}: more than {max_bytes} bytes")]
    TooLarge {
        /// From 1, the header's.
        line: u64,
        /// The bound, in bytes.
        max_bytes: u64,
    },
    /// The observations, or a line's values while they are decoded, would take more memory than a reader gives them.
    #[error("the recording is too large at line {line}: it would take more than {max_bytes} bytes of memory")]
    TooHeavy {
        /// From 1, the header's.
        line: u64,
        /// The bound, in bytes.
        max_bytes: u64,
    },
    /// The input itself failed.
    #[error("the recording cannot be read: {0}")]
    Io(io::Error),
}

/// One line, or why there is none.
enum Line {
    Whole(Vec<u8>),
    /// The end, after whole lines only.
    End,
    /// The end of the input in the middle of the stream.
    CutOff,
}

impl Recording {
    /// Reads a recording. One whose end is missing is no error: `is_truncated` says so.
    ///
    /// # Errors
    /// The bytes are no recording of this format, are damaged, or are too many.
    pub fn read(input: impl Read) -> Result<Self, RecordingError> {
        let (recording, damage) = Self::salvage(input)?;
        damage.map_or(Ok(recording), Err)
    }

    /// Reads as much of a recording as there is: with what came before a damage, the damage.
    ///
    /// # Errors
    /// Not even the header can be read.
    pub fn salvage(input: impl Read) -> Result<(Self, Option<RecordingError>), RecordingError> {
        let mut lines = Lines::new(input);
        let header = match lines.next() {
            Ok(Line::Whole(line)) => read_header(&line)?,
            Ok(Line::End | Line::CutOff)
            | Err(RecordingError::Damaged { .. } | RecordingError::TooLarge { .. } | RecordingError::TooHeavy { .. }) =>
            {
                return Err(RecordingError::NotARecording);
            }
            Err(error) => return Err(error),
        };
        let hosts = vec![Vec::new(); header.host_count()];
        let mut recording = Self { header, hosts, is_truncated: false };
        let (mut kept_bytes, mut of_host) = (0, 0);
        let damage = loop {
            match lines.next() {
                Ok(Line::Whole(line)) => {
                    if let Some(next) = turned_to(&line) {
                        of_host = next;
                        continue;
                    }
                    let Some(observations) = recording.hosts.get_mut(of_host) else {
                        break Some(damaged(lines.number, &format!("the header names no host {of_host}")));
                    };
                    match serde_json::from_slice::<Observation>(&line) {
                        Ok(observation) => {
                            kept_bytes += size_of::<Observation>() + weight(&observation);
                            if kept_bytes > MAX_KEPT_BYTES {
                                break Some(too_heavy(lines.number));
                            }
                            observations.push(observation);
                        }
                        Err(error) => break Some(damaged(lines.number, &error.to_string())),
                    }
                }
                Ok(Line::End) => break None,
                Ok(Line::CutOff) => {
                    recording.is_truncated = true;
                    break None;
                }
                Err(error) => break Some(error),
            }
        };
        Ok((recording, damage))
    }

    /// When something was observed, in milliseconds since 1970-01-01 UTC: each time once, in ascending order.
    pub fn times(&self) -> Vec<u64> {
        let mut times: Vec<u64> = self.hosts.iter().flatten().map(|observation| observation.at_ms).collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    /// What was known of each host at `at_ms`: the fold of what was observed until then.
    pub fn states_at(&self, at_ms: u64) -> Vec<State> {
        self.hosts.iter().map(|observations| fold(observations, at_ms)).collect()
    }

    /// What was known of each host in the end.
    pub fn last_states(&self) -> Vec<State> {
        self.states_at(u64::MAX)
    }

    /// What was known in the end, put together.
    pub fn last_snapshot(&self) -> Snapshot {
        assemble(&self.last_states().iter().collect::<Vec<_>>())
    }
}

fn fold(observations: &[Observation], at_ms: u64) -> State {
    let mut state = State::default();
    for observation in observations.iter().filter(|observation| observation.at_ms <= at_ms) {
        state.apply(observation);
    }
    state
}

/// The host that the lines after this one are about, if this line names one.
fn turned_to(line: &[u8]) -> Option<usize> {
    if line.len() > MAX_OF_HOST_BYTES {
        return None;
    }
    serde_json::from_slice(line).ok().map(|OfHost { of_host }| of_host)
}

fn damaged(line: u64, detail: &str) -> RecordingError {
    let detail: String = detail.chars().take(200).collect();
    RecordingError::Damaged { line, detail: reveal(&detail).unwrap_or(detail) }
}

const fn too_heavy(line: u64) -> RecordingError {
    RecordingError::TooHeavy { line, max_bytes: MAX_KEPT_BYTES as u64 }
}

/// Looks at the version alone first: a newer header may have another shape.
fn read_header(line: &[u8]) -> Result<Header, RecordingError> {
    let value: Value = serde_json::from_slice(line).map_err(|_| RecordingError::NotARecording)?;
    let found = value.get("bridgewalk_recording").and_then(Value::as_u64).ok_or(RecordingError::NotARecording)?;
    if found > u64::from(FORMAT_VERSION) {
        let program: String = value.get("program").and_then(Value::as_str).unwrap_or("?").chars().take(60).collect();
        let program = reveal(&program).unwrap_or(program);
        return Err(RecordingError::Newer { found, known: FORMAT_VERSION, program });
    }
    let header: Header = serde_json::from_value(value).map_err(|error| damaged(1, &error.to_string()))?;
    if header.host_count() > MAX_HOSTS {
        return Err(damaged(1, &format!("it names more than {MAX_HOSTS} hosts")));
    }
    Ok(header)
}

/// Lines of the decompressed stream, within bounds.
struct Lines<R: Read> {
    input: BufReader<GzDecoder<R>>,
    /// Of the line read last, from 1.
    number: u64,
    total_bytes: u64,
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(64 << 10, GzDecoder::new(input)), number: 0, total_bytes: 0 }
    }

    fn next(&mut self) -> Result<Line, RecordingError> {
        self.number += 1;
        let mut line = Vec::new();
        let read = self.input.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line);
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Line::CutOff),
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                return Err(damaged(self.number, &error.to_string()));
            }
            Err(error) => return Err(RecordingError::Io(error)),
        }
        self.total_bytes += line.len() as u64;
        if line.len() > MAX_LINE_BYTES {
            return Err(RecordingError::TooLarge { line: self.number, max_bytes: MAX_LINE_BYTES as u64 });
        }
        if self.total_bytes > MAX_TOTAL_BYTES {
            return Err(RecordingError::TooLarge { line: self.number, max_bytes: MAX_TOTAL_BYTES });
        }
        if line.is_empty() {
            return Ok(Line::End);
        }
        if json_elements(&line) > MAX_LINE_VALUES {
            return Err(too_heavy(self.number));
        }
        // Without its line feed a line may lack more than that.
        Ok(if line.ends_with(b"\n") { Line::Whole(line) } else { Line::CutOff })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;
    use crate::{Fact, HostFacts, recording::Writer};

    fn observation(at_ms: u64, hostname: &str) -> Observation {
        let facts = HostFacts { hostname: hostname.to_owned(), ..HostFacts::default() };
        Observation { at_ms, fact: Fact::Host(facts) }
    }

    fn header() -> Header {
        Header::new("bridgewalk 0.1.0", 5, "alpha")
    }

    fn recorded(observations: &[Observation]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), &header()).unwrap();
        writer.append(observations).unwrap();
        writer.finish().unwrap()
    }

    fn compressed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_what_it_wrote_and_replays_it() {
        let made = [observation(10, "alpha"), observation(20, "beta")];
        let recording = Recording::read(recorded(&made).as_slice()).unwrap();
        assert_eq!(recording.header, header());
        assert_eq!(recording.hosts, [made]);
        assert!(!recording.is_truncated);
        assert_eq!(recording.times(), [10, 20]);
        let names = |states: Vec<State>| states.iter().map(|state| state.host_name().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(recording.states_at(15)), ["alpha"]);
        assert_eq!(names(recording.last_states()), ["beta"]);
    }

    #[test]
    fn hosts_recorded_together_stay_apart() {
        let header = header().and_hosts(vec!["beta".to_owned(), "gamma".to_owned()]);
        let mut writer = Writer::new(Vec::new(), &header).unwrap();
        for (host, at_ms) in [(1, 10), (1, 11), (0, 12), (1, 13)] {
            writer.turn_to(host).unwrap();
            writer.append(&[observation(at_ms, &format!("host{host}"))]).unwrap();
        }
        let recording = Recording::read(writer.finish().unwrap().as_slice()).unwrap();
        assert_eq!(recording.header, header);
        let times = recording.hosts.iter().map(|host| host.iter().map(|one| one.at_ms).collect::<Vec<_>>());
        assert_eq!(times.collect::<Vec<_>>(), [vec![12], vec![10, 11, 13], vec![]]);
        let names = recording.last_snapshot().hosts.iter().map(|host| host.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names, ["host0", "host1", "localhost"]);
    }

    #[test]
    fn one_host_is_recorded_as_every_program_reads_it() {
        let text = serde_json::to_string(&header()).unwrap();
        assert_eq!(text, r#"{"bridgewalk_recording":1,"program":"bridgewalk 0.1.0","made_at_ms":5,"host":"alpha"}"#);
        let text = serde_json::to_string(&header().and_hosts(vec!["beta".to_owned()])).unwrap();
        assert!(text.starts_with(r#"{"bridgewalk_recording":2"#), "{text}");
    }

    #[test]
    fn a_host_that_the_header_does_not_name_is_damage() {
        let lines = |header: &Header, of_host: usize| {
            let header = serde_json::to_string(header).unwrap();
            let one = serde_json::to_string(&observation(1, "alpha")).unwrap();
            Recording::read(compressed(&format!("{header}\n{{\"of_host\":{of_host}}}\n{one}\n")).as_slice())
        };
        assert_eq!(lines(&header(), 0).unwrap().hosts[0].len(), 1);
        assert!(matches!(lines(&header(), 1), Err(RecordingError::Damaged { line: 3, .. })));
        let crowd = header().and_hosts(vec![String::new(); MAX_HOSTS]);
        assert!(matches!(lines(&crowd, 0), Err(RecordingError::Damaged { line: 1, .. })));
    }

    #[test]
    fn keeps_what_a_killed_recorder_had_flushed() {
        let mut writer = Writer::new(Vec::new(), &header()).unwrap();
        writer.append(&[observation(10, "alpha")]).unwrap();
        writer.flush().unwrap();
        let flushed = writer.encoder.get_ref().clone();
        let recording = Recording::read(flushed.as_slice()).unwrap();
        assert!(recording.is_truncated);
        assert_eq!(recording.hosts[0].len(), 1);
    }

    #[test]
    fn says_in_one_line_what_is_wrong() {
        let said = |bytes: &[u8]| Recording::read(bytes).unwrap_err().to_string();
        assert_eq!(said(b""), "this is not a Bridgewalk recording");
        assert_eq!(said(b"PK\x03\x04 something else"), "this is not a Bridgewalk recording");
        assert_eq!(said(&compressed("{}\n")), "this is not a Bridgewalk recording");
        assert_eq!(
            said(&compressed("{\"bridgewalk_recording\":7,\"program\":\"bridgewalk 9\\u001b[31m\"}\n")),
            "this recording is of format 7, made by bridgewalk 9\\u{1b}[31m; this program reads up to format 2: upgrade it"
        );
        let header = serde_json::to_string(&header()).unwrap();
        let text = said(&compressed(&format!("{header}\n{{\"at_ms\":1,\"fact\":\"weather\",\"of\":1}}\n")));
        assert!(text.starts_with("the recording is damaged at line 2: unknown variant `weather`"), "{text}");
        assert!(!text.contains('\n'));
    }

    #[test]
    fn salvages_what_came_before_a_damage() {
        let header = serde_json::to_string(&header()).unwrap();
        let good = serde_json::to_string(&observation(1, "alpha")).unwrap();
        let (recording, damage) =
            Recording::salvage(compressed(&format!("{header}\n{good}\nrubbish\n")).as_slice()).unwrap();
        assert_eq!(recording.hosts[0].len(), 1);
        assert!(matches!(damage, Some(RecordingError::Damaged { line: 3, .. })));
    }

    /// Each of these is a few megabytes compressed, or less.
    #[test]
    fn bytes_that_would_become_gigabytes_are_refused() {
        let header = serde_json::to_string(&header()).unwrap();
        let small = serde_json::to_string(&observation(1, "a")).unwrap();
        let values = format!("{{\"at_ms\":1,\"fact\":\"networks\",\"of\":[{}0]}}\n", "{\"\":0},".repeat(2 << 20));
        let many = format!("{small}\n").repeat(1 << 20);
        for text in [values, many] {
            let read = Recording::read(compressed(&format!("{header}\n{text}")).as_slice());
            assert!(matches!(read, Err(RecordingError::TooHeavy { .. })), "{read:?}");
        }
        let endless = compressed(&format!("{header}\n{}", " ".repeat(MAX_LINE_BYTES + 1)));
        assert!(matches!(Recording::read(endless.as_slice()), Err(RecordingError::TooLarge { line: 2, .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Recording::read(bytes.as_slice());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            let header = serde_json::to_string(&header()).unwrap();
            let _ = Recording::read(compressed(&format!("{header}\n{text}\n")).as_slice());
        }

        #[test]
        fn a_cut_or_a_flipped_byte_is_an_error_or_a_prefix(at in 0usize..2_000, flip in any::<u8>()) {
            let made: Vec<_> = (0..20).map(|n| observation(n, &format!("host{n}"))).collect();
            let whole = recorded(&made);
            let at = at % whole.len();
            if let Ok(recording) = Recording::read(&whole[..at]) {
                prop_assert!(recording.is_truncated);
                prop_assert!(made.starts_with(&recording.hosts[0]));
            }
            let mut broken = whole;
            broken[at] ^= flip;
            let _ = Recording::read(broken.as_slice());
        }
    }
}
