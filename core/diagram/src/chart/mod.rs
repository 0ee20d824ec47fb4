//! Views that answer one question each: a grid of rows and lanes, read from the outside to the container (or as the
//! packet goes). A row is one way through; what several rows share is one box beside all of them, so that every line is
//! straight and nothing crosses. Each view fills a [`Chart`]; [`paint`] measures and paints any of them.

mod bridge;
mod dns;
mod ingress;
mod nat;
mod overlay;
pub(crate) mod paint;
mod plugins;
mod port_mapping;

use std::ops::Range;

use bridgewalk_model::{
    EntityId, Snapshot,
    graph::Graph,
    snapshot::{Container, Host, Interface, Namespace, Network},
};

use crate::{
    Detail, Scope, View, Word, Words,
    content::{Reach, last_seen, subnets_of},
    scene::EdgeKind,
};

/// What a view shows, without places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    /// What the picture is about.
    pub title: String,
    /// The lanes' headings, from the left.
    pub lanes: Vec<String>,
    /// How many rows there are.
    pub rows: usize,
    pub cells: Vec<Cell>,
    pub links: Vec<Link>,
    /// What holds cells, outer ones first.
    pub frames: Vec<Frame>,
}

/// What a box or frame looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Outside,
    Host,
    Interface,
    Translation,
    Bridge,
    Container,
    /// A container as last seen: the engine does not answer.
    Stale,
    /// A namespace that is no container's.
    Namespace,
    /// Not there, or no way through.
    Absent,
}

/// What stands before a box's title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Globe,
    Reach(Reach),
    Door(bool),
    Barred,
    /// As last seen.
    Stale,
}

/// A box in one lane, beside one row or several.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub entity: EntityId,
    pub lane: usize,
    pub rows: Range<usize>,
    pub look: Look,
    pub mark: Option<Mark>,
    pub title: String,
    /// Names are set in the text face, addresses and rules in monospace.
    pub is_mono: bool,
    /// Below the title, in monospace.
    pub lines: Vec<String>,
}

/// A straight line in the middle of its rows, from the box in one lane to that in another.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub entity: EntityId,
    pub rows: Range<usize>,
    pub from: usize,
    pub to: usize,
    pub kind: EdgeKind,
    /// It ends in bridges' ports here.
    pub port_at: Option<usize>,
}

/// A box around cells.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub entity: EntityId,
    pub lanes: Range<usize>,
    pub rows: Range<usize>,
    pub look: Look,
    pub title: String,
    pub note: String,
}

/// What a view is made from.
pub(crate) struct Source<'a> {
    pub snapshot: &'a Snapshot,
    pub view: &'a View,
    pub words: &'a dyn Words,
}

/// The chart of `view`'s scope, if it is one.
pub(crate) fn of(snapshot: &Snapshot, view: &View, words: &dyn Words) -> Option<Chart> {
    let source = Source { snapshot, view, words };
    Some(match view.scope {
        Scope::PortMapping => port_mapping::chart(&source),
        Scope::Bridges => bridge::chart(&source),
        Scope::Nat => nat::chart(&source),
        Scope::Dns => dns::chart(&source),
        Scope::Overlay => overlay::chart(&source),
        Scope::Ingress => ingress::chart(&source),
        Scope::Plugins => plugins::chart(&source),
        Scope::Whole | Scope::Namespace(_) => return None,
    })
}

impl<'a> Source<'a> {
    /// How everything is wired.
    pub(crate) fn graph(&self) -> &'a Graph {
        self.snapshot.graph()
    }

    pub(crate) fn word(&self, word: Word) -> String {
        self.words.word(word)
    }

    /// Whether at least this much is shown.
    pub(crate) fn has(&self, detail: Detail) -> bool {
        self.view.detail >= detail
    }

    /// Whether the view lets this container be seen.
    pub(crate) fn shows(&self, container: &Container) -> bool {
        let view = self.view;
        let filter = &view.filter;
        let text = filter.text.to_lowercase();
        let has = |part: &str| part.to_lowercase().contains(&text);
        !view.hidden.contains(&container.id)
            && filter
                .project
                .as_ref()
                .is_none_or(|project| container.compose.as_ref().is_some_and(|compose| compose.project == *project))
            && (text.is_empty() || has(container.name.as_str()) || has(container.image.as_str()))
    }

    /// Whether the view lets this network be seen.
    pub(crate) fn shows_network(&self, network: &Network) -> bool {
        let view = self.view;
        !view.hidden.contains(&network.id)
            && !network.is_config_only
            && view.filter.network.as_ref().is_none_or(|wanted| *wanted == network.id)
    }

    /// What a container is called: of a Swarm's task its service and slot, since its name ends in a long id.
    pub(crate) fn name(&self, container: &Container) -> String {
        let name = container.name.as_str();
        let short = name.rsplit_once('.').filter(|_| container.swarm_service_id.is_some());
        short.filter(|_| !self.has(Detail::Everything)).map_or(name, |(short, _)| short).to_owned()
    }

    /// The host's name and engine, as a frame's note, and since when it is as last seen.
    pub(crate) fn host_note(&self, host: &Host) -> String {
        let engine = host.engine.as_ref().map(|engine| format!("{} {}", self.word(Word::Engine), engine.version));
        let parts = engine.into_iter().chain(last_seen(host, self.snapshot.at_ms, self.words));
        parts.collect::<Vec<_>>().join(" · ")
    }

    /// How a container looks.
    pub(crate) fn look(&self, host: &Host, container: &Container) -> Look {
        if host.stale_since(container).is_some() { Look::Stale } else { Look::Container }
    }
}

