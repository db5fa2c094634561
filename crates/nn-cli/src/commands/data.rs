//! `nn data info` and `nn data sheet`.

use super::test::{samples_in_a_line, show_samples};
use crate::cli::{DataCommand, DataInfoArgs, SheetArgs};
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::mistakes::pixels_of;
use crate::model_file::{rows_and_columns, shape_in_words};
use crate::picture::{Tile, save_png, sheet};
use crate::progress::thousands;
use crate::table::{self, Side};
use crate::{stderr, stdout};
use nn_data::{Dataset, Inputs, epoch_order};
use serde_json::{Value, json};

/// Samples of a sheet stand side by side up to this many.
const COLUMNS: usize = 10;

/// Above this many classes their counts are summed up.
const MOST_LISTED: usize = 50;

/// Looks at data.
pub(crate) fn run(command: DataCommand) -> Result<(), CliError> {
    match command {
        DataCommand::Info(arguments) => info(&arguments),
        DataCommand::Sheet(arguments) => contact_sheet(&arguments),
        DataCommand::Augment(arguments) => super::augment::run(&arguments),
    }
}

fn info(arguments: &DataInfoArgs) -> Result<(), CliError> {
    let (data, source) = DataSource::load_given(arguments.data.as_deref())?;
    let sets = [("train", &data.train), ("test", &data.test)];
    if arguments.format.is_json() {
        return sets
            .iter()
            .try_for_each(|(name, set)| stdout::line(describe(name, set, &source).to_string()));
    }
    let [train, test] = sets.map(|(_, set)| Pixels::of(set));
    let classes = data.train.classes().unwrap_or(0);
    let row = |name: &str, train: String, test: String| vec![name.to_owned(), train, test];
    let count = |set: &Dataset| thousands(set.len() as u64);
    let mut rows = vec![
        row("", "training".into(), "test".into()),
        row("samples", count(&data.train), count(&data.test)),
        row(
            "shape",
            shape_in_words(data.train.sample_shape()),
            shape_in_words(data.test.sample_shape()),
        ),
        row("smallest value", train.smallest.to_string(), test.smallest.to_string()),
        row("largest value", train.largest.to_string(), test.largest.to_string()),
        row("mean", format!("{:.3}", train.mean), format!("{:.3}", test.mean)),
        row(
            "standard deviation",
            format!("{:.3}", train.deviation),
            format!("{:.3}", test.deviation),
        ),
        row("zeros", share(train.zeros), share(test.zeros)),
    ];
    if classes <= MOST_LISTED {
        let counts = data.train.class_counts().into_iter().zip(data.test.class_counts());
        for (class, (train, test)) in counts.enumerate() {
            let [train, test] = [train, test].map(|count| thousands(count as u64));
            rows.push(row(&format!("class {class}"), train, test));
        }
    } else {
        rows.push(row("classes", thousands(classes as u64), thousands(classes as u64)));
    }
    stdout::line(format!("{source}\n"))?;
    table::lines(&rows, &[Side::Left, Side::Right]).iter().try_for_each(stdout::line)
}

fn share(fraction: f64) -> String {
    format!("{:.1} %", fraction * 100.0)
}

/// Statistics of the values of a set, as they stand in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pixels {
    smallest: f64,
    largest: f64,
    mean: f64,
    deviation: f64,
    zeros: f64,
}

impl Pixels {
    fn of(set: &Dataset) -> Self {
        match set.inputs() {
            Inputs::Bytes(bytes) => {
                let mut counts = [0_u64; 256];
                bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
                let values = (0..=255_u8).map(f64::from).zip(counts);
                Self::from_counts(values)
            }
            Inputs::Values(values) => Self::from_counts(values.iter().map(|&value| (value, 1))),
        }
    }

