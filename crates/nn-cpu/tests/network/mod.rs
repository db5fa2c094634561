//! A network put together from the operations of the trait alone, for tests and measurements.

mod numbers;

use nn_tensor::{
    Activation, Element, Linear, Matrix, Moments, Role, Shape, TALLY_WIDTH, Tally, Tensor, Update,
    UpdateRule,
};
pub(crate) use numbers::{images, numbers};

/// One layer, what it computes in a batch, and what its step needs.
struct Layer<X> {
    parameters: Linear<X>,
    gradient: Linear<X>,
    moments: Linear<Moments<X>>,
    activated: X,
    weighted_sum: X,
    delta: X,
}

/// A multi-layer perceptron with softmax cross-entropy, in the middle of its training.
pub(crate) struct Network<X> {
    input: X,
    layers: Vec<Layer<X>>,
    tally: X,
    total: X,
    batch: usize,
}

/// What is done besides the plain step.
#[derive(Clone, Copy)]
pub(crate) struct Extras {
    pub(crate) activation: Activation,
    pub(crate) dropout: f64,
    pub(crate) clip: bool,
    /// Of the targets; above 0 the loss is the weighted one.
    pub(crate) smoothing: f64,
}

impl Extras {
    pub(crate) const NONE: Self =
        Self { activation: Activation::Relu, dropout: 0.0, clip: false, smoothing: 0.0 };
}

