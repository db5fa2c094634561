//! What the benchmarks share: the four networks, the data, the peak of the machine, the operations that
//! must be done, clocks and tables.

pub mod bandwidth;
mod clock;
mod needed;
mod peak;
mod steps;
mod table;

pub use clock::{fastest, repeat};
pub use needed::{Shares, forward_operations, step_operations};
pub use peak::Peak;
pub use steps::Steps;
pub use table::{Table, giga, percent, thousands};

use nn_core::{Activation, Architecture, Optimizer, Schedule, TrainingConfig};
use nn_data::{DataError, TrainTest, embedded_sample, load_folder};
use std::path::{Path, PathBuf};

/// The networks whose speed is followed: hidden layers and batch.
pub const NETWORKS: [(&[usize], usize); 4] =
    [(&[30], 10), (&[128], 64), (&[800], 128), (&[512, 512], 256)];

/// A rectifier network for digits.
#[must_use]
pub fn architecture(hidden: &[usize]) -> Architecture {
    Architecture {
        inputs: 784,
        hidden: hidden.to_vec(),
        outputs: 10,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    }
}

/// Plain descent on the mean cross-entropy, for as many epochs as a benchmark may ask.
#[must_use]
pub fn descent(batch: usize) -> TrainingConfig {
    TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 0.01,
        epochs: 1_000_000,
        batch,
        ..TrainingConfig::default()
    }
}

/// Where fetched MNIST lies.
#[must_use]
pub fn mnist_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist")
}

/// Full MNIST where it has been fetched, else the embedded sample; and which of the two.
///
/// # Errors
/// [`DataError`] for fetched files that are damaged.
pub fn digits() -> Result<(TrainTest, &'static str), DataError> {
    if mnist_folder().join("train-images-idx3-ubyte.gz").exists()
        || mnist_folder().join("train-images-idx3-ubyte").exists()
    {
        return Ok((load_folder(&mnist_folder())?, "mnist"));
    }
    Ok((embedded_sample()?, "sample"))
}
