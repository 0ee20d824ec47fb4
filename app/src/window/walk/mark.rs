//! What is painted of a walk over the picture: its way, the packet, and where it died.

use bridgewalk_analysis::walk::Verdict;
use bridgewalk_diagram::scene::{Point, Rect};
use egui::{Painter, Pos2, Shape, Stroke, StrokeKind, vec2};

use crate::window::theme::Colors;

/// The packet's size on the screen, in points: it is as large at every zoom.
const PACKET: egui::Vec2 = vec2(22.0, 15.0);
/// What is kept in sight around it, in scene units.
const AROUND: f32 = 60.0;

/// A packet on its way through a picture.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) struct Mark {
    /// The way there, or the reply's way back: whichever it is on.
    pub way: Vec<Point>,
    /// Where the packet is.
    pub packet: Point,
    /// How it ended, if it stands where it did.
    pub ending: Option<Verdict>,
    /// Whether the camera should follow it.
    pub is_followed: bool,
}

impl Mark {
    /// What should be in sight.
    pub(in crate::window) fn around(&self) -> Rect {
        let Point { x, y } = self.packet;
        Rect { x: x - AROUND, y: y - AROUND, width: 2.0 * AROUND, height: 2.0 * AROUND }
    }

    /// Paints it; `place` is where a point of the picture is on the screen.
    pub(in crate::window) fn paint(&self, painter: &Painter, colors: Colors, place: impl Fn(Point) -> Pos2) {
        let way: Vec<Pos2> = self.way.iter().map(|point| place(*point)).collect();
        if way.len() > 1 {
            painter.add(Shape::line(way, Stroke::new(5.0, colors.accent.gamma_multiply(0.35))));
        }
        let middle = place(self.packet);
        let body = egui::Rect::from_center_size(middle, PACKET);
        let ink = match self.ending {
            None => colors.accent,
            Some(Verdict::Delivered) => colors.good,
            Some(Verdict::Undecided) => colors.warning,
            Some(_) => colors.bad,
        };
        if self.ending.is_some() {
            painter.circle(middle, 20.0, ink.gamma_multiply(0.18), Stroke::new(2.0, ink));
        }
        // An envelope.
        painter.rect(body, 3.0, ink, Stroke::new(2.0, colors.panel), StrokeKind::Outside);
        let flap =
            vec![body.left_top() + vec2(2.0, 2.0), body.center() + vec2(0.0, 2.0), body.right_top() + vec2(-2.0, 2.0)];
        painter.add(Shape::line(flap, Stroke::new(1.6, colors.panel)));
        match self.ending {
            Some(Verdict::Delivered | Verdict::Undecided) | None => {}
            Some(_) => {
                // Crossed out: seen without its colour.
                let reach = vec2(13.0, 13.0);
                let across = vec2(reach.x, -reach.y);
                let stroke = Stroke::new(3.0, ink);
                for arm in [reach, across] {
                    painter.line_segment([middle - arm, middle + arm], Stroke::new(6.0, colors.panel));
                    painter.line_segment([middle - arm, middle + arm], stroke);
                }
            }
        }
    }
}
