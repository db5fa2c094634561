//! Common parts of the benchmarks: networks, data, peak rates, operation counts, timing and tables.

pub mod bandwidth;
mod clock;
mod operations;
mod peak;
mod steps;
mod table;

pub use clock::{fastest, repeat};
pub use operations::{Shares, forward_operations, step_operations};
pub use peak::Peak;
pub use steps::Steps;
pub use table::{Table, giga, percent, thousands};

use nn_core::{Activation, Architecture, Optimizer, Schedule, TrainingConfig};
use nn_data::{DataError, TrainTest, embedded_sample, load_folder};
use std::path::{Path, PathBuf};

/// The benchmarked networks: hidden layers and batch size.
pub const NETWORKS: [(&[usize], usize); 4] =
    [(&[30], 10), (&[128], 64), (&[800], 128), (&[512, 512], 256)];

/// Returns a ReLU network for digits.
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

/// Returns plain SGD on the mean cross-entropy, with more epochs than any benchmark needs.
#[must_use]
pub fn sgd(batch: usize) -> TrainingConfig {
    TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 0.01,
        epochs: 1_000_000,
        batch,
        ..TrainingConfig::default()
    }
}

/// Returns the folder of downloaded MNIST.
#[must_use]
pub fn mnist_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist")
}

/// Returns full MNIST if it has been downloaded, else the embedded sample, and its name.
///
/// # Errors
/// Returns [`DataError`] if downloaded files are damaged.
pub fn digits() -> Result<(TrainTest, &'static str), DataError> {
    if mnist_folder().join("train-images-idx3-ubyte.gz").exists()
        || mnist_folder().join("train-images-idx3-ubyte").exists()
    {
        return Ok((load_folder(&mnist_folder())?, "mnist"));
    }
    Ok((embedded_sample()?, "sample"))
}
