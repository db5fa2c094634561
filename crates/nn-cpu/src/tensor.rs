//! The tensor, and the way from each method of the trait to the code that does it.

use crate::layout::Layout;
use crate::lines::Lines;
use crate::losses::Weighing;
use crate::pixels::Pixels;
use crate::softmax::{self, Entropy, Softmax};
use crate::step::{Step, changed};
use crate::{
    CpuDevice, CpuElement, batch_norm, delta, elementwise, forward, gradient, losses, product,
};
use nn_tensor::{
    Activation, BatchStatistics, Linear, Moments, Orientation, Penalty, Role, Shape, TALLY_WIDTH,
    Tensor, TensorError, Update, UpdateRule, add_to_tally, expect_shape,
};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A matrix of `f32` or `f64` in main memory.
///
/// See the [crate](crate) for an example and for how it lies in memory.
pub struct CpuTensor<E> {
    shape: Shape,
    pub(crate) layout: Layout,
    device: CpuDevice,
    /// The numbers; empty while `pixels` holds them and nobody has asked for the whole.
    whole: OnceLock<Lines>,
    /// The buffer of `whole` while that is empty.
    spare: Mutex<Option<Lines>>,
    /// The same numbers without their zeros, as long as they are those of `gather_bytes`.
    pixels: Pixels,
    holds_pixels: bool,
    element: PhantomData<E>,
}

impl<E: CpuElement> CpuTensor<E> {
    /// All numbers, in the order of memory; written out first, if they were gathered from bytes.
    #[inline]
    pub(crate) fn values(&self) -> &[E] {
        self.whole.get_or_init(|| self.write_out()).numbers()
    }

    /// The numbers that `pixels` holds, zeros and all.
    #[cold]
    fn write_out(&self) -> Lines {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = spare.take().expect("whole is empty only while its buffer is spare");
        self.pixels.write_out::<E>(&self.layout, lines.numbers_mut());
        lines
    }

    /// All numbers, to be changed.
    pub(crate) fn values_mut(&mut self) -> &mut [E] {
        self.parts_mut().2
    }

    /// Device, layout and numbers, to be changed.
    fn parts_mut(&mut self) -> (&CpuDevice, &Layout, &mut [E]) {
        self.whole.get_or_init(|| self.write_out());
        self.holds_pixels = false;
        let lines = self.whole.get_mut().expect("just made sure of");
        (&self.device, &self.layout, lines.numbers_mut())
    }

    /// The numbers without their zeros, if they were gathered from bytes.
    #[inline]
    pub(crate) fn pixels(&self) -> Option<&Pixels> {
        self.holds_pixels.then_some(&self.pixels)
    }

    /// Whether the products of a layer can run on these operands as they lie: batches as they
    /// stand, and weights turned. A layer of one output, whose weight is a line, takes the way of
    /// the general product.
    fn lie_well(batches: [&Self; 2], weight: &Self) -> bool {
        weight.layout.transposed && batches.iter().all(|batch| !batch.layout.transposed)
    }

    /// The numbers of `other`, which has the same shape, in the order in which these lie: borrowed,
    /// or copied where the two were made for different roles.
    fn in_this_layout<'a>(&self, other: &'a Self) -> Cow<'a, [E]> {
        if self.layout == other.layout {
            return Cow::Borrowed(other.values());
        }
        let plain = other.to_vec();
        let mut values = vec![E::ZERO; self.values().len()];
        let step = self.layout.index_step();
        self.layout.for_each_run(|start, index, width| {
            for lane in 0..width {
                values[start + lane] = plain[index + lane * step];
            }
        });
        Cow::Owned(values)
    }

    /// Computes each number from its row-major index and itself.
    fn map_indexed(&mut self, mut function: impl FnMut(usize, E) -> E) {
        let layout = self.layout;
        let step = layout.index_step();
        let values = self.values_mut();
        layout.for_each_run(|start, index, width| {
            for (lane, value) in values[start..start + width].iter_mut().enumerate() {
                *value = function(index + lane * step, *value);
            }
        });
    }

    /// Row i becomes row `rows[i]` of a source with as many columns, whose elements `element` gives.
    fn gather(&mut self, rows: &[u32], element: impl Fn(usize) -> E) {
        let columns = self.shape.columns;
        self.map_indexed(|index, _| {
            element(rows[index / columns] as usize * columns + index % columns)
        });
    }
}

