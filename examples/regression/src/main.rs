//! A function learned from samples: sin(2x) on [-1, 1], with ten tanh neurons.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_core::{Activation, Architecture, Initializer, Loss, Predictor, Trainer, TrainingConfig};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x: Vec<f64> = (0..200).map(|i| -1.0 + f64::from(i) / 99.5).collect();
    let y = x.iter().map(|x| (2.0 * x).sin()).collect();
    let data = Dataset::regression(x, 1, y, 1)?;
    let architecture = Architecture {
        inputs: 1,
        hidden: vec![10],
        outputs: 1,
        activation: Activation::Tanh,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig {
        loss: Loss::SquaredError,
        initializer: Initializer::LecunNormal,
        learning_rate: 0.02,
        epochs: 1000,
        batch: 10,
        ..TrainingConfig::default()
    };
    let device = CpuDevice::new(1)?;
    let mut trainer = Trainer::<CpuTensor<f64>>::new(&device, &architecture, &config, &data, None)?;
    trainer.run(&mut ())?;

    let probes = Dataset::regression(vec![-0.8, -0.3, 0.0, 0.4, 0.9], 1, vec![0.0; 5], 1)?;
    let mut worst = 0.0_f64;
    println!("     x   network    sin 2x");
    Predictor::new(trainer.network(), config.loss, 5)?.for_each(&probes, |sample, output| {
        let x = [-0.8, -0.3, 0.0, 0.4, 0.9_f64][sample];
        worst = worst.max((output[0] - (2.0 * x).sin()).abs());
        println!("{x:6.1} {:9.4} {:9.4}", output[0], (2.0 * x).sin());
    })?;
    if worst > 0.02 { Err(format!("off by {worst}").into()) } else { Ok(()) }
}
