//! Frames: a four-byte big-endian length, then that many bytes of JSON.
//!
//! Works on bytes alone, so that a pipe, a child process and a container's stream are read by the same code. A length
//! is checked before anything is kept for it.

use bridgewalk_model::{Fact, Limit, LimitReason, Remedy, SourceKind, json_elements};
use serde::{Serialize, de::DeserializeOwned};

use crate::protocol::{MAX_FRAME_BYTES, MAX_FRAME_VALUES, Message, ProtocolError};

const LEN_BYTES: usize = 4;

/// Makes values of the bytes that come.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    bytes: Vec<u8>,
    taken: usize,
}

impl FrameDecoder {
    /// Takes in what came. Hand over pieces of bounded size, and call [`Self::next_value`] until it has none before
    /// the next: then at most one frame and one piece are held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next value, if its frame is complete.
    ///
    /// # Errors
    /// [`ProtocolError::TooLong`] as soon as a length is announced that is not allowed, [`ProtocolError::TooMany`] for a
    /// frame of more values than allowed, [`ProtocolError::Malformed`] for bytes that are no value of `T`. After an error nothing more can be read.
    pub fn next_value<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ProtocolError> {
        let rest = &self.bytes[self.taken..];
        let Some((len, rest)) = rest.split_first_chunk::<LEN_BYTES>() else { return Ok(None) };
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        check_len(len)?;
        let Some(json) = rest.get(..len) else { return Ok(None) };
        check_values(json)?;
        let value =
            serde_json::from_slice(json).map_err(|error| ProtocolError::Malformed { detail: error.to_string() })?;
        self.taken += LEN_BYTES + len;
        Ok(Some(value))
    }

    /// Must be asked when the bytes have ended.
    ///
    /// # Errors
    /// [`ProtocolError::Truncated`] if they ended within a frame.
    pub fn finish(&self) -> Result<(), ProtocolError> {
        if self.taken == self.bytes.len() { Ok(()) } else { Err(ProtocolError::Truncated) }
    }
}

/// A value as a frame.
///
/// # Errors
/// [`ProtocolError::TooLong`] for more than [`MAX_FRAME_BYTES`], [`ProtocolError::TooMany`] for more than
/// [`MAX_FRAME_VALUES`].
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, ProtocolError> {
    let mut frame = vec![0; LEN_BYTES];
    serde_json::to_writer(&mut frame, value).map_err(|error| ProtocolError::Malformed { detail: error.to_string() })?;
    let len = frame.len() - LEN_BYTES;
    check_len(len)?;
    check_values(&frame[LEN_BYTES..])?;
    frame[..LEN_BYTES].copy_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
    Ok(frame)
}

/// A message as one frame or several: observations that are too long together are sent one by one, and one that is too
/// long by itself is replaced by a [`Limit`] that says so.
///
/// # Errors
/// As [`encode`].
pub fn encode_message(message: &Message) -> Result<Vec<Vec<u8>>, ProtocolError> {
    match (encode(message), message) {
        (Ok(frame), _) => Ok(vec![frame]),
        (
            Err(error @ (ProtocolError::TooLong { .. } | ProtocolError::TooMany { .. })),
            Message::Observations { of },
        ) => match &of[..] {
            [] => Ok(Vec::new()),
            [one] => {
                let mut one = one.clone();
                one.fact = Fact::Limits {
                    of: Vec::new(),
                    limits: vec![Limit {
                        source: SourceKind::Agent,
                        namespace: None,
                        reason: LimitReason::Truncated { detail: format!("one observation is left out: {error}") },
                        remedy: Remedy::None,
                    }],
                };
                Ok(vec![encode(&Message::Observations { of: vec![one] })?])
            }
            several => {
                let (first, last) = several.split_at(several.len() / 2);
                let mut frames = encode_message(&Message::Observations { of: first.to_vec() })?;
                frames.extend(encode_message(&Message::Observations { of: last.to_vec() })?);
                Ok(frames)
            }
        },
        (Err(error), _) => Err(error),
    }
}

