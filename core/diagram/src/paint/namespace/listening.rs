//! What listens in a namespace, as doors.

use bridgewalk_model::{kernel::SocketState, snapshot::Namespace};

use crate::{
    content::Reach,
    paint::{
        brush::{Brush, Layer, size},
        icon,
    },
    scene::{Anchor, Face, Point, Rect},
    theme::Theme,
};

pub(super) struct Listener {
    pub(super) label: String,
    pub(super) process: String,
    is_loopback: bool,
}

pub(super) fn sockets(namespace: &Namespace) -> Vec<Listener> {
    let mut listeners: Vec<Listener> = Vec::new();
    for socket in namespace.sockets.iter().filter(|socket| socket.socket.state == SocketState::Listen) {
        let local = socket.socket.local;
        let address = if local.address.is_unspecified() {
            "*".to_owned()
        } else if local.address.is_ipv6() {
            format!("[{}]", local.address)
        } else {
            local.address.to_string()
        };
        let label = format!("{address}:{}/{}", local.port, socket.socket.transport);
        if !listeners.iter().any(|other| other.label == label) {
            let process = socket.command.as_ref().map(ToString::to_string).unwrap_or_default();
            listeners.push(Listener { label, process, is_loopback: local.address.is_loopback() });
        }
    }
    listeners
}

/// Listening sockets as doors, or `nothing` where there are none; where the last one ends.
pub(super) fn doors(
    brush: &mut Brush<'_>,
    nothing: &str,
    namespace: &Namespace,
    sockets: &[Listener],
    at: Rect,
) -> f32 {
    let theme = brush.theme;
    let mut y = at.y;
    if sockets.is_empty() {
        brush.text(None, at.x, y + 16.0, nothing, (Face::Regular, size::BODY, theme.muted), Anchor::Start, at.width);
        return y + 30.0;
    }
    for socket in sockets {
        let rect = Rect { x: at.x, y, width: at.width, height: 30.0 };
        let color = if socket.is_loopback { theme.closed } else { theme.open };
        brush.rect(Layer::Boxes, Some(&namespace.id), rect, 15.0, Some(theme.interface), Some(Theme::thin(color)));
        let mark = Point { x: rect.x + 18.0, y: rect.center().y };
        if socket.is_loopback {
            icon::reach(brush, Some(&namespace.id), mark, Reach::HostOnly, theme.closed);
        } else {
            icon::door(brush, &namespace.id, mark, true);
        }
        let used = brush.text(
            Some(&namespace.id),
            rect.x + 32.0,
            y + 19.0,
            &socket.label,
            (Face::Mono, size::BODY, theme.text),
            Anchor::Start,
            rect.width - 46.0,
        );
        brush.text(
            Some(&namespace.id),
            rect.right() - 14.0,
            y + 19.0,
            &socket.process,
            (Face::Regular, size::SMALL, theme.muted),
            Anchor::End,
            rect.width - used - 58.0,
        );
        y += 30.0 + 8.0;
    }
    y + 8.0
}
