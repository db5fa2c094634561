//! A backend that behaves as if it had memory of its own, and counts the bytes that cross.

use crate::Orientation::{Keep, Transpose};
use crate::provided::unrecorded;
use crate::{
    Activation, BatchStatistics, ClassTarget, Device, Element, HostEpoch, HostSamples, Linear,
    Matrix, Moments, Orientation, Penalty, ReferenceTensor, Resident, ResidentEpoch,
    ResidentSamples, Role, Shape, Step, Tensor, TensorError, Traffic, Update,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts bytes to and from its tensors.
#[derive(Clone, Debug, Default)]
pub struct CountingDevice {
    to_device: Arc<AtomicU64>,
    to_host: Arc<AtomicU64>,
}

impl CountingDevice {
    /// Counts bytes that have gone to the device.
    pub fn sent(&self, bytes: usize) {
        self.to_device.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts bytes that have gone to the host.
    pub fn received(&self, bytes: usize) {
        self.to_host.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Device for CountingDevice {
    type Samples = Sent<HostSamples>;
    type Epoch = Sent<HostEpoch>;

    fn traffic(&self) -> Option<Traffic> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Some(Traffic { to_device: read(&self.to_device), to_host: read(&self.to_host) })
    }
}

/// Data of the host that have been sent.
pub struct Sent<H>(H);

impl Resident<HostSamples, CountingDevice> for Sent<HostSamples> {
    fn upload(device: &CountingDevice, host: HostSamples) -> Result<Self, TensorError> {
        device.sent(host.bytes());
        Ok(Self(host))
    }

    fn host(&self) -> &HostSamples {
        &self.0
    }

    fn host_mut(&mut self) -> &mut HostSamples {
        &mut self.0
    }
}

impl Resident<HostEpoch, CountingDevice> for Sent<HostEpoch> {
    fn upload(device: &CountingDevice, host: HostEpoch) -> Result<Self, TensorError> {
        device.sent(host.bytes());
        Ok(Self(host))
    }

    fn host(&self) -> &HostEpoch {
        &self.0
    }

    fn host_mut(&mut self) -> &mut HostEpoch {
        &mut self.0
    }
}

/// A [`ReferenceTensor`] in memory of its own: what is read and written crosses, and no operation of
/// [`Tensor`] does either. It overrides all of them.
#[derive(Debug)]
pub struct CountingTensor<E> {
    values: ReferenceTensor<E>,
    device: CountingDevice,
}

impl<E: Element> Matrix for CountingTensor<E> {
    type Elem = E;
    type Device = CountingDevice;

    fn zeros(device: &CountingDevice, shape: Shape, role: Role) -> Result<Self, TensorError> {
        Ok(Self { values: ReferenceTensor::zeros(&(), shape, role)?, device: device.clone() })
    }

    fn shape(&self) -> Shape {
        self.values.shape()
    }

    fn device(&self) -> &CountingDevice {
        &self.device
    }

    fn write(&mut self, values: &[E]) {
        self.device.sent(size_of_val(values));
        self.values.write(values);
    }

    fn read(&self, values: &mut [E]) {
        self.device.received(size_of_val(values));
        self.values.read(values);
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
        self.values.matmul(alpha, &a.values, a_orientation, &b.values, b_orientation, beta);
    }

    fn fill(&mut self, value: E) {
        self.values.fill(value);
    }

    fn copy_from(&mut self, source: &Self) {
        self.values.copy_from(&source.values);
    }
}

impl<E: Element> Tensor for CountingTensor<E> {
    const FUSED: bool = true;

    fn gather(&mut self, samples: &ResidentSamples<Self>, epoch: &ResidentEpoch<Self>) {
        unrecorded(|| self.values.gather(samples.host(), epoch.host()));
    }

    fn write_bytes(&mut self, bytes: &[u8], scale: E) {
        self.device.sent(bytes.len());
        unrecorded(|| self.values.write_bytes(bytes, scale));
    }

    fn linear(
        &mut self,
        input: &Self,
        layer: &Linear<Self>,
        activation: Activation,
        weighted_sum: Option<&mut Self>,
    ) {
        let (input, weight, bias) = (&input.values, &layer.weight.values, &layer.bias.values);
        unrecorded(|| {
            self.values.matmul(E::ONE, input, Keep, weight, Transpose, E::ZERO);
            self.values.add_bias(bias);
            if let Some(weighted_sum) = weighted_sum {
                weighted_sum.values.copy_from(&self.values);
            }
            self.values.activate(activation);
        });
    }

    fn add_bias(&mut self, bias: &Self) {
        unrecorded(|| self.values.add_bias(&bias.values));
    }

    fn activate(&mut self, activation: Activation) {
        unrecorded(|| self.values.activate(activation));
    }

    fn batch_norm(&mut self, affine: &Linear<Self>, batch: &mut BatchStatistics<Self>) {
        unrecorded(|| {
            let affine = lent(affine);
            lend_statistics(batch, |batch| self.values.batch_norm(&affine, batch));
        });
    }

    fn drop_out(&mut self, rate: f64, layer: usize, step: Step<'_, ResidentEpoch<Self>>) {
        unrecorded(|| self.values.drop_out(rate, layer, host_step(step)));
    }

    fn softmax(&mut self, logits: &Self) {
        unrecorded(|| self.values.softmax(&logits.values));
    }

    fn softmax_cross_entropy(
        &mut self,
        logits: &Self,
        labels: &ResidentSamples<Self>,
        epoch: &ResidentEpoch<Self>,
        target: &ClassTarget<'_, Self>,
        tally: &mut Self,
    ) {
        let ClassTarget { factor, smoothing, class_weights } = *target;
        let class_weights = class_weights.map(|weights| &weights.values);
        let target = ClassTarget { factor, smoothing, class_weights };
        let (logits, tally) = (&logits.values, &mut tally.values);
        unrecorded(|| {
            self.values.softmax_cross_entropy(logits, labels.host(), epoch.host(), &target, tally);
        });
    }

    fn squared_error(&mut self, output: &Self, target: &Self, factor: E, tally: &mut Self) {
        let (output, target, tally) = (&output.values, &target.values, &mut tally.values);
        unrecorded(|| self.values.squared_error(output, target, factor, tally));
    }

    fn add_batch(&mut self, loss: f64, correct: usize) {
        unrecorded(|| self.values.add_batch(loss, correct));
    }

    fn multiply_by_derivative(
        &mut self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        let (activated, weighted_sum) = (&activated.values, weighted_sum.map(|z| &z.values));
        unrecorded(|| self.values.multiply_by_derivative(activation, activated, weighted_sum));
    }

    fn hidden_delta(
        &mut self,
        next_delta: &Self,
        next_weight: &Self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        let (activated, weighted_sum) = (&activated.values, weighted_sum.map(|z| &z.values));
        let (delta, weight) = (&next_delta.values, &next_weight.values);
        unrecorded(|| self.values.hidden_delta(delta, weight, activation, activated, weighted_sum));
    }

    fn batch_norm_gradient(
        &mut self,
        gradient: &mut Linear<Self>,
        scale: &Self,
        batch: &BatchStatistics<Self>,
    ) {
        let BatchStatistics { normalized, inverse_deviation, mean, variance } = batch;
        unrecorded(|| {
            let batch = BatchStatistics {
                normalized: normalized.values.clone(),
                inverse_deviation: inverse_deviation.values.clone(),
                mean: mean.values.clone(),
                variance: variance.values.clone(),
            };
            let mut sums = lent(gradient);
            self.values.batch_norm_gradient(&mut sums, &scale.values, &batch);
            (gradient.weight.values, gradient.bias.values) = (sums.weight, sums.bias);
        });
    }

    fn sum_rows(&mut self, source: &Self) {
        unrecorded(|| self.values.sum_rows(&source.values));
    }

    fn linear_gradient(gradient: &mut Linear<Self>, delta: &Self, input: &Self) {
        let Linear { weight, bias } = gradient;
        let (delta, input) = (&delta.values, &input.values);
        unrecorded(|| {
            weight.values.matmul(E::ONE, delta, Transpose, input, Keep, E::ZERO);
            bias.values.sum_rows(delta);
        });
    }

    fn add_penalty_gradient(&mut self, weight: &Self, penalty: Penalty<E>) {
        unrecorded(|| self.values.add_penalty_gradient(&weight.values, penalty));
    }

    fn update(
        &mut self,
        gradient: &Self,
        moments: &mut Moments<Self>,
        update: &Update<E>,
        step: Step<'_, ResidentEpoch<Self>>,
    ) {
        let device = &self.device;
        let mut inner = Moments {
            first: moments.first.take().map(|moment| moment.values),
            second: moments.second.take().map(|moment| moment.values),
        };
        let gradient = &gradient.values;
        unrecorded(|| self.values.update(gradient, &mut inner, update, host_step(step)));
        let outer = |values| Self { values, device: device.clone() };
        *moments = Moments { first: inner.first.map(outer), second: inner.second.map(outer) };
    }

    fn linear_update(
        layer: &mut Linear<Self>,
        moments: &mut Linear<Moments<Self>>,
        gradient: &mut Linear<Self>,
        delta: &Self,
        input: &Self,
        update: &Update<E>,
        step: Step<'_, ResidentEpoch<Self>>,
    ) {
        Self::linear_gradient(gradient, delta, input);
        layer.weight.update(&gradient.weight, &mut moments.weight, update, step);
        layer.bias.update(&gradient.bias, &mut moments.bias, &update.for_bias(), step);
    }

    fn move_towards(&mut self, target: &Self, share: E) {
        unrecorded(|| self.values.move_towards(&target.values, share));
    }

    fn multiply_elements(&mut self, factors: &Self) {
        unrecorded(|| self.values.multiply_elements(&factors.values));
    }

    fn limit_row_norms(&mut self, longest: E) {
        unrecorded(|| self.values.limit_row_norms(longest));
    }

    fn add_sum_of_squares(&self, total: &mut Self) {
        unrecorded(|| self.values.add_sum_of_squares(&mut total.values));
    }

    fn clip_to_norm(&mut self, total: &Self, max_norm: E) {
        unrecorded(|| self.values.clip_to_norm(&total.values, max_norm));
    }
}

/// The step as the reference takes it.
fn host_step(step: Step<'_, Sent<HostEpoch>>) -> Step<'_, HostEpoch> {
    Step { epoch: step.epoch.host(), member: step.member }
}

/// A copy of a layer for the reference.
fn lent<E: Element>(layer: &Linear<CountingTensor<E>>) -> Linear<ReferenceTensor<E>> {
    Linear { weight: layer.weight.values.clone(), bias: layer.bias.values.clone() }
}

/// Passes copies of the statistics to `work`, and takes back what it makes of them.
fn lend_statistics<E: Element>(
    batch: &mut BatchStatistics<CountingTensor<E>>,
    work: impl FnOnce(&mut BatchStatistics<ReferenceTensor<E>>),
) {
    let BatchStatistics { normalized, inverse_deviation, mean, variance } = batch;
    let outer = [normalized, inverse_deviation, mean, variance];
    let [normalized, inverse_deviation, mean, variance] =
        outer.each_ref().map(|tensor| tensor.values.clone());
    let mut inner = BatchStatistics { normalized, inverse_deviation, mean, variance };
    work(&mut inner);
    let BatchStatistics { normalized, inverse_deviation, mean, variance } = inner;
    for (tensor, values) in outer.into_iter().zip([normalized, inverse_deviation, mean, variance]) {
        tensor.values = values;
    }
}
