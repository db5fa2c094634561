//! The forward pass and backpropagation, one short function for each equation.
//!
//! Layers are counted from 0 here and from 1 in the lecture. A batch has one sample a row, so every
//! equation stands transposed: see the head of [`nn_tensor`]. The factor 1/N of the cost is in δ^L,
//! so that sums over a batch are means.

use crate::network::zero_layers;
use crate::random::dropout_key;
use crate::{Architecture, Loss, Network};
use nn_tensor::{Activation, Element, Linear, Moments, Role, Shape, Tensor, TensorError, Update};

/// What the forward pass leaves behind in one layer, batch x outputs each.
pub(crate) struct Trace<T> {
    /// a = σ(z).
    pub(crate) activated: T,
    /// z, kept only where σ' cannot be had from a.
    weighted_sum: Option<T>,
    /// a with some neurons left out, where dropout is on.
    dropped: Option<T>,
}

impl<T: Tensor> Trace<T> {
    /// Room for the traces of all layers of a network without dropout.
    pub(crate) fn for_network(
        device: &T::Device,
        architecture: &Architecture,
        batch: usize,
    ) -> Result<Vec<Self>, TensorError> {
        let trace = |layer: usize, shape: Shape| {
            let room = || T::zeros(device, Shape::new(batch, shape.rows), Role::Activation);
            let keeps_sum = architecture.activation_of(layer).needs_weighted_sum();
            let weighted_sum = keeps_sum.then(room).transpose()?;
            Ok(Self { activated: room()?, weighted_sum, dropped: None })
        };
        let shapes = architecture.weight_shapes();
        shapes.into_iter().enumerate().map(|(layer, shape)| trace(layer, shape)).collect()
    }

    /// Adds room for dropout in the hidden layers.
    pub(crate) fn with_dropout(traces: &mut [Self]) -> Result<(), TensorError> {
        let hidden = traces.len() - 1;
        for trace in &mut traces[..hidden] {
            let (device, shape) = (trace.activated.device(), trace.activated.shape());
            trace.dropped = Some(T::zeros(device, shape, Role::Activation)?);
        }
        Ok(())
    }

    /// What the next layer takes in.
    pub(crate) fn output(&self) -> &T {
        self.dropped.as_ref().unwrap_or(&self.activated)
    }
}

/// Which neurons one step leaves out.
#[derive(Clone, Copy)]
pub(crate) struct Dropout {
    /// Share of neurons.
    pub(crate) rate: f64,
    /// Seed of the training.
    pub(crate) seed: u64,
    /// The step.
    pub(crate) step: u64,
}

impl Dropout {
    fn apply<T: Tensor>(self, tensor: &mut T, layer: usize) {
        tensor.drop_out(self.rate, dropout_key(self.seed, self.step, layer));
    }
}

/// What the network should have said about a batch.
pub(crate) enum Target<T> {
    /// A class a sample, for cross-entropy.
    Classes(Vec<u32>),
    /// Values, or classes one-hot, batch x outputs.
    Values(T),
}

/// Forward pass, eqs. (104) and (105) layer after layer: a^l = σ(W^l a^{l-1} + b^l), a^0 = input.
///
/// `input`: batch x inputs. `traces`: one a layer.
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
        trace.activated.linear(previous, layer, activation, trace.weighted_sum.as_mut());
        if let (Some(dropout), Some(dropped)) = (dropout, &mut trace.dropped) {
            dropped.copy_from(&trace.activated);
            dropout.apply(dropped, index);
        }
    }
}

