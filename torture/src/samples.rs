//! A small checkpoint to damage.

use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use nn_mlp::settings::Settings;
use nn_mlp::{Checkpoint, PlanOptions, TrainingPlan};

/// Returns a checkpoint of an unfinished training with weights, Adam's moments and the best
/// weights.
///
/// # Errors
/// Returns the error of the training.
pub fn small_checkpoint() -> Result<Checkpoint, String> {
    let inputs: Vec<f64> = (0..16 * 12).map(|index| f64::from(index * 37 % 101) / 101.0).collect();
    let labels = (0..12).map(|index| index % 3).collect();
    let data = Dataset::classification(inputs, 16, labels, 3).map_err(|error| error.to_string())?;
    let train = || -> Result<Checkpoint, Box<dyn std::error::Error>> {
        let text = "network.hidden = [5, 4]\ntraining = { epochs = 2, batch = 4, patience = 5 }";
        let options = PlanOptions { validation: Some(&data), ..PlanOptions::default() };
        let plan = TrainingPlan::with_options(&Settings::from_toml(text)?, &data, &options)?;
        let mut trainer = plan.begin::<CpuTensor<f32>>(&CpuDevice::new(1)?)?;
        trainer.run(&mut ())?;
        Ok(plan.checkpoint(&trainer)?)
    };
    train().map_err(|error| error.to_string())
}
