//! The same operation on the same numbers gives the same bits, in old tensors and in fresh ones.

use super::compare::expect_same_bits;
use super::samples::{classes, numbers, pixels, resident_labels, resident_pixels, tensor};
use super::steps::{in_type, moments};
use crate::Orientation::{Keep, Transpose};
use crate::{
    Activation, ClassTarget, Device, Element, HostEpoch, Linear, Matrix, Penalty, ResidentEpoch,
    Role, Shape, Step, StepNumbers, TALLY_WIDTH, Tensor, Update, UpdateRule,
};

/// Repeats the operations that sum.
///
/// # Panics
/// At the first bit that differs.
pub fn run<T: Tensor>(device: &T::Device) {
    for (batch, inputs, outputs) in [(10, 784, 30), (33, 65, 17), (128, 300, 256), (250, 512, 300)]
    {
        let case = format!("{batch} x {inputs} to {outputs}");
        let once = pass::<T>(device, batch, inputs, outputs, 1);
        expect_same_bits(
            "a training step",
            &format!("{case}, fresh tensors"),
            &pass::<T>(device, batch, inputs, outputs, 1),
            &once,
        );
        expect_same_bits(
            "a training step",
            &format!("{case}, used tensors"),
            &pass::<T>(device, batch, inputs, outputs, 2),
            &once,
        );
    }
}

/// One forward and backward pass, run `times` over in the same tensors; everything that the last
/// run computed.
fn pass<T: Tensor>(
    device: &T::Device,
    batch: usize,
    inputs: usize,
    outputs: usize,
    times: usize,
) -> Vec<T::Elem> {
    let zeros = |shape| T::zeros(device, shape, Role::Activation).expect("memory for a test");
    let (input_shape, shape) = (Shape::new(batch, inputs), Shape::new(batch, outputs));
    let (weight_shape, bias_shape) = (Shape::new(outputs, inputs), Shape::new(1, outputs));
    let (mut input, mut output, mut delta) = (zeros(input_shape), zeros(shape), zeros(shape));
    let (mut hidden, mut product, mut tally) =
        (zeros(input_shape), zeros(shape), zeros(Shape::new(1, TALLY_WIDTH)));
    let samples = resident_pixels::<T>(device, &pixels(101, input_shape), inputs);
    let labels = resident_labels::<T>(device, &classes(109, batch, outputs), outputs);
    let rows: Vec<u32> = (0..batch as u32).rev().collect();
    let numbers_of_step =
        StepNumbers { learning_rate: 0.01, corrected_rate: 0.1, root_correction: 10.0 };
    let epoch = HostEpoch::of_one_step(rows, numbers_of_step);
    let epoch: ResidentEpoch<T> = device.begin_epoch(epoch).expect("memory for a small epoch");
    let step = Update {
        rule: UpdateRule::adam(0.9, 0.99, 1e-8),
        penalty: Penalty { l1: 0.001, l2: 0.01 },
        decay: 0.01,
    };
    let pair = |seed| Linear {
        weight: tensor::<T>(device, weight_shape, Role::Weight, &numbers(seed, weight_shape.len())),
        bias: tensor::<T>(device, bias_shape, Role::Weight, &numbers(seed + 1, outputs)),
    };
    let mut results = Vec::new();
    for _ in 0..times {
        let mut layer = pair(102);
        let mut gradient = pair(104);
        let mut memory = Linear {
            weight: moments::<T>(device, weight_shape, &step.rule, 106),
            bias: moments::<T>(device, bias_shape, &step.rule, 108),
        };
        tally.fill(T::Elem::ZERO);
        input.gather(&samples, &epoch);
        output.linear(&input, &layer, Activation::Tanh, None);
        let target = ClassTarget::plain(T::Elem::from_f64(0.1));
        delta.softmax_cross_entropy(&output, &labels, &epoch, &target, &mut tally);
        hidden.hidden_delta(&delta, &layer.weight, Activation::Sigmoid, &input, None);
        product.matmul(T::Elem::ONE, &hidden, Keep, &layer.weight, Transpose, T::Elem::ZERO);
        let now = Step { epoch: &epoch, member: 0 };
        let update = in_type(&step);
        T::linear_update(&mut layer, &mut memory, &mut gradient, &delta, &input, &update, now);
        results = [&output, &delta, &hidden, &product, &tally, &layer.weight, &layer.bias]
            .into_iter()
            .flat_map(Matrix::to_vec)
            .collect();
    }
    results
}
