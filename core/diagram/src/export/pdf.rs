//! PDF: vectors, text as text in the bundled fonts, of which the glyphs that occur are embedded.

use std::sync::OnceLock;

use krilla::{
    Document,
    color::rgb,
    geom::{Path, PathBuilder, Point as Place, Rect as Frame, Transform},
    metadata::Metadata,
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, LineJoin, Stroke as Outline, StrokeDash},
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};

use super::{line, structure::extent};
use crate::{
    fonts::{self, text_width},
    scene::{Anchor, Color, Face, Point, Rect, Scene, Shape, Stroke},
};

/// A scene unit is a CSS pixel of 1/96 inch, a PDF's unit 1/72 inch.
const POINTS: f32 = 0.75;
/// The largest side of a page that readers agree upon, in points.
const MAX_SIDE: f32 = 14_400.0;
/// How far a Bézier curve's handles are from its ends, for a quarter of a circle.
const KAPPA: f32 = 0.552_284_8;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A picture without extent.
    #[error("there is nothing to write")]
    Empty,
    /// The writer failed.
    #[error("the PDF cannot be written: {0}")]
    Writing(String),
}

/// The scene as a PDF of one page, as large as the scene; `page_mm`: the page's width and height instead, the scene as
/// large as fits. The same arguments give the same bytes.
///
/// # Errors
/// If the scene is empty or the writer fails.
pub fn pdf(scene: &Scene, title: &str, page_mm: Option<(f32, f32)>) -> Result<Vec<u8>, PdfError> {
    let bounds = scene.bounds;
    if !(bounds.width >= 1.0 && bounds.height >= 1.0) {
        return Err(PdfError::Empty);
    }
    let (width, height, scale) = if let Some((width, height)) = page_mm {
        let (width, height) = (width / 25.4 * 72.0, height / 25.4 * 72.0);
        (width, height, (width / bounds.width).min(height / bounds.height))
    } else {
        let scale = POINTS.min(MAX_SIDE / bounds.width.max(bounds.height));
        (bounds.width * scale, bounds.height * scale, scale)
    };
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.to_owned()).creator("Bridgewalk".to_owned()));
    let mut page = document.start_page_with(PageSettings::from_wh(width, height).ok_or(PdfError::Empty)?);
    let mut surface = page.surface();
    paint_background(&mut surface, scene.background, width, height);
    let (dx, dy) = ((width - bounds.width * scale) / 2.0, (height - bounds.height * scale) / 2.0);
    surface.push_transform(&Transform::from_row(scale, 0.0, 0.0, scale, dx - bounds.x * scale, dy - bounds.y * scale));
    for item in &scene.items {
        paint(&mut surface, &item.shape);
    }
    surface.pop();
    surface.finish();
    page.finish();
    document.finish().map_err(|error| PdfError::Writing(format!("{error:?}")))
}

fn paint_background(surface: &mut Surface<'_>, color: Color, width: f32, height: f32) {
    let mut path = PathBuilder::new();
    if let Some(frame) = Frame::from_xywh(0.0, 0.0, width, height) {
        path.push_rect(frame);
    }
    draw(surface, path.finish(), Some(color), None);
}

fn paint(surface: &mut Surface<'_>, shape: &Shape) {
    match shape {
        Shape::Box { rect, radius, fill, stroke } => draw(surface, rounded(*rect, *radius), *fill, stroke.as_ref()),
        Shape::Polygon { points, fill } => draw(surface, polyline(points, true), Some(*fill), None),
        Shape::Line { points, stroke, start, end } => {
            let painted = line::painted(points, *start, *end);
            draw(surface, polyline(&painted.points, false), None, Some(stroke));
            for head in &painted.heads {
                draw(surface, polyline(head, true), Some(stroke.color), None);
            }
            for plug in &painted.plugs {
                let radius = line::PLUG_RADIUS;
                let side = radius * 2.0;
                let rect = Rect { x: plug.x - radius, y: plug.y - radius, width: side, height: side };
                draw(surface, rounded(rect, radius), Some(stroke.color), None);
            }
        }
        Shape::Text { at, text, size, face, color, anchor, .. } => {
            let x = if *anchor == Anchor::Start { at.x } else { extent(shape).x };
            write(surface, Point { x, y: at.y }, text, *size, *face, *color);
        }
    }
}

fn draw(surface: &mut Surface<'_>, path: Option<Path>, fill: Option<Color>, stroke: Option<&Stroke>) {
    let Some(path) = path else { return };
    surface.set_fill(fill.map(filling));
    surface.set_stroke(stroke.map(|stroke| Outline {
        paint: rgb::Color::new(stroke.color.r, stroke.color.g, stroke.color.b).into(),
        width: stroke.width,
        opacity: opacity(stroke.color),
        line_join: LineJoin::Round,
        dash: stroke.dash.map(|(dash, gap)| StrokeDash { array: vec![dash, gap], offset: 0.0 }),
        ..Outline::default()
    }));
    surface.draw_path(&path);
}

fn filling(color: Color) -> Fill {
    Fill { paint: rgb::Color::new(color.r, color.g, color.b).into(), opacity: opacity(color), ..Fill::default() }
}

fn opacity(color: Color) -> NormalizedF32 {
    NormalizedF32::new(f32::from(color.a) / 255.0).unwrap_or(NormalizedF32::ONE)
}

fn polyline(points: &[Point], is_closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (index, point) in points.iter().enumerate() {
        if index == 0 {
            path.move_to(point.x, point.y);
        } else {
            path.line_to(point.x, point.y);
        }
    }
    if is_closed {
        path.close();
    }
    path.finish()
}

fn rounded(rect: Rect, radius: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    let radius = radius.min(rect.width / 2.0).min(rect.height / 2.0);
    if radius <= 0.0 {
        path.push_rect(Frame::from_xywh(rect.x, rect.y, rect.width, rect.height)?);
        return path.finish();
    }
    let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
    let handle = radius * (1.0 - KAPPA);
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - handle, top, right, top + handle, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - handle, right - handle, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + handle, bottom, left, bottom - handle, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + handle, left + handle, top, left + radius, top);
    path.close();
    path.finish()
}

/// Each character is one glyph of the face's own width: what was measured is what is written.
fn write(surface: &mut Surface<'_>, at: Point, text: &str, size: f32, face: Face, color: Color) {
    let Some(font) = font(face) else { return };
    let glyphs: Vec<KrillaGlyph> = text
        .char_indices()
        .map(|(start, character)| {
            let range = start..start + character.len_utf8();
            let advance = text_width(&text[range.clone()], face, 1.0);
            KrillaGlyph::new(GlyphId::new(fonts::glyph(character, face)), advance, 0.0, 0.0, 0.0, range, None)
        })
        .collect();
    surface.set_fill(Some(filling(color)));
    surface.set_stroke(None);
    surface.draw_glyphs(Place::from_xy(at.x, at.y), &glyphs, font, text, size, false);
}

fn font(face: Face) -> Option<Font> {
    static FONTS: [OnceLock<Option<Font>>; 3] = [const { OnceLock::new() }; 3];
    let (cell, bytes) = match face {
        Face::Regular => (&FONTS[0], fonts::INTER_REGULAR),
        Face::Strong => (&FONTS[1], fonts::INTER_SEMI_BOLD),
        Face::Mono => (&FONTS[2], fonts::JETBRAINS_MONO),
    };
    cell.get_or_init(|| Font::new(bytes.into(), 0)).clone()
}
