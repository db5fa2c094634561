//! Backpropagation for one sample in plain loops, written as the lecture derives it. It can make
//! common mistakes on purpose, so that a gradient check can be seen to find them.

use nn_core::Activation;

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// W, one row per output.
    pub weight: Vec<Vec<f64>>,
    /// b.
    pub bias: Vec<f64>,
    /// σ.
    pub activation: Activation,
}

/// A mistake in backpropagation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// No mistake: the lecture's equations.
    None,
    /// δ^L with the wrong sign: (y - a) instead of (a - y), eq. (120).
    WrongSign,
    /// δ^L without σ'(z^L), eq. (120).
    NoLastSlope,
    /// Both of the above: what one version of the tutorial's notebook computes.
    WrongSignNoLastSlope,
    /// δ^l of hidden layers without σ'(z^l), eq. (119).
    NoHiddenSlope,
    /// δ^{l+1} times the transposed W^{l+1}, eq. (119); the shapes match where layers are equally
    /// wide.
    TransposedWeight,
    /// σ' evaluated at a^l instead of z^l.
    SlopeAtActivation,
    /// No gradient for the bias, eq. (97).
    NoBiasGradient,
    /// The factor 2 of the squared norm missing, eq. (120).
    NoFactor,
}

impl Mistake {
    /// All of them, [`Mistake::None`] first.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::WrongSign,
        Self::NoLastSlope,
        Self::WrongSignNoLastSlope,
        Self::NoHiddenSlope,
        Self::TransposedWeight,
        Self::SlopeAtActivation,
        Self::NoBiasGradient,
        Self::NoFactor,
    ];

    /// Returns a short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::WrongSign => "wrong sign",
            Self::NoLastSlope => "no σ' in the last layer",
            Self::WrongSignNoLastSlope => "wrong sign, no σ' in the last layer",
            Self::NoHiddenSlope => "no σ' in hidden layers",
            Self::TransposedWeight => "W transposed",
            Self::SlopeAtActivation => "σ'(a) instead of σ'(z)",
            Self::NoBiasGradient => "no bias gradient",
            Self::NoFactor => "no factor 2",
        }
    }
}

/// Weighted sums z and activations a of every layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// z^1 to z^L.
    pub weighted_sums: Vec<Vec<f64>>,
    /// a^0 to a^L.
    pub activations: Vec<Vec<f64>>,
}

/// Computes the forward pass, eqs. (104) and (105): z^l = W^l a^{l-1} + b^l, a^l = σ(z^l).
#[must_use]
pub fn forward(layers: &[Layer], input: &[f64]) -> Pass {
    let mut pass = Pass { weighted_sums: Vec::new(), activations: vec![input.to_vec()] };
    for layer in layers {
        let previous = &pass.activations[pass.activations.len() - 1];
        let rows = layer.weight.iter().zip(&layer.bias);
        let z: Vec<f64> = rows.map(|(row, bias)| dot(row, previous) + bias).collect();
        let a = z.iter().map(|&z| layer.activation.apply(z)).collect();
        pass.weighted_sums.push(z);
        pass.activations.push(a);
    }
    pass
}

/// Computes the cost of one sample, eq. (98): ‖y - a^L‖².
#[must_use]
pub fn cost(layers: &[Layer], input: &[f64], target: &[f64]) -> f64 {
    let pass = forward(layers, input);
    let output = &pass.activations[layers.len()];
    output.iter().zip(target).map(|(a, y)| (y - a).powi(2)).sum()
}

/// Computes the derivatives of the cost with respect to every weight and bias, with a mistake if
/// asked for.
///
/// One vector per layer: weights first, row by row, then biases.
#[must_use]
pub fn backpropagate(
    layers: &[Layer],
    input: &[f64],
    target: &[f64],
    mistake: Mistake,
) -> Vec<Vec<f64>> {
    let pass = forward(layers, input);
    let mut gradients = vec![Vec::new(); layers.len()];
    let mut delta = last_delta(layers, &pass, target, mistake);
    for index in (0..layers.len()).rev() {
        gradients[index] = layer_gradient(&delta, &pass.activations[index], mistake);
        if index > 0 {
            delta = hidden_delta(layers, &pass, &delta, index - 1, mistake);
        }
    }
    gradients
}

