//! Deskewing: takes out slant and size, in which hands differ.

use crate::draw::Draw;
use crate::error::ImageError;
use crate::resample::Resampler;
use crate::transform::{Apply, Described, Key, Transform};
use nn_data::{Dataset, Inputs};
use serde::{Deserialize, Serialize};

/// Steepest slant that is taken out, in columns a row: beyond it the image is hardly slanted writing.
const MAX_SLANT: f64 = 1.0;

/// Standard deviation of the ink's rows and columns afterwards, as shares of the sides: a quarter more
/// than the digits of MNIST have, so that they use the margin and lose no ends.
const TALL: f64 = 0.245;
/// See [`TALL`].
const WIDE: f64 = 0.155;

/// Most that an axis grows, and one over the most that it shrinks: a 1 stays narrow.
const MAX_GROWTH: f64 = 1.7;

/// Bytes below this are no ink whose ends must stay inside: the faint rim of a stroke.
const RIM: u8 = 32;

/// Deskewing and size normalisation, as [`deskew`] does them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deskew {}

impl Described for Deskew {
    const KIND: &'static str = "deskew";
    const HELP: &'static str = "Deskew each image and normalise the size of what is drawn";
    const KEYS: &'static [Key] = &[];
}

impl Transform for Deskew {
    fn worker(&self, [height, width]: [usize; 2], _: u32) -> Result<Box<dyn Apply>, ImageError> {
        Ok(Box::new(Deskewer(Resampler::new(height, width))))
    }
}

/// Deskews images of one size.
#[derive(Clone)]
struct Deskewer(Resampler);

impl Apply for Deskewer {
    fn apply(&mut self, image: &[u8], output: &mut [u8], _: &Draw) {
        deskew_into(&mut self.0, image, output);
    }
}

/// Shears `image` (height x width bytes, row-major) along its rows, so that rows and columns of its ink
/// are uncorrelated, and scales each axis.
///
/// The scale, from 1/1.7 to 1.7, brings the standard deviation of the ink towards 0.245 height and 0.155 width, but
/// no ink beyond the edge. The centre of mass stays. An image without height or ink stays as it is.
///
/// ```
/// // A stroke that leans by one column a row stands upright afterwards.
/// let mut image = vec![0; 28 * 28];
/// (6..22).for_each(|row| image[row * 28 + 27 - row] = 255);
/// let upright = nn_images::deskew(&image, 28, 28)?;
/// let columns = (0..784).filter(|&index| upright[index] > 0).map(|index| index % 28);
/// assert!(columns.clone().count() > 0 && columns.clone().all(|column| (11..=16).contains(&column)));
/// # Ok::<(), nn_images::ImageError>(())
/// ```
///
/// # Errors
/// [`ImageError::NotAnImage`] where `image` is not height x width bytes.
pub fn deskew(image: &[u8], height: usize, width: usize) -> Result<Vec<u8>, ImageError> {
    if image.is_empty() || height.checked_mul(width) != Some(image.len()) {
        return Err(not_an_image(&[height, width]));
    }
    let mut copy = vec![0; image.len()];
    deskew_into(&mut Resampler::new(height, width), image, &mut copy);
    Ok(copy)
}

/// Returns the samples of this view, each [deskewed](deskew).
///
/// # Errors
/// [`ImageError::NotAnImage`] where samples are not height x width bytes.
pub fn deskewed(dataset: &Dataset) -> Result<Dataset, ImageError> {
    let (&[height, width], Inputs::Bytes(_)) = (dataset.sample_shape(), dataset.inputs()) else {
        return Err(not_an_image(dataset.sample_shape()));
    };
    let mut resampler = Resampler::new(height.max(1), width.max(1));
    let shape = [height, width];
    Ok(dataset.map_bytes(&shape, |image, copy| deskew_into(&mut resampler, image, copy))?)
}

fn not_an_image(shape: &[usize]) -> ImageError {
    ImageError::NotAnImage { transform: Deskew::KIND, shape: shape.to_vec() }
}

fn deskew_into(resampler: &mut Resampler, image: &[u8], copy: &mut [u8]) {
    let (width, height) = (resampler.width(), image.len() / resampler.width());
    let Some(moments) = Moments::of(image, width) else {
        copy.copy_from_slice(image);
        return;
    };
    let Moments { centre, slant, tall, wide } = moments;
    let growth = |share: f64, side: usize, now: f64| {
        (share * side as f64 / now).clamp(1.0 / MAX_GROWTH, MAX_GROWTH)
    };
    let room = moments.room(image, width);
    let down = growth(TALL, height, tall).min(room[0]);
    let across = growth(WIDE, width, wide).min(room[1]);
    // Where a pixel is read: centre + matrix (pixel - centre), and the resampler's is about the middle.
    let matrix = [[1.0 / down, 0.0], [slant / down, 1.0 / across]];
    let off = [centre[0] - (height - 1) as f64 / 2.0, centre[1] - (width - 1) as f64 / 2.0];
    let shift = |axis: usize| off[axis] - matrix[axis][0] * off[0] - matrix[axis][1] * off[1];
    let shift = [shift(0) as f32, shift(1) as f32];
    resampler.place(&matrix.map(|row| row.map(|value| value as f32)), shift);
    resampler.sample(image, copy);
}

