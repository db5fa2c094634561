//! Trains a network as a program outside this repository would, and prints how long it takes.
//!
//! `./compare` compares this program compiled with the profile of README.md, where only the dependencies
//! are optimised, with the same program compiled for release.

use nn_core::{Activation, Architecture, Trainer, TrainingConfig, evaluate};
use nn_cpu::{CpuDevice, CpuTensor};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = CpuDevice::available()?;
    let data = nn_data::embedded_sample()?;
    let architecture = Architecture {
        inputs: data.train.input_width(),
        hidden: vec![256, 128],
        outputs: data.train.output_width(),
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig::default();
    // The fastest of three: another program may have the cores for a while.
    let mut fastest = f64::INFINITY;
    let mut accuracy = 0.0;
    for _ in 0..3 {
        let mut trainer =
            Trainer::<CpuTensor<f32>>::new(&device, &architecture, &config, &data.train, None)?;
        let start = Instant::now();
        trainer.run(&mut ())?;
        fastest = fastest.min(start.elapsed().as_secs_f64());
        let evaluation = evaluate(trainer.network(), &data.test, config.loss)?;
        accuracy = evaluation.accuracy().unwrap_or_default();
    }
    println!("seconds  {fastest:.3}");
    println!("accuracy {:.2} %", 100.0 * accuracy);
    Ok(())
}
