//! Multi-layer perceptrons with one front door.

mod answer;
pub mod backend;
mod calibration;
pub mod data;
mod error;
mod evaluation;
pub mod file;
mod input_range;
mod mlp;
mod model;
mod predict;
mod predictor;
pub mod safetensors;
mod sample;
mod scaler;
pub mod settings;
mod statistics;
mod task;
mod training;
mod usage;

pub use answer::Answer;
pub use calibration::{Calibration, CalibrationBin, Temperature};
pub use error::MlpError;
pub use evaluation::{Evaluation, Regression};
pub use file::{Checkpoint, FileError, FileFault, SavedTraining};
pub use input_range::InputRange;
pub use mlp::Mlp;
pub use model::{Model, ModelMember, ModelParts};
pub use nn_core::{
    Activation, Architecture, Control, Curve, EpochRecord, Initializer, Loss, Optimizer, Outcome,
    Schedule,
};
pub use nn_data::Dataset;
pub use nn_images::{Pipeline, TestViews};
pub use predict::Predict;
pub use predictor::Predictor;
pub use sample::Sample;
pub use scaler::Scaler;
pub use statistics::{McNemar, Summary};
pub use task::Task;
pub use training::{AugmentedSource, LocalConnections, PlanOptions, TestSet, TrainingPlan};