impl Chart {
    pub(crate) fn new(title: String, lanes: Vec<String>) -> Self {
        Self { title, lanes, ..Self::default() }
    }

    /// Begins a row; its number.
    pub(crate) fn row(&mut self) -> usize {
        self.rows += 1;
        self.rows - 1
    }

    /// A box in one lane.
    pub(crate) fn cell(
        &mut self,
        lane: usize,
        rows: Range<usize>,
        look: Look,
        entity: &EntityId,
        title: String,
    ) -> &mut Cell {
        let at = self.cells.len();
        self.cells.push(Cell {
            entity: entity.clone(),
            lane,
            rows,
            look,
            mark: (look == Look::Stale).then_some(Mark::Stale),
            title,
            is_mono: false,
            lines: Vec::new(),
        });
        &mut self.cells[at]
    }

    /// A line from the box in lane `from` to that in lane `to`.
    pub(crate) fn link(&mut self, row: usize, from: usize, to: usize, kind: EdgeKind, entity: &EntityId) {
        self.trunk(&(row..row + 1), from, to, kind, entity);
    }

    /// A line for all of `rows` together, in their middle.
    pub(crate) fn trunk(&mut self, rows: &Range<usize>, from: usize, to: usize, kind: EdgeKind, entity: &EntityId) {
        self.links.push(Link { entity: entity.clone(), rows: rows.clone(), from, to, kind, port_at: None });
    }

    /// A cable, with a bridge's port in lane `from`.
    pub(crate) fn cable(&mut self, row: usize, from: usize, to: usize, entity: &EntityId) {
        let rows = row..row + 1;
        self.links.push(Link { entity: entity.clone(), rows, from, to, kind: EdgeKind::Cable, port_at: Some(from) });
    }

    pub(crate) fn frame(
        &mut self,
        lanes: Range<usize>,
        rows: Range<usize>,
        look: Look,
        entity: &EntityId,
        title: String,
        note: String,
    ) {
        if !rows.is_empty() {
            self.frames.push(Frame { entity: entity.clone(), lanes, rows, look, title, note });
        }
    }

    /// These rows alone. A frame that began before them says so with `continued`.
    pub(crate) fn piece(&self, rows: Range<usize>, continued: &str) -> Self {
        let clip = |of: &Range<usize>| {
            let (start, end) = (of.start.max(rows.start), of.end.min(rows.end));
            (start < end).then(|| start - rows.start..end - rows.start)
        };
        let cells = self.cells.iter().filter_map(|cell| Some(Cell { rows: clip(&cell.rows)?, ..cell.clone() }));
        let frames = self.frames.iter().filter_map(|frame| {
            let clipped = clip(&frame.rows)?;
            let note = if frame.rows.start < rows.start { continued.to_owned() } else { frame.note.clone() };
            Some(Frame { rows: clipped, note, ..frame.clone() })
        });
        let links = self.links.iter().filter_map(|link| Some(Link { rows: clip(&link.rows)?, ..link.clone() }));
        Self {
            title: self.title.clone(),
            lanes: self.lanes.clone(),
            rows: rows.len(),
            cells: cells.collect(),
            links: links.collect(),
            frames: frames.collect(),
        }
    }

    /// The outside world, beside `rows`.
    pub(crate) fn outside(&mut self, source: &Source<'_>, lane: usize, rows: Range<usize>) {
        if !rows.is_empty() {
            let cell = self.cell(lane, rows, Look::Outside, &EntityId::outside(), source.word(Word::Outside));
            cell.mark = Some(Mark::Globe);
        }
    }
}

