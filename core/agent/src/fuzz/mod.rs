//! Every decoder of bytes from outside this process, for the fuzzers: `fuzz/` at the repository's root follows what the
//! code covers, [`mutations`] is a plain test.

#[cfg(test)]
mod mutations;

#[cfg(test)]
pub(crate) use mutations::corpus_of;

use crate::{
    firewall,
    frame::FrameDecoder,
    netlink::{HEADER_LEN, Message, Messages},
    protocol, proving, reading,
};

/// A decoder, and what real bytes for it are called.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// rtnetlink, sock_diag, conntrack, traces and the tables in `/proc`: the first byte says which.
pub fn netlink(bytes: &[u8]) {
    one_of(&[reading::fuzz::TARGETS, proving::fuzz::TARGETS].concat(), bytes);
}

/// Legacy tables with the matches and targets of xtables.
pub fn xt(bytes: &[u8]) {
    firewall::fuzz::legacy(bytes);
}

/// nf_tables: chains, rules, sets, elements.
pub fn nf_tables(bytes: &[u8]) {
    firewall::fuzz::nft(bytes);
}

/// The agent's protocol, both sides: the first byte says which.
pub fn agent_protocol(bytes: &[u8]) {
    one_of(&[("requests", requests), ("answers", answers)], bytes);
}

fn one_of(targets: &[Target], bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    if let Some((_, decode)) = targets.get(usize::from(*which) % targets.len()) {
        decode(rest);
    }
}

/// All of them, by name.
#[cfg(test)]
fn decoders() -> Vec<Target> {
    let own: [Target; 4] = [
        ("requests", requests),
        ("answers", answers),
        ("nft", firewall::fuzz::nft),
        ("legacy", firewall::fuzz::legacy),
    ];
    [&own[..], reading::fuzz::TARGETS, proving::fuzz::TARGETS].concat()
}

/// Calls `each` with the messages of a datagram.
pub(crate) fn messages(bytes: &[u8], each: impl FnMut(Message<'_>)) {
    Messages(bytes).for_each(each);
}

/// Calls `each` with the messages of a datagram, each with its header.
pub(crate) fn raw_messages(bytes: &[u8], mut each: impl FnMut(&[u8])) {
    let mut at = 0;
    while let Some(message) = bytes.get(at..).and_then(|rest| Messages(rest).next()) {
        let end = at + HEADER_LEN + message.body.len();
        each(&bytes[at..end]);
        at = end.next_multiple_of(4);
    }
}

/// A message as the kernel sent it, for the corpus.
#[cfg(test)]
pub(crate) fn raw(message: Message<'_>) -> Vec<u8> {
    let len = u32::try_from(HEADER_LEN + message.body.len()).unwrap();
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&message.kind.to_ne_bytes());
    bytes.extend_from_slice(&message.flags.to_ne_bytes());
    bytes.extend_from_slice(&message.sequence.to_ne_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(message.body);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn requests(bytes: &[u8]) {
    frames::<protocol::Request>(bytes);
}

fn answers(bytes: &[u8]) {
    frames::<protocol::Message>(bytes);
}

fn frames<T: serde::de::DeserializeOwned>(bytes: &[u8]) {
    let mut decoder = FrameDecoder::default();
    for piece in bytes.chunks(97) {
        decoder.push(piece);
        loop {
            match decoder.next_value::<T>() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    let _ = decoder.finish();
}
