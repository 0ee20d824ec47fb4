//! Colours, type and spacing.
//!
//! Text has a contrast of at least 4.5:1 with what it stands on, and whatever must be seen to be used at least 3:1; a
//! test computes both. Sizes are in points; the "text size" setting scales them all.

use std::sync::Arc;

use bridgewalk_diagram::{ThemeName, fonts};
use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, Style, TextStyle, Theme,
    Visuals, vec2,
};

/// The family of headings: Inter SemiBold.
const STRONG_FAMILY: &str = "strong";

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colors {
    /// Panels.
    pub panel: Color32,
    /// Fields, hovered rows, tables' headings: a step away from the panel.
    pub raised: Color32,
    /// Between panels: felt more than seen.
    pub line: Color32,
    /// Around what can be used.
    pub outline: Color32,
    /// Text.
    pub text: Color32,
    /// Text that comes second.
    pub soft: Color32,
    /// What is chosen, what can be followed.
    pub accent: Color32,
    /// Behind what is chosen.
    pub accent_fill: Color32,
    /// Well.
    pub good: Color32,
    /// Needs a look.
    pub warning: Color32,
    /// Behind what needs a look.
    pub warning_fill: Color32,
    /// Wrong.
    pub bad: Color32,
}

impl Colors {
    /// The colours of a theme.
    pub(super) const fn of(theme: ThemeName) -> Self {
        match theme {
            ThemeName::Light | ThemeName::Projector | ThemeName::Print => Self {
                panel: Color32::from_rgb(0xfa, 0xfb, 0xfc),
                raised: Color32::from_rgb(0xee, 0xf1, 0xf5),
                line: Color32::from_rgb(0xdd, 0xe2, 0xe9),
                outline: Color32::from_rgb(0x84, 0x90, 0xa0),
                text: Color32::from_rgb(0x17, 0x20, 0x2c),
                soft: Color32::from_rgb(0x4b, 0x57, 0x67),
                accent: Color32::from_rgb(0x0a, 0x5c, 0xad),
                accent_fill: Color32::from_rgb(0xdc, 0xea, 0xf9),
                good: Color32::from_rgb(0x0a, 0x6e, 0x4c),
                warning: Color32::from_rgb(0x8a, 0x50, 0x00),
                warning_fill: Color32::from_rgb(0xfd, 0xf2, 0xdc),
                bad: Color32::from_rgb(0xb0, 0x26, 0x2a),
            },
            ThemeName::Dark => Self {
                panel: Color32::from_rgb(0x1a, 0x1f, 0x26),
                raised: Color32::from_rgb(0x25, 0x2c, 0x35),
                line: Color32::from_rgb(0x2e, 0x36, 0x41),
                outline: Color32::from_rgb(0x76, 0x83, 0x94),
                text: Color32::from_rgb(0xec, 0xf0, 0xf5),
                soft: Color32::from_rgb(0xaf, 0xba, 0xc8),
                accent: Color32::from_rgb(0x7d, 0xbe, 0xf7),
                accent_fill: Color32::from_rgb(0x1c, 0x3c, 0x5c),
                good: Color32::from_rgb(0x6f, 0xd6, 0xac),
                warning: Color32::from_rgb(0xf2, 0xc2, 0x6b),
                warning_fill: Color32::from_rgb(0x3a, 0x2f, 0x1a),
                bad: Color32::from_rgb(0xff, 0x9a, 0x94),
            },
        }
    }
}

/// A heading's type, at `size` points.
pub(super) fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(STRONG_FAMILY.into()))
}

/// A checkbox whose box is seen on every ground.
pub(super) fn checkbox(ui: &mut egui::Ui, colors: Colors, is_on: &mut bool, text: &str) -> egui::Response {
    ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.bg_stroke = Stroke::new(1.0, colors.outline);
        ui.visuals_mut().widgets.inactive.bg_fill = colors.panel;
        ui.checkbox(is_on, text)
    })
    .inner
}

