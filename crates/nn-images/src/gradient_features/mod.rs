//! Oriented gradient features in place of pixels.

mod encoder;
mod second_order;
mod windows;

use crate::draw::Draw;
use crate::error::ImageError;
use crate::picture::Picture;
use crate::transform::{Apply, Described, Key, Transform};
pub use encoder::GradientEncoder;
use serde::{Deserialize, Serialize};

/// Name of the transform.
const KIND: &str = "gradient-features";

/// Oriented gradient features in place of pixels: how much of which direction the edges have, and where.
///
/// 769 numbers, whatever the size of the image, as [`GradientEncoder`] computes them; 1,569 with the second order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct GradientFeatures {
    /// Whether the square root of each feature is taken, so that weak edges count for more.
    pub sqrt: bool,
    /// Whether the second order follows: where edges end and bend.
    pub second_order: bool,
}

impl Described for GradientFeatures {
    const KIND: &'static str = KIND;
    const HELP: &'static str = "Oriented gradient features in place of pixels";
    const KEYS: &'static [Key] = &[
        Key { name: "sqrt", help: "Take square roots, so that weak edges count for more" },
        Key { name: "second-order", help: "Add features of where edges end and bend" },
    ];
}

impl Transform for GradientFeatures {
    fn keeps_image(&self) -> bool {
        false
    }

    fn output_shape(&self, _: [usize; 2]) -> Result<Vec<usize>, ImageError> {
        Ok(vec![GradientEncoder::width_of(self.second_order)])
    }

    fn places(&self, [height, width]: [usize; 2]) -> Vec<[usize; 2]> {
        GradientEncoder::places(height, width, self.second_order)
    }

    fn picture(&self, numbers: &[f64]) -> Option<Picture> {
        let (fits, side) = (
            numbers.len() == GradientEncoder::width_of(self.second_order),
            GradientEncoder::PICTURE_SIDE,
        );
        let picture =
            || Picture { height: side, width: side, values: GradientEncoder::picture(numbers) };
        fits.then(picture)
    }

    fn worker(&self, [height, width]: [usize; 2], _: u32) -> Result<Box<dyn Apply>, ImageError> {
        let encoder = GradientEncoder::new(height, width)?.with_sqrt(self.sqrt);
        Ok(Box::new(encoder.with_second_order(self.second_order)))
    }
}

impl Apply for GradientEncoder {
    fn apply(&mut self, image: &[u8], output: &mut [u8], _: &Draw) {
        self.encode(image, output);
    }
}
