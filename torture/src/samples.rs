//! Small files to damage.

use nn_core::{Activation, Architecture, Checkpoint, Trainer, TrainingConfig};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;

/// A checkpoint in the middle of a training with all that one can hold: weights, Adam's moments,
/// the best weights so far.
///
/// # Errors
/// What went wrong with so small a training.
pub fn small_checkpoint() -> Result<Checkpoint, String> {
    let inputs: Vec<f64> = (0..16 * 12).map(|index| f64::from(index * 37 % 101) / 101.0).collect();
    let labels = (0..12).map(|index| index % 3).collect();
    let data = Dataset::classification(inputs, 16, labels, 3).map_err(|error| error.to_string())?;
    let form = Architecture {
        inputs: 16,
        hidden: vec![5, 4],
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config =
        TrainingConfig { epochs: 2, batch: 4, patience: Some(5), ..TrainingConfig::default() };
    let device = CpuDevice::new(1).map_err(|error| error.to_string())?;
    let mut trainer = Trainer::<CpuTensor<f32>>::new(&device, &form, &config, &data, Some(&data))
        .map_err(|error| error.to_string())?;
    trainer.run(&mut ()).map_err(|error| error.to_string())?;
    trainer.checkpoint().map_err(|error| error.to_string())
}
