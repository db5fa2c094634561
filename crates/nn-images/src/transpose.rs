//! Transposing: rows become columns, as the images of EMNIST need.

use crate::draw::Draw;
use crate::error::ImageError;
use crate::transform::{Apply, Described, Key, Transform};
use serde::{Deserialize, Serialize};

/// Exchanges rows and columns of each image. EMNIST (Cohen et al., 2017) stores its images column by column:
/// transposed they stand upright, as those of MNIST do.
///
/// An image of height x width becomes one of width x height.
///
/// ```
/// use nn_images::{Draw, Transform, Transpose};
///
/// let image = [1, 2, 3, 4, 5, 6]; // 2 x 3
/// let mut transposed = [0; 6];
/// Transpose {}.worker([2, 3], 0)?.apply(&image, &mut transposed, &Draw::default());
/// assert_eq!(transposed, [1, 4, 2, 5, 3, 6]); // 3 x 2
/// # Ok::<(), nn_images::ImageError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transpose {}

impl Described for Transpose {
    const KIND: &'static str = "transpose";
    const HELP: &'static str = "Exchange rows and columns, as the images of EMNIST need";
    const KEYS: &'static [Key] = &[];
}

impl Transform for Transpose {
    fn output_shape(&self, [height, width]: [usize; 2]) -> Result<Vec<usize>, ImageError> {
        Ok(vec![width, height])
    }

    fn places(&self, [height, width]: [usize; 2]) -> Vec<[usize; 2]> {
        (0..height * width).map(|output| [output % height, output / height]).collect()
    }

    fn worker(&self, size: [usize; 2], _: u32) -> Result<Box<dyn Apply>, ImageError> {
        Ok(Box::new(Transposer(size)))
    }
}

/// Transposes images of one size, height and width.
#[derive(Clone)]
struct Transposer([usize; 2]);

impl Apply for Transposer {
    fn apply(&mut self, image: &[u8], output: &mut [u8], _: &Draw) {
        let [height, width] = self.0;
        for (row, pixels) in image.chunks_exact(width).enumerate() {
            for (column, &pixel) in pixels.iter().enumerate() {
                output[column * height + row] = pixel;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Pipeline;

    /// Every pixel is where its place says, and twice transposed an image is the old one.
    #[test]
    fn rows_become_columns_and_back() {
        for [height, width] in [[1, 1], [1, 5], [3, 4], [28, 28]] {
            let image: Vec<u8> = (0..height * width).map(|pixel| (pixel * 7 % 251) as u8).collect();
            let [mut once, mut twice] = [vec![0; image.len()], vec![0; image.len()]];
            let draw = Draw::default();
            Transpose {}.worker([height, width], 0).unwrap().apply(&image, &mut once, &draw);
            Transpose {}.worker([width, height], 0).unwrap().apply(&once, &mut twice, &draw);
            assert_eq!(twice, image);
            for (&pixel, [row, column]) in once.iter().zip(Transpose {}.places([height, width])) {
                assert_eq!(pixel, image[row * width + column]);
            }
        }
    }

    /// A data set of images of 2 x 3 becomes one of 3 x 2, through settings.
    #[test]
    fn a_pipeline_passes_the_new_shape_on() {
        let table = serde_json::json!([{ "kind": "transpose" }]);
        let pipeline: Pipeline = serde_json::from_value(table).unwrap();
        assert_eq!(pipeline.output_shape(&[2, 3]).unwrap(), [3, 2]);
    }
}
