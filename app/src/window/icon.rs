//! Small line icons, painted: no font has them all, and lines stay sharp at every text size.

use egui::{Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

/// A picture of a thing or of an action, on a grid of 16 by 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    /// The outside world.
    Globe,
    /// A host.
    Host,
    /// A Docker network.
    Network,
    /// A container.
    Container,
    /// A namespace.
    Namespace,
    /// An interface.
    Interface,
    /// A Compose project, a service.
    Group,
    /// Look for.
    Search,
    /// Step back.
    Undo,
    /// Step forth again.
    Redo,
    /// See all of it.
    Fit,
    /// Choose what is shown.
    Filter,
    /// Everything else.
    Menu,
    /// Light theme.
    Sun,
    /// Dark theme.
    Moon,
    /// Copy.
    Copy,
    /// Leave, close.
    Close,
    /// Go back.
    Back,
    /// Leads further, closed.
    Chevron,
    /// Needs a look.
    Warning,
    /// Is wrong.
    Wrong,
    /// Worth knowing.
    Note,
    /// A command for a terminal.
    Terminal,
    /// Hidden.
    Hidden,
    /// A packet on its way.
    Walk,
    /// One for the other.
    Swap,
    /// Go on by itself.
    Play,
    /// Stand still.
    Pause,
    /// One step on.
    StepForward,
    /// One step back.
    StepBack,
    /// To the first step.
    ToStart,
    /// To the last step.
    ToEnd,
    /// It is well.
    Good,
}

