//! Images in a grid with captions.

use super::frame::{GAP, draw_title, size};
use super::{Area, Drawn};
use crate::colours::{INK, pixel_colour};
use crate::output::WIDTH;
use crate::raster::{Raster, paint};
use crate::text::{CENTRE, LABEL, fitting, style};
use crate::{ImageGrid, Picture};
use plotters::element::Text;
use plotters::prelude::{DrawingBackend, Rectangle};
use plotters::style::Color;

/// Height of a caption.
const CAPTION: i32 = 46;
/// Height of the title.
const TITLE: i32 = 90;
/// Maximum width of an image.
const WIDEST: i32 = 420;

/// Returns width and height of the images, which are all drawn as large as the tallest needs.
fn picture_size(images: &ImageGrid) -> (i32, i32) {
    let columns = images.columns.min(images.pictures.len()).max(1) as i32;
    let room = ((WIDTH as i32 - GAP) / columns - GAP).clamp(4, WIDEST);
    let slope = |picture: &Picture| picture.height as f64 / picture.width as f64;
    let tallest = images.pictures.iter().map(slope).fold(0.0, f64::max).min(4.0);
    (room, ((f64::from(room) * tallest).round() as i32).max(4))
}

fn caption_height(images: &ImageGrid) -> i32 {
    if images.pictures.iter().all(|picture| picture.caption.is_empty()) { 0 } else { CAPTION }
}

pub(super) fn height_of(images: &ImageGrid) -> u32 {
    let rows = images.pictures.len().div_ceil(images.columns.max(1)) as i32;
    let (_, height) = picture_size(images);
    (TITLE + rows * (height + caption_height(images) + GAP) + GAP) as u32
}

pub(super) fn draw<B: DrawingBackend>(images: &ImageGrid, area: &Area<B>) -> Drawn<B> {
    draw_title(area, &images.title)?;
    let (width, height) = picture_size(images);
    let columns = images.columns.min(images.pictures.len()) as i32;
    let margin = (size(area).0 - columns * (width + GAP) + GAP) / 2;
    let magnitudes = images.pictures.iter().flat_map(|p| &p.values).map(|value| value.abs());
    let largest = magnitudes.filter(|v| v.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
    let mut rasters = Vec::with_capacity(images.pictures.len());
    for (index, picture) in images.pictures.iter().enumerate() {
        let (row, column) = (index as i32 / columns, index as i32 % columns);
        let left = margin + column * (width + GAP);
        let top = TITLE + row * (height + caption_height(images) + GAP);
        let frame = [(left - 1, top - 1), (left + width, top + height)];
        area.draw(&Rectangle::new(frame, INK.mix(0.4).stroke_width(1)))?;
        let caption = picture.caption.clone();
        let letters = fitting(area, &caption, LABEL, width + GAP / 2);
        let place = (left + width / 2, top + height + CAPTION / 2);
        area.draw(&Text::new(caption, place, style(letters, CENTRE)))?;
        let colour = |column: usize, row: usize| {
            pixel_colour(images.colours, picture.values[row * picture.width + column], largest)
        };
        let image = paint(picture.width, picture.height, colour);
        rasters.push(Raster { left, top, width, height, image });
    }
    Ok(rasters)
}