/// Where the ink of an image lies.
struct Moments {
    /// Row and column of the centre of mass.
    centre: [f64; 2],
    /// Columns by which the ink moves from row to row: covariance over variance of the rows.
    slant: f64,
    /// Standard deviation of the rows.
    tall: f64,
    /// And of the columns, without what the slant makes of it.
    wide: f64,
}

impl Moments {
    /// `None` for an image without ink or of one row.
    fn of(image: &[u8], width: usize) -> Option<Self> {
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
        let centre = [rows / ink, columns / ink];
        let [mut of_rows, mut of_columns, mut of_both] = [0.0; 3];
        for (row, column, weight) in pixels() {
            let (down, across, share) = (row - centre[0], column - centre[1], weight / ink);
            of_rows += share * down * down;
            of_columns += share * across * across;
            of_both += share * down * across;
        }
        let unslanted = of_columns - of_both * of_both / of_rows;
        (of_rows > 0.0).then(|| Self {
            centre,
            slant: (of_both / of_rows).clamp(-MAX_SLANT, MAX_SLANT),
            tall: of_rows.sqrt(),
            wide: unslanted.max(0.0).sqrt(),
        })
    }

    /// How many times each axis can grow about the centre, the slant taken out, until ink meets an edge.
    fn room(&self, image: &[u8], width: usize) -> [f64; 2] {
        let [centre_row, centre_column] = self.centre;
        let mut reach = [[0.0_f64; 2]; 2]; // of rows and columns: before and behind the centre
        for (index, _) in image.iter().enumerate().filter(|(_, byte)| **byte >= RIM) {
            let down = (index / width) as f64 - centre_row;
            let across = (index % width) as f64 - centre_column - self.slant * down;
            for (reach, distance) in reach.iter_mut().zip([down, across]) {
                reach[0] = reach[0].max(-distance);
                reach[1] = reach[1].max(distance);
            }
        }
        let room = |[before, behind]: [f64; 2], centre: f64, side: usize| {
            let (first, last) = (centre + 0.5, side as f64 - 0.5 - centre);
            (first / (before + 0.5)).min(last / (behind + 0.5))
        };
        [room(reach[0], centre_row, image.len() / width), room(reach[1], centre_column, width)]
    }
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
            let Moments { slant, centre, .. } = Moments::of(&image, 28).unwrap();
            assert!((slant - lean).abs() < 0.02, "{lean}: {slant}");
            assert!((centre[0] - 12.0).abs() < 0.1, "{}", centre[0]);
            let left = Moments::of(&deskew(&image, 28, 28).unwrap(), 28).unwrap();
            assert!(left.slant.abs() < 0.01, "{lean}: {}", left.slant);
            assert!((left.centre[0] - 12.0).abs() < 0.1, "{}", left.centre[0]);
        }
    }

    /// Of a bar of n rows, the variance of the rows is (n² - 1) / 12 (closed form).
    #[test]
    fn sizes_are_made_alike_as_far_as_they_may() {
        let bar = |rows: usize, columns: usize| -> Vec<u8> {
            let inside = |index: usize| {
                index / 28 < 4 + rows
                    && index / 28 >= 4
                    && index % 28 < 9 + columns
                    && index % 28 >= 9
            };
            (0..784).map(|index| if inside(index) { 200 } else { 0 }).collect()
        };
        let deviation = |n: usize| ((n * n - 1) as f64 / 12.0).sqrt();
        for (rows, columns, tall, wide) in [
            (18, 10, 6.86, 4.34),
            (20, 14, 6.86, 4.34),
            (18, 5, 6.86, deviation(5) * 1.7),
            (10, 10, deviation(10) * 1.7, 4.34),
        ] {
            let image = bar(rows, columns);
            let before = Moments::of(&image, 28).unwrap();
            assert!(
                (before.tall - deviation(rows)).abs() < 1e-9
                    && (before.wide - deviation(columns)).abs() < 1e-9
            );
            let after = Moments::of(&deskew(&image, 28, 28).unwrap(), 28).unwrap();
            assert!((after.tall / tall - 1.0).abs() < 0.03, "{rows}: {} {tall}", after.tall);
            // Reading between pixels widens what is narrow.
            assert!((after.wide / wide - 1.0).abs() < 0.1, "{columns}: {} {wide}", after.wide);
        }
    }

    /// Where nothing is cut off, the ink grows as the area does: by the share that each axis lacks, as
    /// far as there is room.
    #[test]
    fn no_digit_loses_its_ends() {
        let data = nn_data::embedded_sample().unwrap().train;
        let ink = |image: &[u8]| image.iter().map(|&byte| f64::from(byte)).sum::<f64>();
        let (mut worst, mut limited) = (0.0_f64, 0);
        for sample in 0..1000 {
            let image = data.image(sample).unwrap();
            let moments = Moments::of(image, 28).unwrap();
            let room = moments.room(image, 28);
            let wanted =
                [6.86 / moments.tall, 4.34 / moments.wide].map(|w| w.clamp(1.0 / 1.7, 1.7));
            limited += usize::from(wanted[0] > room[0] || wanted[1] > room[1]);
            let area = wanted[0].min(room[0]) * wanted[1].min(room[1]);
            let grown = ink(&deskew(image, 28, 28).unwrap()) / ink(image);
            worst = worst.max((grown / area - 1.0).abs());
        }
        assert!(worst < 0.05 && limited > 100, "{worst} {limited}");
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
