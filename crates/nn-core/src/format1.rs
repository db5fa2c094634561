//! Checkpoints of format 1, which knew neither batch normalisation nor averaged weights nor
//! committees: as they were laid down, and as they are today.

use crate::checkpoint::{DataFingerprint, Position};
use crate::model::Values;
use crate::record::EpochRecord;
use crate::{Architecture, EarlyStopping, Loss, TrainingConfig};
use nn_tensor::{Linear, Moments};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Checkpoint {
    model: Model,
    training: Option<TrainingState>,
}

#[derive(Deserialize)]
struct Model {
    architecture: Architecture,
    loss: Loss,
    sample_shape: Vec<usize>,
    layers: Vec<Linear<Values>>,
}

#[derive(Deserialize)]
struct TrainingState {
    #[serde(with = "crate::codec::json_bytes")]
    config: TrainingConfig,
    position: Position,
    moments: Vec<Linear<Moments<Values>>>,
    tally: Vec<f64>,
    early_stopping: Option<BestEpoch>,
    data: DataFingerprint,
    history: Vec<EpochRecord>,
}

#[derive(Deserialize)]
struct BestEpoch {
    best_loss: f64,
    best_epoch: usize,
    epochs_without_improvement: usize,
    best_layers: Vec<Linear<Values>>,
}

impl From<Checkpoint> for crate::Checkpoint {
    fn from(old: Checkpoint) -> Self {
        let Model { architecture, loss, sample_shape, layers } = old.model;
        let (norms, companions) = (Vec::new(), Vec::new());
        let preprocessing = crate::Preprocessing::default();
        let model = crate::Model {
            architecture,
            loss,
            sample_shape,
            preprocessing,
            layers,
            norms,
            companions,
        };
        Self { model, training: old.training.map(crate::TrainingState::from) }
    }
}

impl From<TrainingState> for crate::TrainingState {
    fn from(old: TrainingState) -> Self {
        Self {
            config: old.config,
            position: old.position,
            moments: old.moments,
            tally: old.tally,
            early_stopping: old.early_stopping.map(EarlyStopping::from),
            data: old.data,
            history: old.history,
            averaged: None,
            branches: Vec::new(),
        }
    }
}

impl From<BestEpoch> for EarlyStopping {
    fn from(old: BestEpoch) -> Self {
        Self {
            best_loss: old.best_loss,
            best_epoch: old.best_epoch,
            epochs_without_improvement: old.epochs_without_improvement,
            best_layers: old.best_layers,
            best_norms: Vec::new(),
        }
    }
}