/// Gives `ctx` the bundled fonts and both themes. Once is enough: the themes are switched by egui.
pub(super) fn install(ctx: &egui::Context) {
    ctx.set_fonts(bundled_fonts());
    ctx.set_style_of(Theme::Light, style(ThemeName::Light));
    ctx.set_style_of(Theme::Dark, style(ThemeName::Dark));
    // Ctrl and plus is ours: a text size that is remembered.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

/// The faces of the diagrams, egui's own behind them for what they lack.
fn bundled_fonts() -> FontDefinitions {
    let mut definitions = FontDefinitions::default();
    let faces = [
        ("Inter", fonts::INTER_REGULAR, FontFamily::Proportional),
        ("Inter SemiBold", fonts::INTER_SEMI_BOLD, FontFamily::Name(STRONG_FAMILY.into())),
        ("JetBrains Mono", fonts::JETBRAINS_MONO, FontFamily::Monospace),
    ];
    let others = definitions.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    definitions.families.insert(FontFamily::Name(STRONG_FAMILY.into()), others);
    for (name, bytes, family) in faces {
        definitions.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        definitions.families.entry(family).or_default().insert(0, name.to_owned());
    }
    // What one bundled face lacks, another has: arrows are in all of them.
    definitions.families.entry(FontFamily::Monospace).or_default().insert(1, "Inter".to_owned());
    definitions
}

fn style(theme: ThemeName) -> Style {
    let colors = Colors::of(theme);
    let mut style = Style { visuals: visuals(theme, colors), ..Style::default() };
    style.text_styles = [
        (TextStyle::Heading, strong(16.0)),
        (TextStyle::Body, FontId::proportional(14.0)),
        (TextStyle::Button, FontId::proportional(14.0)),
        (TextStyle::Monospace, FontId::monospace(13.0)),
        (TextStyle::Small, FontId::proportional(12.5)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 6.0);
    spacing.button_padding = vec2(10.0, 5.0);
    spacing.interact_size.y = 28.0;
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(14);
    spacing.scroll.floating = true;
    style.interaction.tooltip_delay = 0.4;
    style
}

fn visuals(theme: ThemeName, colors: Colors) -> Visuals {
    let mut visuals = match theme {
        ThemeName::Light | ThemeName::Projector | ThemeName::Print => Visuals::light(),
        ThemeName::Dark => Visuals::dark(),
    };
    visuals.panel_fill = colors.panel;
    visuals.window_fill = colors.panel;
    visuals.extreme_bg_color = colors.raised;
    visuals.faint_bg_color = colors.raised;
    visuals.code_bg_color = colors.raised;
    visuals.window_stroke = Stroke::new(1.0, colors.line);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.hyperlink_color = colors.accent;
    visuals.warn_fg_color = colors.warning;
    visuals.error_fg_color = colors.bad;
    visuals.weak_text_color = Some(colors.soft);
    visuals.selection.bg_fill = colors.accent_fill;
    visuals.selection.stroke = Stroke::new(1.5, colors.accent);
    visuals.striped = false;
    visuals.text_cursor.blink = false;
    let radius = CornerRadius::same(6);
    let widgets = &mut visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = radius;
        widget.expansion = 0.0;
        widget.fg_stroke = Stroke::new(1.0, colors.text);
    }
    widgets.noninteractive.bg_fill = colors.panel;
    widgets.noninteractive.weak_bg_fill = colors.panel;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, colors.line);
    widgets.inactive.bg_fill = colors.raised;
    widgets.inactive.weak_bg_fill = colors.raised;
    widgets.inactive.bg_stroke = Stroke::NONE;
    widgets.hovered.bg_fill = colors.accent_fill;
    widgets.hovered.weak_bg_fill = colors.accent_fill;
    widgets.hovered.bg_stroke = Stroke::new(1.0, colors.outline);
    widgets.active.bg_fill = colors.accent_fill;
    widgets.active.weak_bg_fill = colors.accent_fill;
    // Also the look of what has the keyboard's focus.
    widgets.active.bg_stroke = Stroke::new(2.0, colors.accent);
    widgets.open.bg_fill = colors.raised;
    widgets.open.weak_bg_fill = colors.raised;
    widgets.open.bg_stroke = Stroke::new(1.0, colors.outline);
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_and_controls_can_be_seen() {
        for theme in [ThemeName::Light, ThemeName::Dark] {
            let colors = Colors::of(theme);
            for ground in [colors.panel, colors.raised, colors.accent_fill, colors.warning_fill] {
                for text in [colors.text, colors.soft, colors.accent, colors.warning] {
                    assert!(
                        contrast(text, ground) >= 4.5,
                        "{theme:?} {text:?} on {ground:?}: {}",
                        contrast(text, ground)
                    );
                }
            }
            for text in [colors.good, colors.bad] {
                assert!(contrast(text, colors.panel) >= 4.5, "{theme:?} {text:?}");
            }
            assert!(
                contrast(colors.outline, colors.panel) >= 3.0,
                "{theme:?}: {}",
                contrast(colors.outline, colors.panel)
            );
        }
    }
}