fn check_values(json: &[u8]) -> Result<(), ProtocolError> {
    let values = json_elements(json);
    if values <= MAX_FRAME_VALUES {
        return Ok(());
    }
    let to_u64 = |count| u64::try_from(count).unwrap_or(u64::MAX);
    Err(ProtocolError::TooMany { values: to_u64(values), max: to_u64(MAX_FRAME_VALUES) })
}

fn check_len(len: usize) -> Result<(), ProtocolError> {
    if len <= MAX_FRAME_BYTES {
        return Ok(());
    }
    let to_u64 = |len| u64::try_from(len).unwrap_or(u64::MAX);
    Err(ProtocolError::TooLong { bytes: to_u64(len), max: to_u64(MAX_FRAME_BYTES) })
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::{HostFacts, Observation};
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::{Hints, Request};

    fn host(hostname: String) -> Observation {
        Observation { at_ms: 1, fact: Fact::Host(HostFacts { hostname, ..HostFacts::default() }) }
    }

    #[test]
    fn a_length_is_refused_before_anything_is_kept_for_it() {
        let mut decoder = FrameDecoder::default();
        decoder.push(&[0xff; 4]);
        assert!(matches!(decoder.next_value::<Request>(), Err(ProtocolError::TooLong { .. })));
    }

    #[test]
    fn a_frame_is_bounded_by_what_it_becomes() {
        let json = format!("{{\"message\":\"done\",\"x\":[{}0]}}", "{\"\":0},".repeat(MAX_FRAME_VALUES));
        let mut decoder = FrameDecoder::default();
        decoder.push(&u32::try_from(json.len()).unwrap().to_be_bytes());
        decoder.push(json.as_bytes());
        assert!(matches!(decoder.next_value::<Message>(), Err(ProtocolError::TooMany { .. })));
    }

    #[test]
    fn what_is_too_long_together_is_sent_apart_and_what_is_too_long_alone_is_said() {
        let half = "x".repeat(MAX_FRAME_BYTES * 2 / 3);
        let apart = Message::Observations { of: vec![host(half.clone()), host(half)] };
        assert_eq!(encode_message(&apart).unwrap().len(), 2);
        let alone = Message::Observations { of: vec![host("x".repeat(MAX_FRAME_BYTES + 1))] };
        let frames = encode_message(&alone).unwrap();
        let mut decoder = FrameDecoder::default();
        decoder.push(&frames[0]);
        let Message::Observations { of } = decoder.next_value().unwrap().unwrap() else { panic!("observations") };
        assert!(matches!(&of[0].fact, Fact::Limits { limits, .. } if limits.len() == 1));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_an_error(pieces in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..64), 0..16)) {
            let mut decoder = FrameDecoder::default();
            for piece in &pieces {
                decoder.push(piece);
                match decoder.next_value::<Request>() {
                    Ok(None) => {}
                    Ok(Some(_)) => {}
                    Err(_) => return Ok(()),
                }
            }
            prop_assert!(decoder.bytes.len() <= 16 * 64);
        }

        #[test]
        fn frames_survive_any_cutting(cut in 1_usize..40, count in 1_usize..5) {
            let request = Request::Watch { hints: Hints { daemon_pid: Some(7), ..Hints::default() } };
            let bytes = encode(&request).unwrap().repeat(count);
            let mut decoder = FrameDecoder::default();
            let mut seen = 0;
            for piece in bytes.chunks(cut) {
                decoder.push(piece);
                while let Some(value) = decoder.next_value::<Request>().unwrap() {
                    prop_assert_eq!(&value, &request);
                    seen += 1;
                }
            }
            prop_assert_eq!(seen, count);
            prop_assert!(decoder.finish().is_ok());
            decoder.push(&[0, 0]);
            prop_assert_eq!(decoder.finish(), Err(ProtocolError::Truncated));
        }
    }
}
