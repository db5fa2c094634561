//! What a default training step asks of a backend: bodies that it has not overridden, bytes that cross
//! between host and device.

use super::samples::{classes, numbers, pixels, resident_labels, resident_pixels, tensor};
use crate::provided::record;
use crate::{
    Activation, ClassTarget, Device, Element, HostEpoch, Linear, MemberSteps, Moments, Penalty,
    ResidentEpoch, ResidentSamples, Role, Shape, Step, StepNumbers, TALLY_WIDTH, Tensor, Traffic,
    Update, UpdateRule,
};
use std::collections::BTreeMap;
use std::fmt;

const SIZES: [usize; 4] = [784, 32, 16, 10];
const BATCH: usize = 64;
const STEPS: usize = 4;
const SAMPLES: usize = 300;

/// What a training of some default steps (ReLU, cross-entropy, Adam) took.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// Provided bodies of [`Tensor`] that ran, and how often in a step, those that another provided body
    /// called among them. Empty where the backend overrides all of them.
    pub provided: BTreeMap<&'static str, usize>,
    /// Bytes that crossed in a step, where the device counts them.
    pub step: Option<Traffic>,
    /// Bytes that the order of an epoch and its steps took, for each sample.
    pub epoch_bytes_per_sample: Option<f64>,
    /// Samples in a step.
    pub batch: usize,
    /// [`Tensor::FUSED`]: whether a training calls the fused operations, as the steps of this report do.
    pub fused: bool,
}

impl StepReport {
    /// Holds the bytes of a step to what resident data allow: at most 4 bytes to the device for each
    /// sample, none to the host.
    ///
    /// # Panics
    /// Where more cross, or the device does not count.
    pub fn expect_resident(&self) {
        let Traffic { to_device, to_host } =
            self.step.expect("conformance: the device counts no bytes");
        let most = 4 * self.batch as u64;
        assert!(
            to_device <= most,
            "conformance: {to_device} bytes to the device in a step: {self}"
        );
        assert!(to_host == 0, "conformance: {to_host} bytes to the host in a step: {self}");
    }
}

impl fmt::Display for StepReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Traffic { to_device, to_host }) = self.step {
            write!(
                formatter,
                "{to_device} bytes to the device and {to_host} to the host in a step of "
            )?;
            write!(formatter, "{} samples; ", self.batch)?;
        }
        if let Some(bytes) = self.epoch_bytes_per_sample {
            write!(formatter, "{bytes:.2} bytes a sample to begin an epoch; ")?;
        }
        if !self.fused {
            write!(formatter, "Tensor::FUSED is false, so a training calls none of ")?;
            write!(formatter, "hidden_delta, linear_gradient and linear_update; ")?;
        }
        if self.provided.is_empty() {
            return write!(formatter, "no provided body runs");
        }
        write!(formatter, "provided bodies that run:")?;
        self.provided.iter().try_for_each(|(name, calls)| write!(formatter, " {name} ({calls})"))
    }
}

/// Trains a small network for some steps on `device`, inside [`Device::run`], and reports what it took.
///
/// # Panics
/// Where the device has not got the memory for a small network.
pub fn report<T: Tensor>(device: &T::Device) -> StepReport {
    let mut training = Training::<T>::new(device);
    let before_epoch = device.traffic();
    let epoch = training.host_epoch();
    let samples = epoch.order().len() as f64;
    let mut epoch: ResidentEpoch<T> = device.begin_epoch(epoch).expect("memory for a small epoch");
    let before_steps = device.traffic();
    let provided =
        device.run(|| record(|| (0..STEPS).for_each(|_| training.step(device, &mut epoch))));
    let after = device.traffic();
    let between = |before: Option<Traffic>, after: Option<Traffic>| {
        before.zip(after).map(|(before, after)| Traffic {
            to_device: after.to_device - before.to_device,
            to_host: after.to_host - before.to_host,
        })
    };
    let in_steps = between(before_steps, after);
    StepReport {
        provided: provided.into_iter().map(|(name, calls)| (name, calls.div_ceil(STEPS))).collect(),
        step: in_steps.map(|Traffic { to_device, to_host }| Traffic {
            to_device: to_device.div_ceil(STEPS as u64),
            to_host: to_host.div_ceil(STEPS as u64),
        }),
        epoch_bytes_per_sample: between(before_epoch, before_steps)
            .map(|traffic| traffic.to_device as f64 / samples),
        batch: BATCH,
        fused: T::FUSED,
    }
}

