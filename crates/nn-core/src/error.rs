//! What can go wrong, by subject.

use nn_data::DataError;
use nn_tensor::TensorError;
use std::fmt::Display;

/// A setting that makes no sense, found before anything is computed.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A number out of its range.
    #[error("{setting} is {value}, must be {allowed}{detail}")]
    Value {
        /// Which setting.
        setting: String,
        /// What it was given.
        value: String,
        /// What it may be.
        allowed: String,
        /// More, in brackets, or nothing.
        detail: String,
    },
    /// Descent needs a slope.
    #[error(
        "activation {activation} has no slope to descend along: it can be used for inference only; \
         train with sigmoid, tanh, relu, leaky-relu, gelu or softplus"
    )]
    NotTrainable {
        /// Its name.
        activation: &'static str,
    },
    /// Cross-entropy has its softmax inside.
    #[error(
        "loss cross-entropy applies softmax to the output itself, but the output activation is \
         {activation}: use identity there"
    )]
    SoftmaxTwice {
        /// The activation that is one too many.
        activation: &'static str,
    },
}

impl ConfigError {
    /// A setting out of its range.
    pub fn value(setting: &str, value: impl Display, allowed: &str) -> Self {
        Self::Value {
            setting: setting.to_owned(),
            value: value.to_string(),
            allowed: allowed.to_owned(),
            detail: String::new(),
        }
    }

    /// The same with a word more in brackets.
    #[must_use]
    pub fn with_detail(self, more: impl Display) -> Self {
        match self {
            Self::Value { setting, value, allowed, .. } => {
                Self::Value { setting, value, allowed, detail: format!(" ({more})") }
            }
            other => other,
        }
    }

    /// Returns an error that names the setting unless `holds`.
    ///
    /// # Errors
    /// [`ConfigError::Value`] where it does not hold.
    pub fn check(
        setting: &str,
        value: impl Display,
        holds: bool,
        allowed: &str,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::value(setting, value, allowed)) }
    }
}

/// Why a network could not be built or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The device.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// The data set.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Data of another width than the network's input.
    #[error(
        "the network takes {expected} inputs, the data has samples of {actual} ({sample}): use data \
         of the size it was trained on"
    )]
    InputWidth {
        /// What the network takes.
        expected: usize,
        /// What the data has.
        actual: usize,
        /// The data's sample shape, e.g. "28 x 28".
        sample: String,
    },
    /// Data with other classes or targets than the network's output.
    #[error("the network gives {expected} outputs, the data asks for {actual}")]
    OutputWidth {
        /// What the network gives.
        expected: usize,
        /// What the data asks for.
        actual: usize,
    },
    /// Classes under a loss that has none, or the other way round.
    #[error("loss {loss} needs {needs}, the data has {has}")]
    Targets {
        /// The loss.
        loss: &'static str,
        /// What it needs.
        needs: &'static str,
        /// What there is.
        has: &'static str,
    },
    /// Numbers in a longer type than the device computes in.
    #[error(
        "the network was trained in {has}, the device computes in {computes}, which would round its \
         weights: use a device of {has}, or convert the weights first"
    )]
    Precision {
        /// The type of the numbers.
        has: &'static str,
        /// The type of the device.
        computes: &'static str,
    },
    /// An output is NaN or infinite: no answer can be told from it.
    #[error(
        "the network's outputs are not finite: its weights or these inputs are too large; train with \
         a smaller learning rate, or scale the inputs down"
    )]
    NotFinite,
    /// Nothing to learn from or to test on.
    #[error("the {what} set is empty: there is nothing to {task}")]
    Empty {
        /// "training", "validation" or "test".
        what: &'static str,
        /// "train on", "test".
        task: &'static str,
    },
}

/// Why a training ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Network, data or settings.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The loss is NaN or infinite.
    #[error(
        "training diverged: the loss is not finite at step {step} (epoch {epoch}) with learning rate \
         {learning_rate:?}; use a smaller one, clip the gradient, or scale the inputs down"
    )]
    Diverged {
        /// First step, counted from 1, whose loss was not finite.
        step: u64,
        /// Its epoch, counted from 1.
        epoch: usize,
        /// λ of that step.
        learning_rate: f64,
    },
    /// A hook failed.
    #[error("{0}")]
    Hook(String),
    /// A source of batches failed.
    #[error("preparing a batch: {0}")]
    Source(String),
    /// A checkpoint that does not go with this data or device.
    #[error("cannot resume: {0}")]
    Resume(String),
}

impl From<ConfigError> for TrainError {
    fn from(error: ConfigError) -> Self {
        Self::Network(error.into())
    }
}

impl From<TensorError> for TrainError {
    fn from(error: TensorError) -> Self {
        Self::Network(error.into())
    }
}
