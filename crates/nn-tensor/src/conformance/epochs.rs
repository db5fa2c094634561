//! Epochs as data: order, partial last batch, members in lockstep, steps that are repeated.

use super::compare::{expect_equal, expect_same_bits};
use super::samples::{classes, numbers, pixels, resident_labels, resident_pixels, tensor};
use super::steps::in_type;
use crate::{
    Activation, ClassTarget, Device, Element, HostEpoch, Linear, MemberSteps, Moments, Penalty,
    Resident, ResidentEpoch, ResidentSamples, Role, Shape, Step, StepNumbers, TALLY_WIDTH, Tensor,
    Update, UpdateRule, keeps,
};

const SAMPLES: usize = 30;
const INPUTS: usize = 40;
const OUTPUTS: usize = 10;
const BATCH: usize = 8;

/// Holds batches to the order of their epoch, and repeated steps to steps made one by one.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    batches_follow_the_order::<T>(device);
    members_have_steps_of_their_own::<T>(device);
    repeated_steps_are_steps::<T>(device);
}

/// An epoch of two whole batches and a partial one, then another in its place.
fn batches_follow_the_order<T: Tensor>(device: &T::Device) {
    let source = pixels(121, Shape::new(SAMPLES, INPUTS));
    let samples = resident_pixels::<T>(device, &source, INPUTS);
    let [first, second] =
        [122, 123].map(|seed| HostEpoch::without_steps(classes(seed, 2 * BATCH + 5, SAMPLES)));
    let mut epoch: ResidentEpoch<T> =
        device.begin_epoch(first.clone()).expect("memory for a small epoch");
    check_batches::<T>(device, &source, &samples, &mut epoch, first.order());
    epoch.replace(device, second.clone()).expect("memory for a small epoch");
    check_batches::<T>(device, &source, &samples, &mut epoch, second.order());
}

fn check_batches<T: Tensor>(
    device: &T::Device,
    source: &[u8],
    samples: &ResidentSamples<T>,
    epoch: &mut ResidentEpoch<T>,
    order: &[u32],
) {
    for rows in order.chunks(BATCH) {
        let shape = Shape::new(rows.len(), INPUTS);
        let mut gathered = T::zeros(device, shape, Role::Activation).expect("memory for a test");
        gathered.gather(samples, epoch);
        let image = |row: &u32| source[*row as usize * INPUTS..][..INPUTS].iter();
        let number = |&byte: &u8| T::Elem::from_f64(1.0 / 255.0) * T::Elem::from_f64(byte.into());
        let truth: Vec<T::Elem> = rows.iter().flat_map(image).map(number).collect();
        expect_equal("gather and advance", &format!("{order:?}"), &gathered.to_vec(), &truth);
        device.advance(epoch, rows.len());
    }
}

/// Two members on the same epoch: each step has its learning rate and key of dropout.
fn members_have_steps_of_their_own<T: Tensor>(device: &T::Device) {
    let key = |member: usize, step: usize, layer: usize| (100 * member + 10 * step + layer) as u64;
    let rate = |member: usize, step: usize| 0.5 / (1.0 + member as f64) / (1.0 + step as f64);
    let member = |member: usize| MemberSteps {
        numbers: [0, 1].map(|step| StepNumbers::with_learning_rate(rate(member, step))).to_vec(),
        dropout_keys: (0..4).map(|index| key(member, index / 2, index % 2)).collect(),
    };
    let epoch = HostEpoch::new(vec![0; 2], vec![member(0), member(1)]);
    let mut epoch: ResidentEpoch<T> = device.begin_epoch(epoch).expect("memory for a small epoch");
    let shape = Shape::new(7, 33);
    let ones = vec![T::Elem::ONE; shape.len()];
    let update = Update { rule: UpdateRule::Descent, penalty: Penalty::NONE, decay: T::Elem::ZERO };
    for step in 0..2 {
        for member in 0..2 {
            let case = format!("member {member}, step {step}");
            let now = Step { epoch: &epoch, member };
            for layer in 0..2 {
                let mut dropped: T = tensor(device, shape, Role::Activation, &ones);
                dropped.drop_out(0.5, layer, now);
                let kept = |index| keeps(key(member, step, layer), index as u64, 0.5);
                let two_or_none = |index| T::Elem::from_f64(if kept(index) { 2.0 } else { 0.0 });
                let truth: Vec<T::Elem> = (0..shape.len()).map(two_or_none).collect();
                expect_equal("drop_out", &case, &dropped.to_vec(), &truth);
            }
            let mut weight: T = tensor(device, shape, Role::Weight, &ones);
            let gradient: T = tensor(device, shape, Role::Weight, &ones);
            let mut none = Moments { first: None, second: None };
            weight.update(&gradient, &mut none, &update, now);
            let moved = T::Elem::ONE - T::Elem::from_f64(rate(member, step));
            expect_equal("update", &case, &weight.to_vec(), &vec![moved; shape.len()]);
        }
        device.advance(&mut epoch, 1);
    }
}

