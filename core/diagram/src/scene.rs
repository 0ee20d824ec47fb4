//! What is painted: flat shapes in scene units (pixels at zoom 1), in painting order.
//!
//! The window paints a scene, an exporter writes it; neither adds to it, so they cannot differ. Every shape that stands
//! for something in the snapshot says for what.

use std::ops::Range;

use bridgewalk_model::EntityId;
use serde::{Deserialize, Serialize};

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Rightwards.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// A box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left.
    pub x: f32,
    /// Top.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A colour, not premultiplied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Opacity.
    pub a: u8,
}

/// A line's look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub color: Color,
    /// Width in scene units.
    pub width: f32,
    /// Dash and gap in scene units; none: solid.
    pub dash: Option<(f32, f32)>,
}

/// What a line ends in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// Nothing.
    #[default]
    Plain,
    /// An arrow head.
    Arrow,
    /// A plug: a filled dot.
    Plug,
}

/// A bundled face: the only ones used, in window and files alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Face {
    /// Inter Regular.
    #[default]
    Regular,
    /// Inter SemiBold.
    Strong,
    /// JetBrains Mono Regular: addresses, interfaces, rules.
    Mono,
}

/// Where a text's anchor is on its line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// At its left end.
    #[default]
    Start,
    /// In its middle.
    Middle,
    /// At its right end.
    End,
}

/// What a text says of the thing that it stands on: where room is scarce, the last of these fold away first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// What it is called.
    Name,
    /// What it is made of, or its state.
    Image,
    /// An interface in it.
    Interface,
    /// A port that it listens on.
    Port,
    /// An address.
    Address,
    /// Anything else.
    #[default]
    Note,
    /// What is plugged in where the text stands: it stays there, or goes.
    Plug,
    /// Words beside a sign in a list below the picture: they go with it.
    Entry,
}

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A box.
    Box {
        /// Where.
        rect: Rect,
        /// Corner radius.
        radius: f32,
        /// Filling.
        fill: Option<Color>,
        /// Outline.
        stroke: Option<Stroke>,
    },
    /// An open polyline, orthogonal if it is an edge.
    Line {
        /// At least two.
        points: Vec<Point>,
        /// Look.
        stroke: Stroke,
        /// At the first point.
        start: LineEnd,
        /// At the last point.
        end: LineEnd,
    },
    /// A filled polygon: icons are made of these.
    Polygon {
        /// At least three.
        points: Vec<Point>,
        /// Filling.
        fill: Color,
    },
    /// One line of text.
    Text {
        /// The anchor, on the baseline.
        at: Point,
        /// The words, sanitised.
        text: String,
        /// Size in scene units (em).
        size: f32,
        /// Face.
        face: Face,
        /// Colour.
        color: Color,
        /// Anchor.
        anchor: Anchor,
        /// What it says.
        role: Role,
    },
}

/// What lies over what; the items of a scene are in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Frames that hold boxes.
    #[default]
    Ground,
    /// Lines and the dots where they branch.
    Lines,
    /// Boxes that stand for a thing.
    Boxes,
    /// What stands on boxes: texts, icons, ports.
    Marks,
}

/// A shape and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its layer.
    pub layer: Layer,
    /// The shape.
    pub shape: Shape,
    /// The thing it stands for or belongs to; none: decoration.
    pub entity: Option<EntityId>,
}

/// A thing that can be pointed at: its box or, for an edge, its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What it is.
    pub entity: EntityId,
    /// Its accessible name, in the picture's language.
    pub name: String,
    /// Its extent.
    pub rect: Rect,
    /// For an edge: its line, hit within a few units.
    pub line: Vec<Point>,
    /// How deep it is nested: deeper is hit first.
    pub depth: u16,
    /// Whether it may be dragged to another place.
    pub is_movable: bool,
    /// Whether it is not painted itself at this zoom: what holds it stands for it.
    pub is_folded: bool,
}

/// What a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// A cable: a veth pair, or membership of a network where cables are not shown.
    Cable,
    /// What comes in, to a published port.
    Inward,
    /// What goes out, behind the host's address or by the default route.
    Outward,
    /// Encapsulated, to other hosts.
    Tunnel,
    /// Between the outside and the host's interfaces.
    Uplink,
    /// Upon a parent interface or in a stack shared with it.
    Attachment,
    /// A container's name for another: `--link`, obsolete.
    Link,
}

/// A line from one box to another, for files in which it is a connector. What is painted of it is among the items;
/// where several share a way, the shared pieces are painted once.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The thing it stands for.
    pub entity: Option<EntityId>,
    /// What it stands for.
    pub kind: EdgeKind,
    /// From one box's edge to the other's; at least two.
    pub points: Vec<Point>,
    /// At the first point.
    pub start: LineEnd,
    /// At the last point.
    pub end: LineEnd,
    /// The items that are painted of it, and of those that share its way.
    pub items: Range<usize>,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// The extent of everything, with its margin.
    pub bounds: Rect,
    /// The background.
    pub background: Color,
    /// In painting order.
    pub items: Vec<Item>,
    /// In reading order: from the outside inwards, top to bottom. Also the keyboard's order.
    pub targets: Vec<Target>,
    /// The lines that lead from box to box.
    pub edges: Vec<Edge>,
}

impl Rect {
    /// Whether `point` is within, edges included.
    pub fn contains(self, point: Point) -> bool {
        point.x >= self.x && point.x <= self.right() && point.y >= self.y && point.y <= self.bottom()
    }

    /// Its right edge.
    pub fn right(self) -> f32 {
        self.x + self.width
    }

    /// Its lower edge.
    pub fn bottom(self) -> f32 {
        self.y + self.height
    }

    /// Its middle.
    pub fn center(self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// Whether the two share more than an edge.
    pub fn overlaps(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}

impl Color {
    /// An opaque colour from `0xrrggbb`.
    pub const fn hex(rgb: u32) -> Self {
        Self { r: (rgb >> 16) as u8, g: (rgb >> 8) as u8, b: rgb as u8, a: 255 }
    }

    /// The same, `a` of 255 opaque.
    pub const fn with_alpha(self, a: u8) -> Self {
        Self { a, ..self }
    }
}
