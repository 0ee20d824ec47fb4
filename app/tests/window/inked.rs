//! Whether two pictures have something written in the same places, however their machines smooth text.

use image::RgbaImage;

/// A tile's sides: a letter or two.
const TILE: (u32, u32) = (12, 10);
/// Of a tile's lightest and darkest pixel, in 256ths: with more between them something is on it.
const INK: u8 = 70;
/// With less between them nothing is.
const BLANK: u8 = 24;

/// The first tile that has ink in one picture and is blank in the other, by its upper left corner.
pub(crate) fn difference(a: &RgbaImage, b: &RgbaImage) -> Option<(u32, u32)> {
    if a.dimensions() != b.dimensions() {
        return Some((0, 0));
    }
    let (width, height) = a.dimensions();
    let corners = (0..height / TILE.1).flat_map(|row| (0..width / TILE.0).map(move |column| (column, row)));
    corners.map(|(column, row)| (column * TILE.0, row * TILE.1)).find(|corner| {
        let (a, b) = (contrast(a, *corner), contrast(b, *corner));
        (a > INK && b < BLANK) || (b > INK && a < BLANK)
    })
}

fn contrast(picture: &RgbaImage, (x, y): (u32, u32)) -> u8 {
    let pixels = (y..y + TILE.1).flat_map(|y| (x..x + TILE.0).map(move |x| (x, y)));
    let light = |(x, y)| {
        let [red, green, blue, _] = picture.get_pixel(x, y).0.map(u32::from);
        u8::try_from((3 * red + 6 * green + blue) / 10).unwrap_or(u8::MAX)
    };
    let (least, most) = pixels.map(light).fold((u8::MAX, 0), |(least, most), one| (one.min(least), one.max(most)));
    most.saturating_sub(least)
}

/// The kept picture with any one label painted over is another; some of them, for each comparison takes a while.
#[test]
fn a_lost_label_is_noticed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/main_light.png");
    let kept = image::open(path).unwrap().into_rgba8();
    assert_eq!(difference(&kept, &kept), None);
    let mut lost = 0;
    let mut noticed = 0;
    for row in (0..kept.height() / 20).step_by(5) {
        for column in (0..kept.width() / 60).step_by(3) {
            let corner = (column * 60, row * 20);
            let ground = *kept.get_pixel(corner.0, corner.1);
            let mut without = kept.clone();
            for y in corner.1..corner.1 + 20 {
                for x in corner.0..corner.0 + 60 {
                    without.put_pixel(x, y, ground);
                }
            }
            // A word, not a line's end.
            let inked = (0..5).filter(|tile| contrast(&kept, (corner.0 + tile * 12, corner.1 + 5)) > INK).count();
            if inked >= 3 && lost < 12 {
                lost += 1;
                noticed += usize::from(difference(&kept, &without).is_some());
            }
        }
    }
    assert!(lost > 5 && noticed == lost, "{noticed} of {lost} labels");
}
