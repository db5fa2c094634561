//! `nn test`.

use crate::backend::{self, WorkInOwn};
use crate::cli::TestArgs;
use crate::data_source::FilePair;
use crate::error::CliError;
use crate::mistakes::{draw_mistakes, pixels_of, worst_mistakes};
use crate::model_file::{load_model, rows_and_columns};
use crate::output_path;
use crate::run_folder::{data_given_or_of_run, find_model};
use crate::stdout::{self, terminal_width};
use crate::terminal_picture::{Ink, render};
use crate::{stderr, test_report};
use nn_data::Dataset;
use nn_mlp::{Evaluation, Model, Predictor, TestViews};
use nn_tensor::Tensor;

/// How many mistakes a picture shows.
const DRAWN: usize = 64;

/// Tests a model.
pub(crate) fn run(arguments: TestArgs) -> Result<(), CliError> {
    let model = load_model(&arguments.model)?;
    // Found out after a long test, it would cost that.
    expect_picture(&arguments)?;
    let (data, source) = load(&arguments, &model)?;
    let model = with_views(model, &arguments)?;
    backend::run_in(model.element_name(), arguments.device, Test { arguments, model, data, source })
}

/// Refuses a picture of the mistakes that cannot be written, or would take the place of what is read.
fn expect_picture(arguments: &TestArgs) -> Result<(), CliError> {
    let Some(picture) = &arguments.mistakes else { return Ok(()) };
    let model = find_model(&arguments.model.model);
    for input in [Some(&model), arguments.images.as_ref(), arguments.labels.as_ref()] {
        input.map_or(Ok(()), |input| output_path::expect_not_input(picture, input))?;
    }
    output_path::expect_writable(picture)
}

/// The test set, and its name.
fn load(arguments: &TestArgs, model: &Model) -> Result<(Dataset, String), CliError> {
    let (mut data, source) = match (&arguments.images, &arguments.labels) {
        (Some(images), Some(labels)) => {
            let pair = FilePair { images: images.clone(), labels: labels.clone() };
            (pair.load()?, images.display().to_string())
        }
        _ => {
            // A run is tested on the test set of its own data.
            let given = arguments.data.as_deref();
            let source = data_given_or_of_run(given, &arguments.model.model);
            (source.load()?.test, source.to_string())
        }
    };
    // A test set may happen to lack the highest classes.
    let outputs = model.outputs();
    if data.classes().is_some_and(|classes| classes < outputs) {
        data = data.with_classes(outputs)?;
    }
    Ok((data, source))
}

/// A test that waits for its backend.
struct Test {
    arguments: TestArgs,
    model: Model,
    data: Dataset,
    source: String,
}

impl WorkInOwn for Test {
    type Output = ();

    fn run<T: Tensor>(self, device: &T::Device) -> Result<(), CliError> {
        let Self { arguments, model, data, source } = self;
        let views = model.parts().views;
        let mut predictor = Predictor::<T>::new(&model, device)?;
        let test = predictor.evaluate(&data)?;
        let json = arguments.format.is_json();
        if !json {
            test_report::print(&model, &source, &test, views.count())?;
        }
        let show = !json && stdout::is_terminal();
        if arguments.mistakes.is_some() || show {
            let mistakes = worst_mistakes(&mut predictor, &data, model.loss(), DRAWN)?;
            if let Some(path) = &arguments.mistakes {
                draw_mistakes(&mistakes, &data, path)?;
                stderr::note(format!("{}: the {} worst mistakes", path.display(), mistakes.len()));
            }
            if show && !mistakes.is_empty() {
                let samples: Vec<usize> = mistakes.iter().map(|mistake| mistake.sample).collect();
                stdout::line("\nWorst mistakes")?;
                show_samples(&data, &samples, 1)?;
                let words = mistakes.iter().take(samples_in_a_line(&data)).map(|mistake| {
                    format!(
                        "{}→{} ({:.0} %)",
                        mistake.label,
                        mistake.answer,
                        mistake.output * 100.0
                    )
                });
                stdout::line(words.collect::<Vec<_>>().join(", "))?;
            }
        }
        if json {
            let events = test_report::events(&model, &source, &test, views.count());
            events.iter().try_for_each(|event| stdout::line(event.to_string()))?;
        }
        check_bar(&test, arguments.min_accuracy)
    }
}

/// The model with the test views that are asked for, or else with its own.
fn with_views(model: Model, arguments: &TestArgs) -> Result<Model, CliError> {
    let TestArgs { shifts, copies, strength, .. } = *arguments;
    if (shifts, copies) == (None, None) {
        return Ok(model);
    }
    let (shifts, copies) = (shifts.unwrap_or_default(), copies.unwrap_or_default());
    Ok(model.with_views(TestViews { shifts, copies, strength })?)
}

/// How many samples fit side by side into a line of the terminal.
pub(crate) fn samples_in_a_line(data: &Dataset) -> usize {
    let (_, width) = rows_and_columns(data.sample_shape());
    ((terminal_width() + 1) / (width + 1)).max(1)
}

/// Shows samples in the terminal, at most `lines` lines of them.
pub(crate) fn show_samples(
    data: &Dataset,
    samples: &[usize],
    lines: usize,
) -> Result<(), CliError> {
    let (height, width) = rows_and_columns(data.sample_shape());
    for line in samples.chunks(samples_in_a_line(data)).take(lines) {
        let pixels: Vec<Vec<u8>> = line.iter().map(|&sample| pixels_of(data, sample)).collect();
        let pixels: Vec<&[u8]> = pixels.iter().map(Vec::as_slice).collect();
        let lines = render(&pixels, height, width, Ink::for_stdout());
        lines.iter().try_for_each(stdout::line)?;
    }
    Ok(())
}

fn check_bar(test: &Evaluation, min_accuracy: Option<f64>) -> Result<(), CliError> {
    let Some(bar) = min_accuracy else { return Ok(()) };
    match crate::training_report::accuracy(test) {
        Some(accuracy) if accuracy >= bar => Ok(()),
        Some(accuracy) => {
            let error = format!("accuracy {accuracy} is below the bar of {bar} (--min-accuracy)");
            Err(CliError::Failed(error))
        }
        None => Err(CliError::Failed("there is no accuracy to compare with --min-accuracy".into())),
    }
}
