//! A namespace's interfaces, and where the cable of each ends.

use std::collections::HashMap;

use bridgewalk_model::{
    EntityId, Snapshot,
    kernel::{AddressScope, LinkKind},
    snapshot::{Host, Interface, Namespace},
};

use super::{LINE, PAD};
use crate::{
    Detail, Word,
    paint::{
        Context,
        brush::{Brush, Layer, size},
    },
    scene::{Anchor, Color, EdgeKind, Face, LineEnd, Point, Rect, Stroke},
    theme::Theme,
};

/// An interface, measured.
pub(super) struct Port<'a> {
    pub(super) interface: &'a Interface,
    pub(super) lines: Vec<String>,
    pub(super) end: Option<End>,
    /// A bridge's port stands a little to the right of its bridge.
    pub(super) indent: f32,
    pub(super) height: f32,
}

/// Where a cable ends.
pub(super) struct End {
    entity: EntityId,
    pub(super) title: String,
    pub(super) note: String,
    is_world: bool,
    is_seen: bool,
    /// Containers live there.
    is_inhabited: bool,
}

pub(super) fn ports<'a>(
    context: &Context<'_>,
    snapshot: &'a Snapshot,
    host: &'a Host,
    namespace: &'a Namespace,
) -> Vec<Port<'a>> {
    // A bridge, then its ports; the rest as the kernel numbers them.
    let mut order: Vec<&Interface> = Vec::new();
    let graph = snapshot.graph();
    let mut ports: HashMap<&EntityId, Vec<&Interface>> = HashMap::new();
    for interface in &namespace.interfaces {
        if let Some(master) = graph.master(&interface.id) {
            ports.entry(master).or_default().push(interface);
        }
    }
    for interface in namespace.interfaces.iter().filter(|interface| graph.master(&interface.id).is_none()) {
        order.push(interface);
        order.extend(ports.remove(&interface.id).unwrap_or_default());
    }
    // A port of what is itself a port.
    order.extend(namespace.interfaces.iter().flat_map(|one| ports.remove(&one.id).unwrap_or_default()));
    order
        .into_iter()
        .map(|interface| {
            let mut lines: Vec<String> = interface.addresses.iter().map(ToString::to_string).collect();
            if context.view.detail == Detail::Everything {
                lines.extend(interface.mac_address().map(|mac| mac.to_string()));
                lines.push(format!("if {} · mtu {}", interface.link.if_index, interface.link.mtu));
            }
            if !interface.link.is_up {
                lines.push(context.words.word(Word::Down));
            }
            let height = 2.0 * PAD + 16.0 + LINE * lines.len() as f32;
            let end = end(context, snapshot, host, namespace, interface);
            let height = if end.is_some() { height.max(48.0) } else { height };
            Port {
                interface,
                lines,
                end,
                indent: if graph.master(&interface.id).is_some() { 24.0 } else { 0.0 },
                height,
            }
        })
        .collect()
}

fn end(
    context: &Context<'_>,
    snapshot: &Snapshot,
    host: &Host,
    namespace: &Namespace,
    interface: &Interface,
) -> Option<End> {
    let graph = snapshot.graph();
    if let Some((_, far_namespace, far)) = graph.peer(&interface.id).and_then(|peer| snapshot.interface(peer)) {
        let bridge = graph.master(&far.id).and_then(|id| snapshot.interface(id)).map(|(_, _, bridge)| bridge);
        let master = bridge.map(|bridge| bridge.name.to_string());
        let network =
            interface.network.as_ref().and_then(|id| host.network(id)).map(|network| network.name.to_string());
        let title = match (&master, far_namespace.is_host) {
            (Some(master), _) => network.map_or_else(|| master.clone(), |network| format!("{network} · {master}")),
            (None, false) => far_namespace.name.to_string(),
            (None, true) => host.name.to_string(),
        };
        // A bridge's port has no address that matters: the bridge's own is the gateway.
        let mut addresses = bridge.unwrap_or(far).addresses.iter();
        let address = addresses.find(|address| address.scope == AddressScope::Global);
        let address = address.map(|address| format!(" · {address}")).unwrap_or_default();
        let entity = if far_namespace.is_host { far.id.clone() } else { far_namespace.id.clone() };
        return Some(End {
            entity,
            title,
            note: format!("{}{address}", far.name),
            is_world: false,
            is_seen: true,
            is_inhabited: !far_namespace.is_host && !far_namespace.containers.is_empty(),
        });
    }
    match &interface.link.kind {
        LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. } | LinkKind::Vlan { .. } | LinkKind::Vxlan { .. } => {
            let (_, _, parent) = graph.parent(&interface.id).and_then(|parent| snapshot.interface(parent))?;
            let note = context.words.word(Word::OnParent);
            Some(End {
                entity: parent.id.clone(),
                title: parent.name.to_string(),
                note,
                is_world: false,
                is_seen: true,
                is_inhabited: false,
            })
        }
        LinkKind::Physical if namespace.is_host => Some(End {
            entity: EntityId::outside(),
            title: context.words.word(Word::Outside),
            note: context.words.word(Word::OutsideNote),
            is_world: true,
            is_seen: true,
            is_inhabited: false,
        }),
        LinkKind::Veth => Some(End {
            entity: interface.id.clone(),
            title: "?".to_owned(),
            note: context.words.word(Word::UnseenPeer),
            is_world: false,
            is_seen: false,
            is_inhabited: false,
        }),
        _ => None,
    }
}

