//! Contact sheets as PNG: many samples in a grid, each with a caption.

use crate::error::CliError;
use crate::glyphs;
use image::{GrayImage, ImageFormat, Luma};
use std::io::{self, Cursor};
use std::path::Path;

/// A sample on a sheet.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    /// Height x width bytes; 0 is drawn white and 255 black, ink on paper as in the lecture.
    pub(crate) sample: Vec<u8>,
    /// Digits, `%` and `→`; other signs stay blank.
    pub(crate) caption: String,
}

/// The side of a sample on the sheet is at least this many pixels, so that it can be seen.
const LEGIBLE: usize = 64;
/// Pixels between samples.
const GAP: usize = 12;
/// Pixels between a sample and its caption.
const CAPTION_GAP: usize = 4;
/// A pixel of a caption's sign is a square of this side.
const CAPTION_SCALE: usize = 2;
const PAPER: u8 = 255;
const FRAME: u8 = 216;
const CAPTION: u8 = 90;

/// Measures of a sheet, in pixels.
struct Layout {
    height: usize,
    width: usize,
    scale: usize,
    columns: usize,
    cell_width: usize,
    cell_height: usize,
}

impl Layout {
    fn new(height: usize, width: usize, columns: usize, tiles: &[Tile]) -> Self {
        let scale = LEGIBLE.div_ceil(height.max(width).max(1)).max(1);
        let signs = tiles.iter().map(|tile| tile.caption.chars().count()).max().unwrap_or(0);
        let caption_width = signs * (glyphs::WIDTH + 1) * CAPTION_SCALE;
        let caption_height =
            if signs == 0 { 0 } else { glyphs::HEIGHT * CAPTION_SCALE + CAPTION_GAP };
        Self {
            height,
            width,
            scale,
            columns: columns.clamp(1, tiles.len().max(1)),
            cell_width: (width * scale + 2).max(caption_width) + GAP,
            cell_height: height * scale + 2 + caption_height + GAP,
        }
    }
}

/// Draws `tiles` of `height` x `width` samples, `columns` side by side.
pub(crate) fn sheet(tiles: &[Tile], height: usize, width: usize, columns: usize) -> GrayImage {
    let layout = Layout::new(height, width, columns, tiles);
    let lines = tiles.len().div_ceil(layout.columns);
    let size = |cells: usize, cell: usize| (cells * cell + GAP) as u32;
    let mut sheet = GrayImage::from_pixel(
        size(layout.columns, layout.cell_width),
        size(lines, layout.cell_height),
        Luma([PAPER]),
    );
    for (index, tile) in tiles.iter().enumerate() {
        let left = GAP + index % layout.columns * layout.cell_width;
        let top = GAP + index / layout.columns * layout.cell_height;
        draw_sample(&mut sheet, &layout, left, top, &tile.sample);
        draw_caption(
            &mut sheet,
            left,
            top + height * layout.scale + 2 + CAPTION_GAP,
            &tile.caption,
        );
    }
    sheet
}

/// The sample, enlarged, in a thin frame.
fn draw_sample(sheet: &mut GrayImage, layout: &Layout, left: usize, top: usize, sample: &[u8]) {
    let (width, height) = (layout.width * layout.scale, layout.height * layout.scale);
    fill(sheet, left, top, width + 2, height + 2, FRAME);
    for (index, &ink) in sample.iter().enumerate() {
        let x = left + 1 + index % layout.width * layout.scale;
        let y = top + 1 + index / layout.width * layout.scale;
        fill(sheet, x, y, layout.scale, layout.scale, PAPER - ink);
    }
}

fn draw_caption(sheet: &mut GrayImage, left: usize, top: usize, caption: &str) {
    for (place, sign) in caption.chars().enumerate() {
        let start = left + place * (glyphs::WIDTH + 1) * CAPTION_SCALE;
        for (row, bits) in glyphs::rows(sign).into_iter().enumerate() {
            let lit =
                (0..glyphs::WIDTH).filter(|column| bits >> (glyphs::WIDTH - 1 - column) & 1 == 1);
            for column in lit {
                let (x, y) = (start + column * CAPTION_SCALE, top + row * CAPTION_SCALE);
                fill(sheet, x, y, CAPTION_SCALE, CAPTION_SCALE, CAPTION);
            }
        }
    }
}

/// A rectangle; what would lie outside the sheet is left out.
fn fill(sheet: &mut GrayImage, left: usize, top: usize, width: usize, height: usize, grey: u8) {
    for y in top..top + height {
        for x in left..left + width {
            if let Some(pixel) = sheet.get_pixel_mut_checked(x as u32, y as u32) {
                *pixel = Luma([grey]);
            }
        }
    }
}

/// Writes a PNG that replaces the old file whole or not at all.
pub(crate) fn save_png(picture: &GrayImage, path: &Path) -> Result<(), CliError> {
    let mut encoded = Cursor::new(Vec::new());
    picture
        .write_to(&mut encoded, ImageFormat::Png)
        .map_err(io::Error::other)
        .and_then(|()| nn_files::replace_file(path, |file| file.write_all(encoded.get_ref())))
        .map_err(|cause| CliError::io("write", path, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_black_and_paper_white() {
        let tile = Tile { sample: vec![0, 255], caption: String::new() };
        let sheet = sheet(&[tile], 1, 2, 8);
        let scale = LEGIBLE / 2;
        assert_eq!(sheet.get_pixel((GAP + 1) as u32, (GAP + 1) as u32).0, [255]);
        assert_eq!(sheet.get_pixel((GAP + 1 + scale) as u32, (GAP + 1) as u32).0, [0]);
    }

    #[test]
    fn a_sheet_of_nothing_is_a_small_white_picture() {
        assert!(sheet(&[], 28, 28, 8).pixels().all(|pixel| pixel.0 == [PAPER]));
    }
}
