//! A backend that behaves as if it had memory of its own, and counts the bytes that cross.

use crate::Orientation::{Keep, Transpose};
use crate::{
    Activation, ClassTarget, Device, Element, ResidentEpoch, HostEpoch, HostSamples, Linear, Matrix,
    Moments, Orientation, ReferenceTensor, Resident, Role, ResidentSamples, Shape, Step, Tensor,
    TensorError, Traffic, Update,
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

/// A [`ReferenceTensor`] in memory of its own: what is read and written crosses, and the operations of a
/// default training step do neither.
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
}

impl<E: Element> Tensor for CountingTensor<E> {
    const FUSED: bool = true;

    fn gather(&mut self, samples: &ResidentSamples<Self>, epoch: &ResidentEpoch<Self>) {
        self.values.gather(samples.host(), epoch.host());
    }

    fn write_bytes(&mut self, bytes: &[u8], scale: E) {
        self.device.sent(bytes.len());
        self.values.write_bytes(bytes, scale);
    }

    fn linear(
        &mut self,
        input: &Self,
        layer: &Linear<Self>,
        activation: Activation,
        weighted_sum: Option<&mut Self>,
    ) {
        let (input, weight, bias) = (&input.values, &layer.weight.values, &layer.bias.values);
        self.values.matmul(E::ONE, input, Keep, weight, Transpose, E::ZERO);
        self.values.add_bias(bias);
        if let Some(weighted_sum) = weighted_sum {
            weighted_sum.values.copy_from(&self.values);
        }
        self.values.activate(activation);
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
        self.values.softmax_cross_entropy(logits, labels.host(), epoch.host(), &target, tally);
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
        let (next_delta, next_weight) = (&next_delta.values, &next_weight.values);
        self.values.hidden_delta(next_delta, next_weight, activation, activated, weighted_sum);
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
        let Linear { weight, bias } = gradient;
        let (delta, input) = (&delta.values, &input.values);
        weight.values.matmul(E::ONE, delta, Transpose, input, Keep, E::ZERO);
        bias.values.sum_rows(delta);
        layer.weight.step(weight, &mut moments.weight, update, step);
        layer.bias.step(bias, &mut moments.bias, &update.for_bias(), step);
    }
}

impl<E: Element> CountingTensor<E> {
    /// [`Tensor::update`] where the tensors are.
    fn step(
        &mut self,
        gradient: &Self,
        moments: &mut Moments<Self>,
        update: &Update<E>,
        step: Step<'_, Sent<HostEpoch>>,
    ) {
        let device = &self.device;
        let mut inner = Moments {
            first: moments.first.take().map(|moment| moment.values),
            second: moments.second.take().map(|moment| moment.values),
        };
        let step = Step { epoch: step.epoch.host(), member: step.member };
        self.values.update(&gradient.values, &mut inner, update, step);
        let outer = |values| Self { values, device: device.clone() };
        *moments = Moments { first: inner.first.map(outer), second: inner.second.map(outer) };
    }
}
