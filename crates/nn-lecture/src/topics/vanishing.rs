//! The vanishing gradient: the gradient norm of each layer of a deep network, by repeated
//! application of eq. (119).

use crate::fit::{dataset, full_batch, short};
use crate::range::Whole;
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss, Network, TrainingConfig};
use nn_data::Dataset;
use nn_plot::{Axis, Curves, Figure, Series, Style};
use nn_tensor::Tensor;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "vanishing",
    title: "The vanishing gradient in deep networks",
    equations: &[104, 105, 119],
    parameters: &[
        Parameter { name: "depth", default: "10", meaning: "hidden layers, 2 to 50" },
        Parameter { name: "width", default: "30", meaning: "neurons per hidden layer, 1 to 500" },
        Parameter { name: "samples", default: "100", meaning: "training images, 1 to 1000" },
        Parameter { name: "seed", default: "1", meaning: "seed of the weights" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Number of hidden layers.
    pub depth: usize,
    /// Neurons per hidden layer.
    pub width: usize,
    /// Number of images.
    pub samples: usize,
    /// Seed of the weights.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { depth: 10, width: 30, samples: 100, seed: 1 }
    }
}

const DEPTH: Whole = Whole(2, 50);
const WIDTH: Whole = Whole(1, 500);
const SAMPLES: Whole = Whole(1, 1000);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            depth: typed.get("depth", default.depth, DEPTH)?,
            width: typed.get("width", default.width, WIDTH)?,
            samples: typed.get("samples", default.samples, SAMPLES)?,
            seed: typed.get("seed", default.seed, "a whole number")?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        DEPTH.check("depth", self.depth)?;
        WIDTH.check("width", self.width)?;
        SAMPLES.check("samples", self.samples)
    }
}

/// A kind of network and its initialisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// Short name.
    pub name: &'static str,
    /// σ of the hidden layers.
    pub activation: Activation,
    /// Weight initialisation.
    pub initializer: Initializer,
    /// Factor of the initial weights.
    pub gain: f64,
}

/// The networks compared.
///
/// Glorot's scale is derived for tanh; the derivative of the sigmoid is a quarter of that of tanh,
/// hence the factor 4.
pub const KINDS: [Kind; 5] = [
    kind("sigmoid, Glorot", Activation::Sigmoid, Initializer::GlorotUniform, 1.0),
    kind("sigmoid, 4 x Glorot", Activation::Sigmoid, Initializer::GlorotUniform, 4.0),
    kind("tanh, Glorot", Activation::Tanh, Initializer::GlorotUniform, 1.0),
    kind("ReLU, Glorot", Activation::Relu, Initializer::GlorotUniform, 1.0),
    kind("ReLU, He", Activation::Relu, Initializer::HeUniform, 1.0),
];

const fn kind(
    name: &'static str,
    activation: Activation,
    initializer: Initializer,
    gain: f64,
) -> Kind {
    Kind { name, activation, initializer, gain }
}

/// The gradients of one kind of network.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The kind.
    pub kind: Kind,
    /// ‖∂C/∂W^l‖ / √(number of weights) of each layer, in order.
    pub per_weight: Vec<f64>,
}

impl Measured {
    /// Returns the ratio of the second to the last hidden layer, whose inputs are both activations.
    #[must_use]
    pub fn first_over_last(&self) -> f64 {
        let hidden = &self.per_weight[1..self.per_weight.len() - 1];
        hidden[0] / hidden[hidden.len() - 1]
    }
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Gradients of networks on images.
    pub measured: Vec<Measured>,
    /// ∂C/∂b^l in a chain of single sigmoid neurons, by backpropagation.
    pub chain: Vec<f64>,
    /// The same by the closed form.
    pub chain_closed_form: Vec<f64>,
}

/// Measures every kind of network on the first images of `data`, and the chain.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting, data without classes, or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    data: &Dataset,
) -> Result<Gradients, LectureError> {
    settings.validate()?;
    let Some(classes) = data.classes() else {
        let found = "numbers without classes".to_owned();
        return Err(LectureError::Data { topic: TOPIC.name, needs: "labelled images", found });
    };
    let few: Vec<u32> = (0..settings.samples.min(data.len()) as u32).collect();
    let data = data.subset(&few)?;
    let measured: Result<Vec<_>, _> =
        KINDS.iter().map(|&kind| measure::<D>(settings, device, &data, classes, kind)).collect();
    Ok(Gradients {
        measured: measured?,
        chain: chain::<D>(settings.depth, device)?,
        chain_closed_form: chain_closed_form(settings.depth),
    })
}

fn measure<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    data: &Dataset,
    classes: usize,
    kind: Kind,
) -> Result<Measured, LectureError> {
    let architecture = Architecture {
        inputs: data.input_width(),
        hidden: vec![settings.width; settings.depth],
        outputs: classes,
        activation: kind.activation,
        output_activation: Activation::Identity,
    };
    let mut network = Network::<D>::new(device, &architecture, kind.initializer, settings.seed)?;
    for layer in network.layers_mut() {
        let weights: Vec<f64> = layer.weight.to_vec().iter().map(|w| kind.gain * w).collect();
        layer.weight.write(&weights);
    }
    let config = TrainingConfig { loss: Loss::CrossEntropy, ..TrainingConfig::default() };
    let mut cost = FullBatch::new(network, data, &config)?;
    let mut gradient = vec![0.0; cost.parameters().len()];
    cost.cost_and_gradient(&mut gradient)?;
    let mut rest = gradient.as_slice();
    let mut per_weight = Vec::new();
    for shape in architecture.weight_shapes() {
        let (weights, after) = rest.split_at(shape.len());
        let squared: f64 = weights.iter().map(|g| g * g).sum();
        per_weight.push((squared / shape.len() as f64).sqrt());
        rest = &after[shape.rows..];
    }
    Ok(Measured { kind, per_weight })
}

