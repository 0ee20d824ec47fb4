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
                background: Color::hex(0xff_ff_ff),
                host: Color::hex(0xf6_f7_f9),
                frame: Color::hex(0x7b_85_93),
                text: Color::hex(0x1b_22_2c),
                muted: Color::hex(0x52_5d_6b),
                outline: Color::hex(0x5c_67_75),
                outside: Color::hex(0xea_ec_ef),
                interface: Color::hex(0xff_ff_ff),
                bridge: Color::hex(0xcf_e8_f7),
                cable: Color::hex(0x00_72_b2),
                container: Color::hex(0xd5_f0_e5),
                parked: Color::hex(0xf3_f4_f6),
                nat: Color::hex(0xfd_ea_c8),
                inward: Color::hex(0xb3_4a_00),
                outward: Color::hex(0x5b_51_9b),
                open: Color::hex(0xb3_4a_00),
                closed: Color::hex(0x5c_67_75),
                shared: [
                    Color::hex(0x00_72_b2),
                    Color::hex(0xa0_3f_75),
                    Color::hex(0x00_76_57),
                    Color::hex(0x86_5f_00),
                ],
            },
            ThemeName::Dark => Self {
                background: Color::hex(0x12_16_1c),
                host: Color::hex(0x1a_20_28),
                frame: Color::hex(0x76_82_92),
                text: Color::hex(0xee_f1_f5),
                muted: Color::hex(0xb0_b9_c5),
                outline: Color::hex(0x8c_98_a8),
                outside: Color::hex(0x2a_31_3b),
                interface: Color::hex(0x12_16_1c),
                bridge: Color::hex(0x14_3d_57),
                cable: Color::hex(0x56_b4_e9),
                container: Color::hex(0x11_45_36),
                parked: Color::hex(0x22_29_32),
                nat: Color::hex(0x52_3a_0c),
                inward: Color::hex(0xf0_a0_4b),
                outward: Color::hex(0xb9_a8_f0),
                open: Color::hex(0xf0_a0_4b),
                closed: Color::hex(0x9a_a5_b4),
                shared: [
                    Color::hex(0x56_b4_e9),
                    Color::hex(0xe2_97_c4),
                    Color::hex(0x3f_c9_9c),
                    Color::hex(0xe5_c0_4a),
                ],
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
