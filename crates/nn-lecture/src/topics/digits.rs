//! The data: images as input of a network, eqs. (90) and (91).

use crate::range::Whole;
use crate::samples::{Samples, percent};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_data::TrainTest;
use nn_plot::{Axis, Bars, ColourMap, Figure, Histogram, ImageGrid, Picture};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "digits",
    title: "The data",
    equations: &[90, 91],
    parameters: &[
        Parameter { name: "first", default: "0", meaning: "first image shown, counted from 0" },
        Parameter { name: "count", default: "20", meaning: "number of images shown, 1 to 400" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The first image shown.
    pub first: usize,
    /// Number of images shown.
    pub count: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { first: 0, count: 20 }
    }
}

const COUNT: Whole = Whole(1, 400);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        let first = typed.get("first", default.first, "a whole number from 0")?;
        Ok(Self { first, count: typed.get("count", default.count, COUNT)? })
    }

    /// Checks that every setting is in its range for a training set of `samples`.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self, samples: usize) -> Result<(), LectureError> {
        COUNT.check("count", self.count)?;
        let below = format!("below {samples}, the number of training images");
        LectureError::check("first", self.first, self.first < samples, &below)
    }
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Training samples of each class.
    pub train_counts: Vec<usize>,
    /// Test samples of each class.
    pub test_counts: Vec<usize>,
    /// Height and width of an image.
    pub shape: (usize, usize),
    /// Some images, with their labels.
    pub shown: Vec<Picture>,
    /// The mean image of each class.
    pub means: Vec<Picture>,
    /// Fraction of the training images in which each pixel is inked.
    pub inked: Vec<f64>,
    /// Mean of all pixel values of the training set.
    pub mean_pixel: f64,
}

/// Computes statistics of the data.
///
/// # Errors
/// Returns [`LectureError::Parameter`] for an invalid setting, [`LectureError::Data`] for data
/// without classes.
pub fn run(settings: &Settings, data: &TrainTest) -> Result<Data, LectureError> {
    let train = Samples::new(TOPIC.name, &data.train)?;
    settings.validate(train.len())?;
    let last = settings.first.saturating_add(settings.count).min(train.len());
    let shown = (settings.first..last)
        .map(|sample| train.picture(train.label(sample).to_string(), train.pixels(sample)))
        .collect();
    let train_counts = data.train.class_counts();
    let (means, inked) = averages(&train, &train_counts);
    let total: f64 = means
        .iter()
        .zip(&train_counts)
        .map(|(mean, &count)| mean.values.iter().sum::<f64>() * count as f64)
        .sum();
    Ok(Data {
        test_counts: data.test.class_counts(),
        shape: train.picture_shape(),
        shown,
        mean_pixel: total / (train.len() * train.width()) as f64,
        means,
        inked,
        train_counts,
    })
}

/// Computes the mean image of each class, and the fraction of images in which each pixel is inked.
fn averages(train: &Samples<'_>, counts: &[usize]) -> (Vec<Picture>, Vec<f64>) {
    let mut sums = vec![vec![0.0; train.width()]; train.classes()];
    let mut inked = vec![0.0; train.width()];
    for sample in 0..train.len() {
        let sum = &mut sums[train.label(sample)];
        train.for_each_pixel(sample, |pixel, value| {
            sum[pixel] += value;
            inked[pixel] += f64::from(u8::from(value != 0.0));
        });
    }
    inked.iter_mut().for_each(|count| *count /= train.len() as f64);
    let means = sums.into_iter().zip(counts).enumerate().map(|(class, (mut sum, &count))| {
        sum.iter_mut().for_each(|value| *value /= count.max(1) as f64);
        train.picture(format!("mean of {class}"), sum)
    });
    (means.collect(), inked)
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Data) -> Report {
    let (height, width) = data.shape;
    let never = data.inked.iter().filter(|&&share| share == 0.0).count();
    let ink = data.inked.iter().sum::<f64>() / data.inked.len() as f64;
    let samples: usize = data.train_counts.iter().sum();
    let claims = vec![
        Claim::new(
            format!(
                "An image is a vector of {} numbers ({height} x {width} pixels), 0 white to 1 \
                 black; the output is one of {} classes",
                height * width,
                data.train_counts.len()
            ),
            [("p", (height * width).to_string()), ("K", data.train_counts.len().to_string())],
        ),
        Claim::new(
            format!(
                "{} of all pixels of the {samples} training images are white, and {never} of the \
                 {} positions are white in every image",
                percent(1.0 - ink),
                data.inked.len()
            ),
            [("mean pixel", format!("{:.4}", data.mean_pixel)), ("never inked", never.to_string())],
        ),
    ];
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims,
        tables: vec![table(data)],
        figures: figures(data),
        code: vec![
            CodeReference {
                equation: "(90)",
                function: "Predictor::predict_bytes",
                file: "crates/nn-core/src/predictor.rs",
            },
            CodeReference {
                equation: "(91)",
                function: "Samples::pixels",
                file: "crates/nn-lecture/src/samples.rs",
            },
        ],
    }
}

fn table(data: &Data) -> Table {
    let counts = data.train_counts.iter().zip(&data.test_counts).enumerate();
    let table = Table::new("Images of each class", &["class", "training", "test"]);
    counts.fold(table, |table, (class, (train, test))| {
        table.row([class.to_string(), train.to_string(), test.to_string()])
    })
}

fn figures(data: &Data) -> Vec<(String, Figure)> {
    let grid = |title: &str, columns, pictures: &[Picture]| {
        let (title, pictures) = (title.to_owned(), pictures.to_vec());
        Figure::Images(ImageGrid { title, columns, pictures, colours: ColourMap::Ink })
    };
    let heights = |counts: &[usize]| counts.iter().map(|&count| count as f64).collect();
    let bars = Bars {
        title: "Images of each class".to_owned(),
        x: "class".to_owned(),
        y: Axis::linear("images"),
        names: (0..data.train_counts.len()).map(|class| class.to_string()).collect(),
        series: vec![
            ("training".to_owned(), heights(&data.train_counts)),
            ("test".to_owned(), heights(&data.test_counts)),
        ],
    };
    let ink = Histogram {
        title: "Pixels by the share of images in which they are inked".to_owned(),
        x: Axis::linear("share of images in which a pixel is inked (%)"),
        bins: 40,
        values: data.inked.iter().map(|share| 100.0 * share).collect(),
    };
    vec![
        ("digits-images".to_owned(), grid("Training images with their labels", 10, &data.shown)),
        ("digits-means".to_owned(), grid("The mean image of each class", 5, &data.means)),
        ("digits-counts".to_owned(), Figure::Bars(bars)),
        ("digits-ink".to_owned(), Figure::Histogram(ink)),
    ]
}
