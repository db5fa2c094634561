//! Networks of images described by directions: what they are trained on, how they are kept, and how they are
//! used.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod stop_in_the_middle;
mod strokes;

use nn_core::{
    Activation, Architecture, Checkpoint, Committee, Distortion, Evaluation, FullBatch,
    Initializer, Model, Network, Preprocessing, Trainer, TrainingConfig, Views, evaluate,
    evaluate_committee, safetensors,
};
use nn_data::Dataset;
use nn_images::{GradientEncoder, deskewed};
use nn_tensor::ReferenceTensor;
use stop_in_the_middle::StopInTheMiddle;
use strokes::strokes;

type Reference = ReferenceTensor<f64>;

fn form() -> Architecture {
    of_width(GradientEncoder::WIDTH)
}

fn of_width(inputs: usize) -> Architecture {
    Architecture {
        inputs,
        hidden: vec![5],
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    }
}

fn config(distortion: Option<Distortion>) -> TrainingConfig {
    let base = TrainingConfig::default();
    TrainingConfig { directions: true, deskew: true, distortion, epochs: 3, batch: 4, ..base }
}

fn shifting() -> Option<Distortion> {
    Some(Distortion { shift: 1.0, ..Distortion::default() })
}

fn trained(config: &TrainingConfig, train: &Dataset) -> Checkpoint {
    let validation = Some(train);
    let form = of_width(config.preprocessing().input_width(train));
    let mut trainer = Trainer::<Reference>::new(&(), &form, config, train, validation).unwrap();
    trainer.run(&mut ()).unwrap();
    trainer.checkpoint().unwrap()
}

#[test]
fn it_is_trained_on_upright_images_described() {
    let upright = deskewed(&strokes()).unwrap();
    let means = GradientEncoder::for_dataset(&upright).unwrap().encode_all(&upright).unwrap();
    let mut encoder = GradientEncoder::for_dataset(&upright).unwrap().with_sqrt(true);
    let roots = encoder.encode_all(&upright).unwrap();
    assert_ne!(means.image(1), roots.image(1));
    let mut encoder = GradientEncoder::for_dataset(&upright).unwrap().with_second_order(true);
    let twice = encoder.encode_all(&upright).unwrap();
    assert_eq!(twice.image(1).unwrap()[..769], *means.image(1).unwrap());
    let seen = Preprocessing { deskew: true, directions: true, ..Preprocessing::default() };
    is_trained_on(&means, seen);
    is_trained_on(&roots, Preprocessing { root_directions: true, ..seen });
    is_trained_on(&twice, Preprocessing { second_order_directions: true, ..seen });
}

/// Without distortion and with one of strength 0, which goes the other way: described batch by batch.
fn is_trained_on(ready: &Dataset, seen: Preprocessing) {
    let data = strokes();
    let Preprocessing { root_directions, second_order_directions, .. } = seen;
    let config = |distortion| TrainingConfig {
        root_directions,
        second_order_directions,
        ..config(distortion)
    };
    let bare = TrainingConfig { deskew: false, directions: false, ..self::config(None) };
    let truth = trained(&bare, ready);
    let nothing = Distortion { shift: 1e-9, ..Distortion::default() };
    for distortion in [None, Some(nothing)] {
        let checkpoint = trained(&config(distortion), &data);
        assert_eq!(checkpoint.model.layers, truth.model.layers, "{distortion:?}");
        assert_eq!(checkpoint.model.sample_shape, [8, 8]);
        assert_eq!(checkpoint.model.preprocessing, seen);
        let losses = |checkpoint: &Checkpoint| {
            let history = &checkpoint.training.as_ref().unwrap().history;
            history.iter().map(|epoch| epoch.validation_loss).collect::<Vec<_>>()
        };
        assert_eq!(losses(&checkpoint), losses(&truth));
        let shown = checkpoint.model.shown(&data).unwrap();
        assert_eq!(shown.image(1), ready.image(1));
    }
    assert_ne!(trained(&config(shifting()), &data).model.layers, truth.model.layers);
}

