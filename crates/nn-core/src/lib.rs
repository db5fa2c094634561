//! Multi-layer perceptrons with hand-derived backpropagation, over any [`nn_tensor::Tensor`].
//!
//! Nothing here differentiates by itself: each equation of the lecture is one short function (see
//! the crate's `backpropagation.rs`), and [`gradient_check`] compares them with central differences.
//! No backend is named here; a caller picks one by the type parameter.
//!
//! ```
//! use nn_core::{Activation, Architecture, Trainer, TrainingConfig, evaluate};
//! use nn_data::Dataset;
//! use nn_tensor::ReferenceTensor;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The exclusive or: the smallest problem that needs a hidden layer.
//! let inputs = vec![0., 0., 0., 1., 1., 0., 1., 1.];
//! let data = Dataset::classification(inputs, 2, vec![0, 1, 1, 0], 2)?;
//! let form = Architecture {
//!     inputs: 2,
//!     hidden: vec![8],
//!     outputs: 2,
//!     activation: Activation::Tanh,
//!     output_activation: Activation::Identity,
//! };
//! let config = TrainingConfig { learning_rate: 0.05, epochs: 200, batch: 4, ..Default::default() };
//! let mut trainer = Trainer::<ReferenceTensor<f64>>::new(&(), &form, &config, &data, None)?;
//! trainer.run(&mut ())?;
//! assert_eq!(evaluate(trainer.network(), &data, config.loss)?.accuracy(), Some(1.0));
//! # Ok(())
//! # }
//! ```

mod architecture;
mod backpropagation;
mod batches;
mod bounded_read;
mod branch;
mod calibration;
mod checkpoint;
mod checkpoint_check;
mod checkpoint_error;
mod checkpoint_file;
mod codec;
mod committee;
mod config;
mod difference;
mod error;
mod evaluation;
mod fold;
mod format1;
mod full_batch;
pub mod gradient_check;
mod initializer;
mod loss;
mod member;
mod metrics;
mod model;
mod network;
mod objective;
mod observer;
mod optimizer;
mod predictor;
mod preprocessing;
mod random;
mod receptive_fields;
mod record;
pub mod safetensors;
mod safetensors_layers;
mod schedule;
mod statistics;
mod trainer;

pub use architecture::Architecture;
pub use branch::Branch;
pub use calibration::{Calibration, CalibrationBin, Temperature};
pub use checkpoint::{
    BranchState, Checkpoint, DataFingerprint, EarlyStopping, Position, TrainingState,
};
pub use checkpoint_error::{CheckpointError, CheckpointFault};
pub use committee::{Committee, Views};
pub use config::TrainingConfig;
pub use error::{ConfigError, NetworkError, TrainError};
pub use evaluation::{Classification, Evaluation, evaluate, evaluate_committee};
pub use full_batch::FullBatch;
pub use initializer::Initializer;
pub use loss::Loss;
pub use member::{Member, MemberForm, ModelPart};
pub use metrics::ConfusionMatrix;
pub use model::{Model, Values};
pub use network::Network;
pub use nn_images::Augment as Distortion;
pub use nn_tensor::{Activation, argmax};
pub use observer::{Control, GradientExchange, Observer, StepEvent};
pub use optimizer::Optimizer;
pub use predictor::Predictor;
pub use preprocessing::Preprocessing;
pub use receptive_fields::ReceptiveFields;
pub use record::{EpochRecord, Outcome};
pub use schedule::{Curve, Schedule};
pub use statistics::{McNemar, Summary};
pub use trainer::Trainer;