/// Five steps by [`Device::repeat`] and five one by one.
fn repeated_steps_are_steps<T: Tensor>(device: &T::Device) {
    let once = trained::<T>(device, |steps, step| (0..steps).for_each(|_| step()));
    let repeated = trained::<T>(device, |steps, step| device.repeat(steps, step));
    expect_same_bits("repeat", "5 steps", &repeated, &once);
}

/// Weights and tally after five steps of a network of one layer.
fn trained<T: Tensor>(
    device: &T::Device,
    run: impl FnOnce(usize, &mut dyn FnMut()),
) -> Vec<T::Elem> {
    const STEPS: usize = 5;
    let zeros = |rows, columns, role| {
        T::zeros(device, Shape::new(rows, columns), role).expect("memory for a test")
    };
    let images = pixels(124, Shape::new(SAMPLES, INPUTS));
    let samples = resident_pixels::<T>(device, &images, INPUTS);
    let labels = resident_labels::<T>(device, &classes(125, SAMPLES, OUTPUTS), OUTPUTS);
    let numbers_of = |step| StepNumbers::with_learning_rate(0.1 / f64::from(step + 1));
    let member =
        MemberSteps { numbers: (0..5).map(numbers_of).collect(), dropout_keys: Vec::new() };
    let epoch = HostEpoch::new(classes(126, STEPS * BATCH, SAMPLES), vec![member]);
    let mut epoch: ResidentEpoch<T> = device.begin_epoch(epoch).expect("memory for a small epoch");
    let weight_shape = Shape::new(OUTPUTS, INPUTS);
    let mut layer = Linear {
        weight: tensor::<T>(device, weight_shape, Role::Weight, &numbers(127, weight_shape.len())),
        bias: zeros(1, OUTPUTS, Role::Weight),
    };
    let mut gradient = Linear {
        weight: zeros(OUTPUTS, INPUTS, Role::Weight),
        bias: zeros(1, OUTPUTS, Role::Weight),
    };
    let none = || Moments { first: None, second: None };
    let mut moments = Linear { weight: none(), bias: none() };
    let mut input = zeros(BATCH, INPUTS, Role::Activation);
    let mut logits = zeros(BATCH, OUTPUTS, Role::Activation);
    let mut delta = zeros(BATCH, OUTPUTS, Role::Activation);
    let mut tally = zeros(1, TALLY_WIDTH, Role::Activation);
    let update = in_type(&Update { rule: UpdateRule::Descent, penalty: Penalty::NONE, decay: 0.0 });
    let target = ClassTarget::plain(T::Elem::from_f64(1.0 / BATCH as f64));
    run(STEPS, &mut || {
        input.gather(&samples, &epoch);
        logits.linear(&input, &layer, Activation::Identity, None);
        delta.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
        let step = Step { epoch: &epoch, member: 0 };
        T::linear_update(&mut layer, &mut moments, &mut gradient, &delta, &input, &update, step);
        device.advance(&mut epoch, BATCH);
    });
    [layer.weight.to_vec(), layer.bias.to_vec(), tally.to_vec()].concat()
}
