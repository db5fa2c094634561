//! Backpropagation once more, for one sample and in plain loops, as one would write it on a
//! blackboard: small enough to plant mistakes in and see what a gradient check makes of them.

use nn_core::Activation;

/// A layer of the blackboard network.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// W, outputs x inputs, row by row.
    pub weight: Vec<Vec<f64>>,
    /// b.
    pub bias: Vec<f64>,
    /// σ.
    pub activation: Activation,
}

/// What can be done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Nothing: the lecture's equations.
    None,
    /// δ^L with the wrong sign: (y - a) in place of (a - y), eq. (120).
    SignLost,
    /// δ^L without σ'(z^L), eq. (120).
    LastSlopeForgotten,
    /// Both: what one version of the tutorial's notebook computes.
    SignAndLastSlope,
    /// δ^l of hidden layers without σ'(z^l), eq. (119).
    HiddenSlopeForgotten,
    /// δ^{l+1} times the transposed W^{l+1}, eq. (119): fits where layers are equally wide.
    WeightTransposed,
    /// σ' taken at a^l in place of z^l.
    SlopeAtActivation,
    /// The bias left out of what is learned, eq. (97).
    BiasForgotten,
    /// The factor 2 of the squared norm lost, eq. (120).
    FactorLost,
}

impl Mistake {
    /// The right way first.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::SignLost,
        Self::LastSlopeForgotten,
        Self::SignAndLastSlope,
        Self::HiddenSlopeForgotten,
        Self::WeightTransposed,
        Self::SlopeAtActivation,
        Self::BiasForgotten,
        Self::FactorLost,
    ];

    /// A few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SignLost => "sign lost",
            Self::LastSlopeForgotten => "no σ' in the last layer",
            Self::SignAndLastSlope => "sign and last σ' lost",
            Self::HiddenSlopeForgotten => "no σ' in hidden layers",
            Self::WeightTransposed => "W transposed",
            Self::SlopeAtActivation => "σ'(a) for σ'(z)",
            Self::BiasForgotten => "bias forgotten",
            Self::FactorLost => "factor 2 lost",
        }
    }
}

/// z and a of every layer, a^0 first.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// z^1 to z^L.
    pub weighted_sums: Vec<Vec<f64>>,
    /// a^0 to a^L.
    pub activations: Vec<Vec<f64>>,
}

/// Eqs. (104) and (105): z^l = W^l a^{l-1} + b^l, a^l = σ(z^l).
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

/// Eq. (98) for one sample: ‖y - a^L‖².
#[must_use]
pub fn cost(layers: &[Layer], input: &[f64], target: &[f64]) -> f64 {
    let pass = forward(layers, input);
    let output = &pass.activations[layers.len()];
    output.iter().zip(target).map(|(a, y)| (y - a).powi(2)).sum()
}

/// Derivatives of the cost by every weight and bias, layer by layer: weights first, row by row,
/// then biases. With a mistake, if asked for.
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

/// Eq. (120): δ^L = -2 (y - a^L) Σ'(z^L).
fn last_delta(layers: &[Layer], pass: &Pass, target: &[f64], mistake: Mistake) -> Vec<f64> {
    let last = layers.len() - 1;
    let sign_lost = matches!(mistake, Mistake::SignLost | Mistake::SignAndLastSlope);
    let slope_lost = matches!(mistake, Mistake::LastSlopeForgotten | Mistake::SignAndLastSlope);
    let factor = if mistake == Mistake::FactorLost { 1.0 } else { 2.0 };
    let slopes = slopes(&layers[last], pass, last, mistake);
    let errors = target.iter().zip(&pass.activations[last + 1]).map(|(y, a)| -factor * (y - a));
    let errors = errors.map(|error| if sign_lost { -error } else { error });
    errors
        .zip(slopes)
        .map(|(error, slope)| if slope_lost { error } else { error * slope })
        .collect()
}

/// Eq. (119): δ^l = δ^{l+1} W^{l+1} Σ'(z^l).
fn hidden_delta(
    layers: &[Layer],
    pass: &Pass,
    next_delta: &[f64],
    index: usize,
    mistake: Mistake,
) -> Vec<f64> {
    let next = &layers[index + 1].weight;
    let carried = |neuron: usize| -> f64 {
        let square = next.len() == next[0].len();
        if mistake == Mistake::WeightTransposed && square {
            return dot(next_delta, &next[neuron]);
        }
        next_delta.iter().zip(next).map(|(delta, row)| delta * row[neuron]).sum()
    };
    let slopes = slopes(&layers[index], pass, index, mistake);
    let lost = mistake == Mistake::HiddenSlopeForgotten;
    let neurons = slopes.into_iter().enumerate();
    neurons.map(|(j, slope)| if lost { carried(j) } else { carried(j) * slope }).collect()
}

/// The diagonal of Σ'(z^l).
fn slopes(layer: &Layer, pass: &Pass, index: usize, mistake: Mistake) -> Vec<f64> {
    let at = match mistake {
        Mistake::SlopeAtActivation => &pass.activations[index + 1],
        _ => &pass.weighted_sums[index],
    };
    at.iter().map(|&z| layer.activation.derivative(z)).collect()
}

/// Eq. (118): ∂C/∂W^l = a^{l-1} δ^l, and δ^l itself for the bias.
fn layer_gradient(delta: &[f64], previous: &[f64], mistake: Mistake) -> Vec<f64> {
    let weights = delta.iter().flat_map(|delta| previous.iter().map(move |a| delta * a));
    let learns_bias = if mistake == Mistake::BiasForgotten { 0.0 } else { 1.0 };
    weights.chain(delta.iter().map(|delta| learns_bias * delta)).collect()
}

/// The same derivatives with no calculus at all, from central differences of the cost (fourth
/// order).
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