/// δ^L of the last layer, eqs. (111) and (120): δ^L = -2/N (y - a^L) Σ'(z^L), or the like for
/// another loss. Adds the batch to the tally.
///
/// `delta`: batch x outputs. Under cross-entropy with softmax the two derivatives melt into
/// (softmax(z^L) - y) / N.
fn output_delta<T: Tensor>(
    delta: &mut T,
    trace: &Trace<T>,
    target: &Target<T>,
    activation: Activation,
    loss: Loss,
    tally: &mut T,
) {
    let factor = T::Elem::from_f64(loss.gradient_factor(delta.shape().rows));
    match target {
        Target::Classes(classes) => {
            delta.softmax_cross_entropy(&trace.activated, classes, factor, tally);
        }
        Target::Values(target) => {
            delta.squared_error(&trace.activated, target, factor, tally);
            let weighted_sum = trace.weighted_sum.as_ref();
            delta.multiply_by_derivative(activation, &trace.activated, weighted_sum);
        }
    }
}

/// Carries the error back through one hidden layer, eqs. (117) and (119):
/// δ^l = δ^{l+1} W^{l+1} Σ'(z^l).
///
/// `delta`: batch x outputs of layer l, overwritten. `next_delta`: batch x outputs of layer l+1.
/// Σ' is diagonal, so its product is taken element by element.
fn hidden_delta<T: Tensor>(
    delta: &mut T,
    next_delta: &T,
    next_layer: &Linear<T>,
    trace: &Trace<T>,
    activation: Activation,
) {
    let (activated, weighted_sum) = (&trace.activated, trace.weighted_sum.as_ref());
    delta.hidden_delta(next_delta, &next_layer.weight, activation, activated, weighted_sum);
}

/// Gradient of one layer, eqs. (113) and (118): ∂C/∂W^l = a^{l-1} δ^l, summed over the batch; for
/// the bias, whose input is the constant 1 of eq. (97), it is the sum of δ^l.
///
/// `gradient`: shaped like the layer. `previous`: a^{l-1}, batch x inputs.
fn layer_gradient<T: Tensor>(gradient: &mut Linear<T>, delta: &T, previous: &T) {
    T::linear_gradient(gradient, delta, previous);
}

/// What one training step works in, allocated once.
pub(crate) struct Workspace<T> {
    /// a^0, batch x inputs.
    pub(crate) input: T,
    /// y.
    pub(crate) target: Target<T>,
    /// What the forward pass leaves behind.
    pub(crate) traces: Vec<Trace<T>>,
    /// δ of each layer, batch x outputs.
    deltas: Vec<T>,
}

impl<T: Tensor> Workspace<T> {
    pub(crate) fn new(
        device: &T::Device,
        architecture: &Architecture,
        loss: Loss,
        dropout: bool,
        batch: usize,
    ) -> Result<Self, TensorError> {
        let room = |width| T::zeros(device, Shape::new(batch, width), Role::Activation);
        let mut traces = Trace::for_network(device, architecture, batch)?;
        if dropout {
            Trace::with_dropout(&mut traces)?;
        }
        let target = match loss {
            Loss::CrossEntropy => Target::Classes(Vec::with_capacity(batch)),
            _ => Target::Values(room(architecture.outputs)?),
        };
        let deltas: Result<_, _> =
            architecture.widths()[1..].iter().map(|&width| room(width)).collect();
        Ok(Self { input: room(architecture.inputs)?, target, traces, deltas: deltas? })
    }

    /// a^{l-1}: what layer `layer` took in.
    fn input_of(&self, layer: usize) -> &T {
        if layer == 0 { &self.input } else { self.traces[layer - 1].output() }
    }
}

/// δ of layer `layer` from the layer after it, or from the loss.
fn delta_of_layer<T: Tensor>(
    network: &Network<T>,
    workspace: &mut Workspace<T>,
    layer: usize,
    loss: Loss,
    dropout: Option<Dropout>,
    tally: &mut T,
) {
    let activation = network.architecture().activation_of(layer);
    let (here, next) = workspace.deltas.split_at_mut(layer + 1);
    let (delta, trace) = (&mut here[layer], &workspace.traces[layer]);
    match next.first() {
        None => output_delta(delta, trace, &workspace.target, activation, loss, tally),
        Some(next_delta) => {
            let next_layer = &network.layers()[layer + 1];
            hidden_delta(delta, next_delta, next_layer, trace, activation);
            if let Some(dropout) = dropout {
                dropout.apply(delta, layer);
            }
        }
    }
}

