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
    snapshot::{Container, Host, Network},
};

use crate::{Detail, Scope, View, Word, Words, content::Reach, scene::EdgeKind};

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

/// A straight line in one row, from the box in one lane to that in another.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub entity: EntityId,
    pub row: usize,
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

impl Source<'_> {
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

    /// The host's name and engine, as a frame's note.
    pub(crate) fn host_note(&self, host: &Host) -> String {
        host.engine
            .as_ref()
            .map_or_else(String::new, |engine| format!("{} {}", self.word(Word::Engine), engine.version))
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
            mark: None,
            title,
            is_mono: false,
            lines: Vec::new(),
        });
        &mut self.cells[at]
    }

    /// A line from the box in lane `from` to that in lane `to`.
    pub(crate) fn link(&mut self, row: usize, from: usize, to: usize, kind: EdgeKind, entity: &EntityId) {
        self.links.push(Link { entity: entity.clone(), row, from, to, kind, port_at: None });
    }

    /// A cable, with a bridge's port in lane `from`.
    pub(crate) fn cable(&mut self, row: usize, from: usize, to: usize, entity: &EntityId) {
        self.links.push(Link { entity: entity.clone(), row, from, to, kind: EdgeKind::Cable, port_at: Some(from) });
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

    /// These rows alone.
    pub(crate) fn piece(&self, rows: Range<usize>) -> Self {
        let clip = |of: &Range<usize>| {
            let (start, end) = (of.start.max(rows.start), of.end.min(rows.end));
            (start < end).then(|| start - rows.start..end - rows.start)
        };
        let cells = self.cells.iter().filter_map(|cell| Some(Cell { rows: clip(&cell.rows)?, ..cell.clone() }));
        let frames = self.frames.iter().filter_map(|frame| Some(Frame { rows: clip(&frame.rows)?, ..frame.clone() }));
        let links = self.links.iter().filter(|link| rows.contains(&link.row));
        Self {
            title: self.title.clone(),
            lanes: self.lanes.clone(),
            rows: rows.len(),
            cells: cells.collect(),
            links: links.map(|link| Link { row: link.row - rows.start, ..link.clone() }).collect(),
            frames: frames.collect(),
        }
    }

    /// The outside world, beside `rows`.
    pub(crate) fn outside(&mut self, source: &Source<'_>, lane: usize, rows: Range<usize>) {
        if !rows.is_empty() {
            let note = source.word(Word::OutsideNote);
            let cell = self.cell(lane, rows, Look::Outside, &EntityId::outside(), source.word(Word::Outside));
            cell.mark = Some(Mark::Globe);
            cell.lines.push(note);
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
    let subnet = network.pools.first().map(|pool| pool.subnet.to_string());
    let Some(bridge) = network.bridge.as_ref().and_then(|id| host.interface(id)) else {
        return subnet.into_iter().collect();
    };
    let mut lines = Vec::new();
    if source.has(Detail::Plumbing) {
        lines.push(bridge.name.to_string());
        lines.push(address(bridge));
    } else {
        lines.extend(subnet);
    }
    if source.has(Detail::Everything) {
        lines.extend(bridge.link.mac_address.map(|mac| mac.to_string()));
        lines.push(format!("if {} · mtu {}", bridge.link.if_index, bridge.link.mtu));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The address that people mean: the first global one, else the first.
pub(crate) fn address(interface: &bridgewalk_model::snapshot::Interface) -> String {
    crate::content::address_of(interface)
}

/// The interface by which the default route leaves the host.
pub(crate) fn uplink(host: &Host) -> Option<&bridgewalk_model::snapshot::Interface> {
    let namespace = host.own_namespace()?;
    let index = namespace
        .routes
        .iter()
        .find(|route| route.destination.prefix_len() == 0 && !route.next_hops.is_empty())?
        .next_hops
        .first()?
        .if_index;
    namespace.interfaces.iter().find(|interface| interface.link.if_index == index)
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
        lines.extend(interface.link.mac_address.map(|mac| mac.to_string()));
        lines.push(format!("if {} · mtu {}", interface.link.if_index, interface.link.mtu));
    }
    (title, lines)
}
