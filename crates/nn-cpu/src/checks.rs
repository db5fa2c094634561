//! Panics for operands that do not fit an operation: the caller's bug, by the trait's contract.

use crate::packed::CpuTensor;
use nn_tensor::{HostSamples, Shape, expect_shape};

/// Panics unless weight and bias fit a layer from `input` to `delta`.
#[track_caller]
pub(crate) fn expect_gradient<E>(
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

/// Panics unless the tensor has a sample a row, as an activation has and a weight has not.
#[track_caller]
pub(crate) fn expect_batch<E>(operation: &str, tensor: &CpuTensor<E>) {
    let shape = tensor.shape;
    assert!(!tensor.layout.transposed, "{operation}: a tensor of {shape} made for weights");
}

/// Panics unless `rows` are rows of these samples, and the samples fit so many columns.
#[track_caller]
pub(crate) fn expect_samples(operation: &str, rows: &[u32], samples: &HostSamples, columns: usize) {
    let (count, width) = (samples.len(), samples.width());
    assert!(samples.fits(columns), "{operation}: samples of {width} for {columns} columns");
    for &row in rows {
        assert!((row as usize) < count, "{operation}: row {row} of {count} samples");
    }
}

/// Panics, naming the operation and both lengths, unless they agree.
#[track_caller]
pub(crate) fn expect_len(operation: &str, what: &str, actual: usize, expected: usize) {
    assert!(actual == expected, "{operation}: {actual} {what} for {expected}");
}
