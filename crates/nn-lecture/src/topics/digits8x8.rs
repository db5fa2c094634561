//! A data set of another image size: the 8x8 digits of scikit-learn.

use crate::range::Whole;
use crate::samples::{Samples, percent};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{
    Activation, Architecture, ConfusionMatrix, Initializer, Trainer, TrainingConfig, evaluate,
};
use nn_data::{DataError, Dataset, IdxValues, TrainTest, read_idx_from};
use nn_plot::{Axis, ColourMap, Curves, Figure, HeatMap, ImageGrid, Picture, Scale, Series};
use nn_tensor::Tensor;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "digits8x8",
    title: "Digits of 8 x 8 pixels",
    equations: &[],
    parameters: &[
        Parameter { name: "hidden", default: "32", meaning: "hidden neurons, 1 to 1024" },
        Parameter { name: "epochs", default: "30", meaning: "passes over the data, 1 to 1000" },
        Parameter { name: "seed", default: "1", meaning: "seed of weights and shuffles" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Number of hidden neurons.
    pub hidden: usize,
    /// Passes over the data.
    pub epochs: usize,
    /// Seed of weights and shuffles.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { hidden: 32, epochs: 30, seed: 1 }
    }
}

const HIDDEN: Whole = Whole(1, 1024);
const EPOCHS: Whole = Whole(1, 1000);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            hidden: typed.get("hidden", default.hidden, HIDDEN)?,
            epochs: typed.get("epochs", default.epochs, EPOCHS)?,
            seed: typed.get("seed", default.seed, "a whole number from 0")?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        let Self { hidden, epochs, .. } = *self;
        HIDDEN.check("hidden", hidden)?;
        EPOCHS.check("epochs", epochs)
    }
}

/// Largest grey value of the data set; its files scale it to 255.
const BLACK: f64 = 16.0;

/// Returns the 1,437 training and 360 test digits compiled into this crate, values 0 to 1.
///
/// Source and licence (CC BY 4.0) are in `data/digits8x8/README.md`.
///
/// # Errors
/// Returns an error only if the embedded files are damaged, which the tests exclude.
pub fn embedded() -> Result<TrainTest, DataError> {
    const TRAIN_IMAGES: &[u8] =
        include_bytes!("../../../../data/digits8x8/train-images-idx3-ubyte.gz");
    const TRAIN_LABELS: &[u8] =
        include_bytes!("../../../../data/digits8x8/train-labels-idx1-ubyte.gz");
    const TEST_IMAGES: &[u8] =
        include_bytes!("../../../../data/digits8x8/t10k-images-idx3-ubyte.gz");
    const TEST_LABELS: &[u8] =
        include_bytes!("../../../../data/digits8x8/t10k-labels-idx1-ubyte.gz");
    TrainTest::matched(pair(TRAIN_IMAGES, TRAIN_LABELS)?, pair(TEST_IMAGES, TEST_LABELS)?)
}

fn pair(images: &[u8], labels: &[u8]) -> Result<Dataset, DataError> {
    let bytes = |file, name| {
        let (_, values) = read_idx_from(file, name)?.into_parts();
        Ok::<_, DataError>(match values {
            IdxValues::U8(bytes) => bytes,
            // make.py writes bytes only; any other type would be refused below as empty.
            _ => Vec::new(),
        })
    };
    let pixels = bytes(images, "embedded 8x8 images")?;
    let labels = bytes(labels, "embedded 8x8 labels")?;
    // make.py scaled sixteenths to bytes; rounding restores scikit-learn's values to the last bit.
    let grey = |pixel: u8| (f64::from(pixel) * BLACK / 255.0).round() / BLACK;
    let values = pixels.into_iter().map(grey).collect();
    Dataset::classification(values, 64, labels.into_iter().map(u32::from).collect(), 10)
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Accuracy on the training set.
    pub train_accuracy: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// Training accuracy by epoch.
    pub curve: Vec<f64>,
    /// Confusion matrix of the test set.
    pub confusion: Option<ConfusionMatrix>,
    /// The first images.
    pub shown: Vec<Picture>,
    /// Number of weights and biases.
    pub parameters: usize,
}

