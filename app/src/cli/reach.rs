//! `reach`: who reaches whom, and what is open to the outside.

use bridgewalk_analysis::walk::{By, Door, Matrix, Party, Protocol, Receiver, Verdict, reach};
use bridgewalk_model::{Answer, EntityId, Snapshot};
use serde::Serialize;

use super::{
    Failure, closing,
    document::{LimitRow, SCHEMA_VERSION, limits},
    output::Output,
    table::{Table, cell, list},
};
use crate::words::{self, Words};

/// What programs read.
#[derive(Debug, Serialize)]
struct Document<'m> {
    schema_version: u32,
    #[serde(flatten)]
    matrix: &'m Matrix,
    complete: bool,
    limits: Vec<LimitRow>,
}

/// Writes who reaches whom.
///
/// # Errors
/// The output cannot be written, or its reader has gone.
pub(super) fn write(snapshot: &Snapshot, json: bool, words: Words, output: &mut Output) -> Result<(), Failure> {
    let matrix = reach(snapshot);
    if json {
        return output.document(&Document {
            schema_version: SCHEMA_VERSION,
            matrix: &matrix,
            complete: Answer::Reach.is_whole(snapshot),
            limits: limits(snapshot, Answer::Reach),
        });
    }
    let teller = Teller { words, snapshot };
    output.table(&teller.matrix(&matrix))?;
    output.line("")?;
    if !matrix.open.is_empty() {
        output.table(&teller.open(&matrix.open))?;
    }
    closing::write(snapshot, Answer::Reach, matrix.open.is_empty().then_some("cli-none-open"), words, output)
}

/// Tells the matrix to people: a line for each receiver, with those that reach it and those that do not.
struct Teller<'s> {
    words: Words,
    snapshot: &'s Snapshot,
}

impl Teller<'_> {
    fn matrix(&self, matrix: &Matrix) -> Table {
        let mut table = Table::new(
            ["column-to", "column-by", "column-address", "column-reached-by", "column-not-reached-by"]
                .map(|key| self.words.text(key)),
        );
        for (index, receiver) in matrix.receivers.iter().enumerate() {
            let mut reached = Vec::new();
            let mut others = Vec::new();
            for (sender, party) in matrix.senders.iter().enumerate() {
                let Some(cell) = matrix.cell(sender, index) else { continue };
                let name = self.party(party);
                if cell.verdict == Verdict::Delivered {
                    reached.push(name);
                } else {
                    let verdict = self.words.walk_verdict(cell.verdict);
                    let key = if cell.is_reply_lost { "cli-reach-reply-lost" } else { "cli-reach-not" };
                    others.push(self.words.format(key, &[("name", name.into()), ("verdict", verdict.into())]));
                }
            }
            table.row([
                cell(&self.receiver(receiver)),
                cell(&self.by(receiver)),
                cell(&address(receiver)),
                list(&reached),
                list(&others),
            ]);
        }
        table
    }

    fn open(&self, doors: &[Door]) -> Table {
        let mut table = Table::new(
            ["column-open", "column-container", "column-process", "column-verdict"].map(|key| self.words.text(key)),
        );
        for door in doors {
            let at = bridgewalk_model::AddressPort { address: door.address, port: door.port };
            let container = door.container.as_ref().map(|id| words::name(self.snapshot, id));
            table.row([
                cell(&format!("{}/{}", std::net::SocketAddr::new(at.address, at.port), protocol(door.protocol))),
                list(&container),
                list(&door.command),
                cell(&self.words.walk_verdict(door.verdict)),
            ]);
        }
        table
    }

    fn party(&self, party: &Party) -> String {
        if party.id == EntityId::outside() { self.words.text("walk-outside") } else { party.name.to_string() }
    }

    fn receiver(&self, receiver: &Receiver) -> String {
        if receiver.id == EntityId::outside() { self.words.text("walk-outside") } else { receiver.name.to_string() }
    }

    fn by(&self, receiver: &Receiver) -> String {
        match &receiver.by {
            By::Network { network } => words::name(self.snapshot, network),
            By::Published { port } => self.words.format("cli-reach-published", &[("port", port.to_string().into())]),
            By::Itself => String::new(),
        }
    }
}

fn address(receiver: &Receiver) -> String {
    let protocol = protocol(receiver.protocol);
    match (receiver.address, receiver.port) {
        (Some(address), Some(port)) => format!("{}/{protocol}", std::net::SocketAddr::new(address, port)),
        (Some(address), None) => format!("{address}/{protocol}"),
        (None, Some(port)) => format!("*:{port}/{protocol}"),
        (None, None) => protocol.to_owned(),
    }
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Icmp => "icmp",
    }
}
