//! Colours. Hues are Okabe and Ito's, as fills under dark (or light) text; a meaning never rests on a colour alone.

use crate::{
    scene::{Color, Stroke},
    view::ThemeName,
};

/// The colours of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Behind everything.
    pub background: Color,
    /// Of the host's box.
    pub host: Color,
    /// Around the host and frames.
    pub frame: Color,
    /// Text.
    pub text: Color,
    /// Text that matters less.
    pub muted: Color,
    /// Around boxes.
    pub outline: Color,
    /// What is outside.
    pub outside: Color,
    /// Interfaces.
    pub interface: Color,
    /// Bridges.
    pub bridge: Color,
    /// A bridge's ports and cables.
    pub cable: Color,
    /// Containers.
    pub container: Color,
    /// Containers that do not run.
    pub parked: Color,
    /// Address translations.
    pub nat: Color,
    /// What comes in.
    pub inward: Color,
    /// What goes out.
    pub outward: Color,
    /// An open door.
    pub open: Color,
    /// A closed door.
    pub closed: Color,
    /// Further networks' cables, told apart by hue; dashes tell the rest.
    pub shared: [Color; 4],
}

impl Theme {
    /// The theme of this name.
    pub fn named(name: ThemeName) -> Self {
        match name {
            ThemeName::Light => Self {
                background: Color::hex(0xffffff),
                host: Color::hex(0xf6f7f9),
                frame: Color::hex(0x7b8593),
                text: Color::hex(0x1b222c),
                muted: Color::hex(0x525d6b),
                outline: Color::hex(0x5c6775),
                outside: Color::hex(0xeaecef),
                interface: Color::hex(0xffffff),
                bridge: Color::hex(0xcfe8f7),
                cable: Color::hex(0x0072b2),
                container: Color::hex(0xd5f0e5),
                parked: Color::hex(0xf3f4f6),
                nat: Color::hex(0xfdeac8),
                inward: Color::hex(0xb34a00),
                outward: Color::hex(0x5b519b),
                open: Color::hex(0xb34a00),
                closed: Color::hex(0x5c6775),
                shared: [Color::hex(0x0072b2), Color::hex(0xa03f75), Color::hex(0x007657), Color::hex(0x865f00)],
            },
            ThemeName::Dark => Self {
                background: Color::hex(0x12161c),
                host: Color::hex(0x1a2028),
                frame: Color::hex(0x768292),
                text: Color::hex(0xeef1f5),
                muted: Color::hex(0xb0b9c5),
                outline: Color::hex(0x8c98a8),
                outside: Color::hex(0x2a313b),
                interface: Color::hex(0x12161c),
                bridge: Color::hex(0x143d57),
                cable: Color::hex(0x56b4e9),
                container: Color::hex(0x114536),
                parked: Color::hex(0x222932),
                nat: Color::hex(0x523a0c),
                inward: Color::hex(0xf0a04b),
                outward: Color::hex(0xb9a8f0),
                open: Color::hex(0xf0a04b),
                closed: Color::hex(0x9aa5b4),
                shared: [Color::hex(0x56b4e9), Color::hex(0xe297c4), Color::hex(0x3fc99c), Color::hex(0xe5c04a)],
            },
        }
    }

    /// A thin solid outline.
    pub(crate) const fn thin(color: Color) -> Stroke {
        Stroke { color, width: 1.25, dash: None }
    }

    /// A thin dashed outline: not there, not yet, not any more.
    pub(crate) const fn dashed(color: Color) -> Stroke {
        Stroke { color, width: 1.25, dash: Some((5.0, 4.0)) }
    }
}

/// WCAG 2's contrast of two opaque colours, from 1 to 21.
pub fn contrast(a: Color, b: Color) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: Color) -> f32 {
    let linear = |byte: u8| {
        let value = f32::from(byte) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_lines_can_be_read_in_every_theme() {
        for name in [ThemeName::Light, ThemeName::Dark] {
            let theme = Theme::named(name);
            let fills = [
                theme.background,
                theme.host,
                theme.outside,
                theme.interface,
                theme.bridge,
                theme.container,
                theme.parked,
                theme.nat,
            ];
            for fill in fills {
                for text in [theme.text, theme.muted] {
                    assert!(
                        contrast(text, fill) >= 4.5,
                        "{name:?} text {text:?} on {fill:?}: {}",
                        contrast(text, fill)
                    );
                }
                assert!(contrast(theme.outline, fill) >= 3.0, "{name:?} outline on {fill:?}");
            }
            for line in [theme.frame, theme.cable, theme.inward, theme.outward, theme.open, theme.closed] {
                for fill in [theme.background, theme.host] {
                    assert!(contrast(line, fill) >= 3.0, "{name:?} line {line:?} on {fill:?}");
                }
            }
            for line in theme.shared {
                assert!(contrast(line, theme.host) >= 3.0, "{name:?} {line:?}");
            }
        }
    }
}
