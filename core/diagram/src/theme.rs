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
    /// How much wider lines are than their common width.
    pub line_width: f32,
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
                line_width: 1.0,
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
                line_width: 1.0,
            },
            ThemeName::Projector => Self {
                background: Color::hex(0xffffff),
                host: Color::hex(0xffffff),
                frame: Color::hex(0x2b333d),
                text: Color::hex(0x000000),
                muted: Color::hex(0x1b222c),
                outline: Color::hex(0x1b222c),
                outside: Color::hex(0xe3e6ea),
                interface: Color::hex(0xffffff),
                bridge: Color::hex(0xb5dcf3),
                cable: Color::hex(0x00548a),
                container: Color::hex(0xb8e6d3),
                parked: Color::hex(0xf3f4f6),
                nat: Color::hex(0xfcdca3),
                inward: Color::hex(0xa03c00),
                outward: Color::hex(0x453a86),
                open: Color::hex(0xa03c00),
                closed: Color::hex(0x2b333d),
                shared: [Color::hex(0x00548a), Color::hex(0x8c2560), Color::hex(0x005a42), Color::hex(0x6b4b00)],
                line_width: 1.6,
            },
            ThemeName::Print => Self {
                background: Color::hex(0xffffff),
                host: Color::hex(0xffffff),
                frame: Color::hex(0x404040),
                text: Color::hex(0x000000),
                muted: Color::hex(0x303030),
                outline: Color::hex(0x202020),
                outside: Color::hex(0xe6e6e6),
                interface: Color::hex(0xffffff),
                bridge: Color::hex(0xd9d9d9),
                cable: Color::hex(0x000000),
                container: Color::hex(0xf2f2f2),
                parked: Color::hex(0xffffff),
                nat: Color::hex(0xe6e6e6),
                inward: Color::hex(0x000000),
                outward: Color::hex(0x000000),
                open: Color::hex(0x000000),
                closed: Color::hex(0x505050),
                shared: [Color::hex(0x000000); 4],
                line_width: 1.0,
            },
        }
    }

    /// The `n`th network's cables, 0 the plain ones: each hue solid, then dashed; without hues by dash alone.
    pub(crate) fn network(&self, n: usize) -> Stroke {
        let hues = if self.shared[0] == self.shared[1] { 1 } else { self.shared.len() };
        let dashes = [None, Some((9.0, 4.0)), Some((3.0, 3.0)), Some((14.0, 4.0)), Some((6.0, 8.0))];
        Stroke { color: self.shared[n % hues], width: 2.0, dash: dashes[(n / hues) % dashes.len()] }
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

    const ALL: [ThemeName; 4] = [ThemeName::Light, ThemeName::Dark, ThemeName::Projector, ThemeName::Print];

    /// What somebody without one sort of cones sees (Machado, Oliveira and Fernandes 2009, severity 1), in linear light.
    const DEFICIENCIES: [(&str, [[f32; 3]; 3]); 4] = [
        ("none", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    /// CIE L*a*b* (D65) of `color` as seen through `matrix`.
    fn lab(color: Color, matrix: &[[f32; 3]; 3]) -> [f32; 3] {
        let linear = |byte: u8| {
            let value = f32::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let rgb = [linear(color.r), linear(color.g), linear(color.b)];
        let seen = matrix.map(|row| (row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]).clamp(0.0, 1.0));
        let x = (0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.950_47;
        let y = 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2];
        let z = (0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.088_83;
        let f = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
    }

    /// Lines that differ neither in dash nor in what they end in differ in colour, for everybody: by four times what
    /// can just be told (CIE 1976).
    #[test]
    fn lines_are_told_apart_whatever_one_sees() {
        for name in ALL {
            let theme = Theme::named(name);
            let mut lines = vec![
                ("in", theme.inward, None, "arrow"),
                ("out", theme.outward, Some((6.0, 4.0)), "arrow"),
                ("tunnel", theme.outline, Some((6.0, 3.0)), "nothing"),
                ("uplink", theme.outline, None, "nothing"),
            ];
            for n in 0..4 {
                let stroke = theme.network(n);
                lines.push(("network", stroke.color, stroke.dash, "plug"));
            }
            for (index, a) in lines.iter().enumerate() {
                for b in &lines[index + 1..] {
                    if a.2 != b.2 || a.3 != b.3 {
                        continue;
                    }
                    for (deficiency, matrix) in &DEFICIENCIES {
                        let (one, other) = (lab(a.1, matrix), lab(b.1, matrix));
                        let distance = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
                        assert!(distance >= 9.0, "{name:?} {deficiency}: {a:?} and {b:?} are {distance} apart");
                    }
                }
            }
        }
    }

    /// Text for a projector and for paper has the contrast of WCAG's highest level.
    #[test]
    fn strong_themes_are_strong() {
        for name in [ThemeName::Projector, ThemeName::Print] {
            let theme = Theme::named(name);
            for fill in [theme.background, theme.host, theme.outside, theme.bridge, theme.container, theme.nat] {
                for text in [theme.text, theme.muted] {
                    assert!(contrast(text, fill) >= 7.0, "{name:?} {text:?} on {fill:?}");
                }
            }
        }
        let theme = Theme::named(ThemeName::Print);
        for color in [theme.cable, theme.bridge, theme.container, theme.nat, theme.inward, theme.outward, theme.muted] {
            assert!(color.r == color.g && color.g == color.b, "{color:?} is no grey");
        }
    }

    #[test]
    fn text_and_lines_can_be_read_in_every_theme() {
        for name in ALL {
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
