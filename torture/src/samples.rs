//! A small checkpoint to damage.

use nn_core::{Activation, Architecture, Checkpoint, Trainer, TrainingConfig};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;

/// Returns a checkpoint of an unfinished training with weights, Adam's moments and the best
/// weights.
///
/// # Errors
/// Returns the error of the training.
pub fn small_checkpoint() -> Result<Checkpoint, String> {
    let inputs: Vec<f64> = (0..16 * 12).map(|index| f64::from(index * 37 % 101) / 101.0).collect();
    let labels = (0..12).map(|index| index % 3).collect();
    let data = Dataset::classification(inputs, 16, labels, 3).map_err(|error| error.to_string())?;
    let architecture = Architecture {
        inputs: 16,
        hidden: vec![5, 4],
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config =
        TrainingConfig { epochs: 2, batch: 4, patience: Some(5), ..TrainingConfig::default() };
    let device = CpuDevice::new(1).map_err(|error| error.to_string())?;
    let mut trainer =
        Trainer::<CpuTensor<f32>>::new(&device, &architecture, &config, &data, Some(&data))
            .map_err(|error| error.to_string())?;
    trainer.run(&mut ()).map_err(|error| error.to_string())?;
    trainer.checkpoint().map_err(|error| error.to_string())
}
