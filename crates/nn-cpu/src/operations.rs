//! Which kernel does which operation, compiled in this crate for both element types.
//!
//! A generic function is compiled in the crate that calls it, with the optimisation of that crate. A
//! method behind a trait object in a `static` is compiled in the crate that holds the `static`. So
//! the operations are a trait with generic bodies, of which [`CpuElement::operations`] returns one
//! object for each element type: a program compiled without optimisation trains as fast as its copy
//! of this crate, and is built without compiling the kernels again.

use crate::changed::changed;
use crate::checks::{expect_batch, expect_gradient, expect_len, expect_samples};
use crate::classes::Classes;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::losses::Weighing;
use crate::packed::CpuTensor;
use crate::softmax::{self, Entropy, Softmax};
use crate::step::Action;
use crate::{
    CpuDevice, batch_norm, delta, direct, elementwise, forward, gradient, losses, product,
};
use nn_tensor::Orientation::{Keep, Transpose};
use nn_tensor::{
    Activation, BatchStatistics, HostEpoch, HostSamples, HostValues, Linear, Moments, Orientation,
    Penalty, Role, Shape, Step, TALLY_WIDTH, TensorError, Update, add_to_tally, expect_shape,
};

/// The element types of [`CpuTensor`]: `f32` and `f64`; no other type can implement it.
pub trait CpuElement: KernelElement {
    /// The operations on tensors of this type.
    #[doc(hidden)]
    fn operations() -> &'static dyn Operations<Self>;
}

static F32: &(dyn Operations<f32> + Sync) = &Compiled;
static F64: &(dyn Operations<f64> + Sync) = &Compiled;

impl CpuElement for f32 {
    fn operations() -> &'static dyn Operations<Self> {
        F32
    }
}

impl CpuElement for f64 {
    fn operations() -> &'static dyn Operations<Self> {
        F64
    }
}

/// The only implementation of [`Operations`].
struct Compiled;

impl<E: KernelElement> Operations<E> for Compiled {}

/// Whether the products of a layer can run on these operands in the layouts that they have: batches
/// as they are, and weights transposed. The weight of a layer of one output is a single row, which is
/// not transposed; it takes the general product, and so does what is empty.
fn have_packed_layouts<E>(batches: [&CpuTensor<E>; 2], weight: &CpuTensor<E>) -> bool {
    weight.layout.transposed
        && !weight.shape.is_empty()
        && batches.iter().all(|batch| !batch.layout.transposed && !batch.shape.is_empty())
}

