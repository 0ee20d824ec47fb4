//! What the kernel did, taken down so that it can be judged now or later.

use std::{fs::File, io::BufReader, net::IpAddr, path::Path};

use anyhow::{Context, Result};
use bridgewalk_analysis::walk::Packet;
use bridgewalk_model::{
    firewall::{Family, Hook},
    snapshot::Namespace,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};

/// Cases as they are kept: JSON, compressed.
///
/// # Errors
/// The file cannot be read or is not of this shape.
pub fn read(path: &Path) -> Result<Vec<Case>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    serde_json::from_reader(BufReader::new(GzDecoder::new(file))).with_context(|| path.display().to_string())
}

/// Keeps cases.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, cases: &[Case]) -> Result<()> {
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut encoder = GzEncoder::new(file, Compression::best());
    serde_json::to_writer(&mut encoder, cases)?;
    encoder.finish()?;
    Ok(())
}

/// One set-up with its flows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// What it is.
    pub name: String,
    /// The namespace whose rules were asked.
    pub namespace: Namespace,
    /// What was sent through it.
    pub flows: Vec<SeenFlow>,
    /// Legacy rules, which leave no trace, whose counters have counted.
    #[serde(default)]
    pub counted: Vec<RulePlace>,
}

/// The packets of one flow, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeenFlow {
    /// The first, then replies and more.
    pub packets: Vec<SeenPacket>,
}

/// One packet through the namespace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeenPacket {
    /// As it was sent.
    pub packet: Packet,
    /// Whether it answers.
    pub is_reply: bool,
    /// The hooks that it passed, in order.
    pub hooks: Vec<SeenHook>,
}

/// One hook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeenHook {
    /// Which.
    pub hook: Hook,
    /// The device it came in by, by its number.
    pub in_index: Option<u32>,
    /// The device it leaves by.
    pub out_index: Option<u32>,
    /// The header as the hook's first chain saw it.
    pub start: Header,
    /// As its last chain saw it; none: it did not get there.
    pub end: Option<Header>,
    /// The rules that matched, in order.
    pub rules: Vec<RulePlace>,
}

/// A rule by its names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RulePlace {
    /// The table's family.
    pub family: Family,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// Its place in the chain, from 1.
    pub position: u32,
}

/// What of a packet's header is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
    /// Their ports, for what has ports.
    pub ports: Option<(u16, u16)>,
    /// The time to live.
    pub ttl: u8,
    /// The mark.
    pub mark: u32,
}

impl Header {
    /// That of a packet.
    pub const fn of(packet: &Packet) -> Self {
        Self {
            source: packet.source,
            destination: packet.destination,
            ports: packet.layer4.ports(),
            ttl: packet.ttl,
            mark: packet.mark,
        }
    }
}
