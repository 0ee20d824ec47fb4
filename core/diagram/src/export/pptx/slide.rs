//! One slide: frames, lines, boxes, as they lie over each other in the scene.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    super::{
        structure::{Level, Structure, extent},
        xml::{escape, rgb},
    },
    Slide,
    connector::{self, Site},
    parts::{DECLARATION, NAMESPACES, TREE, title_frame},
};
use crate::scene::{Anchor, Color, Face, Layer, Point, Rect, Scene, Shape, Stroke};

/// A slide's size in EMU: 13⅓ by 7½ inches.
pub(super) const WIDTH: i64 = 12_192_000;
/// See [`WIDTH`].
pub(super) const HEIGHT: i64 = 6_858_000;
/// Around the picture.
const MARGIN: i64 = 180_000;
/// The title's place: x, y, width, height.
pub(super) const TITLE: (i64, i64, i64, i64) = (MARGIN * 2, 90_000, WIDTH - 4 * MARGIN, 420_000);
/// The largest EMU for one scene unit, twice that of a pixel: a small picture is not blown up beyond it.
const MAX_SCALE: f64 = 19_050.0;
/// The height of a line's ascent in em, in Arial and in Courier New within two hundredths.
const ASCENT_EM: f32 = 0.9;

/// From scene units to EMU.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    factor: f64,
    origin: (f64, f64),
}

impl Scale {
    /// As large as fits below the title.
    fn of(bounds: Rect) -> Self {
        let top = TITLE.1 + TITLE.3;
        let (width, height) = ((WIDTH - 2 * MARGIN) as f64, (HEIGHT - top - MARGIN) as f64);
        let factor = (width / f64::from(bounds.width)).min(height / f64::from(bounds.height)).min(MAX_SCALE);
        let left = (WIDTH as f64 - f64::from(bounds.width) * factor) / 2.0;
        let top = top as f64 + (height - f64::from(bounds.height) * factor) / 2.0;
        Self { factor, origin: (left - f64::from(bounds.x) * factor, top - f64::from(bounds.y) * factor) }
    }

    pub(super) fn point(self, point: Point) -> (i64, i64) {
        let x = f64::from(point.x) * self.factor + self.origin.0;
        let y = f64::from(point.y) * self.factor + self.origin.1;
        (x.round() as i64, y.round() as i64)
    }

    pub(super) fn length(self, length: f32) -> i64 {
        (f64::from(length) * self.factor).round() as i64
    }

    /// Hundredths of a point, as a text's size is given; at least 1 point.
    fn text(self, size: f32) -> i64 {
        ((f64::from(size) * self.factor / 127.0).round() as i64).max(100)
    }

    fn frame(self, rect: Rect) -> String {
        let (x, y) = self.point(Point { x: rect.x, y: rect.y });
        let (right, bottom) = self.point(Point { x: rect.right(), y: rect.bottom() });
        format!("<a:off x=\"{x}\" y=\"{y}\"/><a:ext cx=\"{}\" cy=\"{}\"/>", right - x, bottom - y)
    }
}

/// The slide's part.
pub(super) fn slide(slide: &Slide<'_>, language: &str) -> String {
    let structure = Structure::of(slide.scene);
    let sites = connector::sites(&structure);
    let mut writer = Writer {
        scene: slide.scene,
        structure: &structure,
        sites: &sites,
        scale: Scale::of(slide.scene.bounds),
        language: escape(language),
        xml: String::new(),
        next_id: 3 + structure.nodes.len(),
    };
    writer.everything();
    let background = rgb(slide.scene.background);
    let ink = if is_dark(slide.scene.background) { "FFFFFF" } else { "1B222C" };
    format!(
        "{DECLARATION}<p:sld {NAMESPACES}><p:cSld><p:bg><p:bgPr><a:solidFill><a:srgbClr val=\"{background}\"/></a:solidFill><a:effectLst/></p:bgPr></p:bg>\
         <p:spTree>{TREE}<p:sp><p:nvSpPr><p:cNvPr id=\"2\" name=\"Title\"/><p:cNvSpPr><a:spLocks noGrp=\"1\"/></p:cNvSpPr><p:nvPr><p:ph type=\"title\"/></p:nvPr></p:nvSpPr>\
         <p:spPr>{}</p:spPr><p:txBody><a:bodyPr/><a:lstStyle/><a:p><a:r><a:rPr lang=\"{}\"><a:solidFill><a:srgbClr val=\"{ink}\"/></a:solidFill></a:rPr><a:t>{}</a:t></a:r></a:p></p:txBody></p:sp>\
         {}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>",
        title_frame(),
        writer.language,
        escape(slide.title),
        writer.xml
    )
}

fn is_dark(color: Color) -> bool {
    u32::from(color.r) + u32::from(color.g) + u32::from(color.b) < 384
}

