//! Batches without samples, layers without inputs: nothing to compute, and nothing to trip over.

use super::compare::expect_elements;
use super::samples::{numbers, resident_labels, resident_pixels, tensor};
use crate::Orientation::{Keep, Transpose};
use crate::{
    Activation, BatchStatistics, ClassTarget, Device, Element, HostEpoch, Linear, MemberSteps,
    Moments, Penalty, ReferenceTensor, Role, Shape, Step, StepNumbers, TALLY_WIDTH, Tensor, Update,
    UpdateRule,
};

/// Batch, inputs and outputs, of which at least one is 0.
const SIZES: [(usize, usize, usize); 7] =
    [(0, 3, 2), (3, 0, 2), (3, 2, 0), (0, 0, 2), (20, 0, 17), (0, 40, 33), (0, 0, 0)];

/// Holds every operation on empty operands to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for (batch, inputs, outputs) in SIZES {
        let case = format!("batch {batch}, {inputs} inputs, {outputs} outputs");
        let found = results::<T>(device, batch, inputs, outputs);
        let expected = results::<ReferenceTensor<T::Elem>>(&(), batch, inputs, outputs);
        for ((operation, found), (_, expected)) in found.iter().zip(&expected) {
            expect_elements(operation, &case, found, expected);
        }
    }
}

/// What each operation writes.
fn results<X: Tensor>(
    device: &X::Device,
    batch: usize,
    inputs: usize,
    outputs: usize,
) -> Vec<(&'static str, Vec<X::Elem>)> {
    let of = X::Elem::from_f64;
    let made = |seed, rows, columns, role| -> X {
        let shape = Shape::new(rows, columns);
        tensor(device, shape, role, &numbers(seed, shape.len()))
    };
    let activation = |seed, rows, columns| made(seed, rows, columns, Role::Activation);
    let weight = |seed, rows, columns| made(seed, rows, columns, Role::Weight);
    let mut results: Vec<(&'static str, Vec<X::Elem>)> = Vec::new();

    let bytes = vec![7; batch.max(1) * inputs];
    let rows: Vec<u32> = (0..batch as u32).collect();
    let numbers_of_step = vec![StepNumbers::with_learning_rate(0.1)];
    let member = MemberSteps { numbers: numbers_of_step, dropout_keys: vec![7] };
    let epoch = device.begin_epoch(HostEpoch::new(rows, vec![member])).expect("memory");
    let mut input = activation(121, batch, inputs);
    if inputs > 0 {
        let pixels = resident_pixels::<X>(device, &bytes, inputs);
        input.gather(&pixels, &epoch);
        results.push(("gather", input.to_vec()));
    }
    let mut layer = Linear { weight: weight(122, outputs, inputs), bias: weight(123, 1, outputs) };
    let mut answer = activation(124, batch, outputs);
    answer.linear(&input, &layer, Activation::Relu, None);
    results.push(("linear", answer.to_vec()));
    answer.matmul(of(1.0), &input, Keep, &layer.weight, Transpose, of(0.5));
    results.push(("matmul", answer.to_vec()));
    answer.activate(Activation::Tanh);
    answer.drop_out(0.5, 0, Step { epoch: &epoch, member: 0 });
    results.push(("activate, drop_out", answer.to_vec()));
    let logits = activation(125, batch, outputs);
    answer.softmax(&logits);
    results.push(("softmax", answer.to_vec()));

    let mut tally = X::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Weight).expect("memory");
    answer.squared_error(&logits, &activation(126, batch, outputs), of(0.5), &mut tally);
    results.push(("squared_error", [answer.to_vec(), tally.to_vec()].concat()));
    if outputs > 0 {
        let labels = resident_labels::<X>(device, &vec![0; batch.max(1)], outputs);
        for class_weights in [None, Some(&weight(127, 1, outputs))] {
            let target = ClassTarget { factor: of(0.5), smoothing: of(0.1), class_weights };
            answer.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
            results.push(("softmax_cross_entropy", [answer.to_vec(), tally.to_vec()].concat()));
        }
    }

    let affine = Linear { weight: weight(128, 1, outputs), bias: weight(129, 1, outputs) };
    let mut statistics = BatchStatistics::<X>::zeros(device, batch, outputs).expect("memory");
    if batch > 0 {
        answer.batch_norm(&affine, &mut statistics);
        results.push(("batch_norm", answer.to_vec()));
    }

    let delta = activation(130, batch, outputs);
    let mut hidden = activation(131, batch, inputs);
    hidden.hidden_delta(&delta, &layer.weight, Activation::Relu, &input, None);
    results.push(("hidden_delta", hidden.to_vec()));
    let mut gradient =
        Linear { weight: weight(132, outputs, inputs), bias: weight(133, 1, outputs) };
    X::linear_gradient(&mut gradient, &delta, &input);
    results.push(("linear_gradient", [gradient.weight.to_vec(), gradient.bias.to_vec()].concat()));
    let rule = UpdateRule::Momentum { momentum: of(0.9), nesterov: false };
    let update = Update { rule, penalty: Penalty { l1: of(0.1), l2: of(0.1) }, decay: of(0.1) };
    let moments = |rows, columns| Moments { first: Some(weight(134, rows, columns)), second: None };
    let mut moments = Linear { weight: moments(outputs, inputs), bias: moments(1, outputs) };
    let step = Step { epoch: &epoch, member: 0 };
    X::linear_update(&mut layer, &mut moments, &mut gradient, &delta, &input, &update, step);
    results.push(("linear_update", [layer.weight.to_vec(), layer.bias.to_vec()].concat()));
    layer.weight.limit_row_norms(of(0.1));
    results.push(("limit_row_norms", layer.weight.to_vec()));
    results
}
