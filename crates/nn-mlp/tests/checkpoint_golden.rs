//! Files of formats 1 to 8, written byte by byte by `golden/make_checkpoints.py`, stay readable.

use nn_core::{
    Activation, Architecture, Branch, BranchState, Checkpoint, Curve, DataFingerprint,
    EarlyStopping, EpochRecord, Initializer, Loss, Member, MemberForm, Model, Optimizer, Position,
    Preprocessing, Schedule, TrainingConfig, TrainingState, Values,
};
use nn_tensor::{BatchNorm, Linear, Moments};

const CHECKPOINT_V1: &[u8] = include_bytes!("golden/checkpoint-v1.nn");
const MODEL_V1: &[u8] = include_bytes!("golden/model-v1.nn");
const MODEL_V2: &[u8] = include_bytes!("golden/model-v2.nn");
const MODEL_V3: &[u8] = include_bytes!("golden/model-v3.nn");
const MODEL_V4: &[u8] = include_bytes!("golden/model-v4.nn");
const MODEL_V5: &[u8] = include_bytes!("golden/model-v5.nn");
const MODEL_V6: &[u8] = include_bytes!("golden/model-v6.nn");
const MODEL_V7: &[u8] = include_bytes!("golden/model-v7.nn");
const CHECKPOINT_V8: &[u8] = include_bytes!("golden/checkpoint-v8.nn");

fn model(numbers: fn(&[f64]) -> Values) -> Model {
    Model {
        architecture: Architecture {
            inputs: 2,
            hidden: vec![3],
            outputs: 1,
            activation: Activation::Tanh,
            output_activation: Activation::Identity,
        },
        loss: Loss::SquaredError,
        sample_shape: vec![1, 2],
        layers: vec![
            Linear {
                weight: numbers(&[0.5, -1.5, 2.0, 0.25, -0.125, 3.0]),
                bias: numbers(&[0.0, 1.0, -1.0]),
            },
            Linear { weight: numbers(&[1.0, -2.0, 0.75]), bias: numbers(&[0.1]) },
        ],
        preprocessing: Preprocessing::default(),
        norms: vec![],
        companions: vec![],
    }
}

fn singles(numbers: &[f64]) -> Values {
    Values::F32(numbers.iter().map(|&number| number as f32).collect())
}

fn doubles(numbers: &[f64]) -> Values {
    Values::F64(numbers.to_vec())
}

fn config() -> TrainingConfig {
    TrainingConfig {
        loss: Loss::SquaredError,
        optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        learning_rate: 0.1,
        schedule: Schedule { curve: Curve::Step { epochs: 2, factor: 0.3 }, warm_up: 0.0 },
        epochs: 5,
        batch: 4,
        seed: u64::MAX,
        initializer: Initializer::LecunNormal,
        l1: 0.0,
        weight_decay: 1e-4,
        dropout: 0.25,
        clip_norm: Some(1.5),
        patience: Some(3),
        ..TrainingConfig::default()
    }
}

fn moments(count: usize, first: f64, second: f64) -> Moments<Values> {
    let repeated = |value| Some(singles(&vec![value; count]));
    Moments { first: repeated(first), second: repeated(second) }
}

fn history() -> Vec<EpochRecord> {
    let first = EpochRecord {
        epoch: 1,
        train_loss: 0.75,
        train_accuracy: Some(0.5),
        validation_loss: Some(0.625),
        validation_accuracy: Some(0.25),
        learning_rate: 0.1,
        images_per_s: 1000.0,
        seconds: 0.01,
    };
    let second = EpochRecord {
        epoch: 2,
        train_loss: 0.5,
        train_accuracy: None,
        validation_loss: None,
        validation_accuracy: None,
        learning_rate: 0.1,
        images_per_s: 2000.0,
        seconds: 0.005,
    };
    vec![first, second]
}

fn training() -> TrainingState {
    TrainingState {
        config: config(),
        position: Position { epoch: 2, batch: 1, step: 7 },
        moments: vec![
            Linear { weight: moments(6, 0.5, 0.25), bias: moments(3, -0.5, 0.125) },
            Linear { weight: moments(3, 1.5, 2.25), bias: moments(1, -1.5, 4.0) },
        ],
        tally: vec![3.5, 0.0, 2.0, 1.0],
        early_stopping: Some(EarlyStopping {
            best_loss: 0.625,
            best_epoch: 1,
            epochs_without_improvement: 1,
            best_layers: vec![
                Linear {
                    weight: singles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                    bias: singles(&[7.0, 8.0, 9.0]),
                },
                Linear { weight: singles(&[-1.0, -2.0, -3.0]), bias: singles(&[-4.0]) },
            ],
            best_norms: vec![],
        }),
        data: DataFingerprint { samples: 10, width: 2, checksum: 0xdead_beef },
        history: history(),
        averaged: None,
        branches: vec![],
    }
}

