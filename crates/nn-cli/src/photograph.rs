//! PNG and JPEG files, read within limits: colour becomes grey, transparency becomes white paper.

use crate::grey::Grey;
use crate::jpeg_end::has_end_marker;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Pixels on the longer side that are enough for every step after this one.
const WORKING_SIZE: u32 = 512;
/// The largest picture taken: any camera's, but no decompression bomb.
const MOST_PIXELS: u64 = 120_000_000;
/// The most memory that decoding may take.
const MOST_BYTES: u64 = 512 << 20;

/// Why a picture cannot be used. The path is added by whoever prints it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PhotographError {
    #[error("cannot read: {0}")]
    Io(#[from] std::io::Error),
    #[error("neither a PNG or JPEG picture nor IDX data; convert it to PNG")]
    UnknownFormat,
    #[error("damaged picture ({0}); save it again as PNG")]
    Damaged(String),
    #[error(
        "the picture has {width} x {height} pixels, which is more than this command takes \
         ({} million pixels, {} MiB unpacked); make it smaller", MOST_PIXELS / 1_000_000, MOST_BYTES >> 20
    )]
    TooLarge { width: u32, height: u32 },
    #[error(
        "the picture is larger than this command takes ({} million pixels, {} MiB unpacked); make it \
         smaller", MOST_PIXELS / 1_000_000, MOST_BYTES >> 20
    )]
    BeyondLimits,
}

/// Reads a picture as grey, at most `WORKING_SIZE` pixels long, turned as its camera was held.
pub(crate) fn read_photograph(path: &Path) -> Result<Grey, PhotographError> {
    let reader = ImageReader::new(BufReader::new(File::open(path)?)).with_guessed_format()?;
    match reader.format() {
        None => return Err(PhotographError::UnknownFormat),
        Some(ImageFormat::Jpeg) if !has_end_marker(&mut BufReader::new(File::open(path)?))? => {
            return Err(PhotographError::Damaged("its end is missing".to_owned()));
        }
        Some(_) => {}
    }
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let (width, height) = decoder.dimensions();
    let too_large = PhotographError::TooLarge { width, height };
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_BYTES {
        return Err(too_large);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits).map_err(|_| too_large)?;
    let orientation = decoder.orientation().map_err(|error| refusal(&error))?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let mut grey = DynamicImage::ImageLuma8(reduced_grey(&picture));
    drop(picture);
    grey.apply_orientation(orientation);
    Ok(grey_from(&grey.into_luma8()))
}

fn refusal(error: &ImageError) -> PhotographError {
    match error {
        // A picture, but not of a kind that is built in: GIF, WebP, ...
        ImageError::Unsupported(_) => PhotographError::UnknownFormat,
        ImageError::Limits(_) => PhotographError::BeyondLimits,
        // Some decoders write several lines.
        _ => PhotographError::Damaged(error.to_string().trim().replace('\n', ", ")),
    }
}

/// Brightness over white paper, averaged over squares so that the longer side is at most
/// `WORKING_SIZE`.
fn reduced_grey(picture: &DynamicImage) -> GrayImage {
    let (width, height) = (picture.width(), picture.height());
    let square = width.max(height).div_ceil(WORKING_SIZE).max(1);
    let brightness = brightness_of(picture);
    GrayImage::from_fn(width.div_ceil(square), height.div_ceil(square), |x, y| {
        let columns = x * square..((x + 1) * square).min(width);
        let rows = y * square..((y + 1) * square).min(height);
        let count = columns.len() * rows.len();
        let sum: f32 = rows
            .flat_map(|row| columns.clone().map(move |column| (column, row)))
            .map(|(column, row)| brightness(column, row))
            .sum();
        image::Luma([(sum / count as f32).round() as u8])
    })
}

/// Brightness (0 to 255) of a pixel: luma (ITU-R BT.601, as JPEG has it), laid over white.
fn brightness_of(picture: &DynamicImage) -> Box<dyn Fn(u32, u32) -> f32 + '_> {
    match picture {
        DynamicImage::ImageLuma8(grey) => Box::new(|x, y| f32::from(grey.get_pixel(x, y).0[0])),
        DynamicImage::ImageRgb8(colour) => Box::new(|x, y| luma(colour.get_pixel(x, y).0)),
        other => {
            use image::GenericImageView;
            Box::new(|x, y| {
                let [red, green, blue, alpha] = other.get_pixel(x, y).0;
                let opacity = f32::from(alpha) / 255.0;
                luma([red, green, blue]) * opacity + 255.0 * (1.0 - opacity)
            })
        }
    }
}

fn luma([red, green, blue]: [u8; 3]) -> f32 {
    0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
}

fn grey_from(picture: &GrayImage) -> Grey {
    Grey {
        width: picture.width() as usize,
        height: picture.height() as usize,
        pixels: picture.as_raw().iter().map(|&byte| f32::from(byte) / 255.0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_is_white_paper_and_colour_is_luma() {
        let mut picture = image::RgbaImage::new(2, 1);
        picture.put_pixel(0, 0, image::Rgba([0, 0, 0, 0]));
        picture.put_pixel(1, 0, image::Rgba([255, 0, 0, 255]));
        let grey = reduced_grey(&DynamicImage::ImageRgba8(picture));
        assert_eq!(grey.as_raw(), &[255, 76]); // 0.299 * 255
    }

    #[test]
    fn a_large_picture_is_averaged_not_sampled() {
        // Columns of black and white in turn: every square of the mean is grey.
        let stripes =
            GrayImage::from_fn(4 * WORKING_SIZE, 8, |x, _| image::Luma([(x % 2) as u8 * 254]));
        let grey = reduced_grey(&DynamicImage::ImageLuma8(stripes));
        assert_eq!((grey.width(), grey.height()), (WORKING_SIZE, 2));
        assert!(grey.as_raw().iter().all(|&byte| byte == 127));
    }
}