/// Gradient, loss and correct rows of the cross-entropy with the classes as they are.
fn plain_entropy<E: KernelElement>(
    device: &CpuDevice,
    layout: &Layout,
    result: &mut [E],
    (logits, classes): (&[E], Classes<'_>),
    factor: E,
) -> (f64, usize) {
    let entropy = Some(Entropy { classes, loss: 0.0, correct: 0 });
    let entropy = device.with_scratch(softmax::scratch_len(layout), |transposed| {
        let mut softmax = Softmax { layout, logits, result, transposed, factor, entropy };
        E::dispatch(device.simd(), &mut softmax);
        softmax.entropy
    });
    entropy.map_or((0.0, 0), |sums| (sums.loss, sums.correct))
}

/// The methods of [`Matrix`](nn_tensor::Matrix) and [`Tensor`](nn_tensor::Tensor) by the same names, on `result` in place of `self`.
pub trait Operations<E: KernelElement> {
    // ---- storage and the general product ----

    fn zeros(
        &self,
        device: &CpuDevice,
        shape: Shape,
        role: Role,
    ) -> Result<CpuTensor<E>, TensorError> {
        CpuTensor::packed_zeros(device, shape, role)
    }

    fn write(&self, result: &mut CpuTensor<E>, values: &[E]) {
        expect_len("write", "values", values.len(), result.shape.len());
        if result.layout.rows == 1 {
            return result.values_mut()[..values.len()].copy_from_slice(values);
        }
        result.map_indexed(|index, _| values[index]);
    }

    fn read(&self, tensor: &CpuTensor<E>, values: &mut [E]) {
        expect_len("read", "values", values.len(), tensor.shape.len());
        tensor.copy_to(values);
    }

    fn matmul(
        &self,
        result: &mut CpuTensor<E>,
        alpha: E,
        (a, a_orientation): (&CpuTensor<E>, Orientation),
        (b, b_orientation): (&CpuTensor<E>, Orientation),
        beta: E,
    ) {
        let (a_shape, b_shape) = (a.shape.oriented(a_orientation), b.shape.oriented(b_orientation));
        expect_shape("matmul", "op(b)", b_shape, Shape::new(a_shape.columns, b_shape.columns));
        expect_shape("matmul", "self", result.shape, Shape::new(a_shape.rows, b_shape.columns));
        let inner = a_shape.columns;
        let is_empty = result.shape.is_empty() || inner == 0;
        let factors = ((a, a_orientation), (b, b_orientation));
        if inner > direct::MOST_INNER || is_empty {
            product::general(result, alpha, factors.0, factors.1, beta);
        } else {
            direct::product(result, alpha, factors.0, factors.1, beta);
        }
    }

    // ---- to and from the host ----

    fn fill(&self, result: &mut CpuTensor<E>, value: E) {
        result.values_mut().fill(value);
    }

    fn copy_from(&self, result: &mut CpuTensor<E>, source: &CpuTensor<E>) {
        expect_shape("copy_from", "source", source.shape, result.shape);
        let values = result.in_this_layout(source);
        result.values_mut().copy_from_slice(&values);
    }

    fn gather(&self, result: &mut CpuTensor<E>, samples: &HostSamples, epoch: &HostEpoch) {
        let Shape { rows, columns } = result.shape;
        let rows = epoch.rows(rows);
        expect_samples("gather", rows, samples, columns);
        match samples.values() {
            HostValues::Bytes { bytes, scale, .. } => {
                result.gather_bytes((bytes, samples.rows()), rows, E::from_f64(*scale));
            }
            HostValues::Numbers { numbers, .. } => {
                let stored = |row: usize| samples.stored_row(rows[row] as usize) * columns;
                result.map_indexed(|index, _| {
                    E::from_f64(numbers[stored(index / columns) + index % columns])
                });
            }
            HostValues::Classes { .. } => {
                let classes = Classes::new(samples, rows);
                result.map_indexed(|index, _| {
                    let hot = classes.of(index / columns) == index % columns;
                    if hot { E::ONE } else { E::ZERO }
                });
            }
        }
    }

    fn write_bytes(&self, result: &mut CpuTensor<E>, bytes: &[u8], scale: E) {
        expect_len("write_bytes", "bytes", bytes.len(), result.shape.len());
        result.write_bytes(bytes, scale);
    }

    // ---- forward ----

    fn linear(
        &self,
        result: &mut CpuTensor<E>,
        input: &CpuTensor<E>,
        layer: &Linear<CpuTensor<E>>,
        activation: Activation,
        weighted_sum: Option<&mut CpuTensor<E>>,
    ) {
        let weight = &layer.weight;
        let (batch, inputs, outputs) = (input.shape.rows, input.shape.columns, weight.shape.rows);
        expect_shape("linear", "self", result.shape, Shape::new(batch, outputs));
        expect_shape("linear", "weight", weight.shape, Shape::new(outputs, inputs));
        expect_shape("linear", "bias", layer.bias.shape, Shape::new(1, outputs));
        let packed = have_packed_layouts([result, input], weight);
        let rectify = packed && activation == Activation::Relu && weighted_sum.is_none();
        if packed {
            forward::forward(result, input, weight, &layer.bias, rectify);
        } else {
            self.matmul(result, E::ONE, (input, Keep), (weight, Transpose), E::ZERO);
            self.add_bias(result, &layer.bias);
        }
        if let Some(weighted_sum) = weighted_sum {
            self.copy_from(weighted_sum, result);
        }
        if !rectify {
            self.activate(result, activation);
        }
    }

    fn add_bias(&self, result: &mut CpuTensor<E>, bias: &CpuTensor<E>) {
        expect_shape("add_bias", "bias", bias.shape, Shape::new(1, result.shape.columns));
        let (columns, bias) = (result.shape.columns, bias.values());
        result.map_indexed(|index, value| value + bias[index % columns]);
    }

    fn activate(&self, result: &mut CpuTensor<E>, activation: Activation) {
        let (device, _, values) = result.parts_mut();
        elementwise::activate(device, values, activation);
    }

    fn batch_norm(
        &self,
        result: &mut CpuTensor<E>,
        affine: &Linear<CpuTensor<E>>,
        batch: &mut BatchStatistics<CpuTensor<E>>,
    ) {
        let row = Shape::new(1, result.shape.columns);
        for (what, shape, expected) in [
            ("scale", affine.weight.shape, row),
            ("shift", affine.bias.shape, row),
            ("normalized", batch.normalized.shape, result.shape),
            ("inverse_deviation", batch.inverse_deviation.shape, row),
            ("mean", batch.mean.shape, row),
            ("variance", batch.variance.shape, row),
        ] {
            expect_shape("batch_norm", what, shape, expected);
        }
        batch_norm::forward(result, affine, batch);
    }

    fn drop_out(
        &self,
        result: &mut CpuTensor<E>,
        rate: f64,
        layer: usize,
        step: Step<'_, HostEpoch>,
    ) {
        let key = step.epoch.dropout_key(step.member, layer);
        let (device, layout, values) = result.parts_mut();
        elementwise::drop_out(device, layout, values, rate, key);
    }

    fn softmax(&self, result: &mut CpuTensor<E>, logits: &CpuTensor<E>) {
        expect_shape("softmax", "logits", logits.shape, result.shape);
        expect_batch("softmax", result);
        let logits = result.in_this_layout(logits);
        let (device, layout, result) = result.parts_mut();
        let (factor, entropy, logits) = (E::ONE, None, &*logits);
        device.with_scratch(softmax::scratch_len(layout), |transposed| {
            let mut softmax = Softmax { layout, logits, result, transposed, factor, entropy };
            E::dispatch(device.simd(), &mut softmax);
        });
    }

    // ---- losses ----

    fn softmax_cross_entropy(
        &self,
        result: &mut CpuTensor<E>,
        logits: &CpuTensor<E>,
        (labels, epoch): (&HostSamples, &HostEpoch),
        weighing: &Weighing<'_, E>,
        tally: &mut CpuTensor<E>,
    ) {
        let Shape { rows, columns } = result.shape;
        expect_shape("softmax_cross_entropy", "logits", logits.shape, result.shape);
        expect_batch("softmax_cross_entropy", result);
        let rows = epoch.rows(rows);
        expect_samples("softmax_cross_entropy", rows, labels, columns);
        let classes = Classes::new(labels, rows);
        let logits = result.in_this_layout(logits);
        let (device, layout, values) = result.parts_mut();
        let (loss, correct) = if weighing.is_plain() {
            plain_entropy(device, layout, values, (&logits, classes), weighing.factor)
        } else {
            device.with_scratch(columns, |row| {
                losses::weighted_entropy(layout, values, (&logits, classes), weighing, row)
            })
        };
        self.add_batch(tally, loss, correct);
    }

    fn squared_error(
        &self,
        result: &mut CpuTensor<E>,
        output: &CpuTensor<E>,
        target: &CpuTensor<E>,
        factor: E,
        tally: &mut CpuTensor<E>,
    ) {
        expect_shape("squared_error", "output", output.shape, result.shape);
        expect_shape("squared_error", "target", target.shape, result.shape);
        expect_batch("squared_error", result);
        let (output, target) = (result.in_this_layout(output), result.in_this_layout(target));
        let (device, layout, values) = result.parts_mut();
        let (loss, correct) = device.with_scratch(2 * layout.columns, |rows| {
            losses::squared_error(layout, values, (&output, &target), factor, rows)
        });
        self.add_batch(tally, loss, correct);
    }

    fn add_batch(&self, tally: &mut CpuTensor<E>, loss: f64, correct: usize) {
        expect_shape("add_batch", "tally", tally.shape, Shape::new(1, TALLY_WIDTH));
        // A tally is one row, and shorter than a line.
        add_to_tally(&mut tally.values_mut()[..TALLY_WIDTH], loss, correct);
    }

    // ---- backward ----

    fn multiply_by_derivative(
        &self,
        delta: &mut CpuTensor<E>,
        activation: Activation,
        activated: &CpuTensor<E>,
        weighted_sum: Option<&CpuTensor<E>>,
    ) {
        let (what, kept) = if activation.needs_weighted_sum() {
            let z = weighted_sum.expect("the trait's contract: z is kept for such an activation");
            ("weighted_sum", z)
        } else {
            ("activated", activated)
        };
        expect_shape("multiply_by_derivative", what, kept.shape, delta.shape);
        let kept = delta.in_this_layout(kept);
        let (device, _, delta) = delta.parts_mut();
        elementwise::multiply_by_derivative(device, delta, activation, &kept);
    }

    fn hidden_delta(
        &self,
        delta: &mut CpuTensor<E>,
        next_delta: &CpuTensor<E>,
        next_weight: &CpuTensor<E>,
        activation: Activation,
        activated: &CpuTensor<E>,
        weighted_sum: Option<&CpuTensor<E>>,
    ) {
        let (batch, next_outputs) = (next_delta.shape.rows, next_delta.shape.columns);
        let inputs = next_weight.shape.columns;
        expect_shape("hidden_delta", "self", delta.shape, Shape::new(batch, inputs));
        let weight_shape = Shape::new(next_outputs, inputs);
        expect_shape("hidden_delta", "next_weight", next_weight.shape, weight_shape);
        let fused = activation == Activation::Relu && activated.layout == delta.layout;
        if have_packed_layouts([delta, next_delta], next_weight) {
            let rectified = fused.then_some(activated);
            delta::hidden_delta(delta, next_delta, next_weight, rectified);
            if fused {
                return;
            }
        } else {
            self.matmul(delta, E::ONE, (next_delta, Keep), (next_weight, Keep), E::ZERO);
        }
        self.multiply_by_derivative(delta, activation, activated, weighted_sum);
    }

    fn batch_norm_gradient(
        &self,
        delta: &mut CpuTensor<E>,
        gradient: &mut Linear<CpuTensor<E>>,
        scale: &CpuTensor<E>,
        batch: &BatchStatistics<CpuTensor<E>>,
    ) {
        let row = Shape::new(1, delta.shape.columns);
        for (what, shape, expected) in [
            ("scale", scale.shape, row),
            ("gradient of scale", gradient.weight.shape, row),
            ("gradient of shift", gradient.bias.shape, row),
            ("normalized", batch.normalized.shape, delta.shape),
            ("inverse_deviation", batch.inverse_deviation.shape, row),
        ] {
            expect_shape("batch_norm_gradient", what, shape, expected);
        }
        batch_norm::gradient(delta, gradient, scale, batch);
    }

    fn sum_rows(&self, result: &mut CpuTensor<E>, source: &CpuTensor<E>) {
        let columns = source.shape.columns;
        expect_shape("sum_rows", "self", result.shape, Shape::new(1, columns));
        self.fill(result, E::ZERO);
        let (layout, values) = (source.layout, source.values());
        let sums = result.values_mut();
        layout.for_each_run(|start, index, width| {
            for (lane, &value) in values[start..start + width].iter().enumerate() {
                sums[(index + lane * layout.index_step()) % columns] += value;
            }
        });
    }

    fn linear_gradient(
        &self,
        gradient: &mut Linear<CpuTensor<E>>,
        delta: &CpuTensor<E>,
        input: &CpuTensor<E>,
    ) {
        let Linear { weight, bias } = gradient;
        expect_gradient("linear_gradient", (weight, bias), delta, input);
        if have_packed_layouts([delta, input], weight) {
            let (device, layout) = (weight.device.clone(), weight.layout);
            let weights = (changed(weight, None, None), layout);
            let biases = changed(bias, None, None);
            gradient::apply(
                &device,
                weights,
                biases,
                (delta, input),
                (&Action::STORE, &Action::STORE),
            );
        } else {
            self.matmul(weight, E::ONE, (delta, Transpose), (input, Keep), E::ZERO);
            self.sum_rows(bias, delta);
        }
    }

    fn add_penalty_gradient(
        &self,
        gradient: &mut CpuTensor<E>,
        weight: &CpuTensor<E>,
        penalty: Penalty<E>,
    ) {
        expect_shape("add_penalty_gradient", "weight", weight.shape, gradient.shape);
        let weight = gradient.in_this_layout(weight);
        let (device, _, gradient) = gradient.parts_mut();
        elementwise::add_penalty_gradient(device, gradient, &weight, penalty);
    }

    // ---- the step ----

    fn update(
        &self,
        weight: &mut CpuTensor<E>,
        gradient: &CpuTensor<E>,
        moments: &mut Moments<CpuTensor<E>>,
        update: &Update<E>,
        step: Step<'_, HostEpoch>,
    ) {
        expect_shape("update", "gradient", gradient.shape, weight.shape);
        let numbers = step.epoch.numbers(step.member);
        let gradient = weight.in_this_layout(gradient);
        let device = weight.device.clone();
        let weights = changed(weight, Some(moments), Some(update.rule));
        elementwise::update(&device, weights, &gradient, &Action::of(update, &numbers));
    }

    fn linear_update(
        &self,
        layer: &mut Linear<CpuTensor<E>>,
        moments: &mut Linear<Moments<CpuTensor<E>>>,
        gradient: &mut Linear<CpuTensor<E>>,
        (delta, input): (&CpuTensor<E>, &CpuTensor<E>),
        (update, step): (&Update<E>, Step<'_, HostEpoch>),
    ) {
        let Linear { weight, bias } = layer;
        expect_gradient("linear_update", (weight, bias), delta, input);
        if have_packed_layouts([delta, input], weight) {
            let (device, layout) = (weight.device.clone(), weight.layout);
            let (rule, bias_update) = (update.rule, update.for_bias());
            let weights = (changed(weight, Some(&mut moments.weight), Some(rule)), layout);
            let biases = changed(bias, Some(&mut moments.bias), Some(rule));
            let numbers = step.epoch.numbers(step.member);
            let steps = (&Action::of(update, &numbers), &Action::of(&bias_update, &numbers));
            gradient::apply(&device, weights, biases, (delta, input), steps);
        } else {
            self.linear_gradient(gradient, delta, input);
            self.update(weight, &gradient.weight, &mut moments.weight, update, step);
            self.update(bias, &gradient.bias, &mut moments.bias, &update.for_bias(), step);
        }
    }

    // ---- after the step ----

    fn move_towards(&self, result: &mut CpuTensor<E>, target: &CpuTensor<E>, share: E) {
        expect_shape("move_towards", "target", target.shape, result.shape);
        let target = result.in_this_layout(target);
        let (device, _, values) = result.parts_mut();
        elementwise::zip(device, 2, values, &target, |value, target| {
            value + share * (target - value)
        });
    }

    fn multiply_elements(&self, result: &mut CpuTensor<E>, factors: &CpuTensor<E>) {
        expect_shape("multiply_elements", "factors", factors.shape, result.shape);
        let factors = result.in_this_layout(factors);
        let (device, _, values) = result.parts_mut();
        elementwise::zip(device, 1, values, &factors, |value, factor| value * factor);
    }

    fn limit_row_norms(&self, weight: &mut CpuTensor<E>, longest: E) {
        if weight.layout.transposed {
            return batch_norm::limit_norms(weight, longest);
        }
        // A layer of one output: one norm.
        let shape = weight.shape;
        assert!(shape.rows <= 1, "limit_row_norms: a tensor of {shape} made for activations");
        let mut values = vec![E::ZERO; weight.shape.len()];
        weight.copy_to(&mut values);
        let squares: E = values.iter().map(|&value| value * value).sum();
        let norm = num_traits::Float::sqrt(squares);
        if norm > longest {
            let (device, _, values) = weight.parts_mut();
            elementwise::map(device, 1, values, |value: E| value * (longest / norm));
        }
    }

    fn add_sum_of_squares(&self, tensor: &CpuTensor<E>, total: &mut CpuTensor<E>) {
        expect_shape("add_sum_of_squares", "total", total.shape, Shape::new(1, 1));
        let sum = elementwise::sum_of_squares(&tensor.device, &tensor.layout, tensor.values());
        let old = &mut total.values_mut()[0];
        *old = E::from_f64(old.to_f64() + sum);
    }

    fn clip_to_norm(&self, result: &mut CpuTensor<E>, total: &CpuTensor<E>, max_norm: E) {
        expect_shape("clip_to_norm", "total", total.shape, Shape::new(1, 1));
        let norm = num_traits::Float::sqrt(total.values()[0]);
        if norm > max_norm {
            let factor = max_norm / norm;
            let (device, _, values) = result.parts_mut();
            elementwise::map(device, 1, values, |value: E| value * factor);
        }
    }
}