    /// From values, each with how often it occurs. All zeros for no values.
    fn from_counts(values: impl Iterator<Item = (f64, u64)> + Clone) -> Self {
        let values = values.filter(|(_, times)| *times > 0);
        let count: u64 = values.clone().map(|(_, times)| times).sum();
        if count == 0 {
            return Self::default();
        }
        let mean_of = |function: &dyn Fn(f64) -> f64| {
            let sum: f64 =
                values.clone().map(|(value, times)| function(value) * times as f64).sum();
            sum / count as f64
        };
        let mean = mean_of(&|value| value);
        Self {
            smallest: values.clone().map(|(value, _)| value).fold(f64::INFINITY, f64::min),
            largest: values.clone().map(|(value, _)| value).fold(f64::NEG_INFINITY, f64::max),
            mean,
            deviation: mean_of(&|value| (value - mean).powi(2)).sqrt(),
            zeros: mean_of(&|value| if value == 0.0 { 1.0 } else { 0.0 }),
        }
    }
}

fn describe(name: &str, set: &Dataset, source: &DataSource) -> Value {
    let pixels = Pixels::of(set);
    json!({
        "event": "data",
        "data": source.to_string(),
        "set": name,
        "count": set.len(),
        "sample_shape": set.sample_shape(),
        "classes": set.classes(),
        "class_counts": set.class_counts(),
        "smallest": pixels.smallest,
        "largest": pixels.largest,
        "mean": pixels.mean,
        "standard_deviation": pixels.deviation,
        "zeros": pixels.zeros,
    })
}

fn contact_sheet(arguments: &SheetArgs) -> Result<(), CliError> {
    let (data, _) = DataSource::load_given(arguments.data.as_deref())?;
    let set = if arguments.test { &data.test } else { &data.train };
    let samples = choose(set, arguments)?;
    match &arguments.out {
        Some(path) => {
            let (height, width) = rows_and_columns(set.sample_shape());
            let tile = |&sample: &usize| Tile {
                sample: pixels_of(set, sample),
                caption: set.label(sample).map_or(String::new(), |label| label.to_string()),
            };
            let tiles: Vec<Tile> = samples.iter().map(tile).collect();
            save_png(&sheet(&tiles, height, width, COLUMNS), path)?;
            stderr::note(format!("{}: {} images", path.display(), samples.len()));
            if stdout::is_terminal() { show(set, &samples) } else { Ok(()) }
        }
        None => show(set, &samples),
    }
}

/// The images in the terminal, each line of them with its labels below.
fn show(set: &Dataset, samples: &[usize]) -> Result<(), CliError> {
    let (_, width) = rows_and_columns(set.sample_shape());
    let width = width.min(usize::from(u16::MAX)); // what a format string takes
    for line in samples.chunks(samples_in_a_line(set)) {
        show_samples(set, line, 1)?;
        let label = |&sample: &usize| {
            let label = set.label(sample).map_or(String::new(), |label| label.to_string());
            format!("{label:^width$}")
        };
        stdout::line(line.iter().map(label).collect::<Vec<_>>().join(" ").trim_end())?;
    }
    Ok(())
}

/// Which images a sheet shows: drawn at random, one of each class in turn, so that ten classes
/// stand in ten columns.
fn choose(set: &Dataset, arguments: &SheetArgs) -> Result<Vec<usize>, CliError> {
    let wanted = |label: Option<u32>| arguments.class.is_none_or(|class| label == Some(class));
    let mut drawn_of = vec![0; set.classes().unwrap_or(1)];
    let mut samples = Vec::new();
    for sample in epoch_order(arguments.seed, 0, set.len()) {
        let label = set.label(sample as usize);
        if wanted(label) {
            let round = &mut drawn_of[label.unwrap_or(0) as usize];
            samples.push((*round, label, sample as usize));
            *round += 1;
        }
    }
    samples.sort_unstable();
    samples.truncate(arguments.count);
    if !samples.is_empty() {
        return Ok(samples.into_iter().map(|(_, _, sample)| sample).collect());
    }
    Err(CliError::Failed(match arguments.class {
        Some(class) => format!("there is no image of class {class}"),
        None => "the set is empty: there is nothing to show".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_a_few_pixels() {
        let set = Dataset::from_images(vec![0, 0, 4, 8], &[2, 2], vec![0], 1).unwrap();
        let pixels = Pixels::of(&set);
        assert_eq!((pixels.smallest, pixels.largest, pixels.mean), (0.0, 8.0, 3.0));
        assert_eq!(pixels.zeros, 0.5);
        assert!((pixels.deviation - 11.0_f64.sqrt()).abs() < 1e-12);
    }
}
