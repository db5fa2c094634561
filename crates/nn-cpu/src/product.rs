//! The general matrix product: faer's, on fixed blocks of the result.

use crate::CpuElement;
use crate::split::Split;
use crate::tensor::CpuTensor;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use nn_tensor::{Orientation, Shape, Tensor};

/// Rows and columns of the blocks into which the result is cut. They depend on nothing, so each
/// number is summed in the same order at any number of threads.
const BLOCK_ROWS: usize = 128;
const BLOCK_COLUMNS: usize = 256;

/// One operand as faer sees it: row-major numbers, read as they stand or transposed.
#[derive(Clone, Copy)]
struct Operand<'a, E> {
    values: &'a [E],
    shape: Shape,
    orientation: Orientation,
}

impl<'a, E: CpuElement> Operand<'a, E> {
    fn view(self) -> MatRef<'a, E> {
        let view = MatRef::from_row_major_slice(self.values, self.shape.rows, self.shape.columns);
        match self.orientation {
            Orientation::Keep => view,
            Orientation::Transpose => view.transpose(),
        }
    }
}

/// result = α op(a) op(b) + β result, by way of row-major copies: for the products of a layer there
/// are faster ways.
pub(crate) fn general<E: CpuElement>(
    result: &mut CpuTensor<E>,
    alpha: E,
    (a, a_orientation): (&CpuTensor<E>, Orientation),
    (b, b_orientation): (&CpuTensor<E>, Orientation),
    beta: E,
) {
    let device = result.device().clone();
    let (a_len, b_len) = (a.shape().len(), b.shape().len());
    device.with_scratch(a_len + b_len + result.shape().len(), |scratch: &mut [E]| {
        let (a_values, scratch) = scratch.split_at_mut(a_len);
        let (b_values, values) = scratch.split_at_mut(b_len);
        a.read(a_values);
        b.read(b_values);
        if beta != E::ZERO {
            result.read(values);
            values.iter_mut().for_each(|value| *value = beta * *value);
        }
        let a = Operand { values: a_values, shape: a.shape(), orientation: a_orientation };
        let b = Operand { values: b_values, shape: b.shape(), orientation: b_orientation };
        let accumulate = if beta == E::ZERO { Accum::Replace } else { Accum::Add };
        blocks(result, values, alpha, a, b, accumulate);
        result.write(values);
    });
}

/// values = α a b, or added to them, block by block.
#[allow(unsafe_code, reason = "blocks of rows go to several threads")]
fn blocks<E: CpuElement>(
    result: &CpuTensor<E>,
    values: &mut [E],
    alpha: E,
    a: Operand<'_, E>,
    b: Operand<'_, E>,
    accumulate: Accum,
) {
    let Shape { rows, columns } = result.shape();
    let inner = a.shape.oriented(a.orientation).columns;
    let split = Split::new(values);
    let operations = 2 * rows * columns * inner;
    result.device().for_each_block(rows.div_ceil(BLOCK_ROWS), operations, |block| {
        let row = block * BLOCK_ROWS;
        let height = BLOCK_ROWS.min(rows - row);
        // SAFETY: blocks are disjoint ranges of rows.
        let part = unsafe { split.part(row * columns..(row + height) * columns) };
        let mut part = MatMut::from_row_major_slice_mut(part, height, columns);
        for column in (0..columns).step_by(BLOCK_COLUMNS) {
            let width = BLOCK_COLUMNS.min(columns - column);
            matmul(
                part.as_mut().submatrix_mut(0, column, height, width),
                accumulate,
                a.view().submatrix(row, 0, height, inner),
                b.view().submatrix(0, column, inner, width),
                alpha,
                Par::Seq,
            );
        }
    });
}
