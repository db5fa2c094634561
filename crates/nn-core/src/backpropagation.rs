//! The forward pass and backpropagation, one short function for each equation.
//!
//! Layers are counted from 0 here and from 1 in the lecture. A batch has one sample a row, so every
//! equation stands transposed: see the head of [`nn_tensor`]. The factor 1/N of the cost is in δ^L,
//! so that sums over a batch are means.
//!
//! The products of (118) and (119) are written out: these lines are what runs on the reference
//! backend. A backend with fused operations ([`Tensor::FUSED`]) takes a labelled shortcut instead,
//! which `tests/fused.rs` holds equal to the products.

use crate::Network;
use crate::objective::Objective;
use crate::optimizer_state::OptimizerState;
use crate::workspace::{Dropout, Target, Trace, Workspace};
use nn_tensor::Orientation::{Keep, Transpose};
use nn_tensor::{Activation, Element, Linear, Tensor, Update};

/// Computes the forward pass, eqs. (104) and (105) layer after layer: a^l = σ(W^l a^{l-1} + b^l)
/// with a^0 = input.
///
/// `input`: batch x inputs. `traces`: one a layer; where they hold batch statistics, hidden layers
/// are normalised by the batch's own: a = σ(γ x̂ + β).
pub(crate) fn forward<T: Tensor>(
    network: &Network<T>,
    input: &T,
    traces: &mut [Trace<T>],
    dropout: Option<Dropout>,
) {
    for (index, layer) in network.layers().iter().enumerate() {
        let (before, here) = traces.split_at_mut(index);
        let trace = &mut here[0];
        let previous = before.last().map_or(input, Trace::output);
        let activation = network.architecture().activation_of(index);
        match (&mut trace.statistics, network.norms().get(index)) {
            (Some(statistics), Some(norm)) => {
                trace.activated.linear(previous, layer, Activation::Identity, None);
                trace.activated.batch_norm(&norm.affine, statistics);
                if let Some(weighted_sum) = &mut trace.weighted_sum {
                    weighted_sum.copy_from(&trace.activated);
                }
                trace.activated.activate(activation);
            }
            _ => trace.activated.linear(previous, layer, activation, trace.weighted_sum.as_mut()),
        }
        if let Some(dropped) = &mut trace.dropped {
            dropped.copy_from(&trace.activated);
            if let Some(dropout) = dropout {
                dropout.apply(dropped, index);
            }
        }
    }
}

/// Computes δ^L of the last layer, eqs. (111) and (120): δ^L = -2/N (y - a^L) Σ'(z^L), or the
/// like for another loss, and adds the batch's loss to the tally.
///
/// Under cross-entropy the derivatives of softmax and logarithm simplify to
/// (softmax(z^L) - y) / N.
pub(crate) fn output_delta<T: Tensor>(
    workspace: &mut Workspace<T>,
    activation: Activation,
    objective: &Objective<T::Elem>,
    tally: &mut T,
) {
    let last = workspace.deltas.len() - 1;
    let (delta, trace) = (&mut workspace.deltas[last], &workspace.traces[last]);
    let factor = T::Elem::from_f64(objective.loss.gradient_factor(delta.shape().rows));
    match &workspace.target {
        Target::Classes(classes) => {
            objective.cross_entropy(delta, &trace.activated, classes, factor, tally);
        }
        Target::Values { values: target, .. } => {
            delta.squared_error(&trace.activated, target, factor, tally); // 2/N (a^L - y)
            let weighted_sum = trace.weighted_sum.as_ref();
            delta.multiply_by_derivative(activation, &trace.activated, weighted_sum); // Σ'(z^L)
        }
    }
}

