//! Everything that can be wrong with images and their transforms, one variant a cause.

use crate::size::MAX_SIDE;
use nn_data::DataError;

/// What is wrong with a pipeline, its settings, or the images that should go through it.
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
        /// The setting.
        key: &'static str,
        /// What it was given.
        value: f64,
        /// The least it may be.
        low: f64,
        /// The most it may be.
        high: f64,
    },
    /// A value of another type.
    #[error("{transform}: {key} is {value}, must be {expected}")]
    SettingType {
        /// Kind of the transform.
        transform: &'static str,
        /// The setting.
        key: String,
        /// What it was given.
        value: String,
        /// "a number", "true or false", ...
        expected: &'static str,
    },
    /// A setting that the transform does not have.
    #[error("{transform}: unknown setting `{key}`; {transform} has {known}")]
    UnknownKey {
        /// Kind of the transform.
        transform: &'static str,
        /// What was given.
        key: String,
        /// Its settings, in words.
        known: String,
    },
    /// A transform that there is not.
    #[error("unknown transform `{name}`; there are {known}")]
    UnknownKind {
        /// What was given.
        name: String,
        /// All kinds, in words.
        known: String,
    },
    /// A table that does not say which transform it is.
    #[error("a transform without a kind; add kind = \"...\", one of {known}")]
    NoKind {
        /// All kinds, in words.
        known: String,
    },
    /// A setting of a transform that the pipeline does not have.
    #[error(
        "{transform}: the pipeline has {present}; add a transform with kind = \"{transform}\" first"
    )]
    NotInPipeline {
        /// Kind of the transform.
        transform: &'static str,
        /// Kinds in the pipeline, in words.
        present: String,
    },
    /// A transform of images behind one whose output is no image.
    #[error(
        "{transform} needs images, but stands behind {before}, whose output is none; swap them"
    )]
    Order {
        /// Kind of the transform.
        transform: &'static str,
        /// Kind of the one before it.
        before: &'static str,
    },
    /// A pipeline that is too long.
    #[error(
        "{count} transforms are more than the {limit} that a pipeline may have; leave some out"
    )]
    TooMany {
        /// Its length.
        count: usize,
        /// The most it may have.
        limit: usize,
    },
    /// Samples are not rows of pixels.
    #[error(
        "{transform}: samples are {shape:?}, images of height x width bytes (at most {MAX_SIDE} each) are \
         needed; use such data, or leave {transform} out"
    )]
    NotAnImage {
        /// Kind of the transform.
        transform: &'static str,
        /// Shape of a sample.
        shape: Vec<usize>,
    },
    /// Samples are numbers.
    #[error(
        "{transform}: samples are numbers, images of bytes are needed; use such data, or leave {transform} \
         out"
    )]
    NotBytes {
        /// Kind of the transform.
        transform: &'static str,
    },
    /// Augmented copies for the test, but no transform that makes any.
    #[error(
        "test-time augmentation: {copies} augmented copies are asked for, but no transform is random; add \
         one, such as kind = \"augment\", or set copies to 0"
    )]
    NothingRandom {
        /// How many.
        copies: u16,
    },
    /// The data set.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Joins names as in a sentence: "a, b and c".
pub(crate) fn in_words<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
