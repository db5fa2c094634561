//! The forward pass and backpropagation, one short function for each equation.
//!
//! Layers are counted from 0 here and from 1 in the lecture. A batch has one sample a row, so every
//! equation stands transposed: see the head of [`nn_tensor`]. The factor 1/N of the cost is in δ^L,
//! so that sums over a batch are means.

use crate::network::zero_trained;
use crate::objective::Objective;
use crate::random::dropout_key;
use crate::{Architecture, Loss, Network, TrainingConfig};
use nn_tensor::{
    Activation, BatchStatistics, Element, Linear, Moments, Role, Shape, Tensor, TensorError, Update,
};

/// What the loss of the answer that branches give together counts beside that of each branch's own.
const SHARED_PART: f64 = 0.2;

/// What the forward pass leaves behind in one layer, batch x outputs each.
pub(crate) struct Trace<T> {
    /// a = σ(z).
    pub(crate) activated: T,
    /// z, kept only where σ' cannot be had from a.
    weighted_sum: Option<T>,
    /// What batch normalisation leaves behind in training; none where a network is only used.
    statistics: Option<BatchStatistics<T>>,
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
            Ok(Self { activated: room()?, weighted_sum, statistics: None, dropped: None })
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

    /// Adds room for batch normalisation in the hidden layers.
    fn with_batch_norm(traces: &mut [Self]) -> Result<(), TensorError> {
        let hidden = traces.len() - 1;
        for trace in &mut traces[..hidden] {
            let (device, shape) = (trace.activated.device(), trace.activated.shape());
            trace.statistics = Some(BatchStatistics::zeros(device, shape.rows, shape.columns)?);
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
/// `input`: batch x inputs. `traces`: one a layer. Where they have room for it, hidden layers are
/// normalised by the batch's own statistics: a = σ(γ x̂ + β).
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
    objective: &Objective<T::Elem>,
    tally: &mut T,
) {
    let factor = T::Elem::from_f64(objective.loss.gradient_factor(delta.shape().rows));
    match target {
        Target::Classes(classes) => {
            objective.cross_entropy(delta, &trace.activated, classes, factor, tally);
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
    /// Where the network is one of several branches that answer together: the gradient of the loss of their
    /// answer with respect to its logits, batch x outputs.
    pub(crate) shared_gradient: Option<T>,
}

impl<T: Tensor> Workspace<T> {
    pub(crate) fn new(
        device: &T::Device,
        architecture: &Architecture,
        config: &TrainingConfig,
        batch: usize,
    ) -> Result<Self, TensorError> {
        let room = |width| T::zeros(device, Shape::new(batch, width), Role::Activation);
        let mut traces = Trace::for_network(device, architecture, batch)?;
        if config.batch_norm {
            Trace::with_batch_norm(&mut traces)?;
        }
        if config.dropout > 0.0 {
            Trace::with_dropout(&mut traces)?;
        }
        let target = match config.loss {
            Loss::CrossEntropy => Target::Classes(Vec::with_capacity(batch)),
            _ => Target::Values(room(architecture.outputs)?),
        };
        let deltas: Result<_, _> =
            architecture.widths()[1..].iter().map(|&width| room(width)).collect();
        let input = room(architecture.inputs)?;
        Ok(Self { input, target, traces, deltas: deltas?, shared_gradient: None })
    }

    /// Adds room for the gradient that branches share.
    pub(crate) fn share_gradient(&mut self) -> Result<(), TensorError> {
        let logits = self.logits();
        let room = T::zeros(logits.device(), logits.shape(), Role::Activation)?;
        self.shared_gradient = Some(room);
        Ok(())
    }

    /// What the last layer gave, batch x outputs.
    pub(crate) fn logits(&self) -> &T {
        self.traces[self.traces.len() - 1].output()
    }

    /// What batch normalisation found, hidden layer after hidden layer.
    pub(crate) fn statistics(&self) -> impl Iterator<Item = &BatchStatistics<T>> {
        self.traces.iter().filter_map(|trace| trace.statistics.as_ref())
    }

    /// a^{l-1}: what layer `layer` took in.
    fn input_of(&self, layer: usize) -> &T {
        if layer == 0 { &self.input } else { self.traces[layer - 1].output() }
    }
}

/// δ of layer `layer` from the layer after it, or from the loss. Where the layer is normalised, the
/// gradients of its γ and β stand in `affine_gradients` afterwards.
fn delta_of_layer<T: Tensor>(
    network: &Network<T>,
    workspace: &mut Workspace<T>,
    affine_gradients: &mut [Linear<T>],
    layer: usize,
    objective: &Objective<T::Elem>,
    dropout: Option<Dropout>,
    tally: &mut T,
) {
    let activation = network.architecture().activation_of(layer);
    let (here, next) = workspace.deltas.split_at_mut(layer + 1);
    let (delta, trace) = (&mut here[layer], &workspace.traces[layer]);
    match next.first() {
        None => {
            output_delta(delta, trace, &workspace.target, activation, objective, tally);
            if let Some(shared) = &workspace.shared_gradient {
                delta.move_towards(shared, T::Elem::from_f64(SHARED_PART));
            }
        }
        Some(next_delta) => {
            let next_layer = &network.layers()[layer + 1];
            hidden_delta(delta, next_delta, next_layer, trace, activation);
            if let Some(dropout) = dropout {
                dropout.apply(delta, layer);
            }
            if let (Some(statistics), Some(norm)) = (&trace.statistics, network.norms().get(layer))
            {
                let gradient = &mut affine_gradients[layer];
                delta.batch_norm_gradient(gradient, &norm.affine.weight, statistics);
            }
        }
    }
}

/// Gradients of all that is trained, for the batch whose forward pass `workspace` holds, eq. (107).
pub(crate) fn backward<T: Tensor>(
    network: &Network<T>,
    workspace: &mut Workspace<T>,
    gradients: &mut [Linear<T>],
    objective: &Objective<T::Elem>,
    dropout: Option<Dropout>,
    tally: &mut T,
) {
    let (gradients, affine) = gradients.split_at_mut(network.layers().len());
    for layer in (0..network.layers().len()).rev() {
        delta_of_layer(network, workspace, affine, layer, objective, dropout, tally);
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
    objective: &Objective<T::Elem>,
    dropout: Option<Dropout>,
    tally: &mut T,
    update: &Update<T::Elem>,
) {
    let count = network.layers().len();
    let (gradients, affine) = optimizer.gradients.split_at_mut(count);
    delta_of_layer(network, workspace, affine, count - 1, objective, dropout, tally);
    for layer in (0..count).rev() {
        if layer > 0 {
            delta_of_layer(network, workspace, affine, layer - 1, objective, dropout, tally);
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
    let moments = &mut optimizer.moments[count..];
    for ((norm, gradient), moments) in network.norms_mut().iter_mut().zip(affine).zip(moments) {
        update_affine(&mut norm.affine, gradient, moments, update);
    }
}

/// A step of γ and β, which are neither penalised nor decayed.
fn update_affine<T: Tensor>(
    affine: &mut Linear<T>,
    gradient: &Linear<T>,
    moments: &mut Linear<Moments<T>>,
    update: &Update<T::Elem>,
) {
    let update = update.for_bias();
    affine.weight.update(&gradient.weight, &mut moments.weight, &update);
    affine.bias.update(&gradient.bias, &mut moments.bias, &update);
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
        batch_norm: bool,
        moment_count: usize,
    ) -> Result<Self, TensorError> {
        let moment = |count: usize| {
            (moment_count >= count)
                .then(|| zero_trained(device, architecture, batch_norm))
                .transpose()
        };
        let mut first = moment(1)?.into_iter().flatten();
        let mut second = moment(2)?.into_iter().flatten();
        let gradients = zero_trained(device, architecture, batch_norm)?;
        let moments = gradients.iter().map(|_| join(first.next(), second.next())).collect();
        Ok(Self { gradients, moments })
    }

    /// One step with gradients that are at hand.
    pub(crate) fn apply(&mut self, network: &mut Network<T>, update: &Update<T::Elem>) {
        let (gradients, affine) = self.gradients.split_at(network.layers().len());
        let (moments, affine_moments) = self.moments.split_at_mut(network.layers().len());
        let parts = network.layers_mut().iter_mut().zip(gradients).zip(moments);
        for ((layer, gradient), moments) in parts {
            layer.weight.update(&gradient.weight, &mut moments.weight, update);
            layer.bias.update(&gradient.bias, &mut moments.bias, &update.for_bias());
        }
        let norms = network.norms_mut().iter_mut().zip(affine).zip(affine_moments);
        for ((norm, gradient), moments) in norms {
            update_affine(&mut norm.affine, gradient, moments, update);
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
