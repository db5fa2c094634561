//! What can go wrong on the way from data to a trained model and its answers.

use crate::file::FileError;
use crate::settings::SettingsError;
use nn_core::{ConfigError, NetworkError, TrainError};
use nn_data::DataError;
use nn_images::ImageError;
use nn_tensor::TensorError;

/// Why a model cannot be trained, used, saved or loaded. The message is one line: what is wrong, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MlpError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A setting.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A data set.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An image, or a transform of images.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A network, or a network and data that do not go together.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A training that ended before its time, or cannot be resumed.
    #[error(transparent)]
    Train(TrainError),
    /// A sample of another size.
    #[error(
        "the model takes samples of {expected}, this one is {actual}; give samples of the size it was trained on"
    )]
    SampleShape {
        /// What the model takes, as "28 x 28".
        expected: String,
        /// What was given.
        actual: String,
    },
    /// Bytes for a model of numbers that bytes have no meaning for.
    #[error(
        "the model was trained on numbers from {low} to {high}, in which bytes have no meaning; give the numbers \
         themselves, as f32 or f64"
    )]
    BytesForNumbers {
        /// Least number of the training set.
        low: f64,
        /// Greatest number of the training set.
        high: f64,
    },
    /// Numbers that are not of the range the model was trained on.
    #[error(
        "the sample has {value}, the model was trained on numbers from {low} to {high}{detail}: scale samples as those \
         it was trained on"
    )]
    InputRange {
        /// The number that is furthest off.
        value: f64,
        /// Least number of the training set.
        low: f64,
        /// Greatest number of the training set.
        high: f64,
        /// How to scale, where that is known.
        detail: &'static str,
    },
    /// A number that is not finite.
    #[error("input {index} of the sample is {value}; give finite numbers")]
    InputNotFinite {
        /// Which.
        index: usize,
        /// What it is.
        value: f64,
    },
    /// Classes for a regression, or values for a classifier.
    #[error(
        "the model answers with {model}, the data has {data}; give data of the kind it was trained on"
    )]
    Task {
        /// "classes" or "values".
        model: &'static str,
        /// "classes" or "values".
        data: &'static str,
    },
    /// A class that the model does not know.
    #[error("the data has the class {name:?}, the model knows {known}; give data of its classes")]
    UnknownClass {
        /// Its name.
        name: String,
        /// The model's, comma-separated.
        known: String,
    },
    /// Models that cannot answer together.
    #[error(
        "no ensemble of these models: {cause}; give models that were trained for the same task"
    )]
    Ensemble {
        /// In what they differ.
        cause: String,
    },
    /// Probabilities to which no temperature can be fitted.
    #[error(
        "no temperature for {right} right answers of {count}: the loss on the validation set has no minimum; give more \
         validation samples, of which some are answered wrongly and most rightly"
    )]
    NoTemperature {
        /// Right answers.
        right: usize,
        /// All answers.
        count: usize,
    },
    /// A request that a model of this kind cannot meet.
    #[error("{0}")]
    Unsupported(String),
}

impl From<TrainError> for MlpError {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Network(error) => Self::Network(error),
            other => Self::Train(other),
        }
    }
}

impl From<ConfigError> for MlpError {
    fn from(error: ConfigError) -> Self {
        Self::Network(error.into())
    }
}

impl From<TensorError> for MlpError {
    fn from(error: TensorError) -> Self {
        Self::Network(error.into())
    }
}
