//! Results of an epoch and of a training.

use serde::{Deserialize, Serialize};

/// The results of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's steps, each before its update, without penalties.
    pub train_loss: f64,
    /// Share of training samples answered correctly when their step came; none for regression.
    pub train_accuracy: Option<f64>,
    /// Loss on the validation set.
    pub validation_loss: Option<f64>,
    /// Accuracy on the validation set.
    pub validation_accuracy: Option<f64>,
    /// λ of the last step.
    pub learning_rate: f64,
    /// Samples a second, training alone; 0 for epochs before a resume.
    pub samples_per_s: f64,
    /// Seconds, training alone; 0 for epochs before a resume.
    pub seconds: f64,
}

impl EpochRecord {
    /// Returns the part that two runs share: with times, no two states would be equal.
    pub(crate) fn without_times(&self) -> Self {
        Self { samples_per_s: 0.0, seconds: 0.0, ..self.clone() }
    }
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are done.
    Finished {
        /// With a patience, the epoch whose weights are restored, counted from 1.
        best_epoch: Option<usize>,
    },
    /// The validation loss rose for `patience` epochs.
    StoppedEarly {
        /// The epoch whose weights are restored, counted from 1.
        best_epoch: usize,
    },
    /// The observer asked to stop; a state read now resumes exactly.
    Interrupted,
}

impl Outcome {
    /// Returns the epoch whose weights are restored, if any.
    #[must_use]
    pub fn best_epoch(self) -> Option<usize> {
        match self {
            Self::Finished { best_epoch } => best_epoch,
            Self::StoppedEarly { best_epoch } => Some(best_epoch),
            Self::Interrupted => None,
        }
    }
}