impl<E: CpuElement> Tensor for CpuTensor<E> {
    type Elem = E;
    type Device = CpuDevice;

    const FUSED: bool = true;

    fn zeros(device: &CpuDevice, shape: Shape, role: Role) -> Result<Self, TensorError> {
        let refused = || TensorError::out_of_memory::<E>(shape);
        let layout = Layout::new::<E>(shape, role).ok_or_else(refused)?;
        let lines = Lines::zeros(layout.lines()).ok_or_else(refused)?;
        Ok(Self {
            shape,
            layout,
            device: device.clone(),
            whole: OnceLock::from(lines),
            spare: Mutex::new(None),
            pixels: Pixels::for_rows(layout.rows),
            holds_pixels: false,
            element: PhantomData,
        })
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn device(&self) -> &CpuDevice {
        &self.device
    }

    fn write(&mut self, values: &[E]) {
        expect_len("write", "values", values.len(), self.shape.len());
        self.map_indexed(|index, _| values[index]);
    }

    fn read(&self, values: &mut [E]) {
        expect_len("read", "values", values.len(), self.shape.len());
        let (step, own) = (self.layout.index_step(), self.values());
        self.layout.for_each_run(|start, index, width| {
            for (lane, &value) in own[start..start + width].iter().enumerate() {
                values[index + lane * step] = value;
            }
        });
    }

    fn matmul(
        &mut self,
        alpha: E,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: E,
    ) {
        let (a_shape, b_shape) = (a.shape.oriented(a_orientation), b.shape.oriented(b_orientation));
        expect_shape("matmul", "op(b)", b_shape, Shape::new(a_shape.columns, b_shape.columns));
        expect_shape("matmul", "self", self.shape, Shape::new(a_shape.rows, b_shape.columns));
        product::general(self, alpha, (a, a_orientation), (b, b_orientation), beta);
    }

    fn run_on<R: Send>(device: &CpuDevice, work: impl FnOnce() -> R + Send) -> R {
        device.run(work)
    }

    fn fills_machine(device: &CpuDevice) -> bool {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        device.threads() >= cores
    }

    fn for_each(device: &CpuDevice, count: usize, task: impl Fn(usize) + Sync) {
        device.for_each_block(count, usize::MAX, task);
    }

    fn fill(&mut self, value: E) {
        self.values_mut().fill(value);
    }

    fn copy_from(&mut self, source: &Self) {
        expect_shape("copy_from", "source", source.shape, self.shape);
        let values = self.in_this_layout(source);
        self.values_mut().copy_from_slice(&values);
    }

    fn gather_bytes(&mut self, source: &[u8], rows: &[u32], scale: E) {
        let columns = self.shape.columns;
        expect_rows("gather_bytes", rows, self.shape, source.len());
        let listed = !self.layout.transposed
            && !self.shape.is_empty()
            && self.pixels.gather(&self.device, source, columns, rows, scale);
        let spare = self.spare.get_mut().unwrap_or_else(PoisonError::into_inner);
        if listed {
            *spare = self.whole.take().or(spare.take());
        } else {
            // What was gathered before is gone; its buffer takes the numbers themselves.
            let lines = spare.take();
            self.whole
                .get_or_init(|| lines.expect("whole is empty only while its buffer is spare"));
            self.gather(rows, |index| scale * E::from_byte(source[index]));
        }
        self.holds_pixels = listed;
    }

    fn gather_values(&mut self, source: &[f64], rows: &[u32]) {
        expect_rows("gather_values", rows, self.shape, source.len());
        self.gather(rows, |index| E::from_f64(source[index]));
    }

    fn write_one_hot(&mut self, classes: &[u32]) {
        let columns = self.shape.columns;
        expect_len("write_one_hot", "classes", classes.len(), self.shape.rows);
        for &class in classes {
            assert!((class as usize) < columns, "write_one_hot: class {class} of {columns}");
        }
        self.map_indexed(|index, _| {
            let hot = classes[index / columns] as usize == index % columns;
            if hot { E::ONE } else { E::ZERO }
        });
    }

    fn linear(
        &mut self,
        input: &Self,
        layer: &Linear<Self>,
        activation: Activation,
        weighted_sum: Option<&mut Self>,
    ) {
        let weight = &layer.weight;
        let (batch, inputs) = (input.shape.rows, input.shape.columns);
        expect_shape("linear", "self", self.shape, Shape::new(batch, weight.shape.rows));
        expect_shape("linear", "weight", weight.shape, Shape::new(self.shape.columns, inputs));
        expect_shape("linear", "bias", layer.bias.shape, Shape::new(1, self.shape.columns));
        let lie_well = Self::lie_well([self, input], weight);
        let rectify = lie_well && activation == Activation::Relu && weighted_sum.is_none();
        if lie_well {
            forward::forward(self, input, weight, &layer.bias, rectify);
        } else {
            self.matmul(E::ONE, input, Orientation::Keep, weight, Orientation::Transpose, E::ZERO);
            self.add_bias(&layer.bias);
        }
        if let Some(weighted_sum) = weighted_sum {
            weighted_sum.copy_from(self);
        }
        if !rectify {
            self.activate(activation);
        }
    }

    fn hidden_delta(
        &mut self,
        next_delta: &Self,
        next_weight: &Self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        let batch = next_delta.shape.rows;
        expect_shape(
            "hidden_delta",
            "self",
            self.shape,
            Shape::new(batch, next_weight.shape.columns),
        );
        let weight_shape = Shape::new(next_delta.shape.columns, self.shape.columns);
        expect_shape("hidden_delta", "next_weight", next_weight.shape, weight_shape);
        let fused = activation == Activation::Relu && activated.layout == self.layout;
        if Self::lie_well([self, next_delta], next_weight) {
            let rectified = fused.then_some(activated);
            delta::hidden_delta(self, next_delta, next_weight, rectified);
            if fused {
                return;
            }
        } else {
            let keep = Orientation::Keep;
            self.matmul(E::ONE, next_delta, keep, next_weight, keep, E::ZERO);
        }
        self.multiply_by_derivative(activation, activated, weighted_sum);
    }

    fn linear_gradient(gradient: &mut Linear<Self>, delta: &Self, input: &Self) {
        let Linear { weight, bias } = gradient;
        expect_gradient("linear_gradient", (weight, bias), delta, input);
        if Self::lie_well([delta, input], weight) {
            let device = weight.device.clone();
            let layout = weight.layout;
            let weights = (changed(weight, None, None), layout);
            let biases = changed(bias, None, None);
            gradient::apply(&device, weights, biases, (delta, input), (&Step::STORE, &Step::STORE));
        } else {
            let (keep, transpose) = (Orientation::Keep, Orientation::Transpose);
            weight.matmul(E::ONE, delta, transpose, input, keep, E::ZERO);
            bias.sum_rows(delta);
        }
    }

    fn linear_update(
        layer: &mut Linear<Self>,
        moments: &mut Linear<Moments<Self>>,
        gradient: &mut Linear<Self>,
        delta: &Self,
        input: &Self,
        update: &Update<E>,
    ) {
        let Linear { weight, bias } = layer;
        expect_gradient("linear_update", (weight, bias), delta, input);
        if Self::lie_well([delta, input], weight) {
            let device = weight.device.clone();
            let layout = weight.layout;
            let (rule, bias_update) = (update.rule, update.for_bias());
            let weights = (changed(weight, Some(&mut moments.weight), Some(rule)), layout);
            let biases = changed(bias, Some(&mut moments.bias), Some(rule));
            let steps = (&Step::of(update), &Step::of(&bias_update));
            gradient::apply(&device, weights, biases, (delta, input), steps);
        } else {
            Self::linear_gradient(gradient, delta, input);
            weight.update(&gradient.weight, &mut moments.weight, update);
            bias.update(&gradient.bias, &mut moments.bias, &update.for_bias());
        }
    }

    fn add_bias(&mut self, bias: &Self) {
        expect_shape("add_bias", "bias", bias.shape, Shape::new(1, self.shape.columns));
        let (columns, bias) = (self.shape.columns, bias.values());
        self.map_indexed(|index, value| value + bias[index % columns]);
    }

    fn activate(&mut self, activation: Activation) {
        let (device, _, values) = self.parts_mut();
        elementwise::activate(device, values, activation);
    }

    fn batch_norm(&mut self, affine: &Linear<Self>, batch: &mut BatchStatistics<Self>) {
        let row = Shape::new(1, self.shape.columns);
        batch.expect_shapes("batch_norm", self.shape);
        expect_shape("batch_norm", "scale", affine.weight.shape, row);
        expect_shape("batch_norm", "shift", affine.bias.shape, row);
        batch_norm::forward(self, affine, batch);
    }

    fn batch_norm_gradient(
        &mut self,
        gradient: &mut Linear<Self>,
        scale: &Self,
        batch: &BatchStatistics<Self>,
    ) {
        let row = Shape::new(1, self.shape.columns);
        batch.expect_shapes("batch_norm_gradient", self.shape);
        expect_shape("batch_norm_gradient", "scale", scale.shape, row);
        expect_shape("batch_norm_gradient", "gradient of scale", gradient.weight.shape, row);
        expect_shape("batch_norm_gradient", "gradient of shift", gradient.bias.shape, row);
        batch_norm::gradient(self, gradient, scale, batch);
    }

    fn move_towards(&mut self, target: &Self, share: E) {
        expect_shape("move_towards", "target", target.shape, self.shape);
        let target = self.in_this_layout(target);
        let (device, _, values) = self.parts_mut();
        elementwise::zip(device, 2, values, &target, |value, target| {
            value + share * (target - value)
        });
    }

    fn multiply_elements(&mut self, factors: &Self) {
        expect_shape("multiply_elements", "factors", factors.shape, self.shape);
        let factors = self.in_this_layout(factors);
        let (device, _, values) = self.parts_mut();
        elementwise::zip(device, 1, values, &factors, |value, factor| value * factor);
    }

    fn limit_row_norms(&mut self, longest: E) {
        if self.layout.transposed {
            batch_norm::limit_norms(self, longest);
        } else {
            // A layer of one output: one norm.
            let squares: E = self.to_vec().iter().map(|&value| value * value).sum();
            let norm = num_traits::Float::sqrt(squares);
            if norm > longest {
                let (device, _, values) = self.parts_mut();
                elementwise::map(device, 1, values, |value: E| value * (longest / norm));
            }
        }
    }

    fn drop_out(&mut self, rate: f64, key: u64) {
        let (device, layout, values) = self.parts_mut();
        elementwise::drop_out(device, layout, values, rate, key);
    }

    fn softmax(&mut self, logits: &Self) {
        expect_shape("softmax", "logits", logits.shape, self.shape);
        let logits = self.in_this_layout(logits);
        let (device, layout, result) = self.parts_mut();
        let (factor, entropy, logits) = (E::ONE, None, &*logits);
        device.with_scratch(softmax::scratch_len(layout), |turned| {
            let mut softmax = Softmax { layout, logits, result, turned, factor, entropy };
            E::dispatch(device.is_portable(), &mut softmax);
        });
    }

    fn softmax_cross_entropy(
        &mut self,
        logits: &Self,
        classes: &[u32],
        factor: E,
        tally: &mut Self,
    ) {
        expect_shape("softmax_cross_entropy", "logits", logits.shape, self.shape);
        expect_len("softmax_cross_entropy", "classes", classes.len(), self.shape.rows);
        let logits = self.in_this_layout(logits);
        let (device, layout, result) = self.parts_mut();
        let entropy = Some(Entropy { classes, loss: 0.0, correct: 0 });
        let logits = &*logits;
        let entropy = device.with_scratch(softmax::scratch_len(layout), |turned| {
            let mut softmax = Softmax { layout, logits, result, turned, factor, entropy };
            E::dispatch(device.is_portable(), &mut softmax);
            softmax.entropy
        });
        let (loss, correct) = entropy.map_or((0.0, 0), |sums| (sums.loss, sums.correct));
        tally.add_batch(loss, correct);
    }

    fn weighted_cross_entropy(
        &mut self,
        logits: &Self,
        classes: &[u32],
        factor: E,
        smoothing: E,
        class_weights: &[E],
        tally: &mut Self,
    ) {
        expect_shape("weighted_cross_entropy", "logits", logits.shape, self.shape);
        expect_len("weighted_cross_entropy", "classes", classes.len(), self.shape.rows);
        let logits = self.in_this_layout(logits);
        let (device, layout, values) = self.parts_mut();
        let weighing = Weighing { factor, smoothing, class_weights };
        let (loss, correct) = device.with_scratch(layout.columns, |row| {
            losses::weighted_entropy(layout, values, (&logits, classes), &weighing, row)
        });
        tally.add_batch(loss, correct);
    }

    fn squared_error(&mut self, output: &Self, target: &Self, factor: E, tally: &mut Self) {
        expect_shape("squared_error", "output", output.shape, self.shape);
        expect_shape("squared_error", "target", target.shape, self.shape);
        let (output, target) = (self.in_this_layout(output), self.in_this_layout(target));
        let (device, layout, values) = self.parts_mut();
        let (loss, correct) = device.with_scratch(2 * layout.columns, |rows| {
            losses::squared_error(layout, values, (&output, &target), factor, rows)
        });
        tally.add_batch(loss, correct);
    }

    fn add_batch(&mut self, loss: f64, correct: usize) {
        expect_shape("add_batch", "tally", self.shape, Shape::new(1, TALLY_WIDTH));
        let mut columns = [E::ZERO; TALLY_WIDTH];
        self.read(&mut columns);
        add_to_tally(&mut columns, loss, correct);
        self.write(&columns);
    }

    fn multiply_by_derivative(
        &mut self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        let kept = if activation.needs_weighted_sum() {
            let z = weighted_sum.expect("the trait's contract: z is kept for such an activation");
            expect_shape("multiply_by_derivative", "weighted_sum", z.shape, self.shape);
            z
        } else {
            expect_shape("multiply_by_derivative", "activated", activated.shape, self.shape);
            activated
        };
        let kept = self.in_this_layout(kept);
        let (device, _, delta) = self.parts_mut();
        elementwise::multiply_by_derivative(device, delta, activation, &kept);
    }

    fn sum_rows(&mut self, source: &Self) {
        let columns = source.shape.columns;
        expect_shape("sum_rows", "self", self.shape, Shape::new(1, columns));
        self.fill(E::ZERO);
        let (layout, values) = (source.layout, source.values());
        let sums = self.values_mut();
        layout.for_each_run(|start, index, width| {
            for (lane, &value) in values[start..start + width].iter().enumerate() {
                sums[(index + lane * layout.index_step()) % columns] += value;
            }
        });
    }

    fn add_penalty_gradient(&mut self, weight: &Self, penalty: Penalty<E>) {
        expect_shape("add_penalty_gradient", "weight", weight.shape, self.shape);
        let weight = self.in_this_layout(weight);
        let (device, _, gradient) = self.parts_mut();
        elementwise::add_penalty_gradient(device, gradient, &weight, penalty);
    }

    fn update(&mut self, gradient: &Self, moments: &mut Moments<Self>, update: &Update<E>) {
        expect_shape("update", "gradient", gradient.shape, self.shape);
        let gradient = self.in_this_layout(gradient);
        let device = self.device.clone();
        let weights = changed(self, Some(moments), Some(update.rule));
        elementwise::update(&device, weights, &gradient, update);
    }

    fn add_sum_of_squares(&self, total: &mut Self) {
        expect_shape("add_sum_of_squares", "total", total.shape, Shape::new(1, 1));
        let sum = elementwise::sum_of_squares(&self.device, &self.layout, self.values());
        let old = &mut total.values_mut()[0];
        *old = E::from_f64(old.to_f64() + sum);
    }

    fn clip_to_norm(&mut self, total: &Self, max_norm: E) {
        expect_shape("clip_to_norm", "total", total.shape, Shape::new(1, 1));
        let norm = num_traits::Float::sqrt(total.values()[0]);
        if norm > max_norm {
            let factor = max_norm / norm;
            let (device, _, values) = self.parts_mut();
            elementwise::map(device, 1, values, |value: E| value * factor);
        }
    }
}

/// Panics unless weight and bias fit a layer from `input` to `delta`.
#[track_caller]
fn expect_gradient<E: CpuElement>(
    operation: &str,
    (weight, bias): (&CpuTensor<E>, &CpuTensor<E>),
    delta: &CpuTensor<E>,
    input: &CpuTensor<E>,
) {
    let (outputs, inputs) = (delta.shape.columns, input.shape.columns);
    expect_shape(operation, "input", input.shape, Shape::new(delta.shape.rows, inputs));
    expect_shape(operation, "weight", weight.shape, Shape::new(outputs, inputs));
    expect_shape(operation, "bias", bias.shape, Shape::new(1, outputs));
}

/// Whether the rule remembers one number of each weight.
pub(crate) fn needs_first<E: CpuElement>(rule: &UpdateRule<E>) -> bool {
    *rule != UpdateRule::Descent
}

/// Whether the rule remembers two.
pub(crate) fn needs_second<E: CpuElement>(rule: &UpdateRule<E>) -> bool {
    matches!(rule, UpdateRule::Adam { .. })
}

/// The numbers of a moment that the rule needs, or none.
///
/// # Panics
/// When it is needed and missing, or lies otherwise than the weight: the caller's bug.
pub(crate) fn used_moment<E: CpuElement>(
    moment: Option<&mut CpuTensor<E>>,
    layout: Layout,
    needed: bool,
) -> &mut [E] {
    if !needed {
        return &mut [];
    }
    let moment = moment.expect("the trait's contract: the moments that the rule needs are given");
    assert!(
        moment.layout == layout,
        "update: a moment of {} made for another shape or role",
        moment.shape
    );
    moment.values_mut()
}

impl<E: CpuElement> fmt::Debug for CpuTensor<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CpuTensor<{}>({}, {:?})", E::NAME, self.shape, self.to_vec())
    }
}

/// Panics unless each row of `shape` is given a row that lies inside a source of `source_len`.
#[track_caller]
fn expect_rows(operation: &str, rows: &[u32], shape: Shape, source_len: usize) {
    expect_len(operation, "rows", rows.len(), shape.rows);
    for &row in rows {
        let end = (row as usize).checked_add(1).and_then(|end| end.checked_mul(shape.columns));
        let inside = end.is_some_and(|end| end <= source_len);
        assert!(inside, "{operation}: row {row} lies outside the source");
    }
}

/// Panics, naming the operation and both lengths, unless they agree.
#[track_caller]
fn expect_len(operation: &str, what: &str, actual: usize, expected: usize) {
    assert!(actual == expected, "{operation}: {actual} {what} for {expected}");
}
