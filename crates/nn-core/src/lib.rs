//! Multi-layer perceptrons with hand-derived backpropagation, over any [`nn_tensor::Tensor`].
//!
//! There is no automatic differentiation: each equation of the lecture is one short function (see
//! the crate's `backpropagation.rs`), which `nn check` compares with central differences.
//! No backend is named here; a caller picks one by the type parameter.
//!
//! The crate is the mathematics and the training loop. What one recipe needs attaches from outside:
//! inputs of a batch through [`BatchSource`], what happens around an update through [`Hook`],
//! several networks as a list of [`Member`]s. Models, files and preprocessing are `nn-mlp`'s.
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
//! let architecture = Architecture {
//!     inputs: 2,
//!     hidden: vec![8],
//!     outputs: 2,
//!     activation: Activation::Tanh,
//!     output_activation: Activation::Identity,
//! };
//! let config = TrainingConfig { learning_rate: 0.05, epochs: 200, batch: 4, ..Default::default() };
//! let mut trainer = Trainer::<ReferenceTensor<f64>>::new(&(), &architecture, &config, &data, None)?;
//! trainer.run(&mut ())?;
//! assert_eq!(evaluate(trainer.network(), &data, config.loss)?.accuracy(), Some(1.0));
//! # Ok(())
//! # }
//! ```

mod architecture;
mod backpropagation;
mod batch_source;
mod config;
mod data_checks;
mod difference;
mod early_stopping;
mod error;
mod evaluation;
mod fold;
mod full_batch;
mod hooks;
mod host_samples;
mod inference;
mod initializer;
mod joint;
mod learner;
mod loss;
mod member;
mod network;
mod network_values;
mod objective;
mod observer;
mod optimizer;
mod optimizer_state;
mod predictor;
mod random;
mod record;
mod resume;
mod schedule;
mod state_check;
mod steps;
mod trainer;
mod training_state;
mod workspace;

pub use architecture::Architecture;
pub use batch_source::{BatchSource, DatasetRows, Epoch};
pub use config::TrainingConfig;
pub use data_checks::check_targets;
pub use early_stopping::EarlyStopping;
pub use error::{ConfigError, NetworkError, TrainError};
pub use evaluation::{Classification, Evaluation, EvaluationCount, evaluate, evaluate_jointly};
pub use full_batch::FullBatch;
pub use hooks::{Hook, MaxNorm, MovingAverage};
pub use host_samples::BYTE_SCALE;
pub use initializer::Initializer;
pub use loss::Loss;
pub use member::Member;
pub use network::Network;
pub use network_values::NetworkValues;
pub use nn_data::{ConfusionMatrix, DataFingerprint};
pub use nn_tensor::{Activation, Values, argmax};
pub use observer::{Control, Observer, StepEvent};
pub use optimizer::Optimizer;
pub use predictor::Predictor;
pub use record::{EpochRecord, Outcome};
pub use schedule::{Curve, Schedule};
pub use trainer::Trainer;
pub use training_state::{HookState, MemberState, Position, TrainingState};
