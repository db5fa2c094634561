//! Twenty steps of a small network, beside the same steps of the reference.

use super::compare::{epsilon, expect_close};
use super::samples::{classes, numbers, pixels, resident_labels, resident_pixels, tensor};
use super::steps::in_type;
use crate::{
    Activation, ClassTarget, Device, Element, HostEpoch, Linear, MemberSteps, Moments, Penalty,
    ReferenceTensor, ResidentEpoch, Role, Shape, Step, StepNumbers, TALLY_WIDTH, Tally, Tensor,
    Update, UpdateRule,
};

const INPUTS: usize = 40;
const HIDDEN: usize = 19;
const CLASSES: usize = 10;
const SAMPLES: usize = 60;
const STEPS: usize = 20;

/// Trains with each kind of rule and compares losses and weights with the reference's.
///
/// Roundings grow from step to step; the functions are smooth, so that they grow slowly, and 4,000
/// roundings after 20 steps are allowed.
///
/// # Panics
/// Where the two trainings part.
pub fn run<T: Tensor>(device: &T::Device) {
    let rules = [
        (UpdateRule::Descent, 0.5),
        (UpdateRule::Momentum { momentum: 0.9, nesterov: true }, 0.05),
        (UpdateRule::adam(0.9, 0.99, 0.01), 0.01),
    ];
    for (rule, learning_rate) in rules {
        for (batch, activation) in [(12, Activation::Tanh), (17, Activation::Sigmoid)] {
            let penalty = Penalty { l1: 0.0, l2: 1e-4 };
            let step = Update { rule, penalty, decay: 1e-3 };
            let case = format!("batch {batch}, {}, {rule:?}", activation.name());
            let (losses, weights) = train::<T>(device, batch, activation, &step, learning_rate);
            let (expected_losses, expected) =
                train::<ReferenceTensor<T::Elem>>(&(), batch, activation, &step, learning_rate);
            let bound = 4000.0 * epsilon::<T::Elem>();
            expect_close("20 steps (loss)", &case, &losses, &expected_losses, |_| bound);
            expect_close("20 steps (weights)", &case, &weights, &expected, |_| bound);
            let fell = losses[STEPS - 1] < losses[0];
            assert!(fell, "conformance: 20 steps, {case}: the loss did not fall: {losses:?}");
        }
    }
}

/// A layer of the small network and what its training needs.
struct Layer<X> {
    parameters: Linear<X>,
    gradient: Linear<X>,
    moments: Linear<Moments<X>>,
}

impl<X: Tensor> Layer<X> {
    fn new(device: &X::Device, inputs: usize, outputs: usize, seed: u64) -> Self {
        let zeros = |shape| X::zeros(device, shape, Role::Weight).expect("memory for a test");
        let (weight_shape, bias_shape) = (Shape::new(outputs, inputs), Shape::new(1, outputs));
        let scale = 1.0 / (inputs as f64).sqrt();
        let weight: Vec<X::Elem> = numbers::<f64>(seed, weight_shape.len())
            .iter()
            .map(|value| X::Elem::from_f64(value * scale))
            .collect();
        let both = |shape| Moments { first: Some(zeros(shape)), second: Some(zeros(shape)) };
        Self {
            parameters: Linear {
                weight: tensor(device, weight_shape, Role::Weight, &weight),
                bias: zeros(bias_shape),
            },
            gradient: Linear { weight: zeros(weight_shape), bias: zeros(bias_shape) },
            moments: Linear { weight: both(weight_shape), bias: both(bias_shape) },
        }
    }

    fn step(&mut self, delta: &X, input: &X, update: &Update<f64>, epoch: &ResidentEpoch<X>) {
        let update = in_type(update);
        X::linear_update(
            &mut self.parameters,
            &mut self.moments,
            &mut self.gradient,
            delta,
            input,
            &update,
            Step { epoch, member: 0 },
        );
    }
}

/// Mean loss of each step, and all weights at the end.
fn train<X: Tensor>(
    device: &X::Device,
    batch: usize,
    activation: Activation,
    update: &Update<f64>,
    learning_rate: f64,
) -> (Vec<f64>, Vec<X::Elem>) {
    let zeros = |rows, columns| {
        X::zeros(device, Shape::new(rows, columns), Role::Activation).expect("memory for a test")
    };
    let images = resident_pixels::<X>(device, &pixels(111, Shape::new(SAMPLES, INPUTS)), INPUTS);
    let labels = resident_labels::<X>(device, &classes(112, SAMPLES, CLASSES), CLASSES);
    let order = (0..STEPS * batch).map(|at| ((at / batch * 7 + at % batch) % SAMPLES) as u32);
    let numbers =
        StepNumbers { learning_rate, corrected_rate: 10.0 * learning_rate, root_correction: 10.0 };
    let member =
        MemberSteps { numbers: vec![numbers; STEPS], dropout_keys: (0..STEPS as u64).collect() };
    let epoch = HostEpoch::new(order.collect(), vec![member]);
    let mut epoch: ResidentEpoch<X> = device.begin_epoch(epoch).expect("memory for a small epoch");
    let mut first = Layer::<X>::new(device, INPUTS, HIDDEN, 113);
    let mut second = Layer::<X>::new(device, HIDDEN, CLASSES, 114);
    let (mut input, mut hidden, mut delta) =
        (zeros(batch, INPUTS), zeros(batch, HIDDEN), zeros(batch, HIDDEN));
    let (mut logits, mut output_delta, mut tally) =
        (zeros(batch, CLASSES), zeros(batch, CLASSES), zeros(1, TALLY_WIDTH));
    let factor = X::Elem::from_f64(1.0 / batch as f64);
    let mut losses = Vec::with_capacity(STEPS);
    for _ in 0..STEPS {
        let step = Step { epoch: &epoch, member: 0 };
        tally.fill(X::Elem::ZERO);
        input.gather(&images, &epoch);
        hidden.linear(&input, &first.parameters, activation, None);
        hidden.drop_out(0.1, 0, step);
        logits.linear(&hidden, &second.parameters, Activation::Identity, None);
        let target = ClassTarget::plain(factor);
        output_delta.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
        delta.hidden_delta(&output_delta, &second.parameters.weight, activation, &hidden, None);
        delta.drop_out(0.1, 0, step);
        second.step(&output_delta, &hidden, update, &epoch);
        first.step(&delta, &input, update, &epoch);
        device.advance(&mut epoch, batch);
        losses.push(Tally::from_values(&tally.to_vec()).loss / batch as f64);
    }
    let weights = [&first.parameters, &second.parameters]
        .into_iter()
        .flat_map(|layer| [layer.weight.to_vec(), layer.bias.to_vec()].concat())
        .collect();
    (losses, weights)
}
