//! Networks of upright images: what they are trained on, how they are kept, and how they are used.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod stop_in_the_middle;
mod strokes;

use nn_core::{
    Activation, Architecture, Checkpoint, Distortion, FullBatch, Initializer, Network, Trainer,
    TrainingConfig, safetensors,
};
use nn_data::Dataset;
use nn_images::deskewed;
use nn_tensor::ReferenceTensor;
use stop_in_the_middle::StopInTheMiddle;
use strokes::strokes;

type Reference = ReferenceTensor<f64>;

fn form() -> Architecture {
    Architecture {
        inputs: 64,
        hidden: vec![5],
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    }
}

fn config(deskew: bool) -> TrainingConfig {
    let distortion = Some(Distortion { shift: 1.0, ..Distortion::default() });
    TrainingConfig { deskew, distortion, epochs: 3, batch: 4, ..TrainingConfig::default() }
}

fn trained(deskew: bool, train: &Dataset) -> Checkpoint {
    let config = config(deskew);
    let validation = Some(train);
    let mut trainer = Trainer::<Reference>::new(&(), &form(), &config, train, validation).unwrap();
    trainer.run(&mut ()).unwrap();
    trainer.checkpoint().unwrap()
}

#[test]
fn it_is_trained_on_what_deskewing_gives() {
    let data = strokes();
    let (inside, outside) = (trained(true, &data), trained(false, &deskewed(&data).unwrap()));
    assert_eq!(inside.model.layers, outside.model.layers);
    let losses = |checkpoint: &Checkpoint| {
        let history = &checkpoint.training.as_ref().unwrap().history;
        history.iter().map(|epoch| epoch.validation_loss).collect::<Vec<_>>()
    };
    assert_eq!(losses(&inside), losses(&outside));
    assert!(inside.model.preprocessing.deskew && !outside.model.preprocessing.deskew);
    assert_ne!(inside.model.layers, trained(false, &data).model.layers);
    let shown = inside.model.shown(&data).unwrap();
    assert_eq!(shown.image(0), deskewed(&data).unwrap().image(0));
    assert_eq!(outside.model.shown(&data).unwrap().image(0), data.image(0));
}

#[test]
fn it_is_kept_in_format_3_and_the_others_in_format_2() {
    let data = strokes();
    let (upright, plain) = (trained(true, &data), trained(false, &data));
    for (checkpoint, format) in [(&upright, 3), (&plain, 2)] {
        let bytes = checkpoint.to_bytes().unwrap();
        assert_eq!(bytes[8..12], [format, 0, 0, 0]);
        assert_eq!(&Checkpoint::from_bytes(&bytes).unwrap(), checkpoint);
    }
    let tensors = safetensors::to_bytes(&upright.model).unwrap();
    let options = safetensors::ImportOptions::default();
    let options = safetensors::ImportOptions { sample_shape: Some(vec![8, 8]), ..options };
    assert_eq!(safetensors::from_bytes(&tensors, &options).unwrap(), upright.model);
}

#[test]
fn interrupted_and_resumed_it_ends_with_the_same_bytes() {
    let data = strokes();
    let config = config(true);
    let mut trainer = Trainer::<Reference>::new(&(), &form(), &config, &data, Some(&data)).unwrap();
    trainer.run(&mut StopInTheMiddle).unwrap();
    let bytes = trainer.checkpoint().unwrap().to_bytes().unwrap();
    let half = Checkpoint::from_bytes(&bytes).unwrap();
    let mut resumed = Trainer::<Reference>::resume(&(), &half, &data, Some(&data)).unwrap();
    resumed.run(&mut ()).unwrap();
    assert_eq!(resumed.checkpoint().unwrap(), trained(true, &data));
}

#[test]
fn solvers_and_data_without_images_are_refused() {
    let network = || Network::<Reference>::new(&(), &form(), Initializer::HeUniform, 1).unwrap();
    let solver = TrainingConfig { distortion: None, ..config(true) };
    let refused = FullBatch::new(network(), &strokes(), &solver).err().unwrap().to_string();
    assert!(refused.contains("deskew"), "{refused}");
    let numbers = Dataset::classification(vec![0.5; 64], 64, vec![1], 3).unwrap();
    let refused = Trainer::<Reference>::new(&(), &form(), &solver, &numbers, None).err().unwrap();
    assert!(refused.to_string().contains("image"), "{refused}");
}
