//! Labelled images in the form the lecture's topics read.

use crate::LectureError;
use nn_core::argmax;
use nn_data::Dataset;
use nn_plot::Picture;

/// A data set with classes whose pixels are numbers from 0 (white) to 1 (black).
pub(crate) struct Samples<'a> {
    data: &'a Dataset,
    classes: usize,
}

impl<'a> Samples<'a> {
    /// Wraps the data set if it has samples with classes.
    pub(crate) fn new(topic: &'static str, data: &'a Dataset) -> Result<Self, LectureError> {
        let needs = |found: &str| {
            let found = found.to_owned();
            LectureError::Data { topic, needs: "samples with class labels", found }
        };
        let classes = data.classes().ok_or_else(|| needs("values without classes"))?;
        if data.is_empty() {
            return Err(needs("empty"));
        }
        Ok(Self { data, classes })
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    pub(crate) fn width(&self) -> usize {
        self.data.input_width()
    }

    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// Returns the class of a sample below [`len`](Self::len).
    pub(crate) fn label(&self, sample: usize) -> usize {
        self.data.label(sample).map_or(0, |label| label as usize)
    }

    /// Visits x of a sample pixel by pixel: bytes divided by 255, numbers unchanged.
    pub(crate) fn for_each_pixel(&self, sample: usize, mut visit: impl FnMut(usize, f64)) {
        if let Some(bytes) = self.data.image(sample) {
            bytes.iter().enumerate().for_each(|(i, &byte)| visit(i, f64::from(byte) / 255.0));
        } else if let Some(values) = self.data.values(sample) {
            values.iter().enumerate().for_each(|(i, &value)| visit(i, value));
        }
    }

    /// Returns x of a sample.
    pub(crate) fn pixels(&self, sample: usize) -> Vec<f64> {
        let mut pixels = vec![0.0; self.width()];
        self.for_each_pixel(sample, |index, value| pixels[index] = value);
        pixels
    }

    /// Returns the height and width of a sample as an image, or one row if it is not an image.
    pub(crate) fn picture_shape(&self) -> (usize, usize) {
        match *self.data.sample_shape() {
            [height, width] => (height, width),
            _ => (1, self.width()),
        }
    }

    /// Returns a sample, or weights of its size, as an image for a figure.
    pub(crate) fn picture(&self, caption: String, values: Vec<f64>) -> Picture {
        let (height, width) = self.picture_shape();
        Picture { caption, width, height, values }
    }

    /// Returns the fraction of samples whose largest weighted sum W x + b is that of their class.
    pub(crate) fn accuracy(&self, layer: &Affine) -> f64 {
        let mut sums = vec![0.0; self.classes];
        let right = |&sample: &usize| {
            layer.weighted_sums(self, sample, &mut sums);
            argmax(&sums) == self.label(sample)
        };
        (0..self.len()).filter(right).count() as f64 / self.len() as f64
    }
}

/// W and b of eq. (93), stored with the weights of one pixel side by side, since most pixels are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// Weights, inputs x outputs.
    pub weights: Vec<f64>,
    /// One bias per output.
    pub biases: Vec<f64>,
}

impl Affine {
    /// Creates a layer of zeros.
    pub(crate) fn zeros(inputs: usize, outputs: usize) -> Self {
        Self { weights: vec![0.0; inputs * outputs], biases: vec![0.0; outputs] }
    }

    /// Computes z = W x + b of one sample, eqs. (92) and (93).
    pub(crate) fn weighted_sums(&self, samples: &Samples<'_>, sample: usize, sums: &mut [f64]) {
        let outputs = self.biases.len();
        sums.copy_from_slice(&self.biases);
        samples.for_each_pixel(sample, |pixel, value| {
            if value != 0.0 {
                let weights = &self.weights[pixel * outputs..(pixel + 1) * outputs];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * value);
            }
        });
    }

    /// Returns w_k, the weights of output `output`, one per input.
    #[must_use]
    pub fn weights_of(&self, output: usize) -> Vec<f64> {
        self.weights.iter().skip(output).step_by(self.biases.len()).copied().collect()
    }
}

/// Formats a fraction such as 0.891 as `89.1 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
