//! One namespace from the inside: its interfaces and where each cable ends, its routes, who answers for names, and what
//! listens.

mod listening;
mod port;

use bridgewalk_model::{
    EntityId, Snapshot, SourceKind,
    kernel::RouteKind,
    snapshot::{Host, Namespace},
};

use self::{
    listening::{doors, sockets},
    port::{cable, port_box, ports},
};
use super::{
    Context,
    brush::{Brush, Layer, size},
    icon, row,
};
use crate::{
    Word,
    fonts::text_width,
    scene::{Anchor, EdgeKind, Face, LineEnd, Point, Rect, Stroke},
    theme::Theme,
};

const PAD: f32 = 14.0;
const LINE: f32 = 18.0;
const GAP: f32 = 16.0;
/// Between the lanes: room for a cable or a route's line.
const LANE_GAP: f32 = 64.0;
/// Above the lanes: the title, who lives here, and the lanes' headings.
const TOP: f32 = 112.0;
/// The main routing table (`RT_TABLE_MAIN`).
const MAIN_TABLE: u32 = 254;
/// The most routes shown.
const MAX_ROUTES: usize = 24;

/// Paints it; its extent.
pub(super) fn paint(brush: &mut Brush<'_>, context: &Context<'_>, snapshot: &Snapshot, id: &EntityId) -> Rect {
    let Some((host, namespace)) = snapshot.namespace(id) else { return Rect::default() };
    let ports = ports(context, snapshot, host, namespace);
    let mono = |text: &str| text_width(text, Face::Mono, size::BODY);
    let widest = |widths: &mut dyn Iterator<Item = f32>, least: f32| widths.fold(least, f32::max).min(420.0).ceil();

    let ends_width = widest(
        &mut ports.iter().filter_map(|port| port.end.as_ref()).map(|end| {
            text_width(&end.title, Face::Strong, size::TITLE).max(text_width(&end.note, Face::Mono, size::SMALL)) + 52.0
        }),
        150.0,
    );
    let ports_width = widest(
        &mut ports.iter().map(|port| {
            let title = text_width(&port.interface.name.to_string(), Face::Strong, size::TITLE) + 90.0;
            port.lines.iter().map(|line| mono(line)).fold(title, f32::max) + 2.0 * PAD + port.indent
        }),
        190.0,
    );
    let routes = routes(namespace, context);
    let names = names(namespace, context);
    let middle_width =
        widest(&mut routes.iter().map(|route| &route.text).chain(&names).map(|line| mono(line) + 2.0 * PAD), 200.0);
    let sockets = sockets(namespace);
    let sockets_width = widest(
        &mut sockets
            .iter()
            .map(|socket| mono(&socket.label) + text_width(&socket.process, Face::Regular, size::SMALL) + 64.0),
        190.0,
    );

    let frame_x = ends_width + LANE_GAP - 20.0;
    let ports_x = frame_x + 20.0;
    let middle_x = ports_x + ports_width + LANE_GAP;
    let sockets_x = middle_x + middle_width + LANE_GAP / 2.0;
    let frame_width = sockets_x + sockets_width + 24.0 - frame_x;

    title(brush, context, host, namespace, frame_x, frame_width);
    for (x, word) in [(ports_x, Word::Interfaces), (middle_x, Word::Routes), (sockets_x, Word::Listening)] {
        let color = brush.theme.muted;
        brush.text(
            None,
            x,
            TOP - 14.0,
            &context.words.word(word),
            (Face::Regular, size::BODY, color),
            Anchor::Start,
            220.0,
        );
    }

    // Interfaces and their cables.
    let mut y = TOP;
    let mut places = Vec::new();
    for port in &ports {
        let x = ports_x + port.indent;
        let rect = Rect { x, y, width: ports_width - port.indent, height: port.height };
        port_box(brush, context, port, rect);
        if let Some(end) = &port.end {
            cable(brush, context, port, end, rect, ends_width);
        }
        places.push((port.interface.link.if_index, rect));
        y += port.height + GAP;
    }
    let ports_bottom = y;

    // Routes, names.
    let mut y = TOP;
    let routes_rect = list(
        brush,
        middle_x,
        y,
        middle_width,
        &routes.iter().map(|route| route.text.clone()).collect::<Vec<_>>(),
        &absent(context, host, namespace, SourceKind::Links),
    );
    if let Some((index, route)) = routes.iter().enumerate().find(|(_, route)| route.is_default)
        && let Some((_, rect)) = places.iter().find(|(if_index, _)| Some(*if_index) == route.if_index)
    {
        let line_y = routes_rect.y + PAD + LINE * index as f32 + LINE / 2.0;
        let (from, to) = (Point { x: middle_x, y: line_y }, Point { x: rect.right(), y: rect.center().y });
        let x = (from.x + to.x) / 2.0;
        let path = if (from.y - to.y).abs() < 0.5 {
            vec![from, to]
        } else {
            vec![from, Point { x, y: from.y }, Point { x, y: to.y }, to]
        };
        let stroke = Stroke { color: brush.theme.outward, width: 1.5, dash: Some((6.0, 4.0)) };
        brush.edge(EdgeKind::Outward, Some(&namespace.id), path, stroke, (LineEnd::Plain, LineEnd::Arrow));
    }
    y = routes_rect.bottom() + 36.0;
    let color = brush.theme.muted;
    brush.text(
        None,
        middle_x,
        y - 10.0,
        &context.words.word(Word::Dns),
        (Face::Regular, size::BODY, color),
        Anchor::Start,
        middle_width,
    );
    let no_names = absent(context, host, namespace, SourceKind::NameFiles);
    let names_rect = list(brush, middle_x, y, middle_width, &names, &no_names);

    let no_sockets = absent(context, host, namespace, SourceKind::Sockets);
    let sockets_bottom = doors(
        brush,
        &no_sockets,
        namespace,
        &sockets,
        Rect { x: sockets_x, y: TOP, width: sockets_width, height: 0.0 },
    );
    let bottom = ports_bottom.max(names_rect.bottom() + GAP).max(sockets_bottom) + 8.0;
    let frame = Rect { x: frame_x, y: 0.0, width: frame_width, height: bottom };
    let stroke = Stroke { color: brush.theme.frame, width: 1.5, dash: None };
    brush.rect(Layer::Ground, Some(&namespace.id), frame, 14.0, Some(brush.theme.host), Some(stroke));
    Rect { x: 0.0, y: 0.0, width: frame.right(), height: bottom }
}