#[test]
fn a_training_of_format_1_is_read() {
    let read = Checkpoint::from_bytes(CHECKPOINT_V1).unwrap();
    assert_eq!(read.model, model(singles));
    let (read, expected) = (read.training.unwrap(), training());
    assert_eq!(read.config, expected.config);
    assert_eq!(read.position, expected.position);
    assert_eq!(read.moments, expected.moments);
    assert_eq!(read.tally, expected.tally);
    assert_eq!(read.early_stopping, expected.early_stopping);
    assert_eq!(read.data, expected.data);
    assert_eq!(read.history, expected.history);
}

#[test]
fn a_model_of_format_1_is_read() {
    let expected = Checkpoint { model: model(doubles), training: None };
    assert_eq!(Checkpoint::from_bytes(MODEL_V1).unwrap(), expected);
}

#[test]
fn a_committee_of_format_2_is_read_and_written() {
    let norm = |first: f64| {
        let [scale, shift, mean, variance] =
            [0.0, 0.25, 0.5, 0.75].map(|step| doubles(&[first + step; 3]));
        BatchNorm { affine: Linear { weight: scale, bias: shift }, mean, variance }
    };
    let negative = |numbers: &[f64]| doubles(&numbers.iter().map(|x| -x).collect::<Vec<_>>());
    let mut expected = Checkpoint { model: model(doubles), training: None };
    expected.model.norms = vec![norm(1.0)];
    let layers = model(negative).layers;
    expected.model.companions = vec![Member { layers, norms: vec![norm(2.0)], form: None }];
    assert_eq!(Checkpoint::from_bytes(MODEL_V2).unwrap(), expected);
    assert_eq!(expected.to_bytes().unwrap(), MODEL_V2);
}

#[test]
fn a_model_of_upright_images_is_of_format_3() {
    let preprocessing = Preprocessing { deskew: true, ..Preprocessing::default() };
    let upright = Model { preprocessing, ..model(doubles) };
    let expected = Checkpoint { model: upright, training: None };
    assert_eq!(Checkpoint::from_bytes(MODEL_V3).unwrap(), expected);
    assert_eq!(expected.to_bytes().unwrap(), MODEL_V3);
}

/// On images of 5 x 4 pixels, without a hidden layer.
fn described(root_directions: bool) -> Checkpoint {
    let seen = Preprocessing { deskew: true, directions: true, ..Preprocessing::default() };
    let mut directions = model(singles);
    directions.preprocessing = Preprocessing { root_directions, ..seen };
    directions.sample_shape = vec![5, 4];
    directions.architecture.inputs = 769;
    directions.architecture.hidden.clear();
    let weights: Vec<f64> = (0..769).map(|index| f64::from(index) / 8.0 - 40.0).collect();
    directions.layers = vec![Linear { weight: singles(&weights), bias: singles(&[0.5]) }];
    Checkpoint { model: directions, training: None }
}

#[test]
fn a_model_of_directions_is_of_format_4() {
    assert_eq!(Checkpoint::from_bytes(MODEL_V4).unwrap(), described(false));
    assert_eq!(described(false).to_bytes().unwrap(), MODEL_V4);
}

#[test]
fn a_model_of_roots_of_directions_is_of_format_6() {
    assert_eq!(Checkpoint::from_bytes(MODEL_V6).unwrap(), described(true));
    assert_eq!(described(true).to_bytes().unwrap(), MODEL_V6);
    let mut of_pixels = described(true);
    of_pixels.model.preprocessing.directions = false;
    assert!(of_pixels.to_bytes().is_err());
}

/// The same with the second order.
fn described_twice() -> Checkpoint {
    let mut twice = described(false);
    twice.model.preprocessing.second_order_directions = true;
    twice.model.architecture.inputs = 1569;
    let weights: Vec<f64> = (0..1569).map(|index| f64::from(index) / 8.0 - 80.0).collect();
    twice.model.layers = vec![Linear { weight: singles(&weights), bias: singles(&[0.5]) }];
    twice
}

#[test]
fn a_model_of_directions_of_second_order_is_of_format_7() {
    let twice = described_twice();
    assert_eq!(Checkpoint::from_bytes(MODEL_V7).unwrap(), twice);
    assert_eq!(twice.to_bytes().unwrap(), MODEL_V7);
    // Neither the inputs without it nor the order without directions is believed.
    let mut once = described(false);
    once.model.preprocessing.second_order_directions = true;
    assert!(once.to_bytes().is_err());
    let mut of_pixels = twice.clone();
    of_pixels.model.preprocessing.directions = false;
    assert!(of_pixels.to_bytes().is_err());
    let committee = Model::committee(vec![described(true).model, twice.model]).unwrap();
    let bytes = Checkpoint { model: committee.clone(), training: None }.to_bytes().unwrap();
    assert_eq!(bytes[8..12], [7, 0, 0, 0]);
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().model, committee);
}

/// A committee with one network of roots is of format 6 too, whichever it is.
#[test]
fn a_committee_with_roots_of_directions_is_of_format_6() {
    for roots in [[false, true], [true, false]] {
        let committee = Model::committee(roots.map(|roots| described(roots).model)).unwrap();
        let bytes = Checkpoint { model: committee.clone(), training: None }.to_bytes().unwrap();
        assert_eq!(bytes[8..12], [6, 0, 0, 0]);
        assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().model, committee);
    }
}