/// The default training, put together from the operations of the trait as nn-core does it.
struct Training<T: Tensor> {
    samples: ResidentSamples<T>,
    labels: ResidentSamples<T>,
    input: T,
    layers: Vec<Linear<T>>,
    gradients: Vec<Linear<T>>,
    moments: Vec<Linear<Moments<T>>>,
    activated: Vec<T>,
    deltas: Vec<T>,
    tally: T,
}

impl<T: Tensor> Training<T> {
    fn new(device: &T::Device) -> Self {
        let zeros = |rows, columns, role| {
            T::zeros(device, Shape::new(rows, columns), role).expect("memory for a small network")
        };
        let pairs = || SIZES.windows(2).map(|pair| (pair[0], pair[1]));
        let empty_layer = |(inputs, outputs)| Linear {
            weight: zeros(outputs, inputs, Role::Weight),
            bias: zeros(1, outputs, Role::Weight),
        };
        let layer = |(inputs, outputs)| {
            let shape = Shape::new(outputs, inputs);
            let weight = tensor(device, shape, Role::Weight, &numbers(131, shape.len()));
            Linear { weight, bias: zeros(1, outputs, Role::Weight) }
        };
        let moments = |(inputs, outputs)| {
            let both = |rows| {
                let columns = if rows == 1 { outputs } else { inputs };
                let zeros = || Some(zeros(rows, columns, Role::Weight));
                Moments { first: zeros(), second: zeros() }
            };
            Linear { weight: both(outputs), bias: both(1) }
        };
        let batches = || SIZES[1..].iter().map(|&width| zeros(BATCH, width, Role::Activation));
        let images = pixels(132, Shape::new(SAMPLES, SIZES[0]));
        Self {
            samples: resident_pixels::<T>(device, &images, SIZES[0]),
            labels: resident_labels::<T>(device, &classes(133, SAMPLES, SIZES[3]), SIZES[3]),
            input: zeros(BATCH, SIZES[0], Role::Activation),
            layers: pairs().map(layer).collect(),
            gradients: pairs().map(empty_layer).collect(),
            moments: pairs().map(moments).collect(),
            activated: batches().collect(),
            deltas: batches().collect(),
            tally: zeros(1, TALLY_WIDTH, Role::Activation),
        }
    }

    fn host_epoch(&self) -> HostEpoch {
        let number = |step: i32| StepNumbers {
            learning_rate: 1e-3,
            corrected_rate: 1e-3 / (1.0 - 0.9_f64.powi(step + 1)),
            root_correction: (1.0 - 0.999_f64.powi(step + 1)).sqrt().recip(),
        };
        let numbers = (0..STEPS as i32).map(number).collect();
        let order = classes(134, STEPS * BATCH, SAMPLES);
        HostEpoch::new(order, vec![MemberSteps { numbers, dropout_keys: Vec::new() }])
    }

    fn step(&mut self, device: &T::Device, epoch: &mut ResidentEpoch<T>) {
        let last = self.layers.len() - 1;
        let relu = Activation::Relu;
        self.input.gather(&self.samples, epoch);
        for index in 0..=last {
            let (before, here) = self.activated.split_at_mut(index);
            let input = before.last().unwrap_or(&self.input);
            let activation = if index == last { Activation::Identity } else { relu };
            here[0].linear(input, &self.layers[index], activation, None);
        }
        let target = ClassTarget::plain(T::Elem::from_f64(1.0 / BATCH as f64));
        let logits = &self.activated[last];
        self.deltas[last].softmax_cross_entropy(
            logits,
            &self.labels,
            epoch,
            &target,
            &mut self.tally,
        );
        let rule = UpdateRule::adam(0.9, 0.999, 1e-8);
        let update = Update { rule, penalty: Penalty::NONE, decay: T::Elem::ZERO };
        for index in (0..=last).rev() {
            if index > 0 {
                let (here, next) = self.deltas.split_at_mut(index);
                let (delta, activated) = (&mut here[index - 1], &self.activated[index - 1]);
                delta.hidden_delta(&next[0], &self.layers[index].weight, relu, activated, None);
            }
            let input = if index == 0 { &self.input } else { &self.activated[index - 1] };
            T::linear_update(
                &mut self.layers[index],
                &mut self.moments[index],
                &mut self.gradients[index],
                &self.deltas[index],
                input,
                &update,
                Step { epoch, member: 0 },
            );
        }
        device.advance(epoch, BATCH);
    }
}