impl Icon {
    /// Strokes of the icon: each a list of points.
    fn lines(self) -> &'static [&'static [(f32, f32)]] {
        match self {
            Self::Globe => &[
                &[(2.0, 8.0), (14.0, 8.0)],
                &[(8.0, 2.0), (5.2, 5.0), (5.2, 11.0), (8.0, 14.0), (10.8, 11.0), (10.8, 5.0), (8.0, 2.0)],
            ],
            Self::Host => &[
                &[(2.0, 3.0), (14.0, 3.0), (14.0, 11.0), (2.0, 11.0), (2.0, 3.0)],
                &[(8.0, 11.0), (8.0, 14.0)],
                &[(5.0, 14.0), (11.0, 14.0)],
            ],
            Self::Network => &[
                &[(2.0, 7.0), (14.0, 7.0), (14.0, 10.0), (2.0, 10.0), (2.0, 7.0)],
                &[(5.0, 10.0), (5.0, 14.0)],
                &[(11.0, 10.0), (11.0, 14.0)],
                &[(8.0, 7.0), (8.0, 2.5)],
            ],
            Self::Container => &[
                &[(8.0, 2.0), (13.5, 5.0), (13.5, 11.0), (8.0, 14.0), (2.5, 11.0), (2.5, 5.0), (8.0, 2.0)],
                &[(2.5, 5.0), (8.0, 8.0), (13.5, 5.0)],
                &[(8.0, 8.0), (8.0, 14.0)],
            ],
            Self::Namespace => &[
                &[(6.0, 2.5), (2.5, 2.5), (2.5, 13.5), (6.0, 13.5)],
                &[(10.0, 2.5), (13.5, 2.5), (13.5, 13.5), (10.0, 13.5)],
                &[(6.0, 8.0), (10.0, 8.0)],
            ],
            Self::Interface => &[
                &[(3.0, 4.0), (13.0, 4.0), (13.0, 12.0), (3.0, 12.0), (3.0, 4.0)],
                &[(6.0, 12.0), (6.0, 9.0), (10.0, 9.0), (10.0, 12.0)],
            ],
            Self::Group => &[
                &[(2.5, 2.5), (7.0, 2.5), (7.0, 7.0), (2.5, 7.0), (2.5, 2.5)],
                &[(9.0, 2.5), (13.5, 2.5), (13.5, 7.0), (9.0, 7.0), (9.0, 2.5)],
                &[(2.5, 9.0), (7.0, 9.0), (7.0, 13.5), (2.5, 13.5), (2.5, 9.0)],
                &[(9.0, 9.0), (13.5, 9.0), (13.5, 13.5), (9.0, 13.5), (9.0, 9.0)],
            ],
            Self::Search => &[&[(10.3, 10.3), (14.0, 14.0)]],
            Self::Undo => &[
                &[(6.0, 3.0), (2.5, 6.5), (6.0, 10.0)],
                &[(2.5, 6.5), (10.5, 6.5), (13.5, 9.0), (13.5, 11.0), (11.0, 13.0), (7.0, 13.0)],
            ],
            Self::Redo => &[
                &[(10.0, 3.0), (13.5, 6.5), (10.0, 10.0)],
                &[(13.5, 6.5), (5.5, 6.5), (2.5, 9.0), (2.5, 11.0), (5.0, 13.0), (9.0, 13.0)],
            ],
            Self::Fit => &[
                &[(2.5, 6.0), (2.5, 2.5), (6.0, 2.5)],
                &[(10.0, 2.5), (13.5, 2.5), (13.5, 6.0)],
                &[(13.5, 10.0), (13.5, 13.5), (10.0, 13.5)],
                &[(6.0, 13.5), (2.5, 13.5), (2.5, 10.0)],
            ],
            Self::Filter => &[&[(2.0, 3.0), (14.0, 3.0), (9.5, 8.5), (9.5, 13.0), (6.5, 11.5), (6.5, 8.5), (2.0, 3.0)]],
            Self::Menu => &[&[(2.5, 4.5), (13.5, 4.5)], &[(2.5, 8.0), (13.5, 8.0)], &[(2.5, 11.5), (13.5, 11.5)]],
            Self::Sun => &[
                &[(8.0, 1.0), (8.0, 3.0)],
                &[(8.0, 13.0), (8.0, 15.0)],
                &[(1.0, 8.0), (3.0, 8.0)],
                &[(13.0, 8.0), (15.0, 8.0)],
                &[(3.0, 3.0), (4.4, 4.4)],
                &[(11.6, 11.6), (13.0, 13.0)],
                &[(3.0, 13.0), (4.4, 11.6)],
                &[(11.6, 4.4), (13.0, 3.0)],
            ],
            Self::Moon => &[&[
                (9.0, 2.0),
                (5.5, 2.8),
                (3.0, 5.8),
                (2.8, 9.4),
                (5.0, 12.6),
                (8.6, 13.8),
                (12.0, 12.6),
                (13.8, 10.0),
                (11.4, 10.4),
                (9.0, 8.8),
                (7.8, 6.2),
                (8.0, 3.8),
                (9.0, 2.0),
            ]],
            Self::Copy => &[
                &[(6.0, 5.5), (13.0, 5.5), (13.0, 14.0), (6.0, 14.0), (6.0, 5.5)],
                &[(10.0, 5.5), (10.0, 2.0), (3.0, 2.0), (3.0, 10.5), (6.0, 10.5)],
            ],
            Self::Close => &[&[(3.5, 3.5), (12.5, 12.5)], &[(12.5, 3.5), (3.5, 12.5)]],
            Self::Back => &[&[(9.5, 3.0), (4.5, 8.0), (9.5, 13.0)]],
            Self::Chevron => &[&[(6.0, 3.5), (10.5, 8.0), (6.0, 12.5)]],
            Self::Warning => &[
                &[(8.0, 2.0), (14.5, 13.5), (1.5, 13.5), (8.0, 2.0)],
                &[(8.0, 6.2), (8.0, 9.6)],
                &[(8.0, 11.2), (8.0, 11.9)],
            ],
            Self::Wrong => &[&[(5.5, 5.5), (10.5, 10.5)], &[(10.5, 5.5), (5.5, 10.5)]],
            Self::Note => &[&[(8.0, 7.2), (8.0, 11.5)], &[(8.0, 4.4), (8.0, 5.1)]],
            Self::Terminal => &[
                &[(1.5, 2.5), (14.5, 2.5), (14.5, 13.5), (1.5, 13.5), (1.5, 2.5)],
                &[(4.5, 6.0), (6.8, 8.0), (4.5, 10.0)],
                &[(8.5, 10.5), (11.5, 10.5)],
            ],
            Self::Hidden => &[
                &[
                    (1.5, 8.0),
                    (4.5, 5.0),
                    (8.0, 3.9),
                    (11.5, 5.0),
                    (14.5, 8.0),
                    (11.5, 11.0),
                    (8.0, 12.1),
                    (4.5, 11.0),
                    (1.5, 8.0),
                ],
                &[(3.0, 13.5), (13.0, 2.5)],
            ],
            Self::Walk => &[
                &[(2.0, 12.5), (6.0, 12.5), (6.0, 4.0), (10.0, 4.0)],
                &[(10.0, 1.5), (14.0, 4.0), (10.0, 6.5), (10.0, 1.5)],
            ],
            Self::Swap => &[
                &[(5.0, 13.0), (5.0, 3.0)],
                &[(2.5, 5.5), (5.0, 3.0), (7.5, 5.5)],
                &[(11.0, 3.0), (11.0, 13.0)],
                &[(8.5, 10.5), (11.0, 13.0), (13.5, 10.5)],
            ],
            Self::Play => &[&[(5.0, 3.0), (12.5, 8.0), (5.0, 13.0), (5.0, 3.0)]],
            Self::Pause => &[&[(5.5, 3.5), (5.5, 12.5)], &[(10.5, 3.5), (10.5, 12.5)]],
            Self::StepForward => &[&[(4.0, 3.5), (9.5, 8.0), (4.0, 12.5), (4.0, 3.5)], &[(12.0, 3.5), (12.0, 12.5)]],
            Self::StepBack => &[&[(12.0, 3.5), (6.5, 8.0), (12.0, 12.5), (12.0, 3.5)], &[(4.0, 3.5), (4.0, 12.5)]],
            Self::ToStart => &[
                &[(13.5, 3.5), (9.0, 8.0), (13.5, 12.5)],
                &[(8.5, 3.5), (4.0, 8.0), (8.5, 12.5)],
                &[(2.5, 3.5), (2.5, 12.5)],
            ],
            Self::ToEnd => &[
                &[(2.5, 3.5), (7.0, 8.0), (2.5, 12.5)],
                &[(7.5, 3.5), (12.0, 8.0), (7.5, 12.5)],
                &[(13.5, 3.5), (13.5, 12.5)],
            ],
            Self::Good => &[&[(4.8, 8.3), (7.2, 10.7), (11.3, 5.6)]],
        }
    }

    /// A circle of the icon: middle and radius.
    const fn circle(self) -> Option<((f32, f32), f32)> {
        match self {
            Self::Globe => Some(((8.0, 8.0), 6.0)),
            Self::Search => Some(((6.8, 6.8), 4.8)),
            Self::Sun => Some(((8.0, 8.0), 3.0)),
            Self::Wrong | Self::Note | Self::Good => Some(((8.0, 8.0), 6.3)),
            _ => None,
        }
    }

    /// Paints it into `rect`, which it fills.
    pub(super) fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let scale = rect.width().min(rect.height()) / 16.0;
        let origin = rect.center() - vec2(8.0, 8.0) * scale;
        let place = |&(x, y): &(f32, f32)| -> Pos2 { origin + vec2(x, y) * scale };
        let stroke = Stroke::new((1.35 * scale).max(1.0), color);
        for line in self.lines() {
            painter.add(Shape::line(line.iter().map(place).collect(), stroke));
        }
        if let Some((middle, radius)) = self.circle() {
            painter.circle_stroke(place(&middle), radius * scale, stroke);
        }
    }

    /// Takes `size` points in a row and paints it there.
    pub(super) fn show(self, ui: &mut Ui, size: f32, color: Color32) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
        self.paint(ui.painter(), rect, color);
        response
    }
}

