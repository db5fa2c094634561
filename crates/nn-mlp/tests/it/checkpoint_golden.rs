//! Files of format 1, written byte by byte by `golden/make_checkpoints.py`, are read and written.

use nn_core::{
    Activation, Architecture, Curve, DataFingerprint, EarlyStopping, EpochRecord, HookState,
    Initializer, Loss, MemberState, NetworkValues, Optimizer, Position, Schedule, TrainingConfig,
    TrainingState, Values,
};
use nn_images::{Augment, Deskew, GradientFeatures};
use nn_mlp::settings::Settings;
use nn_mlp::{
    Checkpoint, FileFault, InputRange, Model, ModelMember, ModelParts, Pipeline, SavedTraining,
    Scaler, Task, TestViews,
};
use nn_tensor::{BatchNorm, Linear, Moments};

const NUMBERS: &[u8] = include_bytes!("golden/numbers.nn");
const IMAGES: &[u8] = include_bytes!("golden/images.nn");
const CHECKPOINT: &[u8] = include_bytes!("golden/checkpoint.nn");

fn singles(numbers: &[f64]) -> Values {
    Values::F32(numbers.iter().map(|&number| number as f32).collect())
}

fn doubles(numbers: &[f64]) -> Values {
    Values::F64(numbers.to_vec())
}

fn architecture(
    inputs: usize,
    hidden: &[usize],
    outputs: usize,
    activation: Activation,
) -> Architecture {
    let (hidden, output_activation) = (hidden.to_vec(), Activation::Identity);
    Architecture { inputs, hidden, outputs, activation, output_activation }
}

fn small_layers(numbers: fn(&[f64]) -> Values) -> Vec<Linear<Values>> {
    vec![
        Linear {
            weight: numbers(&[0.5, -1.5, 2.0, 0.25, -0.125, 3.0]),
            bias: numbers(&[0.0, 1.0, -1.0]),
        },
        Linear { weight: numbers(&[1.0, -2.0, 0.75]), bias: numbers(&[0.1]) },
    ]
}

fn of_numbers() -> Model {
    let [scale, shift, mean, variance] = [1.0, 1.25, 1.5, 1.75].map(|n| doubles(&[n; 3]));
    let norm = BatchNorm { affine: Linear { weight: scale, bias: shift }, mean, variance };
    let values = NetworkValues { layers: small_layers(doubles), norms: vec![norm] };
    Model::from_parts(ModelParts {
        task: Task::Regression,
        loss: Loss::SquaredError,
        sample_shape: vec![2],
        input_range: InputRange::Numbers { low: -1.5, high: 2.5 },
        scaler: Some(Scaler::Standardise { mean: vec![1.0, 200.0], deviation: vec![0.5, 40.0] }),
        class_names: vec![],
        views: TestViews::default(),
        members: vec![ModelMember {
            architecture: architecture(2, &[3], 1, Activation::Tanh),
            transforms: Pipeline::default(),
            values,
        }],
    })
    .unwrap()
}

fn of_images() -> Model {
    let features = GradientFeatures { sqrt: true, second_order: false };
    let augment = Augment { rotation: 10.0, shift: 0.5, ..Augment::default() };
    let wide: Vec<f64> = (0..2 * 769).map(|index| f64::from(index) / 8.0 - 40.0).collect();
    let rising: Vec<f64> = (0..20).map(|index| f64::from(index) / 4.0).collect();
    let linear =
        |weight: &[f64], bias: &[f64]| Linear { weight: singles(weight), bias: singles(bias) };
    let member = |architecture, steps: Vec<nn_images::Step>, layers| ModelMember {
        architecture,
        transforms: Pipeline::new(steps),
        values: NetworkValues { layers, norms: vec![] },
    };
    Model::from_parts(ModelParts {
        task: Task::Classification,
        loss: Loss::CrossEntropy,
        sample_shape: vec![5, 4],
        input_range: InputRange::Bytes,
        scaler: None,
        class_names: vec!["left".into(), "right".into()],
        views: TestViews { shifts: 1, copies: 0, strength: 0.5 },
        members: vec![
            member(
                architecture(769, &[], 2, Activation::Relu),
                vec![Deskew::default().into(), features.into()],
                vec![linear(&wide, &[0.5, -0.5])],
            ),
            member(
                architecture(20, &[1], 2, Activation::Relu),
                vec![augment.into()],
                vec![linear(&rising, &[1.0]), linear(&[2.0, -2.0], &[0.0, 0.25])],
            ),
        ],
    })
    .unwrap()
}

