//! All that a training is, at one moment between two steps.

use crate::model::Values;
use crate::record::EpochRecord;
use crate::{Member, Model, TrainingConfig};
use nn_tensor::{BatchNorm, Linear, Moments};
use serde::{Deserialize, Serialize};

/// A model, and where it came from a training that may go on, the state of that training.
///
/// Random streams need no place here: each is a pure function of the seed in the settings and of
/// the position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The network as it is now.
    pub model: Model,
    /// What else a training needs to go on as if it had never stopped; none in a finished model.
    pub training: Option<TrainingState>,
}

/// The state of a training besides its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Settings; the schedule is a function of them and of the position.
    #[serde(with = "crate::codec::json_bytes")]
    pub config: TrainingConfig,
    /// How far it is.
    pub position: Position,
    /// What the optimizer remembers, first layer first.
    pub moments: Vec<Linear<Moments<Values>>>,
    /// The running sums of the epoch that is under way.
    pub tally: Vec<f64>,
    /// Best weights so far, where early stopping is on.
    pub early_stopping: Option<EarlyStopping>,
    /// The data it was trained on.
    pub data: DataFingerprint,
    /// Epochs done.
    pub history: Vec<EpochRecord>,
    /// The moving average of the network, where one is kept.
    pub averaged: Option<Member>,
    /// The same of its further branches, in their order.
    #[serde(skip)] // stands at the end of a checkpoint
    pub branches: Vec<BranchState>,
}

/// The state of a further branch of a network in training, besides its weights, which are the model's
/// [companion](Model::companions).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BranchState {
    /// As [`TrainingState::moments`].
    pub moments: Vec<Linear<Moments<Values>>>,
    /// As [`TrainingState::averaged`].
    pub averaged: Option<Member>,
}

/// How far a training is. All counts are of things done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Whole epochs.
    pub epoch: usize,
    /// Batches of the epoch under way.
    pub batch: usize,
    /// Steps altogether.
    pub step: u64,
}

/// The best epoch so far, by validation loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// Lowest validation loss.
    pub best_loss: f64,
    /// The epoch that had it, counted from 1.
    pub best_epoch: usize,
    /// Epochs since.
    pub epochs_without_improvement: usize,
    /// Weights of that epoch.
    pub best_layers: Vec<Linear<Values>>,
    /// Batch normalisation of that epoch.
    pub best_norms: Vec<BatchNorm<Values>>,
}

/// Enough of a data set to notice that another one is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFingerprint {
    /// Samples that are trained on.
    pub samples: usize,
    /// Width of a sample.
    pub width: usize,
    /// CRC-32 over inputs, targets and the choice of samples.
    pub checksum: u32,
}