struct Writer<'a> {
    scene: &'a Scene,
    structure: &'a Structure<'a>,
    /// Where lines end, for each node.
    sites: &'a BTreeMap<usize, Vec<Site>>,
    scale: Scale,
    language: String,
    xml: String,
    next_id: usize,
}

impl Writer<'_> {
    fn everything(&mut self) {
        let structure = self.structure;
        let (frames, boxes): (Vec<usize>, Vec<usize>) = (0..structure.nodes.len())
            .partition(|index| self.scene.items[structure.nodes[*index].item].layer == Layer::Ground);
        for index in frames {
            self.node(index);
            self.contents(index);
        }
        for item in &structure.below {
            self.item(*item);
        }
        for (index, wire) in structure.wires.iter().enumerate() {
            let id = self.id();
            let name = if wire.name.is_empty() { format!("Line {}", index + 1) } else { wire.name.clone() };
            connector::connector(&mut self.xml, self.scale, id, &name, wire, self.sites);
        }
        for index in boxes {
            if structure.whole(index) == index {
                self.whole(index);
            }
        }
        for item in &structure.loose {
            self.item(*item);
        }
    }

    fn id(&mut self) -> usize {
        self.next_id += 1;
        self.next_id
    }

    /// A box and everything in it, as one group.
    fn whole(&mut self, index: usize) {
        let parts = self.structure.parts(index);
        let node = &self.structure.nodes[index];
        let has_joint = self.sites.get(&index).is_some_and(|sites| sites.iter().any(|site| site.joint.is_some()));
        if parts.is_empty() && node.rest.is_empty() && !has_joint {
            self.node(index);
            return;
        }
        let mut area = node.rect;
        for part in parts.iter().map(|part| self.structure.nodes[*part].rect) {
            let (x, y) = (area.x.min(part.x), area.y.min(part.y));
            area =
                Rect { x, y, width: area.right().max(part.right()) - x, height: area.bottom().max(part.bottom()) - y };
        }
        let (frame, id) = (self.scale.frame(area), self.id());
        let children = frame.replace("a:off", "a:chOff").replace("a:ext", "a:chExt");
        let _ = write!(
            self.xml,
            "<p:grpSp><p:nvGrpSpPr><p:cNvPr id=\"{id}\" name=\"{}\"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>{frame}{children}</a:xfrm></p:grpSpPr>",
            escape(&node.name),
        );
        for each in [index].into_iter().chain(parts) {
            self.node(each);
            self.contents(each);
        }
        self.xml.push_str("</p:grpSp>");
    }

    fn contents(&mut self, index: usize) {
        for item in &self.structure.nodes[index].rest {
            self.item(*item);
        }
    }

    /// A box with its title.
    fn node(&mut self, index: usize) {
        let node = &self.structure.nodes[index];
        let Shape::Box { rect, radius, fill, stroke } = &self.scene.items[node.item].shape else { return };
        let geometry = connector::geometry(*rect, *radius);
        let mut body = String::new();
        if let Some(Shape::Text { at, text, size, face, color, .. }) =
            node.title.map(|title| &self.scene.items[title].shape)
        {
            let left = self.scale.length(at.x - rect.x);
            let top = self.scale.length((at.y - size * ASCENT_EM - rect.y).max(0.0));
            let insets = format!("lIns=\"{left}\" tIns=\"{top}\" rIns=\"0\" bIns=\"0\"");
            body = self.text_body(&insets, "l", text, *size, *face, *color);
        }
        let kind = match node.level {
            Level::Group => "Frame",
            Level::Box => "Box",
            Level::Part => "Part",
        };
        let name = if node.name.is_empty() { kind } else { &node.name };
        let id = connector::shape_id(index);
        let frame = self.scale.frame(*rect);
        let _ = write!(
            self.xml,
            "<p:sp><p:nvSpPr><p:cNvPr id=\"{id}\" name=\"{}\"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>{frame}</a:xfrm>{geometry}{}{}</p:spPr>{body}</p:sp>",
            escape(name),
            filling(*fill),
            outline(stroke.as_ref(), self.scale, ""),
        );
        for site in self.sites.get(&index).into_iter().flatten() {
            let Some(joint) = site.joint else { continue };
            let frame = self.scale.frame(site.joint_rect());
            let _ = write!(
                self.xml,
                "<p:sp><p:nvSpPr><p:cNvPr id=\"{joint}\" name=\"• {}\"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>{frame}</a:xfrm>\
                 <a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom><a:noFill/><a:ln><a:noFill/></a:ln></p:spPr></p:sp>",
                escape(name),
            );
        }
    }

    fn item(&mut self, index: usize) {
        let id = self.id();
        let shape = &self.scene.items[index].shape;
        match shape {
            Shape::Box { rect, radius, fill, stroke } => {
                let geometry = connector::geometry(*rect, *radius);
                self.plain(id, *rect, &geometry, *fill, stroke.as_ref());
            }
            Shape::Polygon { points, fill } => {
                let rect = extent(shape);
                let geometry = self.path(points, rect, true);
                self.plain(id, rect, &geometry, Some(*fill), None);
            }
            Shape::Line { points, stroke, start, end } => {
                connector::free_line(&mut self.xml, self.scale, id, points, stroke, (*start, *end));
            }
            Shape::Text { at, text, size, face, color, anchor, .. } => {
                let letters = extent(shape);
                // Other fonts are a little wider or narrower: the frame is the anchor's.
                let slack = letters.width * 0.15;
                let (x, width, align) = match anchor {
                    Anchor::Start => (letters.x, letters.width + slack, "l"),
                    Anchor::Middle => (letters.x - slack / 2.0, letters.width + slack, "ctr"),
                    Anchor::End => (letters.x - slack, letters.width + slack, "r"),
                };
                let rect = Rect { x, y: at.y - size * ASCENT_EM, width, height: size * 1.15 };
                let frame = self.scale.frame(rect);
                let body =
                    self.text_body("lIns=\"0\" tIns=\"0\" rIns=\"0\" bIns=\"0\"", align, text, *size, *face, *color);
                let _ = write!(
                    self.xml,
                    "<p:sp><p:nvSpPr><p:cNvPr id=\"{id}\" name=\"Text\"/><p:cNvSpPr txBox=\"1\"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>{frame}</a:xfrm>\
                     <a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom><a:noFill/></p:spPr>{body}</p:sp>",
                );
            }
        }
    }

    fn plain(&mut self, id: usize, rect: Rect, geometry: &str, fill: Option<Color>, stroke: Option<&Stroke>) {
        let frame = self.scale.frame(rect);
        let _ = write!(
            self.xml,
            "<p:sp><p:nvSpPr><p:cNvPr id=\"{id}\" name=\"Mark\"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>{frame}</a:xfrm>{geometry}{}{}</p:spPr></p:sp>",
            filling(fill),
            outline(stroke, self.scale, ""),
        );
    }

    fn path(&self, points: &[Point], rect: Rect, is_closed: bool) -> String {
        let at = |point: &Point| (self.scale.length(point.x - rect.x), self.scale.length(point.y - rect.y));
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let (x, y) = at(point);
            let verb = if index == 0 { "moveTo" } else { "lnTo" };
            let _ = write!(path, "<a:{verb}><a:pt x=\"{x}\" y=\"{y}\"/></a:{verb}>");
        }
        if is_closed {
            path.push_str("<a:close/>");
        }
        connector::custom(self.scale.length(rect.width), self.scale.length(rect.height), &path)
    }

    fn text_body(&self, insets: &str, align: &str, text: &str, size: f32, face: Face, color: Color) -> String {
        let (font, bold) = match face {
            Face::Regular => ("Arial", ""),
            Face::Strong => ("Arial", " b=\"1\""),
            Face::Mono => ("Courier New", ""),
        };
        format!(
            "<p:txBody><a:bodyPr wrap=\"none\" {insets} anchor=\"t\"><a:noAutofit/></a:bodyPr><a:lstStyle/><a:p><a:pPr algn=\"{align}\"/>\
             <a:r><a:rPr lang=\"{}\" sz=\"{}\"{bold}><a:solidFill>{}</a:solidFill><a:latin typeface=\"{font}\"/><a:cs typeface=\"{font}\"/></a:rPr><a:t>{}</a:t></a:r></a:p></p:txBody>",
            self.language,
            self.scale.text(size),
            ink(color),
            escape(text),
        )
    }
}

