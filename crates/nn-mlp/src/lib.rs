//! Multi-layer perceptrons: train, save, load, predict.
//!
//! ```
//! use nn_mlp::{Mlp, Model};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("digits.nn");
//! let data = nn_mlp::data::sample()?; // or data::idx_folder(path), data::classification(rows, labels), ...
//! # let data = nn_data::TrainTest { train: data.train.subset(&(0..600).collect::<Vec<_>>())?, test: data.test };
//! let model = Mlp::classifier().hidden([256, 128]).epochs(10).fit(&data.train)?;
//! println!("{:.2} %", 100.0 * model.evaluate(&data.test)?.accuracy());
//! model.save(&path)?;
//!
//! let image = data.test.image(0).ok_or("the sample has images")?;
//! let answer = Model::load(&path)?.predict(image)?; // the model's own preprocessing, always
//! println!("a {} with probability {:.2}", answer.class_name(), answer.probability());
//! # Ok(())
//! # }
//! ```
//!
//! - [`Mlp`] is the builder: settings with defaults that fit each other, and [`fit`](Mlp::fit).
//! - [`Model`] is what comes of it: its networks with everything they must be used with, such as transforms of
//!   images, the scale of inputs, the loss and the names of classes.
//! - [`Predictor`] is a model on a device, for many samples without allocation. [`backend`] has the devices.
//! - [`data`] makes data sets of arrays and files.
//! - [`settings`] are everything that decides a training, as one value and as a TOML file.
//! - [`TrainingPlan`] is one level down: it makes the [`nn_core::Trainer`], to observe a training step by step, save
//!   [`Checkpoint`]s and resume.
//!
//! The networks themselves, and the mathematics, are in [`nn_core`].

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
