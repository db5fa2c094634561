//! Upright images: the slant that a hand has is taken out.

use crate::dataset::{Dataset, Inputs};
use crate::distortion::Resampler;
use crate::error::DataError;

/// Steepest slant that is taken out, in columns a row: beyond it the image is hardly slanted writing.
const MOST_SLANT: f64 = 1.0;

/// Shears `image` (height x width bytes, row-major) along its rows, about its centre of mass, so that
/// rows and columns of its ink are uncorrelated. An image without height or ink stays as it is.
///
/// ```
/// // A stroke that leans by one column a row stands upright afterwards.
/// let mut image = vec![0; 25];
/// (0..5).for_each(|row| image[row * 5 + 4 - row] = 255);
/// let upright = nn_data::deskew(&image, 5, 5)?;
/// assert!((0..5).all(|row| upright[row * 5 + 2] == 255));
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::NotAnImage`] where `image` is not height x width bytes.
pub fn deskew(image: &[u8], height: usize, width: usize) -> Result<Vec<u8>, DataError> {
    if image.is_empty() || height.checked_mul(width) != Some(image.len()) {
        return Err(DataError::NotAnImage { shape: vec![height, width] });
    }
    let mut copy = vec![0; image.len()];
    upright(&mut Resampler::new(height, width), image, &mut copy);
    Ok(copy)
}

/// A data set of the same samples, each [upright](deskew); only those of this view are kept.
///
/// # Errors
/// [`DataError::NotAnImage`] where samples are not height x width bytes.
pub fn deskewed(dataset: &Dataset) -> Result<Dataset, DataError> {
    let (&[height, width], Inputs::Bytes(_)) = (dataset.sample_shape(), dataset.inputs()) else {
        return Err(DataError::NotAnImage { shape: dataset.sample_shape().to_vec() });
    };
    let mut resampler = Resampler::new(height.max(1), width.max(1));
    dataset.map_images(|image, copy| upright(&mut resampler, image, copy))
}

fn upright(resampler: &mut Resampler, image: &[u8], copy: &mut [u8]) {
    let (slant, row) = slant(image, resampler.width());
    // Column x of row y is read at x + slant (y - row): the shear about the middle, moved.
    let middle = (image.len() / resampler.width() - 1) as f64 / 2.0;
    let shift = slant * (middle - row);
    resampler.place(&[[1.0, 0.0], [slant as f32, 1.0]], [0.0, shift as f32]);
    resampler.sample(image, copy);
}

/// Columns by which the ink moves from row to row (covariance over variance of the rows), and the row
/// of the centre of mass.
fn slant(image: &[u8], width: usize) -> (f64, f64) {
    let (mut ink, mut rows, mut columns) = (0.0, 0.0, 0.0);
    let pixels = || {
        let place = |(index, &byte): (usize, &u8)| {
            ((index / width) as f64, (index % width) as f64, f64::from(byte))
        };
        image.iter().enumerate().filter(|(_, byte)| **byte > 0).map(place)
    };
    for (row, column, weight) in pixels() {
        ink += weight;
        rows += row * weight;
        columns += column * weight;
    }
    if ink == 0.0 {
        return (0.0, 0.0);
    }
    let (row, column) = (rows / ink, columns / ink);
    let (mut variance, mut covariance) = (0.0, 0.0);
    for (y, x, weight) in pixels() {
        variance += weight * (y - row).powi(2);
        covariance += weight * (y - row) * (x - column);
    }
    let slant = if variance > 0.0 { covariance / variance } else { 0.0 };
    (slant.clamp(-MOST_SLANT, MOST_SLANT), row)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thick leaning stroke, its slant known.
    fn stroke(lean: f64) -> Vec<u8> {
        let ink = |index: usize| {
            let (y, x) = ((index / 28) as f64, (index % 28) as f64);
            let distance = x - 13.5 - lean * (y - 12.0);
            let inside = (4.0..=20.0).contains(&y);
            if inside { (255.0 * (-distance * distance / 4.0).exp()) as u8 } else { 0 }
        };
        (0..784).map(ink).collect()
    }

    #[test]
    fn slants_are_found_and_taken_out() {
        for lean in [-0.6, -0.2, 0.0, 0.3, 0.5] {
            let image = stroke(lean);
            let (found, row) = slant(&image, 28);
            assert!((found - lean).abs() < 0.02, "{lean}: {found}");
            assert!((row - 12.0).abs() < 0.1, "{row}");
            let (left, _) = slant(&deskew(&image, 28, 28).unwrap(), 28);
            assert!(left.abs() < 0.01, "{lean}: {left}");
        }
    }

    #[test]
    fn what_has_no_slant_stays() {
        let blank = vec![0; 12];
        assert_eq!(deskew(&blank, 3, 4).unwrap(), blank);
        let line = vec![0, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0];
        assert_eq!(deskew(&line, 3, 4).unwrap(), line);
        assert!(deskew(&line, 3, 3).is_err() && deskew(&[], 0, 0).is_err());
    }

    #[test]
    fn a_view_keeps_its_samples_and_labels() {
        let pixels = [stroke(0.4), stroke(0.0), stroke(-0.4)].concat();
        let data = Dataset::from_images(pixels, &[28, 28], vec![2, 1, 0], 3).unwrap();
        let view = data.subset(&[2, 0]).unwrap();
        let upright = deskewed(&view).unwrap();
        assert_eq!((upright.len(), upright.label(0), upright.label(1)), (2, Some(0), Some(2)));
        assert_eq!(upright.image(1).unwrap(), deskew(&stroke(0.4), 28, 28).unwrap());
    }
}
