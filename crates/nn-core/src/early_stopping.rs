//! Early stopping: the best epoch so far, and when to give up waiting for a better one.

use crate::NetworkValues;
use serde::{Deserialize, Serialize};

/// The best epoch so far, by validation loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// Lowest validation loss.
    pub best_loss: f64,
    /// The epoch that had it, counted from 1.
    pub best_epoch: usize,
    /// Epochs since.
    pub epochs_without_improvement: usize,
    /// Each member's result after that epoch.
    pub best: Vec<NetworkValues>,
}

impl EarlyStopping {
    /// Takes in the validation loss of `epoch`; `results` are read only where it is the lowest.
    pub(crate) fn record(
        so_far: &mut Option<Self>,
        loss: f64,
        epoch: usize,
        results: impl FnOnce() -> Vec<NetworkValues>,
    ) {
        match so_far {
            Some(early) if early.best_loss <= loss => early.epochs_without_improvement += 1,
            _ => {
                *so_far = Some(Self {
                    best_loss: loss,
                    best_epoch: epoch,
                    epochs_without_improvement: 0,
                    best: results(),
                });
            }
        }
    }

    /// Returns whether `patience` epochs have passed without a lower loss.
    #[must_use]
    pub fn is_over(&self, patience: usize) -> bool {
        self.epochs_without_improvement >= patience
    }
}