fn title(brush: &mut Brush<'_>, context: &Context<'_>, host: &Host, namespace: &Namespace, x: f32, width: f32) {
    let theme = brush.theme;
    let name = format!("{} {}", context.words.word(Word::Namespace), namespace.name);
    let used = brush.text(
        Some(&namespace.id),
        x + 20.0,
        36.0,
        &name,
        (Face::Strong, size::HOST, theme.text),
        Anchor::Start,
        width - 40.0,
    );
    let mut note = format!("{} {}", context.words.word(Word::Host), host.name);
    if !namespace.inode.is_stand_in() {
        note.push_str(&format!(" · net:[{}]", namespace.inode.0));
    }
    brush.text(
        Some(&namespace.id),
        x + 34.0 + used,
        36.0,
        &note,
        (Face::Regular, size::BODY, theme.muted),
        Anchor::Start,
        width - used - 60.0,
    );
    let rect = Rect { x, y: 0.0, width, height: TOP - 30.0 };
    brush.target(&namespace.id, name, rect, 1, false);
    let mut at = x + 20.0;
    for container in namespace.containers.iter().filter_map(|id| host.container(id)) {
        let name = container.name.to_string();
        let needs = text_width(&name, Face::Strong, size::BODY) + 34.0;
        if at + needs > x + width - 60.0 {
            brush.text(
                Some(&namespace.id),
                at,
                65.0,
                "…",
                (Face::Strong, size::BODY, theme.muted),
                Anchor::Start,
                40.0,
            );
            break;
        }
        let pill = Rect { x: at, y: 50.0, width: needs, height: 24.0 };
        brush.rect(
            Layer::Boxes,
            Some(&container.id),
            pill,
            6.0,
            Some(theme.container),
            Some(Theme::thin(theme.outline)),
        );
        icon::state(brush, &container.id, Point { x: at + 14.0, y: 62.0 }, container.state);
        brush.text(
            Some(&container.id),
            at + 24.0,
            66.0,
            &name,
            (Face::Strong, size::BODY, theme.text),
            Anchor::Start,
            needs,
        );
        let state = context.words.word(row::word_of(container.state));
        brush.target(&container.id, format!("{} {name}, {state}", context.words.word(Word::Container)), pill, 3, false);
        at += needs + 10.0;
    }
}

