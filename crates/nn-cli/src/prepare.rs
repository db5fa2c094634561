//! A drawing or photograph of a digit, prepared as MNIST's digits were.
//!
//! MNIST (LeCun et al. 1998): white ink on black, fitted to 20 x 20 with its proportions kept and
//! anti-aliased, then placed in 28 x 28 so that its centre of mass is in the middle.

use crate::grey::Grey;
use crate::ink::{Ink, Polarity, STROKE, find_ink};
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma};

/// What became of a picture.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    /// No ink was found.
    Blank,
    /// A sample for the network: height x width bytes, 255 is ink.
    Digit { sample: Vec<u8>, polarity: Polarity },
}

/// MNIST's digits fill 20 of 28 pixels; other sizes keep the proportion.
const FILLED: f64 = 20.0 / 28.0;

/// Prepares `picture` for a network whose samples are `height` x `width`.
pub(crate) fn prepare(picture: &Grey, height: usize, width: usize) -> Prepared {
    let Some(Ink { share, polarity }) = find_ink(picture) else { return Prepared::Blank };
    let Some(cut) = cut_out(&share) else { return Prepared::Blank };
    let fitted = fit(&cut, filled(width), filled(height));
    let sample = place(&fitted, height, width);
    Prepared::Digit { sample, polarity }
}

fn filled(size: usize) -> usize {
    ((size as f64 * FILLED).round() as usize).clamp(1, size.max(1))
}

/// The smallest rectangle that holds all strokes.
fn cut_out(share: &Grey) -> Option<Grey> {
    let strokes = || {
        let pixels = share.pixels.iter().enumerate().filter(|(_, ink)| **ink >= STROKE);
        pixels.map(|(index, _)| (index % share.width, index / share.width))
    };
    let (left, right) = (strokes().map(|at| at.0).min()?, strokes().map(|at| at.0).max()?);
    let (top, bottom) = (strokes().map(|at| at.1).min()?, strokes().map(|at| at.1).max()?);
    let row = |y: usize| &share.pixels[y * share.width + left..=y * share.width + right];
    let pixels = (top..=bottom).flat_map(|y| row(y).iter().copied()).collect();
    Some(Grey { width: right - left + 1, height: bottom - top + 1, pixels })
}

/// Scales to fit into `width` x `height`, proportions kept; the darkest ink becomes full again,
/// as thin strokes grow pale when they shrink.
fn fit(cut: &Grey, width: usize, height: usize) -> Grey {
    let factor = (width as f64 / cut.width as f64).min(height as f64 / cut.height as f64);
    let scaled =
        |size: usize, most: usize| ((size as f64 * factor).round() as usize).clamp(1, most);
    let (width, height) = (scaled(cut.width, width), scaled(cut.height, height));
    let mut picture = ImageBuffer::<Luma<f32>, Vec<f32>>::new(cut.width as u32, cut.height as u32);
    picture.copy_from_slice(&cut.pixels);
    let mut pixels = resize(&picture, width as u32, height as u32, FilterType::Triangle).into_raw();
    let darkest = pixels.iter().copied().fold(0.0, f32::max);
    if darkest > 0.0 {
        pixels.iter_mut().for_each(|ink| *ink = (*ink / darkest).clamp(0.0, 1.0));
    }
    Grey { width, height, pixels }
}

/// Puts the digit's centre of mass into the middle, as far as it stays inside.
fn place(digit: &Grey, height: usize, width: usize) -> Vec<u8> {
    let (x, y) = centre_of_mass(digit);
    let offset = |centre: f64, size: usize, room: usize| {
        ((room as f64 / 2.0 - centre).round().max(0.0) as usize).min(room - size)
    };
    let (left, top) = (offset(x, digit.width, width), offset(y, digit.height, height));
    let mut sample = vec![0; height * width];
    for (row, line) in digit.pixels.chunks_exact(digit.width).enumerate() {
        let start = (top + row) * width + left;
        for (byte, ink) in sample[start..].iter_mut().zip(line) {
            *byte = (ink * 255.0).round() as u8;
        }
    }
    sample
}

/// Column and row, counted from 0: the mass of MNIST's digits lies at (14, 14), counted so (measured
/// on its 10,000 test images: 14.01 and 13.99, none further away than half a pixel).
fn centre_of_mass(digit: &Grey) -> (f64, f64) {
    let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
    for (index, &ink) in digit.pixels.iter().enumerate() {
        let ink = f64::from(ink);
        mass += ink;
        x += ink * (index % digit.width) as f64;
        y += ink * (index / digit.width) as f64;
    }
    if mass > 0.0 { (x / mass, y / mass) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_of(prepared: Prepared) -> Vec<u8> {
        match prepared {
            Prepared::Digit { sample, .. } => sample,
            Prepared::Blank => Vec::new(),
        }
    }

    /// Share of pixels that differ by more than a quarter.
    fn difference(a: &[u8], b: &[u8]) -> f64 {
        let far = a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > 64).count();
        far as f64 / a.len() as f64
    }

    #[test]
    fn a_digit_of_mnist_stays_itself() {
        let digits = nn_data::embedded_sample().unwrap().test;
        let mut differences = Vec::new();
        for sample in 0..digits.len() {
            let image = digits.image(sample).unwrap();
            let pixels = image.iter().map(|&byte| f32::from(byte) / 255.0).collect();
            let again = sample_of(prepare(&Grey { width: 28, height: 28, pixels }, 28, 28));
            differences.push(difference(image, &again));
        }
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        assert!(mean < 0.005, "{mean}");
    }

    #[test]
    fn the_centre_of_mass_is_in_the_middle_and_the_digit_fills_twenty_pixels() {
        // An L of 30 x 60 pixels in a wide picture: its mass is low and left.
        let mut picture = Grey::filled(200, 100, 1.0);
        for y in 20..80 {
            for x in 20..50 {
                if x < 30 || y >= 70 {
                    picture.pixels[y * 200 + x] = 0.0;
                }
            }
        }
        let sample = sample_of(prepare(&picture, 28, 28));
        let rows: Vec<usize> =
            (0..28).filter(|y| sample[y * 28..][..28].iter().any(|&b| b > 0)).collect();
        assert_eq!(rows.len(), 20);
        let pixels = sample.iter().map(|&byte| f32::from(byte)).collect();
        let (x, y) = centre_of_mass(&Grey { width: 28, height: 28, pixels });
        assert!((x - 14.0).abs() <= 0.5 && (y - 14.0).abs() <= 0.5, "{x} {y}");
    }

    #[test]
    fn every_size_of_picture_and_sample_is_safe() {
        for (width, height) in [(1, 1), (1, 40), (3, 2), (500, 7)] {
            let mut picture = Grey::filled(width, height, 0.0);
            picture.pixels[width * height / 2] = 1.0;
            for (rows, columns) in [(1, 1), (28, 28), (5, 64)] {
                if let Prepared::Digit { sample, .. } = prepare(&picture, rows, columns) {
                    assert_eq!(sample.len(), rows * columns);
                }
            }
        }
    }
}
