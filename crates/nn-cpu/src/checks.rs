//! Panics for operands that do not fit an operation: the caller's bug, by the trait's contract.

use crate::packed::CpuTensor;
use nn_tensor::{Shape, expect_shape};

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

/// Panics unless each row of `shape` has a row inside a source of `source_len` numbers.
#[track_caller]
pub(crate) fn expect_rows(operation: &str, rows: &[u32], shape: Shape, source_len: usize) {
    expect_len(operation, "rows", rows.len(), shape.rows);
    for &row in rows {
        let end = (row as usize).checked_add(1).and_then(|end| end.checked_mul(shape.columns));
        let inside = end.is_some_and(|end| end <= source_len);
        assert!(inside, "{operation}: row {row} lies outside the source");
    }
}

/// Panics, naming the operation and both lengths, unless they agree.
#[track_caller]
pub(crate) fn expect_len(operation: &str, what: &str, actual: usize, expected: usize) {
    assert!(actual == expected, "{operation}: {actual} {what} for {expected}");
}