#[test]
fn views_describe_what_they_see() {
    let data = strokes();
    let model = trained(&config(shifting()), &data).model;
    let network = [model.to_network::<Reference>(&()).unwrap()];
    let test = |views: Views| -> Evaluation {
        let committee = Committee::of_model(&model, &network).unwrap();
        evaluate_committee(&mut committee.with_views(views), &data).unwrap()
    };
    let truth = evaluate(&network[0], &model.shown(&data).unwrap(), model.loss).unwrap();
    assert_eq!(test(Views::default()), truth);
    let distortion = Distortion { shift: 1.0, ..Distortion::default() };
    let copies = Views { copies: 4, distortion, strength: 1.0, ..Views::default() };
    assert_ne!(test(copies).loss, truth.loss);
    // Copies that are not distorted are what the image is.
    assert!((test(Views { strength: 0.0, ..copies }).loss - truth.loss).abs() < 1e-12);
    // Pixels instead of directions are too few inputs.
    let mut blind = Committee::new(&network, model.loss, 4).unwrap();
    assert!(evaluate_committee(&mut blind, &data).is_err());
}

#[test]
fn it_is_kept_in_formats_4_6_and_7_and_never_taken_for_another() {
    let data = strokes();
    let upright = trained(&config(shifting()), &data);
    let as_it_lies = trained(&TrainingConfig { deskew: false, ..config(None) }, &data);
    let roots = trained(&TrainingConfig { root_directions: true, ..config(None) }, &data);
    let both =
        TrainingConfig { root_directions: true, second_order_directions: true, ..config(None) };
    let both = trained(&both, &data);
    for (checkpoint, format) in [(&upright, 4), (&as_it_lies, 4), (&roots, 6), (&both, 7)] {
        let bytes = checkpoint.to_bytes().unwrap();
        assert_eq!(bytes[8..12], [format, 0, 0, 0]);
        assert_eq!(&Checkpoint::from_bytes(&bytes).unwrap(), checkpoint);
        let tensors = safetensors::to_bytes(&checkpoint.model).unwrap();
        let read = safetensors::from_bytes(&tensors, &safetensors::ImportOptions::default());
        assert_eq!(read.unwrap(), checkpoint.model);
    }
    let of_pixels = TrainingConfig::default();
    for (config, name) in [
        (TrainingConfig { root_directions: true, ..of_pixels.clone() }, "root directions"),
        (TrainingConfig { second_order_directions: true, ..of_pixels }, "second-order directions"),
    ] {
        let refused = config.validate().unwrap_err().to_string();
        assert!(refused.contains(name) && refused.contains("without"), "{refused}");
    }
    let blind = Model { preprocessing: Preprocessing::default(), ..upright.model.clone() };
    assert!(blind.validate().is_err());
    // Any other number of inputs is none that directions give.
    let claimed = Model { sample_shape: vec![769], ..upright.model.clone() };
    assert!(claimed.validate().is_err());
    // Images of another size have as many features, but are not what it was trained on.
    let wide = Dataset::from_images(vec![7; 90], &[9, 10], vec![0], 3).unwrap();
    let refused = upright.model.shown(&wide).unwrap_err().to_string();
    assert!(refused.contains("64") && refused.contains("9 x 10"), "{refused}");
}

#[test]
fn interrupted_and_resumed_it_ends_with_the_same_bytes() {
    let data = strokes();
    for distortion in [None, shifting()] {
        let config = config(distortion);
        let start = Trainer::<Reference>::new(&(), &form(), &config, &data, Some(&data));
        let mut trainer = start.unwrap();
        trainer.run(&mut StopInTheMiddle).unwrap();
        let half = Checkpoint::from_bytes(&trainer.checkpoint().unwrap().to_bytes().unwrap());
        let mut resumed =
            Trainer::<Reference>::resume(&(), &half.unwrap(), &data, Some(&data)).unwrap();
        resumed.run(&mut ()).unwrap();
        assert_eq!(resumed.checkpoint().unwrap(), trained(&config, &data));
    }
}

#[test]
fn what_cannot_be_described_is_refused() {
    let network = Network::<Reference>::new(&(), &form(), Initializer::HeUniform, 1).unwrap();
    let solver = TrainingConfig { deskew: false, ..config(None) };
    let refused = FullBatch::new(network, &strokes(), &solver).err().unwrap().to_string();
    assert!(refused.contains("directions"), "{refused}");
    let numbers = Dataset::classification(vec![0.5; 64], 64, vec![1], 3).unwrap();
    let refused = Trainer::<Reference>::new(&(), &form(), &solver, &numbers, None).err().unwrap();
    assert!(refused.to_string().contains("image"), "{refused}");
    let pixels = Architecture { inputs: 64, ..form() };
    for distortion in [None, shifting()] {
        let refused =
            Trainer::<Reference>::new(&(), &pixels, &config(distortion), &strokes(), None);
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains("64") && refused.contains("769"), "{refused}");
    }
}