impl Cell {
    pub(crate) fn mono(&mut self) -> &mut Self {
        self.is_mono = true;
        self
    }

    pub(crate) fn mark(&mut self, mark: Mark) -> &mut Self {
        self.mark = Some(mark);
        self
    }

    /// Another line, if it says anything.
    pub(crate) fn line(&mut self, text: impl Into<String>) -> &mut Self {
        let text = text.into();
        if !text.is_empty() {
            self.lines.push(text);
        }
        self
    }
}

/// A bridge's device and address, or a network's subnet.
pub(crate) fn device_lines(source: &Source<'_>, host: &Host, network: &Network) -> Vec<String> {
    let subnets = subnets_of(network);
    let Some(bridge) = network.bridge.as_ref().and_then(|id| host.interface(id)) else {
        return subnets;
    };
    let mut lines = Vec::new();
    if source.has(Detail::Plumbing) {
        // `docker_gwbridge` is both.
        lines.extend(Some(bridge.name.to_string()).filter(|name| *name != network.name.as_str()));
        lines.push(address(bridge));
    } else {
        lines.extend(subnets);
    }
    if source.has(Detail::Everything) {
        lines.extend(bridge.link.mac_address.map(|mac| mac.to_string()));
        lines.push(format!("if {} · mtu {}", bridge.link.if_index, bridge.link.mtu));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The address that people mean: the first global one, else the first.
pub(crate) fn address(interface: &Interface) -> String {
    crate::content::address_of(interface)
}

/// The interface by which the default route leaves the host.
pub(crate) fn uplink<'a>(source: &Source<'_>, host: &'a Host) -> Option<&'a Interface> {
    let id = source.graph().default_uplink(&host.id)?;
    host.own_namespace()?.interfaces.iter().find(|interface| interface.id == *id)
}

/// An end of a network's bridge that Docker tells of nowhere: what an overlay's containers, and the Swarm's own
/// namespaces, have on `docker_gwbridge` and on the overlay. Known by its cable.
pub(crate) struct QuietEnd<'a> {
    pub namespace: &'a Namespace,
    pub interface: &'a Interface,
    /// The cable's end at the bridge.
    pub near: &'a EntityId,
}

/// The cables in `network`'s bridge that no container's attachment accounts for, by the bridge's ports.
pub(crate) fn quiet_ends<'a>(source: &Source<'a>, host: &'a Host, network: &Network) -> Vec<QuietEnd<'a>> {
    let known: Vec<&EntityId> = host
        .containers
        .iter()
        .flat_map(|container| &container.attachments)
        .filter(|end| end.network == network.id)
        .filter_map(|end| end.interface.as_ref())
        .collect();
    let graph = source.graph();
    let ports = network.bridge.as_ref().map_or_else(Vec::new, |bridge| graph.ports(bridge));
    let mut ends: Vec<QuietEnd<'a>> = ports
        .into_iter()
        .filter_map(|near| Some((near, graph.peer(near).filter(|far| !known.contains(far))?)))
        .filter_map(|(near, far)| {
            let interface = host.interface(far)?;
            Some(QuietEnd { namespace: host.namespace(&interface.namespace)?, interface, near })
        })
        .collect();
    ends.sort_by(|a, b| (a.namespace.kind, &a.namespace.name).cmp(&(b.namespace.kind, &b.namespace.name)));
    ends
}

/// A container's end in a network: interface name and address, as a box says it.
pub(crate) fn end_lines(
    source: &Source<'_>,
    host: &Host,
    end: &bridgewalk_model::snapshot::Attachment,
) -> (String, Vec<String>) {
    let address = end.ipv4.or(end.ipv6).map(|address| address.to_string()).unwrap_or_default();
    let interface = end.interface.as_ref().and_then(|id| host.interface(id));
    let mut lines = Vec::new();
    let title = match interface {
        Some(interface) if source.has(Detail::Plumbing) => {
            lines.push(address);
            interface.name.to_string()
        }
        _ => address,
    };
    if source.has(Detail::Everything)
        && let Some(interface) = interface
    {
        lines.extend(end.ipv6.filter(|_| end.ipv4.is_some()).map(|address| address.to_string()));
        lines.extend(interface.mac_address().map(|mac| mac.to_string()));
        lines.push(format!("if {} · mtu {}", interface.link.if_index, interface.link.mtu));
    }
    (title, lines)
}