/// Computes δ^l of a hidden layer from that of the next one, eqs. (117) and (119):
/// δ^l = δ^{l+1} W^{l+1} Σ'(z^l).
///
/// `delta`: batch x outputs of layer l, overwritten. `next_delta`: batch x outputs of layer l+1.
/// `next_weight`: W^{l+1}. Σ' is diagonal, so its product is taken element by element.
fn hidden_delta<T: Tensor>(
    delta: &mut T,
    next_delta: &T,
    next_weight: &T,
    trace: &Trace<T>,
    activation: Activation,
) {
    let (activated, weighted_sum) = (&trace.activated, trace.weighted_sum.as_ref());
    if T::FUSED {
        // Shortcut: both products in one operation.
        return delta.hidden_delta(next_delta, next_weight, activation, activated, weighted_sum);
    }
    delta.matmul(T::Elem::ONE, next_delta, Keep, next_weight, Keep, T::Elem::ZERO); // δ^{l+1} W^{l+1}
    delta.multiply_by_derivative(activation, activated, weighted_sum); // Σ'(z^l)
}

/// Computes the gradient of one layer, eqs. (113) and (118): ∂C/∂W^l = a^{l-1} δ^l, summed over
/// the batch; for the bias, whose input is the constant 1 of eq. (97), it is the sum of δ^l.
///
/// `gradient`: shaped like the layer. `previous`: a^{l-1}, batch x inputs.
fn layer_gradient<T: Tensor>(gradient: &mut Linear<T>, delta: &T, previous: &T) {
    if T::FUSED {
        // Shortcut: both sums in one operation.
        return T::linear_gradient(gradient, delta, previous);
    }
    gradient.weight.matmul(T::Elem::ONE, delta, Transpose, previous, Keep, T::Elem::ZERO); // δ^l a^{l-1}
    gradient.bias.sum_rows(delta);
}

/// Computes δ of hidden layer `layer` from the layer after it. Where the layer is normalised, the
/// gradients of its γ and β are in `affine_gradients` afterwards.
fn delta_of_layer<T: Tensor>(
    network: &Network<T>,
    workspace: &mut Workspace<T>,
    affine_gradients: &mut [Linear<T>],
    layer: usize,
    dropout: Option<Dropout>,
) {
    let activation = network.architecture().activation_of(layer);
    let (here, next) = workspace.deltas.split_at_mut(layer + 1);
    let (delta, trace) = (&mut here[layer], &workspace.traces[layer]);
    let next_weight = &network.layers()[layer + 1].weight;
    hidden_delta(delta, &next[0], next_weight, trace, activation);
    if let Some(dropout) = dropout {
        dropout.apply(delta, layer);
    }
    if let (Some(statistics), Some(norm)) = (&trace.statistics, network.norms().get(layer)) {
        let gradient = &mut affine_gradients[layer];
        delta.batch_norm_gradient(gradient, &norm.affine.weight, statistics);
    }
}

/// Computes the gradients of all parameters, eq. (107), for the batch whose forward pass and δ^L
/// `workspace` holds.
pub(crate) fn backward<T: Tensor>(
    network: &Network<T>,
    workspace: &mut Workspace<T>,
    gradients: &mut [Linear<T>],
    dropout: Option<Dropout>,
) {
    let depth = network.layers().len();
    let (gradients, affine) = gradients.split_at_mut(depth);
    for layer in (0..depth).rev() {
        if layer + 1 < depth {
            delta_of_layer(network, workspace, affine, layer, dropout);
        }
        let (delta, previous) = (&workspace.deltas[layer], workspace.input_of(layer));
        layer_gradient(&mut gradients[layer], delta, previous);
    }
}

/// Backpropagation with the step of eq. (103) taken layer by layer on the way: the shortcut of a
/// backend that applies each gradient while it is in registers ([`Tensor::FUSED`]).
///
/// δ of a layer is computed before the weights that it passes through change.
pub(crate) fn backward_and_update<T: Tensor>(
    network: &mut Network<T>,
    workspace: &mut Workspace<T>,
    optimizer: &mut OptimizerState<T>,
    dropout: Option<Dropout>,
    update: &Update<T::Elem>,
) {
    let depth = network.layers().len();
    for layer in (0..depth).rev() {
        let (gradients, affine) = optimizer.gradients.split_at_mut(depth);
        if layer > 0 {
            delta_of_layer(network, workspace, affine, layer - 1, dropout);
        }
        T::linear_update(
            &mut network.layers_mut()[layer],
            &mut optimizer.moments[layer],
            &mut gradients[layer],
            &workspace.deltas[layer],
            workspace.input_of(layer),
            update,
        );
    }
    optimizer.apply_to_norms(network, update);
}