/// As [`icon_button`], a shade quieter: for what stands beside every line.
pub(super) fn quiet_icon_button(ui: &mut Ui, icon: Icon, name: &str, ink: Color32) -> Response {
    ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.fg_stroke.color = ink;
        icon_button(ui, icon, name, true)
    })
    .inner
}

/// A square button with nothing but an icon; its name is for the tooltip and for those who do not see it.
pub(super) fn icon_button(ui: &mut Ui, icon: Icon, name: &str, is_enabled: bool) -> Response {
    let side = ui.spacing().interact_size.y;
    let sense = if is_enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), sense);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, is_enabled, name));
    if ui.is_rect_visible(rect) {
        let visuals = ui.style().interact(&response);
        if is_enabled && (response.hovered() || response.has_focus() || response.is_pointer_button_down_on()) {
            let stroke = if response.has_focus() { visuals.bg_stroke } else { Stroke::NONE };
            ui.painter().rect(rect, visuals.corner_radius, visuals.weak_bg_fill, stroke, egui::StrokeKind::Inside);
        }
        let color = if is_enabled {
            visuals.fg_stroke.color
        } else {
            ui.visuals().widgets.inactive.fg_stroke.color.gamma_multiply(0.35)
        };
        icon.paint(ui.painter(), Rect::from_center_size(rect.center(), vec2(16.0, 16.0)), color);
    }
    response.on_hover_text(name)
}

/// A filled dot or, hollow, a ring: two states told apart without their colour.
pub(super) fn dot(ui: &mut Ui, color: Color32, is_filled: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    let middle = pos2(rect.center().x, rect.center().y);
    if is_filled {
        ui.painter().circle_filled(middle, 4.0, color);
    } else {
        ui.painter().circle_stroke(middle, 3.5, Stroke::new(1.5, color));
    }
}
