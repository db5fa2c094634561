//! A pipeline at work.

use crate::draw::Draw;
use crate::error::ImageError;
use crate::transform::Apply;
use nn_data::Dataset;

/// A pipeline at work on images of one size, in one thread, with its scratch space.
///
/// [`Pipeline::worker`](crate::Pipeline::worker) makes it.
#[derive(Clone)]
pub struct Worker {
    input_width: usize,
    output_shape: Vec<usize>,
    stages: Vec<Stage>,
}

/// One transform, and what it hands to the next.
#[derive(Clone)]
struct Stage {
    transform: Box<dyn Apply>,
    output: Vec<u8>,
}

impl Worker {
    /// For images of so many bytes.
    pub(crate) fn new(input_shape: &[usize]) -> Self {
        let input_width = input_shape.iter().product();
        Self { input_width, output_shape: input_shape.to_vec(), stages: Vec::new() }
    }

    /// Adds a transform, whose output has this shape.
    pub(crate) fn push(&mut self, transform: Box<dyn Apply>, output_shape: Vec<usize>) {
        let output = vec![0; output_shape.iter().product()];
        self.stages.push(Stage { transform, output });
        self.output_shape = output_shape;
    }

    /// Writes what `image` becomes over all of `output`.
    ///
    /// # Panics
    /// When either has not as many bytes as the worker was made for.
    pub fn apply(&mut self, image: &[u8], output: &mut [u8], draw: &Draw) {
        let (input_width, output_width) = (self.input_width, self.output_width());
        assert!(image.len() == input_width, "{} bytes for {input_width}", image.len());
        assert!(output.len() == output_width, "room for {} of {output_width}", output.len());
        let Some((last, before)) = self.stages.split_last_mut() else {
            output.copy_from_slice(image);
            return;
        };
        let mut image = image;
        for Stage { transform, output } in before {
            transform.apply(image, output, draw);
            image = output;
        }
        last.transform.apply(image, output, draw);
    }

    /// Applies it to every sample of `data`, with the same draw.
    pub(crate) fn apply_to_all(
        &mut self,
        data: &Dataset,
        draw: &Draw,
    ) -> Result<Dataset, ImageError> {
        let shape = self.output_shape.clone();
        Ok(data.map_bytes(&shape, |image, output| self.apply(image, output, draw))?)
    }

    /// Returns whether images stay as they are.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Returns the number of bytes of an image.
    #[must_use]
    pub fn input_width(&self) -> usize {
        self.input_width
    }

    /// Returns the number of bytes of the output.
    #[must_use]
    pub fn output_width(&self) -> usize {
        self.output_shape.iter().product()
    }

    /// Returns the shape of the output.
    #[must_use]
    pub fn output_shape(&self) -> &[usize] {
        &self.output_shape
    }
}
