//! A network inside a program of your own: train, save, load, predict.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_core::{Activation, Architecture, Checkpoint, Predictor, Trainer, TrainingConfig, evaluate};
use nn_cpu::{CpuDevice, CpuTensor};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Train: 6,000 digits that are compiled into nn-data.
    let device = CpuDevice::available()?;
    let data = nn_data::embedded_sample()?;
    let architecture = Architecture {
        inputs: data.train.input_width(),
        hidden: vec![64],
        outputs: data.train.output_width(),
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig { epochs: 5, batch: 32, ..TrainingConfig::default() };
    let mut trainer =
        Trainer::<CpuTensor<f32>>::new(&device, &architecture, &config, &data.train, None)?;
    trainer.run(&mut ())?;

    // Save and load.
    let path = std::env::temp_dir().join(format!("embed-{}.nn", std::process::id()));
    Checkpoint { model: trainer.model(), training: None }.save(&path)?;
    let model = Checkpoint::load(&path)?.model;
    std::fs::remove_file(&path)?;

    // Predict.
    let network = model.to_network::<CpuTensor<f32>>(&device)?;
    let accuracy = evaluate(&network, &data.test, model.loss)?.accuracy().unwrap_or_default();
    let mut predictor = Predictor::new(&network, model.loss, 1)?;
    let image = data.test.image(0).ok_or("the sample has images")?;
    let probabilities = predictor.predict_bytes(image)?;
    let digit = nn_core::argmax(probabilities);
    println!("{:.1} % of {} digits", 100.0 * accuracy, data.test.len());
    println!("the first is a {digit} with probability {:.3}", probabilities[digit]);
    if accuracy < 0.93 { Err("it should reach 93 %".into()) } else { Ok(()) }
}