impl<X: Tensor> Network<X> {
    /// Layers of these sizes with small fixed weights.
    pub(crate) fn new(device: &X::Device, sizes: &[usize], batch: usize) -> Self {
        let zeros = |rows, columns, role| {
            X::zeros(device, Shape::new(rows, columns), role).expect("memory")
        };
        let layers = sizes
            .windows(2)
            .enumerate()
            .map(|(number, pair)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let weight = |rows, columns| zeros(rows, columns, Role::Weight);
                let activation = || zeros(batch, outputs, Role::Activation);
                let both = |rows, columns| Moments {
                    first: Some(weight(rows, columns)),
                    second: Some(weight(rows, columns)),
                };
                let mut parameters =
                    Linear { weight: weight(outputs, inputs), bias: weight(1, outputs) };
                parameters.weight.write(&small_numbers(number as u64, inputs * outputs, inputs));
                Layer {
                    parameters,
                    gradient: Linear { weight: weight(outputs, inputs), bias: weight(1, outputs) },
                    moments: Linear { weight: both(outputs, inputs), bias: both(1, outputs) },
                    activated: activation(),
                    weighted_sum: activation(),
                    delta: activation(),
                }
            })
            .collect();
        Self {
            input: zeros(batch, sizes[0], Role::Activation),
            layers,
            tally: zeros(1, TALLY_WIDTH, Role::Activation),
            total: zeros(1, 1, Role::Activation),
            batch,
        }
    }

    /// One step: gather, forward, loss, backward, update. `key` seeds dropout.
    pub(crate) fn step(
        &mut self,
        images: &[u8],
        rows: &[u32],
        classes: &[u32],
        update: &Update<X::Elem>,
        extras: Extras,
        key: u64,
    ) {
        self.input.gather_bytes(images, rows, X::Elem::from_f64(1.0 / 255.0));
        let last = self.layers.len() - 1;
        for index in 0..=last {
            let (before, rest) = self.layers.split_at_mut(index);
            let layer = &mut rest[0];
            let input = before.last().map_or(&self.input, |layer| &layer.activated);
            let activation = if index == last { Activation::Identity } else { extras.activation };
            let kept = activation.needs_weighted_sum().then_some(&mut layer.weighted_sum);
            layer.activated.linear(input, &layer.parameters, activation, kept);
            if index < last && extras.dropout > 0.0 {
                layer.activated.drop_out(extras.dropout, key + index as u64);
            }
        }
        let output = &mut self.layers[last];
        let factor = X::Elem::from_f64(1.0 / self.batch as f64);
        let (logits, tally) = (&output.activated, &mut self.tally);
        if extras.smoothing > 0.0 {
            let smoothing = X::Elem::from_f64(extras.smoothing);
            output.delta.weighted_cross_entropy(logits, classes, factor, smoothing, &[], tally);
        } else {
            output.delta.softmax_cross_entropy(logits, classes, factor, tally);
        }
        for index in (0..last).rev() {
            let (before, rest) = self.layers.split_at_mut(index + 1);
            let (layer, next) = (&mut before[index], &rest[0]);
            let activation = extras.activation;
            let kept = activation.needs_weighted_sum().then_some(&layer.weighted_sum);
            layer.delta.hidden_delta(
                &next.delta,
                &next.parameters.weight,
                activation,
                &layer.activated,
                kept,
            );
            if extras.dropout > 0.0 {
                layer.delta.drop_out(extras.dropout, key + index as u64);
            }
        }
        if extras.clip { self.clipped_update(update) } else { self.fused_update(update) }
    }

    fn fused_update(&mut self, update: &Update<X::Elem>) {
        for index in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(index);
            let Layer { parameters, gradient, moments, delta, .. } = &mut rest[0];
            let input = before.last().map_or(&self.input, |layer| &layer.activated);
            X::linear_update(parameters, moments, gradient, delta, input, update);
        }
    }

    fn clipped_update(&mut self, update: &Update<X::Elem>) {
        self.total.fill(X::Elem::ZERO);
        for index in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(index);
            let Layer { gradient, delta, .. } = &mut rest[0];
            let input = before.last().map_or(&self.input, |layer| &layer.activated);
            X::linear_gradient(gradient, delta, input);
            gradient.weight.add_sum_of_squares(&mut self.total);
            gradient.bias.add_sum_of_squares(&mut self.total);
        }
        for Layer { parameters, gradient, moments, .. } in &mut self.layers {
            gradient.weight.clip_to_norm(&self.total, X::Elem::from_f64(0.5));
            gradient.bias.clip_to_norm(&self.total, X::Elem::from_f64(0.5));
            parameters.weight.update(&gradient.weight, &mut moments.weight, update);
            parameters.bias.update(&gradient.bias, &mut moments.bias, &update.for_bias());
        }
    }

    /// Everything that the training has come to: weights, biases, moments, tally.
    #[allow(dead_code, reason = "not every user of this module looks")]
    pub(crate) fn contents(&self) -> Vec<X::Elem> {
        let layers = self.layers.iter().flat_map(|layer| {
            let moments = [&layer.moments.weight, &layer.moments.bias];
            let moments = moments.map(|moments| [moments.first.as_ref(), moments.second.as_ref()]);
            [&layer.parameters.weight, &layer.parameters.bias, &layer.delta]
                .into_iter()
                .chain(moments.into_iter().flatten().flatten())
        });
        layers.chain([&self.tally]).flat_map(Matrix::to_vec).collect()
    }

    /// Losses and correct samples so far.
    #[allow(dead_code, reason = "not every user of this module looks")]
    pub(crate) fn tally(&self) -> Tally {
        Tally::from_values(&self.tally.to_vec())
    }
}

/// A plain step of gradient descent, or another rule, with this learning rate.
#[allow(dead_code, reason = "not every user of this module has several")]
pub(crate) fn update_with<E: Element>(rule: UpdateRule<E>, learning_rate: f64) -> Update<E> {
    let penalty = nn_tensor::Penalty::NONE;
    Update { rule, learning_rate: E::from_f64(learning_rate), penalty, decay: E::ZERO }
}

/// Pseudo-random numbers of the size that keeps a layer's outputs near 1.
fn small_numbers<E: Element>(seed: u64, len: usize, inputs: usize) -> Vec<E> {
    let scale = (3.0 / inputs as f64).sqrt();
    numbers(seed, len).map(|unit| E::from_f64(scale * (2.0 * unit - 1.0))).collect()
}