#[test]
fn models_are_read_and_written() {
    for (bytes, model) in [(NUMBERS, of_numbers()), (IMAGES, of_images())] {
        assert_eq!(Model::from_bytes(bytes).unwrap(), model);
        assert_eq!(model.to_bytes().unwrap(), bytes);
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
        samples_per_s: 1000.0,
        seconds: 0.01,
    };
    let second = EpochRecord {
        epoch: 2,
        train_loss: 0.5,
        train_accuracy: None,
        validation_loss: None,
        validation_accuracy: None,
        samples_per_s: 2000.0,
        seconds: 0.005,
        ..first.clone()
    };
    vec![first, second]
}

fn member_state() -> MemberState {
    let average = NetworkValues {
        layers: vec![
            Linear { weight: singles(&[-1.0; 6]), bias: singles(&[-2.0; 3]) },
            Linear { weight: singles(&[-3.0; 3]), bias: singles(&[-4.0]) },
        ],
        norms: vec![],
    };
    let hook = |name: &str, values| HookState { name: name.into(), values };
    MemberState {
        architecture: architecture(2, &[3], 1, Activation::Tanh),
        values: NetworkValues { layers: small_layers(singles), norms: vec![] },
        moments: vec![
            Linear { weight: moments(6, 0.5, 0.25), bias: moments(3, -0.5, 0.125) },
            Linear { weight: moments(3, 1.5, 2.25), bias: moments(1, -1.5, 4.0) },
        ],
        hooks: vec![hook("max-norm", None), hook("moving-average", Some(average))],
    }
}

fn state() -> TrainingState {
    let best = NetworkValues {
        layers: vec![
            Linear {
                weight: singles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                bias: singles(&[7.0, 8.0, 9.0]),
            },
            Linear { weight: singles(&[-1.0, -2.0, -3.0]), bias: singles(&[-4.0]) },
        ],
        norms: vec![],
    };
    TrainingState {
        config: TrainingConfig {
            loss: Loss::SquaredError,
            optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            learning_rate: 0.1,
            schedule: Schedule { curve: Curve::Step { epochs: 2, factor: 0.3 }, warm_up: 0.0 },
            epochs: 5,
            batch: 4,
            seed: u64::MAX,
            initializer: Initializer::LecunNormal,
            weight_decay: 1e-4,
            dropout: 0.25,
            clip_norm: Some(1.5),
            patience: Some(3),
            ..TrainingConfig::default()
        },
        position: Position { epoch: 2, batch: 1, step: 7 },
        members: vec![member_state()],
        tally: vec![3.5, 0.0, 2.0, 1.0],
        early_stopping: Some(EarlyStopping {
            best_loss: 0.625,
            best_epoch: 1,
            epochs_without_improvement: 1,
            best: vec![best],
        }),
        data: DataFingerprint { samples: 10, width: 2, checksum: 0xdead_beef },
        validation: vec![DataFingerprint { samples: 3, width: 2, checksum: 0xcafe }],
        history: history(),
    }
}

fn settings() -> Settings {
    let text = "network = { hidden = [3], activation = 'tanh' }
        training = { loss = 'squared-error', epochs = 5, batch = 4, patience = 3, validation = 0.25 }
        training.max-norm = 2.0
        training.average = 0.75";
    let dotted = text.replace("training = { loss = 'squared-error', epochs = 5, batch = 4, patience = 3, validation = 0.25 }",
        "training.loss = 'squared-error'\ntraining.epochs = 5\ntraining.batch = 4\ntraining.patience = 3\ntraining.validation = 0.25");
    Settings::from_toml(&dotted).unwrap()
}

#[test]
fn a_training_under_way_is_read_and_written() {
    let read = Checkpoint::from_bytes(CHECKPOINT).unwrap();
    assert_eq!(read.model.members()[0].values, member_state().values);
    assert_eq!(read.model.parts().input_range, InputRange::Unknown);
    assert_eq!(read.training, Some(SavedTraining { settings: settings(), state: state() }));
    // Settings are written whole, so not the same bytes, but the same checkpoint.
    assert_eq!(Checkpoint::from_bytes(&read.to_bytes().unwrap()).unwrap(), read);
}

/// The payload begins with the names of features, so a reader can say which one it lacks before it decodes the rest.
#[test]
fn a_feature_that_this_build_lacks_is_named() {
    let mut bytes = NUMBERS.to_vec();
    let at = bytes.windows(6).position(|part| part == b"scaler").unwrap();
    bytes[at..at + 6].copy_from_slice(b"warper");
    super::checkpoint_damage::seal(&mut bytes);
    match Model::from_bytes(&bytes).unwrap_err() {
        FileFault::Requires { names } => assert_eq!(names, ["warper"]),
        other => panic!("{other}"),
    }
    let words = Model::from_bytes(&bytes).unwrap_err().to_string();
    assert!(words.contains("warper") && words.contains("newer build"), "{words}");
}