/// Computes δ of the last layer, eq. (120): δ^L = -2 (y - a^L) Σ'(z^L).
fn last_delta(layers: &[Layer], pass: &Pass, target: &[f64], mistake: Mistake) -> Vec<f64> {
    let last = layers.len() - 1;
    let wrong_sign = matches!(mistake, Mistake::WrongSign | Mistake::WrongSignNoLastSlope);
    let no_slope = matches!(mistake, Mistake::NoLastSlope | Mistake::WrongSignNoLastSlope);
    let factor = if mistake == Mistake::NoFactor { 1.0 } else { 2.0 };
    let slopes = slopes(&layers[last], pass, last, mistake);
    let errors = target.iter().zip(&pass.activations[last + 1]).map(|(y, a)| -factor * (y - a));
    let errors = errors.map(|error| if wrong_sign { -error } else { error });
    errors.zip(slopes).map(|(error, slope)| if no_slope { error } else { error * slope }).collect()
}

/// Computes δ of a hidden layer, eq. (119): δ^l = δ^{l+1} W^{l+1} Σ'(z^l).
fn hidden_delta(
    layers: &[Layer],
    pass: &Pass,
    next_delta: &[f64],
    index: usize,
    mistake: Mistake,
) -> Vec<f64> {
    let next = &layers[index + 1].weight;
    let back = |neuron: usize| -> f64 {
        let square = next.len() == next[0].len();
        if mistake == Mistake::TransposedWeight && square {
            return dot(next_delta, &next[neuron]);
        }
        next_delta.iter().zip(next).map(|(delta, row)| delta * row[neuron]).sum()
    };
    let slopes = slopes(&layers[index], pass, index, mistake);
    let no_slope = mistake == Mistake::NoHiddenSlope;
    let neurons = slopes.into_iter().enumerate();
    neurons.map(|(j, slope)| if no_slope { back(j) } else { back(j) * slope }).collect()
}

/// Returns the diagonal of Σ'(z^l).
fn slopes(layer: &Layer, pass: &Pass, index: usize, mistake: Mistake) -> Vec<f64> {
    let at = match mistake {
        Mistake::SlopeAtActivation => &pass.activations[index + 1],
        _ => &pass.weighted_sums[index],
    };
    at.iter().map(|&z| layer.activation.derivative(z)).collect()
}

/// Computes the gradient of a layer, eq. (118): ∂C/∂W^l = a^{l-1} δ^l, and δ^l for the bias.
fn layer_gradient(delta: &[f64], previous: &[f64], mistake: Mistake) -> Vec<f64> {
    let weights = delta.iter().flat_map(|delta| previous.iter().map(move |a| delta * a));
    let bias_factor = if mistake == Mistake::NoBiasGradient { 0.0 } else { 1.0 };
    weights.chain(delta.iter().map(|delta| bias_factor * delta)).collect()
}

/// Computes the same derivatives by fourth-order central differences of the cost.
#[must_use]
pub fn differences(layers: &[Layer], input: &[f64], target: &[f64]) -> Vec<Vec<f64>> {
    let mut moved = layers.to_vec();
    let count = |layer: &Layer| layer.bias.len() * (layer.weight[0].len() + 1);
    let mut derivative = |index: usize, place: usize| {
        let mut at = |by: f64| {
            *parameter(&mut moved[index], place) += by;
            let cost = cost(&moved, input, target);
            moved[index] = layers[index].clone();
            cost
        };
        let near = at(STEP) - at(-STEP);
        let far = at(2.0 * STEP) - at(-2.0 * STEP);
        (8.0 * near - far) / (12.0 * STEP)
    };
    let layer = |index: usize| (0..count(&layers[index])).map(|p| derivative(index, p)).collect();
    (0..layers.len()).map(layer).collect()
}

/// Half the distance between the inner points of a difference.
const STEP: f64 = 1e-3;

fn parameter(layer: &mut Layer, place: usize) -> &mut f64 {
    let (rows, columns) = (layer.weight.len(), layer.weight[0].len());
    if place < rows * columns {
        &mut layer.weight[place / columns][place % columns]
    } else {
        &mut layer.bias[place - rows * columns]
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
