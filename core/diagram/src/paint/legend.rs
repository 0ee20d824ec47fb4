//! What the symbols mean, in one line below the picture.

use super::{
    Context,
    brush::{Brush, Layer, size},
    icon,
};
use crate::{
    Detail, Word,
    content::{HostContent, Reach},
    fonts::text_width,
    scene::{Anchor, Face, LineEnd, Point, Rect, Role, Stroke},
    theme::Theme,
};

/// A symbol's width with the gap after it.
const SYMBOL: f32 = 40.0;
/// Between two entries.
const GAP: f32 = 28.0;
const LINE: f32 = 24.0;

#[derive(Clone, Copy)]
enum Symbol {
    In,
    Out,
    Cable,
    HostOnly,
    Exposed,
    Parked,
    Stale,
    Link,
}

/// Paints it from `(x, y)` rightwards, wrapped at `width`: the symbols that `contents` has.
pub(super) fn paint(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    contents: &[HostContent],
    (x, y): (f32, f32),
    width: f32,
) -> Rect {
    let plumbing = [
        (Symbol::In, Word::LegendIn),
        (Symbol::Out, Word::LegendOut),
        (Symbol::Cable, Word::LegendCable),
        (Symbol::HostOnly, Word::HostOnly),
        (Symbol::Exposed, Word::ExposedOnly),
        (Symbol::Parked, Word::NotRunning),
        (Symbol::Stale, Word::LegendStale),
        (Symbol::Link, Word::LegendLink),
    ];
    let is_concept = context.view.detail == Detail::Concept;
    let (mut at_x, mut at_y) = (x, y);
    let mut right = x;
    for (symbol, word) in plumbing {
        if (is_concept && matches!(symbol, Symbol::Out | Symbol::Cable)) || !occurs(symbol, contents) {
            continue;
        }
        let text = context.words.word(word);
        let needs = SYMBOL + text_width(&text, Face::Regular, size::BODY);
        if at_x > x && at_x + needs > x + width {
            at_x = x;
            at_y += LINE;
        }
        paint_symbol(brush, symbol, Point { x: at_x, y: at_y });
        let color = brush.theme.muted;
        let style = (Face::Regular, size::BODY, color);
        brush.text_as(Role::Entry, None, at_x + SYMBOL, at_y + 4.0, &text, style, Anchor::Start, needs);
        right = right.max(at_x + needs);
        at_x += needs + GAP;
    }
    Rect { x, y: y - 12.0, width: right - x, height: at_y - y + 24.0 }
}

fn occurs(symbol: Symbol, contents: &[HostContent]) -> bool {
    let blocks = || contents.iter().flat_map(|host| &host.blocks);
    let rows = || blocks().flat_map(|block| &block.rows);
    let cells = || rows().flat_map(|row| &row.cells);
    match symbol {
        Symbol::In => cells().any(|cell| cell.reach != Reach::Outward),
        Symbol::Out => blocks().any(|block| block.masquerade.is_some()),
        Symbol::Cable => rows().flat_map(|row| &row.interfaces).any(|line| line.port.is_some()),
        Symbol::HostOnly => cells().any(|cell| cell.reach == Reach::HostOnly),
        Symbol::Exposed => rows().flat_map(|row| &row.doors).any(|door| !door.is_published),
        Symbol::Parked => rows().any(|row| row.is_parked),
        Symbol::Link => rows().any(|row| !row.links.is_empty()),
        Symbol::Stale => {
            rows().flat_map(|row| &row.residents).any(|resident| resident.is_stale) || blocks().any(|it| it.is_stale)
        }
    }
}

fn paint_symbol(brush: &mut Brush<'_>, symbol: Symbol, at: Point) {
    let theme = brush.theme;
    let mut line = |color, width, dash, start, end| {
        let points = vec![at, Point { x: at.x + 30.0, y: at.y }];
        brush.line(None, points, Stroke { color, width, dash }, start, end);
    };
    match symbol {
        Symbol::In => line(theme.inward, 1.75, None, LineEnd::Plain, LineEnd::Arrow),
        Symbol::Out => line(theme.outward, 1.5, Some((6.0, 4.0)), LineEnd::Arrow, LineEnd::Plain),
        Symbol::Cable => line(theme.cable, 2.0, None, LineEnd::Plug, LineEnd::Plug),
        Symbol::HostOnly => icon::reach(brush, None, Point { x: at.x + 18.0, y: at.y }, Reach::HostOnly, theme.text),
        Symbol::Exposed => {
            let entity = bridgewalk_model::EntityId::outside().child("legend", "door");
            icon::door(brush, &entity, Point { x: at.x + 20.0, y: at.y }, false);
        }
        Symbol::Link => line(theme.outline, 1.5, Some((4.0, 3.0)), LineEnd::Plain, LineEnd::Arrow),
        Symbol::Stale => icon::stale(brush, None, Point { x: at.x + 20.0, y: at.y }),
        Symbol::Parked => {
            let rect = Rect { x: at.x + 4.0, y: at.y - 7.0, width: 26.0, height: 14.0 };
            brush.rect(Layer::Boxes, None, rect, 4.0, Some(theme.parked), Some(Theme::dashed(theme.outline)));
        }
    }
}