/// Input, target, weight and bias of the chain.
const CHAIN: (f64, f64, f64, f64) = (0.5, 1.0, 1.0, 0.0);

/// Computes ∂C/∂b^l of a 1-1-…-1 network with a linear output, C = (y - a)².
fn chain<D: Tensor<Elem = f64>>(
    depth: usize,
    device: &D::Device,
) -> Result<Vec<f64>, LectureError> {
    let (x, y, weight, bias) = CHAIN;
    let architecture = crate::fit::one_to_one(vec![1; depth], Activation::Sigmoid);
    let fresh = (Initializer::GlorotUniform, 1);
    let data = dataset(&[x], &[y])?;
    let mut cost = full_batch::<D>(device, &architecture, fresh, &data, Loss::SquaredError)?;
    let parameters: Vec<f64> = [weight, bias].repeat(depth + 1);
    cost.set_parameters(&parameters);
    let mut gradient = vec![0.0; parameters.len()];
    cost.cost_and_gradient(&mut gradient)?;
    Ok(gradient.chunks_exact(2).map(|layer| layer[1]).collect())
}

/// Computes the product of eq. (119): δ^l = 2 (a^L - y) Π_{k=l+1}^{L} w · Π_{k=l}^{L-1} σ'(z^k).
fn chain_closed_form(depth: usize) -> Vec<f64> {
    let (x, y, weight, bias) = CHAIN;
    let mut activations = vec![x];
    for _ in 0..depth {
        let z = weight * activations[activations.len() - 1] + bias;
        activations.push(1.0 / (1.0 + (-z).exp()));
    }
    let output = weight * activations[depth] + bias;
    let delta = |layer: usize| {
        let slopes: f64 = activations[layer..].iter().map(|a| a * (1.0 - a)).product();
        2.0 * (output - y) * weight.powi((depth + 1 - layer) as i32) * slopes
    };
    (1..=depth).map(delta).chain([2.0 * (output - y)]).collect()
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Gradients) -> Report {
    let ratio = |name: &str| {
        let measured = data.measured.iter().find(|measured| measured.kind.name == name);
        measured.map_or(f64::NAN, Measured::first_over_last)
    };
    let (sigmoid, better) = (ratio("sigmoid, Glorot"), ratio("sigmoid, 4 x Glorot"));
    let he = ratio("ReLU, He");
    let pairs = data.chain.windows(2);
    let shrink = pairs.map(|pair| (pair[0] / pair[1]).abs()).fold(0.0, f64::max);
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            Claim::new(
                format!(
                    "From the last to the second hidden layer the gradient changes by a factor of \
                     {sigmoid:.1e} with sigmoids, {better:.1e} with four times the weights, and \
                     {he:.1e} with ReLU and He initialisation"
                ),
                [
                    ("sigmoid, Glorot", format!("{sigmoid:.3e}")),
                    ("sigmoid, 4 x Glorot", format!("{better:.3e}")),
                    ("ReLU, He", format!("{he:.3e}")),
                ],
            ),
            Claim::new(
                format!(
                    "In a chain of single sigmoids with weight 1 each layer passes on at most \
                     {shrink:.3} of its δ, in agreement with σ' ≤ 1/4"
                ),
                [("largest ratio", format!("{shrink:.4}"))],
            ),
        ],
        tables: vec![kinds_table(data), chain_table(data)],
        figures: vec![("vanishing-layers".to_owned(), figure(data))],
        code: vec![
            CodeReference {
                equation: "(104), (105)",
                function: "forward",
                file: "crates/nn-core/src/backpropagation.rs",
            },
            CodeReference {
                equation: "(119)",
                function: "hidden_delta",
                file: "crates/nn-core/src/backpropagation.rs",
            },
        ],
    }
}

fn kinds_table(data: &Gradients) -> Table {
    let header = ["network", "layer 1", "second hidden", "last hidden", "output", "ratio"];
    data.measured.iter().fold(
        Table::new("Root mean square of ∂C/∂W by layer, before the first step", &header),
        |table, measured| {
            let (all, last) = (&measured.per_weight, measured.per_weight.len() - 1);
            table.row([
                measured.kind.name.to_owned(),
                format!("{:.2e}", all[0]),
                format!("{:.2e}", all[1]),
                format!("{:.2e}", all[last - 1]),
                format!("{:.2e}", all[last]),
                format!("{:.2e}", measured.first_over_last()),
            ])
        },
    )
}

fn chain_table(data: &Gradients) -> Table {
    let header = ["layer", "δ by backpropagation", "δ by the closed form", "ratio to the next"];
    let table = Table::new("A chain of single sigmoids", &header);
    let both = data.chain.iter().zip(&data.chain_closed_form).enumerate();
    both.fold(table, |table, (index, (measured, exact))| {
        let next = data.chain.get(index + 1);
        let share = next.map_or_else(String::new, |next| short(measured / next));
        let delta = |value: f64| format!("{value:.4e}");
        table.row([(index + 1).to_string(), delta(*measured), delta(*exact), share])
    })
}

fn figure(data: &Gradients) -> Figure {
    let series = |measured: &Measured| {
        let point = |(index, &size): (usize, &f64)| ((index + 1) as f64, size);
        let points = measured.per_weight.iter().enumerate().map(point).collect();
        Series::line(measured.kind.name, points).styled(Style::LineAndPoints)
    };
    Figure::Curves(Curves {
        title: "Gradient by layer before the first step".to_owned(),
        x: Axis::linear("layer, counted from the input"),
        y: Axis::log("root mean square of ∂C/∂W"),
        series: data.measured.iter().map(series).collect(),
    })
}
