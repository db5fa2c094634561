//! Everything that can be wrong with images and what they should go through.

use nn_data::DataError;

/// What is wrong with images, or with the settings of a transform.
///
/// The message is one line: the transform, the cause, the next step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A number out of its range.
    #[error("{transform}: {key} is {value}, must be from {low} to {high}")]
    Setting {
        /// Kind of the transform.
        transform: &'static str,
        /// Which setting.
        key: &'static str,
        /// What it was given.
        value: f64,
        /// The least it may be.
        low: f64,
        /// The most it may be.
        high: f64,
    },
    /// Samples are not rows of pixels.
    #[error(
        "{transform}: samples are {shape:?}, images of height x width bytes (at most 4096 each) are \
         needed; use such data, or leave {transform} out"
    )]
    NotAnImage {
        /// Kind of the transform.
        transform: &'static str,
        /// Shape of a sample.
        shape: Vec<usize>,
    },
    /// The data set.
    #[error(transparent)]
    Data(#[from] DataError),
}