pub(super) fn port_box(brush: &mut Brush<'_>, context: &Context<'_>, port: &Port<'_>, rect: Rect) {
    let theme = brush.theme;
    let entity = Some(&port.interface.id);
    let link = &port.interface.link;
    let (fill, kind): (Color, &str) = match &link.kind {
        LinkKind::Bridge { .. } => (theme.bridge, "bridge"),
        LinkKind::Loopback => (theme.outside, "loopback"),
        LinkKind::Veth => (theme.interface, "veth"),
        LinkKind::Physical => (theme.interface, ""),
        LinkKind::Vxlan { .. } => (theme.interface, "vxlan"),
        LinkKind::Macvlan { .. } => (theme.interface, "macvlan"),
        LinkKind::Ipvlan { .. } => (theme.interface, "ipvlan"),
        LinkKind::Vlan { .. } => (theme.interface, "vlan"),
        LinkKind::Dummy => (theme.interface, "dummy"),
        LinkKind::Tun => (theme.interface, "tun"),
        LinkKind::Other { name } => (theme.interface, name.as_str()),
    };
    let stroke = if link.is_up { Theme::thin(theme.outline) } else { Theme::dashed(theme.outline) };
    brush.rect(Layer::Boxes, entity, rect, 6.0, Some(fill), Some(stroke));
    let mut y = rect.y + PAD + 11.0;
    let used = brush.text(
        entity,
        rect.x + PAD,
        y,
        port.interface.name.as_str(),
        (Face::Strong, size::TITLE, theme.text),
        Anchor::Start,
        rect.width - 2.0 * PAD,
    );
    brush.text(
        entity,
        rect.right() - PAD,
        y,
        kind,
        (Face::Regular, size::SMALL, theme.muted),
        Anchor::End,
        rect.width - 2.0 * PAD - used - 8.0,
    );
    y += 3.0;
    for line in &port.lines {
        y += LINE;
        brush.text(
            entity,
            rect.x + PAD,
            y,
            line,
            (Face::Mono, size::BODY, theme.muted),
            Anchor::Start,
            rect.width - 2.0 * PAD,
        );
    }
    let name = format!("{} {} {}", context.words.word(Word::Interface), port.interface.name, port.lines.join(", "));
    brush.target(&port.interface.id, name, rect, 3, false);
}

pub(super) fn cable(brush: &mut Brush<'_>, context: &Context<'_>, port: &Port<'_>, end: &End, rect: Rect, width: f32) {
    let theme = brush.theme;
    let middle = rect.center().y;
    let far = Rect { x: 0.0, y: middle - 22.0, width, height: 44.0 };
    let (radius, fill) = match (end.is_world, end.is_inhabited) {
        (true, _) => (20.0, theme.outside),
        (false, true) => (8.0, theme.container),
        (false, false) => (8.0, theme.bridge),
    };
    let stroke = if end.is_seen { Theme::thin(theme.outline) } else { Theme::dashed(theme.outline) };
    brush.rect(
        Layer::Boxes,
        Some(&end.entity),
        far,
        radius,
        end.is_seen.then_some(fill).or(Some(theme.parked)),
        Some(stroke),
    );
    brush.text(
        Some(&end.entity),
        PAD,
        middle - 3.0,
        &end.title,
        (Face::Strong, size::TITLE, theme.text),
        Anchor::Start,
        width - 2.0 * PAD,
    );
    let face = if end.is_world || !end.is_seen { Face::Regular } else { Face::Mono };
    brush.text(
        Some(&end.entity),
        PAD,
        middle + 13.0,
        &end.note,
        (face, size::SMALL, theme.muted),
        Anchor::Start,
        width - 2.0 * PAD,
    );
    let path = vec![Point { x: width + 3.0, y: middle }, Point { x: rect.x - 3.0, y: middle }];
    let color = if end.is_world { theme.outline } else { theme.cable };
    let stroke = Stroke { color, width: 2.0, dash: (!end.is_seen).then_some((5.0, 4.0)) };
    brush.line_target(
        &port.interface.id,
        format!("{} {} – {}", context.words.word(Word::Cable), port.interface.name, end.note),
        path.clone(),
    );
    let kind = if end.is_world { EdgeKind::Uplink } else { EdgeKind::Cable };
    brush.edge(kind, Some(&port.interface.id), path, stroke, (LineEnd::Plug, LineEnd::Plug));
    if end.is_seen {
        brush.target(&end.entity, format!("{} {}", end.title, end.note), far, 3, false);
    }
}
