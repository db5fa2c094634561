//! All that a training is between two steps, on the host.

use crate::{
    Architecture, DataFingerprint, EarlyStopping, EpochRecord, NetworkValues, TrainingConfig,
    Values,
};
use nn_tensor::{Linear, Moments};
use serde::{Deserialize, Serialize};

/// The state of a training between two steps: [`Trainer::state`](crate::Trainer::state) reads it,
/// [`Trainer::resume`](crate::Trainer::resume) goes on from it to the same bytes as if nothing had
/// happened.
///
/// Random streams need no place here: each is a pure function of seed and position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Settings; the schedule is a function of them and of the position.
    pub config: TrainingConfig,
    /// How far the training is.
    pub position: Position,
    /// The members, first one first; usually there is one.
    pub members: Vec<MemberState>,
    /// Running sums of the epoch under way.
    pub tally: Vec<f64>,
    /// Best epoch so far, with early stopping.
    pub early_stopping: Option<EarlyStopping>,
    /// The training set.
    pub data: DataFingerprint,
    /// The validation set as each member sees it; empty where there is none.
    pub validation: Vec<DataFingerprint>,
    /// Epochs done.
    pub history: Vec<EpochRecord>,
}

/// The state of one member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberState {
    /// Layers and activations.
    pub architecture: Architecture,
    /// Weights, biases and normalisations.
    pub values: NetworkValues,
    /// Moments of the optimizer: of the layers, then of γ and β of each normalisation.
    pub moments: Vec<Linear<Moments<Values>>>,
    /// The hooks, in their order.
    pub hooks: Vec<HookState>,
}

/// What a [`Hook`](crate::Hook) remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookState {
    /// Its name.
    pub name: String,
    /// Numbers of the member's architecture, if it keeps any.
    pub values: Option<NetworkValues>,
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

impl TrainingState {
    /// Returns whether no step is left: all epochs are done, or early stopping has ended it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let early = self.early_stopping.as_ref();
        self.position.epoch >= self.config.epochs
            || self
                .config
                .patience
                .zip(early)
                .is_some_and(|(patience, early)| early.is_over(patience))
    }
}