#[test]
fn a_committee_whose_networks_differ_is_of_format_5() {
    let architecture = Architecture {
        hidden: vec![],
        activation: Activation::Relu,
        ..model(doubles).architecture
    };
    let preprocessing = Preprocessing { deskew: true, ..Preprocessing::default() };
    let layers = vec![Linear { weight: doubles(&[3.0, -0.5]), bias: doubles(&[0.25]) }];
    let form = Some(MemberForm { architecture, preprocessing });
    let mut expected = Checkpoint { model: model(doubles), training: None };
    expected.model.companions = vec![
        Member { layers: model(doubles).layers, norms: vec![], form: None },
        Member { layers, norms: vec![], form },
    ];
    assert_eq!(Checkpoint::from_bytes(MODEL_V5).unwrap(), expected);
    assert_eq!(expected.to_bytes().unwrap(), MODEL_V5);
}

/// After the first step of a training of two branches.
#[test]
fn a_training_of_branches_is_of_format_8() {
    let read = Checkpoint::from_bytes(CHECKPOINT_V8).unwrap();
    let [one, two] = [1.0, -1.0].map(|sign| {
        let one = [1.0, 2.0, 3.0, 4.0].map(|weight| sign * weight);
        vec![Linear { weight: singles(&one), bias: singles(&[5.0, 6.0]) }]
    });
    let [first, last] = [1.0, -1.0].map(|sign: f64| {
        let [narrow, wide] = [[0.5, 1.5], [3.5, 4.5]].map(|pair| pair.map(|w: f64| sign * w));
        vec![
            Linear { weight: singles(&narrow), bias: singles(&[2.5]) },
            Linear { weight: singles(&wide), bias: singles(&[5.5, 6.5]) },
        ]
    });
    assert_eq!((&read.model.layers, &read.model.companions[0].layers), (&one, &first));
    let preprocessing = Preprocessing { deskew: true, ..Preprocessing::default() };
    let branch = Branch { hidden: vec![1], preprocessing, ..Branch::default() };
    let form = read.model.companions[0].form.clone().unwrap();
    assert_eq!((form.architecture.hidden, form.preprocessing), (vec![1], preprocessing));
    let velocity = |count, value| Moments { second: None, ..moments(count, value, 0.0) };
    let training = read.training.clone().unwrap();
    assert_eq!(training.config.branches, [branch]);
    assert_eq!(training.moments, [Linear { weight: velocity(4, 0.25), bias: velocity(2, 0.5) }]);
    let average = |layers| Some(Member { layers, norms: vec![], form: None });
    assert_eq!(training.averaged, average(two));
    let moments = vec![
        Linear { weight: velocity(2, 1.25), bias: velocity(1, 1.5) },
        Linear { weight: velocity(2, 2.25), bias: velocity(2, 2.5) },
    ];
    assert_eq!(training.branches, [BranchState { moments, averaged: average(last) }]);
    // The settings are written whole now.
    let bytes = read.to_bytes().unwrap();
    assert_eq!((&bytes[8..12], Checkpoint::from_bytes(&bytes).unwrap()), (&[8, 0, 0, 0][..], read));
}

#[test]
fn what_is_written_now_is_read_back() {
    let checkpoint = Checkpoint { model: model(singles), training: Some(training()) };
    let bytes = checkpoint.to_bytes().unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), checkpoint);
}

/// The numbers that stand for activations and losses in every format.
#[test]
fn variants_keep_their_numbers() {
    // Payload: inputs, number of hidden layers, one width, outputs, then the two activations.
    const ACTIVATION: usize = 24 + 4 * 8;
    const LOSS: usize = ACTIVATION + 2 * 4;
    let bytes_with = |change: &dyn Fn(&mut Model)| {
        let mut model = model(doubles);
        change(&mut model);
        Checkpoint { model, training: None }.to_bytes().unwrap()
    };
    for (number, activation) in [
        (0, Activation::Identity),
        (1, Activation::Heaviside),
        (2, Activation::Sigmoid),
        (3, Activation::Tanh),
        (4, Activation::Relu),
        (5, Activation::LeakyRelu),
        (6, Activation::Gelu),
        (7, Activation::Softplus),
    ] {
        let bytes = bytes_with(&|model| model.architecture.activation = activation);
        assert_eq!(bytes[ACTIVATION..ACTIVATION + 4], [number, 0, 0, 0], "{activation:?}");
    }
    for (number, loss) in [
        (0, Loss::CrossEntropy),
        (1, Loss::SquaredError),
        (2, Loss::HalfSquaredError),
        (3, Loss::HalfSumOfSquares),
    ] {
        let bytes = bytes_with(&|model| model.loss = loss);
        assert_eq!(bytes[LOSS..LOSS + 4], [number, 0, 0, 0], "{loss:?}");
    }
}
