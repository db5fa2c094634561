//! Images inside a figure: digits, weights, the background of contours.
//!
//! One digit would be hundreds of rectangles, so images are handled separately: an SVG embeds them
//! as PNG, and a PNG multiplies them into the drawing.

use base64::Engine;
use image::{ImageEncoder, RgbImage};
use plotters::style::RGBColor;

/// An image and its position in the figure.
pub(crate) struct Raster {
    /// Left edge in the figure.
    pub(crate) left: i32,
    /// Upper edge.
    pub(crate) top: i32,
    /// Width in the figure.
    pub(crate) width: i32,
    /// Height in the figure.
    pub(crate) height: i32,
    /// The pixels.
    pub(crate) image: RgbImage,
}

/// Creates an image of `width` x `height` pixels with `colour(column, row)`, top row first.
pub(crate) fn paint(
    width: usize,
    height: usize,
    colour: impl Fn(usize, usize) -> RGBColor,
) -> RgbImage {
    let pixel = |column: u32, row: u32| {
        let RGBColor(red, green, blue) = colour(column as usize, row as usize);
        image::Rgb([red, green, blue])
    };
    RgbImage::from_fn(width as u32, height as u32, pixel)
}

/// Multiplies the images into the drawing, so that they appear behind it.
pub(crate) fn multiply_into(figure: &mut RgbImage, rasters: &[Raster]) {
    for raster in rasters {
        let (columns, rows) = raster.image.dimensions();
        for y in 0..raster.height.max(0) {
            for x in 0..raster.width.max(0) {
                let column = (i64::from(x) * i64::from(columns) / i64::from(raster.width)) as u32;
                let row = (i64::from(y) * i64::from(rows) / i64::from(raster.height)) as u32;
                let (left, top) = ((raster.left + x) as u32, (raster.top + y) as u32);
                if let Some(pixel) = figure.get_pixel_mut_checked(left, top) {
                    multiply(pixel, *raster.image.get_pixel(column, row));
                }
            }
        }
    }
}

fn multiply(pixel: &mut image::Rgb<u8>, by: image::Rgb<u8>) {
    for (channel, factor) in pixel.0.iter_mut().zip(by.0) {
        *channel = (u16::from(*channel) * u16::from(factor) / 255) as u8;
    }
}

/// Encodes the image as PNG.
pub(crate) fn encode(image: &RgbImage) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes).write_image(
        image.as_raw(),
        image.width(),
        image.height(),
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// Formats the image as an SVG element.
pub(crate) fn svg_element(raster: &Raster) -> Result<String, image::ImageError> {
    let Raster { left, top, width, height, image } = raster;
    let png = base64::engine::general_purpose::STANDARD.encode(encode(image)?);
    Ok(format!(
        "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
         preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
         href=\"data:image/png;base64,{png}\"/>\n"
    ))
}
