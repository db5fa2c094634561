//! Trains on the embedded sample with the backend of this package.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_core::{Activation, Architecture, Trainer, TrainingConfig, evaluate};
use own_backend::{Counter, CountingTensor};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = nn_data::embedded_sample()?;
    let architecture = Architecture {
        inputs: data.train.input_width(),
        hidden: vec![30],
        outputs: data.train.output_width(),
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig { epochs: 3, batch: 50, ..TrainingConfig::default() };
    let counter = Counter::default();
    let mut trainer =
        Trainer::<CountingTensor>::new(&counter, &architecture, &config, &data.train, None)?;
    trainer.run(&mut ())?;
    let result = evaluate(trainer.network(), &data.test, config.loss)?;
    let accuracy = result.accuracy().unwrap_or_default();
    println!(
        "{architecture} on a backend of its own: {:.1} % of {} digits",
        100.0 * accuracy,
        result.samples
    );
    println!("{} million multiplications", counter.multiplications() / 1_000_000);
    if accuracy < 0.85 { Err("it should reach 85 %".into()) } else { Ok(()) }
}