struct RouteLine {
    text: String,
    is_default: bool,
    if_index: Option<u32>,
}

fn routes(namespace: &Namespace, context: &Context<'_>) -> Vec<RouteLine> {
    let name_of = |if_index: u32| {
        namespace
            .interfaces
            .iter()
            .find(|interface| interface.link.if_index == if_index)
            .map_or_else(|| format!("if {if_index}"), |interface| interface.name.to_string())
    };
    let is_shown = |kind: RouteKind| !matches!(kind, RouteKind::Broadcast | RouteKind::Multicast | RouteKind::Local);
    let mut lines: Vec<RouteLine> = namespace
        .routes
        .iter()
        .filter(|route| route.table == MAIN_TABLE && is_shown(route.kind))
        .map(|route| {
            let is_default = route.destination.prefix_len() == 0;
            let destination =
                if is_default { context.words.word(Word::DefaultRoute) } else { route.destination.to_string() };
            let hop = route.next_hops.first();
            let ways: Vec<String> = route
                .next_hops
                .iter()
                .map(|hop| {
                    let device = name_of(hop.if_index);
                    hop.gateway.map_or_else(|| device.clone(), |gateway| format!("{gateway} · {device}"))
                })
                .collect();
            let way = if ways.is_empty() { format!("{:?}", route.kind).to_lowercase() } else { ways.join(", ") };
            RouteLine { text: format!("{destination} → {way}"), is_default, if_index: hop.map(|hop| hop.if_index) }
        })
        .collect();
    lines.sort_by_key(|line| !line.is_default);
    if lines.len() > MAX_ROUTES {
        let rest = lines.len() - MAX_ROUTES;
        lines.truncate(MAX_ROUTES);
        lines.push(RouteLine { text: format!("+{rest}"), is_default: false, if_index: None });
    }
    lines
}

fn names(namespace: &Namespace, context: &Context<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for resolver in &namespace.resolvers {
        for server in &resolver.nameservers {
            let line = if resolver.is_embedded_dns {
                format!("{server} · {}", context.words.word(Word::EmbeddedDns))
            } else {
                server.to_string()
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        if !resolver.search.is_empty() {
            let search: Vec<&str> = resolver.search.iter().map(bridgewalk_model::Text::as_str).collect();
            let line = format!("search {}", search.join(" "));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

/// What stands where a list is empty: that there is nothing, or that it was not read.
fn absent(context: &Context<'_>, host: &Host, namespace: &Namespace, source: SourceKind) -> String {
    let was_read = host.was_read(source, Some(namespace.inode));
    context.words.word(if was_read { Word::Nothing } else { Word::NotSeen })
}

/// Lines in one box; a word where there are none.
fn list(brush: &mut Brush<'_>, x: f32, y: f32, width: f32, lines: &[String], nothing: &str) -> Rect {
    let theme = brush.theme;
    let rect = Rect { x, y, width, height: 2.0 * PAD + LINE * lines.len().max(1) as f32 };
    brush.rect(Layer::Boxes, None, rect, 6.0, Some(theme.interface), Some(Theme::thin(theme.outline)));
    if lines.is_empty() {
        brush.text(
            None,
            x + PAD,
            y + PAD + 13.0,
            nothing,
            (Face::Regular, size::BODY, theme.muted),
            Anchor::Start,
            width - 2.0 * PAD,
        );
    }
    for (index, line) in lines.iter().enumerate() {
        let baseline = y + PAD + 13.0 + LINE * index as f32;
        brush.text(
            None,
            x + PAD,
            baseline,
            line,
            (Face::Mono, size::BODY, theme.text),
            Anchor::Start,
            width - 2.0 * PAD,
        );
    }
    rect
}
