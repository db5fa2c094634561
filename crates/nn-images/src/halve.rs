//! Halving: four pixels become one.

use crate::draw::Draw;
use crate::error::ImageError;
use crate::transform::{Apply, Described, Key, Transform};
use serde::{Deserialize, Serialize};

/// Averages each square of 2 x 2 pixels into one, rounded to the nearest, halves up. At an odd edge the
/// average is that of the pixels that are there, as that of PyTorch's `AvgPool2d(2, ceil_mode=True)` is.
///
/// An image of height x width becomes one of half as much each, rounded up, so that a network has a quarter of the
/// inputs.
///
/// ```
/// use nn_images::{Draw, Halve, Transform};
///
/// let image = [1, 2, 10, 3, 4, 20]; // 2 x 3
/// let mut halved = [0; 2];
/// Halve {}.worker([2, 3], 0)?.apply(&image, &mut halved, &Draw::default());
/// assert_eq!(halved, [3, 15]); // 1 x 2: the first average is 2.5
/// # Ok::<(), nn_images::ImageError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halve {}

impl Described for Halve {
    const KIND: &'static str = "halve";
    const HELP: &'static str = "Average each 2 x 2 pixels into one, for the sake of speed";
    const KEYS: &'static [Key] = &[];
}

impl Transform for Halve {
    fn output_shape(&self, size: [usize; 2]) -> Result<Vec<usize>, ImageError> {
        Ok(size.map(|side| side.div_ceil(2)).to_vec())
    }

    fn places(&self, size: [usize; 2]) -> Vec<[usize; 2]> {
        let [height, width] = size.map(|side| side.div_ceil(2));
        (0..height * width).map(|output| [output / width * 2, output % width * 2]).collect()
    }

    fn worker(&self, [_, width]: [usize; 2], _: u32) -> Result<Box<dyn Apply>, ImageError> {
        Ok(Box::new(Halver { width }))
    }
}

/// Halves images of one width.
#[derive(Clone)]
struct Halver {
    width: usize,
}

impl Apply for Halver {
    fn apply(&mut self, image: &[u8], output: &mut [u8], _: &Draw) {
        let rows = image.chunks(2 * self.width);
        for (rows, output) in rows.zip(output.chunks_exact_mut(self.width.div_ceil(2))) {
            // Of a single row at the edge each pixel counts twice, which changes no average.
            let (upper, lower) = rows.split_at(self.width);
            let lower = if lower.is_empty() { upper } else { lower };
            let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            for (output, (upper, lower)) in output.iter_mut().zip(pairs) {
                let sum = upper.iter().chain(lower).map(|&pixel| u16::from(pixel)).sum::<u16>();
                *output = ((sum + 2) / 4) as u8;
            }
            if let (true, Some(last)) = (self.width % 2 == 1, output.last_mut()) {
                let sum = u16::from(upper[self.width - 1]) + u16::from(lower[self.width - 1]);
                *last = sum.div_ceil(2) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Pipeline;

    /// Against the definition: the mean of the pixels of the square that are there, in `f64`.
    #[test]
    fn each_pixel_is_the_mean_of_its_square() {
        for [height, width] in [[1, 1], [1, 5], [3, 4], [4, 3], [5, 7], [28, 28]] {
            let image: Vec<u8> =
                (0..height * width).map(|pixel| (pixel * 97 % 256) as u8).collect();
            let shape = Halve {}.output_shape([height, width]).unwrap();
            let mut halved = vec![0; shape[0] * shape[1]];
            let mut worker = Halve {}.worker([height, width], 0).unwrap();
            worker.apply(&image, &mut halved, &Draw::default());
            for (&pixel, [row, column]) in halved.iter().zip(Halve {}.places([height, width])) {
                let square: Vec<f64> = (row..height.min(row + 2))
                    .flat_map(|row| (column..width.min(column + 2)).map(move |c| (row, c)))
                    .map(|(row, column)| f64::from(image[row * width + column]))
                    .collect();
                let mean = square.iter().sum::<f64>() / square.len() as f64;
                assert_eq!(f64::from(pixel), (mean + 0.5).floor(), "{height} x {width}");
            }
        }
    }

    #[test]
    fn a_pipeline_passes_the_new_shape_on() {
        let table = serde_json::json!([{ "kind": "halve" }]);
        let pipeline: Pipeline = serde_json::from_value(table).unwrap();
        assert_eq!(pipeline.output_shape(&[28, 27]).unwrap(), [14, 14]);
    }
}