/// Gradients of all layers for the batch whose forward pass `workspace` holds, eq. (107).
pub(crate) fn backward<T: Tensor>(
    network: &Network<T>,
    workspace: &mut Workspace<T>,
    gradients: &mut [Linear<T>],
    loss: Loss,
    dropout: Option<Dropout>,
    tally: &mut T,
) {
    for layer in (0..network.layers().len()).rev() {
        delta_of_layer(network, workspace, layer, loss, dropout, tally);
        let (delta, previous) = (&workspace.deltas[layer], workspace.input_of(layer));
        layer_gradient(&mut gradients[layer], delta, previous);
    }
}

/// Backpropagation with the step taken layer by layer on the way, eq. (103), so that a backend can
/// apply each gradient while it has it at hand. The δ of a layer is taken before the weights it
/// passes through are changed.
pub(crate) fn backward_and_update<T: Tensor>(
    network: &mut Network<T>,
    workspace: &mut Workspace<T>,
    optimizer: &mut OptimizerState<T>,
    loss: Loss,
    dropout: Option<Dropout>,
    tally: &mut T,
    update: &Update<T::Elem>,
) {
    let last = network.layers().len() - 1;
    delta_of_layer(network, workspace, last, loss, dropout, tally);
    for layer in (0..=last).rev() {
        if layer > 0 {
            delta_of_layer(network, workspace, layer - 1, loss, dropout, tally);
        }
        T::linear_update(
            &mut network.layers_mut()[layer],
            &mut optimizer.moments[layer],
            &mut optimizer.gradients[layer],
            &workspace.deltas[layer],
            workspace.input_of(layer),
            update,
        );
    }
}

/// Gradients and what the optimizer remembers, shaped like the network.
pub(crate) struct OptimizerState<T> {
    /// ∂C/∂W of the last step; scratch space where steps are fused.
    pub(crate) gradients: Vec<Linear<T>>,
    /// Moments of each weight.
    pub(crate) moments: Vec<Linear<Moments<T>>>,
}

impl<T: Tensor> OptimizerState<T> {
    pub(crate) fn new(
        device: &T::Device,
        architecture: &Architecture,
        moment_count: usize,
    ) -> Result<Self, TensorError> {
        let moment = |count: usize| {
            (moment_count >= count).then(|| zero_layers(device, architecture)).transpose()
        };
        let mut first = moment(1)?.into_iter().flatten();
        let mut second = moment(2)?.into_iter().flatten();
        let moments = (0..architecture.depth()).map(|_| join(first.next(), second.next()));
        let moments = moments.collect();
        Ok(Self { gradients: zero_layers(device, architecture)?, moments })
    }

    /// One step with gradients that are at hand.
    pub(crate) fn apply(&mut self, network: &mut Network<T>, update: &Update<T::Elem>) {
        let parts = network.layers_mut().iter_mut().zip(&self.gradients).zip(&mut self.moments);
        for ((layer, gradient), moments) in parts {
            layer.weight.update(&gradient.weight, &mut moments.weight, update);
            layer.bias.update(&gradient.bias, &mut moments.bias, &update.for_bias());
        }
    }
}

/// First and second moments of one layer, sorted by weight and bias.
fn join<T>(first: Option<Linear<T>>, second: Option<Linear<T>>) -> Linear<Moments<T>> {
    let (first_weight, first_bias) = first.map(|l| (l.weight, l.bias)).unzip();
    let (second_weight, second_bias) = second.map(|l| (l.weight, l.bias)).unzip();
    Linear {
        weight: Moments { first: first_weight, second: second_weight },
        bias: Moments { first: first_bias, second: second_bias },
    }
}
