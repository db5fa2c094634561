//! `nn plot`.

use crate::cli::PlotArgs;
use crate::error::CliError;
use crate::model_file::{load_checkpoint, rows_and_columns};
use crate::run_figures::{confusion, curves, gradient_norms};
use crate::run_folder::data_given_or_of_run;
use crate::stdout;
use nn_core::gradient_check::gradients;
use nn_core::{Committee, Model, TrainingConfig, evaluate_committee};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_images::GradientEncoder;
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
    let model = load_checkpoint(named)?.model;
    let mut figures = vec![("weights".to_owned(), weights(&model))];
    if let (Some(run), false) = (&arguments.run, arguments.weights) {
        figures.extend(of_run(run, arguments.data.as_deref(), &model)?);
    }
    fs::create_dir_all(&folder).map_err(|cause| CliError::io("create", &folder, cause))?;
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
    let device = CpuDevice::available().map_err(nn_core::NetworkError::from)?;
    let networks = model.to_networks::<Backend>(&device)?;
    let mut committee = Committee::of_model(model, &networks)?;
    if let Some(classes) = evaluate_committee(&mut committee, &data.test)?.classification {
        figures.push(("confusion".to_owned(), confusion(&classes.confusion)));
    }
    let count = data.train.len().min(GRADIENT_SAMPLES) as u32;
    let part = model.shown(&data.train.subset(&(0..count).collect::<Vec<_>>())?)?;
    let config = TrainingConfig { loss: model.loss, ..TrainingConfig::default() };
    let network = model.folded().to_network::<Backend>(&device)?;
    let gradients = gradients(&network, &part, &config)?;
    let whose = whose(model);
    figures.push(("gradient-norms".to_owned(), gradient_norms(&gradients, count, &whose)));
    Ok(figures)
}

/// Of which network of several a figure is; nothing where there is one.
fn whose(model: &Model) -> String {
    match model.companions.len() {
        0 => String::new(),
        others => format!(" of the first of {} networks", others + 1),
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

/// The neurons whose weights are drawn: all, or as many as there is room for, evenly over the layer, since those
/// with receptive fields lie beside each other as their windows do.
fn drawn_neurons(neurons: usize) -> impl ExactSizeIterator<Item = usize> {
    let drawn = neurons.min(MOST_NEURONS);
    (0..drawn).map(move |index| index * neurons / drawn)
}

/// The first layer's weights, one picture for each neuron, in the form of a sample, or of the planes that
/// describe it.
fn weights(model: &Model) -> Figure {
    let values: Vec<f64> = model.layers[0].weight.to_elements();
    let inputs = model.architecture.inputs;
    let (height, width) = match model.preprocessing.directions {
        true => (GradientEncoder::PICTURE_SIDE, GradientEncoder::PICTURE_SIDE),
        false => rows_and_columns(&model.sample_shape),
    };
    let neurons = model.architecture.widths()[1];
    let picture = |neuron: usize| {
        let values = &values[neuron * inputs..][..inputs];
        let values = if model.preprocessing.directions {
            GradientEncoder::picture(values)
        } else {
            values.to_vec()
        };
        Picture { caption: neuron.to_string(), width, height, values }
    };
    let pictures: Vec<Picture> = drawn_neurons(neurons).map(picture).collect();
    let shown = pictures.len();
    Figure::Images(ImageGrid {
        title: format!("Weights of the first layer{}, {shown} of {neurons} neurons", whose(model)),
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
