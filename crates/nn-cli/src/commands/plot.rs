//! `nn plot`.

use crate::cli::PlotArgs;
use crate::error::CliError;
use crate::model_file::{load_checkpoint, rows_and_columns};
use crate::run_figures::{confusion, curves, gradient_norms};
use crate::run_folder::data_given_or_of_run;
use crate::stdout;
use nn_core::{FullBatch, Network, NetworkError, TrainingConfig};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use nn_mlp::{Model, Predictor, TestViews};
use nn_plot::{ColourMap, Figure, ImageGrid, Picture};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Most neurons whose weights are drawn.
const MOST_NEURONS: usize = 100;
/// Images over which gradient norms are taken.
const GRADIENT_SAMPLES: usize = 1000;

type Backend = CpuTensor<f32>;

/// Draws a run, or a model's weights.
pub(crate) fn run(arguments: &PlotArgs) -> Result<(), CliError> {
    let (named, folder) = match (&arguments.run, &arguments.model) {
        (Some(run), _) => (run, run.join("figures")),
        (None, Some(model)) => (model, PathBuf::from(".")),
        (None, None) => return Err(CliError::Usage("give a run folder or --model".to_owned())),
    };
    let folder = arguments.out.clone().unwrap_or(folder);
    if let Some(file) = arguments.run.as_ref().filter(|run| run.is_file()) {
        let error =
            format!("{}: a file, not the folder of a run; give --model for it", file.display());
        return Err(CliError::Usage(error));
    }
    // Figures are of single views.
    let model = load_checkpoint(named)?.model.with_views(TestViews::default())?;
    let mut figures = vec![("weights".to_owned(), weights(&model))];
    if let (Some(run), false) = (&arguments.run, arguments.weights) {
        figures.extend(of_run(run, arguments.data.as_deref(), &model)?);
    }
    nn_files::create_folder(&folder).map_err(|cause| CliError::io("create", &folder, cause))?;
    for (stem, figure) in &figures {
        nn_plot::save(figure, &folder, stem)?;
        let path = folder.join(stem);
        stdout::line(format!("{}.svg and .png: {}", path.display(), figure.title()))?;
    }
    Ok(())
}

/// Curves from the metrics; confusion matrix and gradient norms from model and data.
fn of_run(
    run: &Path,
    data: Option<&Path>,
    model: &Model,
) -> Result<Vec<(String, Figure)>, CliError> {
    let mut figures = curves(&epochs(&run.join("metrics.jsonl"))?);
    let source = data_given_or_of_run(data, run);
    let data = source.load()?;
    let device = CpuDevice::available().map_err(NetworkError::from)?;
    let test = Predictor::<Backend>::new(model, &device)?.evaluate(&data.test)?;
    if let Some(classes) = test.classification {
        figures.push(("confusion".to_owned(), confusion(&classes.confusion)));
    }
    let count = data.train.len().min(GRADIENT_SAMPLES) as u32;
    let part = data.train.subset(&(0..count).collect::<Vec<_>>())?;
    let gradients = gradients_of_first(model, &part, &device)?;
    let title = subtitle(model);
    figures.push(("gradient-norms".to_owned(), gradient_norms(&gradients, count, &title)));
    Ok(figures)
}

/// The gradients of the first network on samples as it sees them.
fn gradients_of_first(
    model: &Model,
    data: &Dataset,
    device: &CpuDevice,
) -> Result<Vec<nn_tensor::Linear<Backend>>, CliError> {
    let member = &model.members()[0]; // a model has one: see `Model::from_parts`
    let seen = member.transforms.apply(data)?;
    let values = member.values.folded();
    let network = Network::<Backend>::from_values(device, &member.architecture, &values)?;
    let config = TrainingConfig { loss: model.loss(), ..TrainingConfig::default() };
    let mut cost = FullBatch::new(network, &seen, &config)?;
    let mut gradient = vec![0.0; cost.parameters().len()];
    cost.cost_and_gradient(&mut gradient)?;
    Ok(cost.into_gradients())
}

/// Which network of several a figure shows; nothing where there is one.
fn subtitle(model: &Model) -> String {
    match model.members().len() {
        1 => String::new(),
        count => format!(" of the first of {count} networks"),
    }
}

/// The epoch events of a run.
fn epochs(path: &Path) -> Result<Vec<Value>, CliError> {
    let text = fs::read_to_string(path).map_err(|cause| CliError::io("read", path, cause))?;
    let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let epochs: Vec<Value> = events.filter(|event| event["event"] == "epoch").collect();
    if epochs.is_empty() {
        return Err(CliError::Failed(format!("{}: no epoch is in it yet", path.display())));
    }
    Ok(epochs)
}

/// The neurons whose weights are drawn: all, or evenly spaced ones, since those of a locally connected layer lie
/// beside each other as their windows do.
fn drawn_neurons(neurons: usize) -> impl ExactSizeIterator<Item = usize> {
    let drawn = neurons.min(MOST_NEURONS);
    (0..drawn).map(move |index| index * neurons / drawn)
}

/// The first layer's weights, one picture for each neuron, in the form of a sample, or of the planes that
/// describe it.
fn weights(model: &Model) -> Figure {
    let member = &model.members()[0]; // a model has one: see `Model::from_parts`
    let values: Vec<f64> = member.values.layers[0].weight.to_elements();
    let inputs = member.architecture.inputs;
    let (height, width) = rows_and_columns(model.sample_shape());
    let neurons = member.architecture.widths()[1];
    let picture = |neuron: usize| {
        let values = &values[neuron * inputs..][..inputs];
        let caption = neuron.to_string();
        match member.transforms.picture(values) {
            Some(seen) => {
                Picture { caption, width: seen.width, height: seen.height, values: seen.values }
            }
            None => Picture { caption, width, height, values: values.to_vec() },
        }
    };
    let pictures: Vec<Picture> = drawn_neurons(neurons).map(picture).collect();
    let shown = pictures.len();
    Figure::Images(ImageGrid {
        title: format!(
            "Weights of the first layer{}, {shown} of {neurons} neurons",
            subtitle(model)
        ),
        columns: 10,
        pictures,
        colours: ColourMap::Signed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_are_drawn_all_or_evenly() {
        assert!(drawn_neurons(30).eq(0..30));
        let drawn: Vec<usize> = drawn_neurons(1568).collect();
        assert_eq!(drawn.len(), MOST_NEURONS);
        assert_eq!((drawn[0], drawn[1], drawn[99]), (0, 15, 1552));
    }
}
