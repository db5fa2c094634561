//! The bias absorbed into the weights, eq. (97), compared with a separate bias.

use crate::range::Whole;
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, Initializer};
use nn_tensor::Orientation::{Keep, Transpose};
use nn_tensor::{Linear, Role, Shape, Tensor, TensorError};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "bias",
    title: "The bias as an additional column of W",
    equations: &[97],
    parameters: &[
        Parameter { name: "inputs", default: "5", meaning: "number of inputs p, 1 to 4096" },
        Parameter { name: "outputs", default: "3", meaning: "number of neurons, 1 to 4096" },
        Parameter { name: "samples", default: "7", meaning: "samples in the batch, 1 to 4096" },
        Parameter { name: "seed", default: "1", meaning: "seed of the weights" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Number of inputs p.
    pub inputs: usize,
    /// Number of neurons.
    pub outputs: usize,
    /// Samples in the batch.
    pub samples: usize,
    /// Seed of the numbers.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { inputs: 5, outputs: 3, samples: 7, seed: 1 }
    }
}

const SIZE: Whole = Whole(1, 4096);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            inputs: typed.get("inputs", default.inputs, SIZE)?,
            outputs: typed.get("outputs", default.outputs, SIZE)?,
            samples: typed.get("samples", default.samples, SIZE)?,
            seed: typed.get("seed", default.seed, "a whole number from 0")?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        let Self { inputs, outputs, samples, .. } = *self;
        for (name, value) in [("inputs", inputs), ("outputs", outputs), ("samples", samples)] {
            SIZE.check(name, value)?;
        }
        Ok(())
    }
}

/// Weighted sums and gradients of one batch, with a separate and an absorbed bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Settings used.
    pub settings: Settings,
    /// z = W x + b, samples x outputs.
    pub separate: Vec<f64>,
    /// z = W x with 1 appended to x and b to W.
    pub absorbed: Vec<f64>,
    /// dC/db for some δ.
    pub bias_gradient: Vec<f64>,
    /// The last column of dC/dW for the same δ.
    pub last_column: Vec<f64>,
}

/// Computes z and its gradients in both forms.
///
/// # Errors
/// Returns [`LectureError::Parameter`], or the error of the device.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Data, LectureError> {
    settings.validate()?;
    let data = compute::<D>(settings, device).map_err(nn_core::NetworkError::from)?;
    Ok(data)
}

fn compute<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Data, TensorError> {
    let Settings { inputs, outputs, samples, seed } = *settings;
    let random = |rows, columns, stream| {
        Initializer::LecunNormal.weights::<f64>(Shape::new(rows, columns), stream, seed)
    };
    let (weight, bias) = (random(outputs, inputs, 0), random(1, outputs, 1));
    let (x, delta) = (random(samples, inputs, 2), random(samples, outputs, 3));
    let tensor = |rows, columns, role, values: &[f64]| {
        D::from_values(device, Shape::new(rows, columns), role, values)
    };
    let layer = Linear {
        weight: tensor(outputs, inputs, Role::Weight, &weight)?,
        bias: tensor(1, outputs, Role::Weight, &bias)?,
    };
    let input = tensor(samples, inputs, Role::Activation, &x)?;
    let mut separate = D::zeros(device, Shape::new(samples, outputs), Role::Activation)?;
    separate.linear(&input, &layer, Activation::Identity, None);

    let wide_weight = tensor(outputs, inputs + 1, Role::Weight, &append(&weight, inputs, &bias))?;
    let ones = vec![1.0; samples];
    let wide_input = tensor(samples, inputs + 1, Role::Activation, &append(&x, inputs, &ones))?;
    let mut absorbed = D::zeros(device, Shape::new(samples, outputs), Role::Activation)?;
    absorbed.matmul(1.0, &wide_input, Keep, &wide_weight, Transpose, 0.0);

    let delta = tensor(samples, outputs, Role::Activation, &delta)?;
    let mut gradient = Linear {
        weight: D::zeros(device, Shape::new(outputs, inputs), Role::Weight)?,
        bias: D::zeros(device, Shape::new(1, outputs), Role::Weight)?,
    };
    D::linear_gradient(&mut gradient, &delta, &input);
    let mut wide_gradient = D::zeros(device, Shape::new(outputs, inputs + 1), Role::Weight)?;
    wide_gradient.matmul(1.0, &delta, Transpose, &wide_input, Keep, 0.0);
    Ok(Data {
        settings: settings.clone(),
        separate: separate.to_vec(),
        absorbed: absorbed.to_vec(),
        bias_gradient: gradient.bias.to_vec(),
        last_column: wide_gradient.to_vec().into_iter().skip(inputs).step_by(inputs + 1).collect(),
    })
}

/// Appends one number to each row of `width` numbers: b to W or 1 to x, eq. (97).
#[must_use]
pub fn append(matrix: &[f64], width: usize, column: &[f64]) -> Vec<f64> {
    let rows = matrix.chunks_exact(width).zip(column);
    rows.flat_map(|(row, &last)| row.iter().copied().chain([last])).collect()
}

/// Returns the largest absolute difference of two vectors.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Data) -> Report {
    let forward = distance(&data.separate, &data.absorbed);
    let backward = distance(&data.bias_gradient, &data.last_column);
    let outputs = data.settings.outputs;
    let header = ["neuron", "W x + b", "W x, b absorbed", "dC/db", "last column of dC/dW"];
    let rows = (0..outputs.min(10)).map(|k| {
        [
            k.to_string(),
            format!("{:+.6}", data.separate[k]),
            format!("{:+.6}", data.absorbed[k]),
            format!("{:+.6}", data.bias_gradient[k]),
            format!("{:+.6}", data.last_column[k]),
        ]
    });
    let table = Table::new("The first sample, and the gradients of the batch", &header);
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            Claim::new(
                format!("Both forms compute the same weighted sums, at most {forward:.1e} apart"),
                [("largest difference", format!("{forward:.1e}"))],
            ),
            Claim::new(
                format!(
                    "The gradient of b is the last column of the gradient of W, at most \
                     {backward:.1e} apart: biases need no separate derivation"
                ),
                [("largest difference", format!("{backward:.1e}"))],
            ),
        ],
        tables: vec![rows.fold(table, Table::row)],
        figures: Vec::new(),
        code: vec![
            CodeReference {
                equation: "(97)",
                function: "append",
                file: "crates/nn-lecture/src/topics/bias.rs",
            },
            CodeReference {
                equation: "(97), separate bias",
                function: "Tensor::linear",
                file: "crates/nn-tensor/src/tensor.rs",
            },
        ],
    }
}