fn filling(fill: Option<Color>) -> String {
    fill.map_or_else(|| "<a:noFill/>".to_owned(), |fill| format!("<a:solidFill>{}</a:solidFill>", ink(fill)))
}

/// A colour, with its opacity where it has one.
fn ink(color: Color) -> String {
    if color.a == 255 {
        format!("<a:srgbClr val=\"{}\"/>", rgb(color))
    } else {
        let alpha = i64::from(color.a) * 100_000 / 255;
        format!("<a:srgbClr val=\"{}\"><a:alpha val=\"{alpha}\"/></a:srgbClr>", rgb(color))
    }
}

/// An outline; `ends`: what stands at the ends of a line.
pub(super) fn outline(stroke: Option<&Stroke>, scale: Scale, ends: &str) -> String {
    let Some(stroke) = stroke else { return "<a:ln><a:noFill/></a:ln>".to_owned() };
    let dash = stroke.dash.map_or_else(String::new, |(dash, gap)| {
        // In thousandths of a percent of the line's width.
        let share = |length: f32| (f64::from(length / stroke.width) * 100_000.0).round() as i64;
        format!("<a:custDash><a:ds d=\"{}\" sp=\"{}\"/></a:custDash>", share(dash), share(gap))
    });
    format!(
        "<a:ln w=\"{}\"><a:solidFill>{}</a:solidFill>{dash}<a:round/>{ends}</a:ln>",
        scale.length(stroke.width).max(1),
        ink(stroke.color)
    )
}
