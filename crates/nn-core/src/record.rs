//! What an epoch and a training came to.

use serde::{Deserialize, Serialize};

/// What an epoch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's steps, each before its update, without penalties.
    pub train_loss: f64,
    /// Share of training samples that were right when their step came; none for regression.
    pub train_accuracy: Option<f64>,
    /// Loss on the validation set.
    pub validation_loss: Option<f64>,
    /// Accuracy on the validation set.
    pub validation_accuracy: Option<f64>,
    /// λ of the last step.
    pub learning_rate: f64,
    /// Samples a second, training alone; 0 for epochs before a resume.
    pub images_per_s: f64,
    /// Seconds, training alone; 0 for epochs before a resume.
    pub seconds: f64,
}

impl EpochRecord {
    /// The part that two runs share. Times are no state: with them, no two checkpoints would be
    /// equal.
    pub(crate) fn without_times(&self) -> Self {
        Self { images_per_s: 0.0, seconds: 0.0, ..self.clone() }
    }
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are done.
    Finished,
    /// The validation loss rose for `patience` epochs; the best epoch's weights are back.
    StoppedEarly {
        /// That epoch, counted from 1.
        best_epoch: usize,
    },
    /// The observer asked to stop; a checkpoint taken now resumes exactly.
    Interrupted,
}
