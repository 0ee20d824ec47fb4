//! `wires`: what lies between two things, without any packet.

use bridgewalk_analysis::walk::{End, EndError, Walker};
use bridgewalk_model::{
    Answer, EntityId, Snapshot, Text,
    graph::{EdgeKind, NodeKind, Stretch},
    snapshot::Host,
};
use serde::Serialize;

use super::{
    Failure,
    arguments::Wires,
    closing,
    document::{LimitRow, SCHEMA_VERSION, limits},
    output::Output,
    table::{Table, cell},
    walk,
};
use crate::words::{self, Words};

/// What programs read.
#[derive(Debug, Serialize)]
struct Document<'w> {
    schema_version: u32,
    from: &'w str,
    to: &'w str,
    /// Null: no wire is seen.
    wires: Option<Vec<Piece>>,
    complete: bool,
    limits: Vec<LimitRow>,
}

/// One thing on the way.
#[derive(Debug, Serialize)]
struct Piece {
    /// Its id in the snapshot.
    id: EntityId,
    kind: NodeKind,
    name: String,
    /// The namespace that an interface is in.
    namespace: Option<Text>,
    /// What leads to it from the one before; null for the first.
    by: Option<EdgeKind>,
}

/// Lists what lies between the two things that are asked for.
///
/// # Errors
/// A thing that is none, or an output that cannot be written.
pub(super) fn run(
    asked: &Wires,
    snapshot: &Snapshot,
    json: bool,
    words: Words,
    output: &mut Output,
) -> Result<(), Failure> {
    let (from, to) = (find(snapshot, &asked.one, words)?, find(snapshot, &asked.other, words)?);
    let way = snapshot.graph().wires(&from, &to);
    let pieces = way.map(|way| pieces(snapshot, &from, &way, words));
    if json {
        return output.document(&Document {
            schema_version: SCHEMA_VERSION,
            from: &asked.one,
            to: &asked.other,
            wires: pieces,
            complete: Answer::Veths.is_whole(snapshot),
            limits: limits(snapshot, Answer::Veths),
        });
    }
    let mut table = Table::new(["column-by", "column-kind", "column-name", "column-place"].map(|key| words.text(key)));
    for piece in pieces.iter().flatten() {
        table.row([
            cell(&piece.by.map_or_else(String::new, |by| words.edge_kind(by))),
            cell(&words.node_kind(piece.kind)),
            cell(&piece.name),
            cell(&piece.namespace.as_ref().map_or_else(String::new, ToString::to_string)),
        ]);
    }
    if pieces.is_some() {
        output.table(&table)?;
    }
    closing::write(snapshot, Answer::Veths, pieces.is_none().then_some("cli-none-wires"), words, output)
}

/// The thing that is meant: what a walk may start from, an interface of a host, a network.
fn find(snapshot: &Snapshot, name: &str, words: Words) -> Result<EntityId, Failure> {
    let walker = Walker::new(snapshot);
    let found = match walker.sender(name) {
        Ok(End::Outside) => Ok(EntityId::outside()),
        Ok(End::Host { id } | End::Absent { id, .. }) => Ok(id),
        Ok(End::Namespace { id, name }) => {
            let is_called = |id: &&EntityId| snapshot.container(id).is_some_and(|(_, one)| one.name == name);
            let place = snapshot.namespace(&id).map(|(_, namespace)| namespace.containers.as_slice());
            Ok(place.and_then(|all| all.iter().find(is_called).or(all.first())).cloned().unwrap_or(id))
        }
        Ok(End::Address { address, host }) => {
            let hosts = snapshot.hosts.iter().filter(|one| host.as_ref().is_none_or(|host| one.id == *host));
            let interfaces = hosts.flat_map(|host| &host.namespaces).flat_map(|one| &one.interfaces);
            let mut owners = interfaces.filter(|one| one.addresses.iter().any(|own| own.address == address));
            owners.next().map(|owner| owner.id.clone()).ok_or(None)
        }
        Ok(End::Name { .. }) => Err(None),
        Err(error @ EndError::Ambiguous { .. }) => return Err(walk::mistake(&error, snapshot, words)),
        Err(error) => Err(Some(error)),
    };
    found.or_else(|error| {
        let (hosts, name) = walker.meant_hosts(name);
        let interface = |host: &&Host| {
            let interface = host.own_namespace()?.interfaces.iter().find(|one| one.name.as_str() == name)?;
            Some((host.name.clone(), interface.id.clone()))
        };
        let network = |host: &&Host| {
            let network = host.networks.iter().find(|network| network.name.as_str() == name)?;
            Some((host.name.clone(), network.id.clone()))
        };
        let mut found: Vec<_> = hosts.iter().filter_map(interface).collect();
        if found.is_empty() {
            found = hosts.iter().filter_map(network).collect();
        }
        let why = match found.as_slice() {
            [(_, id)] => return Ok(id.clone()),
            [] => error.unwrap_or_else(|| EndError::Unknown(Text::new(name))),
            several => EndError::ambiguous(name, several.iter().map(|(host, _)| host)),
        };
        Err(walk::mistake(&why, snapshot, words))
    })
}

fn pieces(snapshot: &Snapshot, first: &EntityId, way: &[Stretch<'_>], words: Words) -> Vec<Piece> {
    let kind = snapshot.graph().node(first).map_or(NodeKind::Interface, |node| node.kind);
    let first = way.first().map_or((first, kind), |stretch| (&stretch.from.id, stretch.from.kind));
    let piece = |(id, kind): (&EntityId, NodeKind), by| Piece {
        id: id.clone(),
        kind,
        name: match kind {
            NodeKind::Outside | NodeKind::Link => words.text("walk-outside"),
            _ => words::name(snapshot, id),
        },
        namespace: snapshot.interface(id).map(|(_, namespace, _)| namespace.name.clone()),
        by,
    };
    let rest = way.iter().map(|stretch| piece((&stretch.to.id, stretch.to.kind), Some(stretch.by)));
    std::iter::once(piece(first, None)).chain(rest).collect()
}