/// Trains a network with one hidden layer on the 8x8 digits.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or data, or a failed computation.
pub fn run<S: Tensor<Elem = f32>>(
    settings: &Settings,
    device: &S::Device,
) -> Result<Data, LectureError> {
    settings.validate()?;
    let data = embedded()?;
    let architecture = Architecture {
        inputs: data.train.input_width(),
        hidden: vec![settings.hidden],
        outputs: data.train.output_width(),
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig {
        epochs: settings.epochs,
        batch: 32,
        seed: settings.seed,
        initializer: Initializer::HeUniform,
        ..TrainingConfig::default()
    };
    let mut trainer = Trainer::<S>::new(device, &architecture, &config, &data.train, None)?;
    trainer.run(&mut ())?;
    let train = evaluate(trainer.network(), &data.train, config.loss)?;
    let test = evaluate(trainer.network(), &data.test, config.loss)?;
    let samples = Samples::new(TOPIC.name, &data.train)?;
    let picture = |sample: usize| Picture {
        caption: samples.label(sample).to_string(),
        width: 8,
        height: 8,
        values: samples.pixels(sample),
    };
    Ok(Data {
        train_accuracy: train.accuracy().unwrap_or(0.0),
        test_accuracy: test.accuracy().unwrap_or(0.0),
        curve: trainer.history().iter().filter_map(|epoch| epoch.train_accuracy).collect(),
        confusion: test.classification.map(|classification| classification.confusion),
        shown: (0..20.min(samples.len())).map(picture).collect(),
        parameters: architecture.parameter_count(),
    })
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Data) -> Report {
    let (train, test) = (percent(data.train_accuracy), percent(data.test_accuracy));
    let sentence = format!(
        "A network of {} weights and biases has an accuracy of {train} on the 1437 training digits \
         and {test} on the 360 test digits",
        data.parameters
    );
    let header = ["parameters", "training", "test"];
    let row = [data.parameters.to_string(), train.clone(), test.clone()];
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![Claim::new(sentence, [("training accuracy", train), ("test accuracy", test)])],
        tables: vec![Table::new("Accuracy", &header).row(row)],
        figures: figures(data),
        code: vec![CodeReference {
            equation: "training, with the input size of the data",
            function: "run",
            file: "crates/nn-lecture/src/topics/digits8x8.rs",
        }],
    }
}

fn figures(data: &Data) -> Vec<(String, Figure)> {
    let images = ImageGrid {
        title: "8 x 8 digits with their labels".to_owned(),
        columns: 10,
        pictures: data.shown.clone(),
        colours: ColourMap::Ink,
    };
    let points = data.curve.iter().enumerate().map(|(i, a)| ((i + 1) as f64, 100.0 * a)).collect();
    let curve = Curves {
        title: "8 x 8 digits: accuracy by epoch".to_owned(),
        x: Axis::linear("epoch"),
        y: Axis::linear("training accuracy (%)"),
        series: vec![Series::line("", points)],
    };
    let mut figures = vec![
        ("digits8x8-images".to_owned(), Figure::Images(images)),
        ("digits8x8-accuracy".to_owned(), Figure::Curves(curve)),
    ];
    if let Some(confusion) = &data.confusion {
        let classes = confusion.classes();
        let names: Vec<_> = (0..classes).map(|class| class.to_string()).collect();
        let pairs = (0..classes).flat_map(|row| (0..classes).map(move |column| (row, column)));
        let map = HeatMap {
            title: "8 x 8 test digits: confusion matrix".to_owned(),
            x: "predicted class".to_owned(),
            y: "true class".to_owned(),
            column_names: names.clone(),
            row_names: names,
            values: pairs.map(|(row, column)| confusion.count(row, column) as f64).collect(),
            scale: Scale::Log,
        };
        figures.push(("digits8x8-confusion".to_owned(), Figure::HeatMap(map)));
    }
    figures
}
