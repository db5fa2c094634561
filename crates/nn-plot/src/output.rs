//! Writing figures as SVG and PNG.

use crate::check::check;
use crate::draw::{draw, height_of};
use crate::raster::{Raster, encode, multiply_into, svg_element};
use crate::text::load_font;
use crate::{Figure, PlotError};
use image::RgbImage;
use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend};
use std::path::Path;

/// Width of a figure in pixels.
pub(crate) const WIDTH: u32 = 1280;

/// Draws the figure as an SVG document, with embedded images.
///
/// # Errors
/// Returns [`PlotError::Figure`] if the figure is empty or inconsistent.
pub fn svg(figure: &Figure) -> Result<String, PlotError> {
    check(figure)?;
    load_font()?;
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, (WIDTH, height_of(figure)));
    let rasters = draw(figure, &backend.into_drawing_area())
        .map_err(|error| draw_error(figure, &error.to_string()))?;
    insert_rasters(&text, &rasters).map_err(|error| draw_error(figure, &error.to_string()))
}

/// Inserts the images behind everything but the white background, which is the first rectangle.
fn insert_rasters(text: &str, rasters: &[Raster]) -> Result<String, image::ImageError> {
    let elements: String = rasters.iter().map(svg_element).collect::<Result<_, _>>()?;
    let background =
        text.find("<rect").and_then(|start| Some(start + text[start..].find("/>")? + 2));
    let (before, after) = text.split_at(background.unwrap_or(0));
    Ok(format!("{before}\n{elements}{}", after.trim_start()))
}

/// Draws the figure as a PNG file in memory.
///
/// # Errors
/// Returns the errors of [`svg`].
pub fn png_bytes(figure: &Figure) -> Result<Vec<u8>, PlotError> {
    check(figure)?;
    load_font()?;
    let size = (WIDTH, height_of(figure));
    let mut pixels = RgbImage::new(size.0, size.1);
    let backend = BitMapBackend::with_buffer(&mut pixels, size);
    let rasters = draw(figure, &backend.into_drawing_area())
        .map_err(|error| draw_error(figure, &error.to_string()))?;
    multiply_into(&mut pixels, &rasters);
    encode(&pixels).map_err(|error| draw_error(figure, &error.to_string()))
}

/// Writes the figure as a PNG file, atomically.
///
/// # Errors
/// Returns the errors of [`svg`], and [`PlotError::File`].
pub fn png(figure: &Figure, path: &Path) -> Result<(), PlotError> {
    write(path, &png_bytes(figure)?)
}

/// Writes `folder/stem.svg` and `folder/stem.png`.
///
/// # Errors
/// Returns the errors of [`svg`], and [`PlotError::File`].
pub fn save(figure: &Figure, folder: &Path, stem: &str) -> Result<(), PlotError> {
    write(&folder.join(format!("{stem}.svg")), svg(figure)?.as_bytes())?;
    png(figure, &folder.join(format!("{stem}.png")))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PlotError> {
    nn_files::replace_file(path, |file| file.write_all(bytes))
        .map_err(|source| PlotError::File { path: path.to_owned(), source })
}

fn draw_error(figure: &Figure, cause: &str) -> PlotError {
    PlotError::Draw { title: figure.title().to_owned(), cause: cause.to_owned() }
}
