//! The general matrix product: faer's, on fixed blocks of the result.
#![allow(unsafe_code, reason = "blocks of the result go to several threads")]

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::split::Split;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use nn_tensor::Orientation;
use std::ops::Range;

/// Rows and columns, at most, of the blocks into which the result is cut. They depend on nothing, so
/// each number is summed in the same order at any number of threads.
const BLOCK_ROWS: usize = 128;
const BLOCK_COLUMNS: usize = 256;

/// Columns of blocks are a multiple of this, where the result has so many: whole registers.
const COLUMN_STEP: usize = 16;

/// Rows that are copied at once.
const COPY_ROWS: usize = 32;

/// result = α op(a) op(b) + β result. The panels of each matrix are copied row by row into one matrix,
/// transposed where the panels are, which faer reads in either direction: for the products of a layer
/// there are ways without copies.
pub(crate) fn general<E: KernelElement>(
    result: &mut CpuTensor<E>,
    alpha: E,
    (a, a_orientation): (&CpuTensor<E>, Orientation),
    (b, b_orientation): (&CpuTensor<E>, Orientation),
    beta: E,
) {
    let device = result.device.clone();
    let layout = result.layout;
    let (a_len, b_len) = (a.shape.len(), b.shape.len());
    device.with_scratch(a_len + b_len + result.shape.len(), |scratch: &mut [E]| {
        let (a_rows, scratch) = scratch.split_at_mut(a_len);
        let (b_rows, rows) = scratch.split_at_mut(b_len);
        copy_out(&device, &a.layout, a.values(), a_rows);
        copy_out(&device, &b.layout, b.values(), b_rows);
        if beta != E::ZERO {
            copy_out(&device, &layout, result.values(), rows);
        }
        let a = view(a_rows, &a.layout, a_orientation);
        let b = view(b_rows, &b.layout, b_orientation);
        // (a b)ᵀ = bᵀ aᵀ
        let (a, b) = if layout.transposed { (b.transpose(), a.transpose()) } else { (a, b) };
        blocks(&device, rows, alpha, a, b, beta);
        copy_in(&device, &layout, rows, result.values_mut());
    });
}

/// op(matrix), of which `rows` holds what its panels hold.
fn view<'a, E>(rows: &'a [E], layout: &Layout, orientation: Orientation) -> MatRef<'a, E> {
    let stored = MatRef::from_row_major_slice(rows, layout.rows, layout.columns);
    if layout.transposed == (orientation == Orientation::Keep) {
        stored.transpose()
    } else {
        stored
    }
}

/// rows = α a b + β rows, block by block; `rows` is row-major.
fn blocks<E: KernelElement>(
    device: &CpuDevice,
    rows: &mut [E],
    alpha: E,
    a: MatRef<'_, E>,
    b: MatRef<'_, E>,
    beta: E,
) {
    let (height, width, inner) = (a.nrows(), b.ncols(), a.ncols());
    let across = width.div_ceil(BLOCK_COLUMNS).max(1);
    let columns = width.div_ceil(across).next_multiple_of(COLUMN_STEP);
    let split = Split::new(rows);
    let operations = 2 * height * width * inner;
    device.for_each_block(height.div_ceil(BLOCK_ROWS) * across, operations, |block| {
        let (row, column) = (block / across * BLOCK_ROWS, block % across * columns);
        let (height, columns) = (BLOCK_ROWS.min(height - row), columns.min(width - column));
        // SAFETY: blocks do not overlap, and each is given to one thread.
        let mut part = unsafe { rectangle(&split, row..row + height, column, columns, width) };
        let accumulate = if beta == E::ZERO {
            Accum::Replace
        } else {
            part.as_mut()
                .row_iter_mut()
                .for_each(|line| line.iter_mut().for_each(|value| *value *= beta));
            Accum::Add
        };
        let a = a.submatrix(row, 0, height, inner);
        let b = b.submatrix(0, column, inner, columns);
        matmul(part, accumulate, a, b, alpha, Par::Seq);
    });
}

/// `columns` columns from `column` on of these rows of a row-major matrix of `width` columns.
///
/// # Safety
/// No two rectangles that are alive at the same time overlap.
unsafe fn rectangle<'a, E>(
    split: &'a Split<'_, E>,
    rows: Range<usize>,
    column: usize,
    columns: usize,
    width: usize,
) -> MatMut<'a, E> {
    assert!(column + columns <= width, "a rectangle of the matrix");
    let first = split.pointer(rows.start * width + column..rows.end * width);
    // SAFETY: inside the slice, by the assertions here and in `pointer`; no number in two
    // rectangles, by the caller's promise; strides of isize, as a slice is no longer than that.
    unsafe { MatMut::from_raw_parts_mut(first, rows.len(), columns, width as isize, 1) }
}

/// What the panels hold, as one row-major matrix.
fn copy_out<E: KernelElement>(device: &CpuDevice, layout: &Layout, panels: &[E], rows: &mut [E]) {
    let columns = layout.columns;
    let split = Split::new(rows);
    for_each_copy(device, layout, |copied| {
        // SAFETY: ranges of rows are disjoint.
        let part = unsafe { split.part(copied.start * columns..copied.end * columns) };
        for (row, line) in copied.zip(part.chunks_exact_mut(columns)) {
            for (panel, numbers) in line.chunks_mut(layout.lanes).enumerate() {
                let width = numbers.len();
                numbers.copy_from_slice(&panels[layout.start(panel, row)..][..width]);
            }
        }
    });
}

/// The other way round.
fn copy_in<E: KernelElement>(device: &CpuDevice, layout: &Layout, rows: &[E], panels: &mut [E]) {
    let columns = layout.columns;
    let split = Split::new(panels);
    for_each_copy(device, layout, |copied| {
        for panel in 0..layout.panels() {
            let lines = layout.start(panel, copied.start)..layout.start(panel, copied.end);
            // SAFETY: ranges of rows are disjoint, and so are they in each panel.
            let lines = unsafe { split.part(lines) };
            for (row, line) in copied.clone().zip(lines.chunks_exact_mut(layout.lanes)) {
                let width = layout.width(panel);
                let first = row * columns + panel * layout.lanes;
                line[..width].copy_from_slice(&rows[first..first + width]);
            }
        }
    });
}

/// Calls `copy` for all rows of the panels, some at a time.
fn for_each_copy(device: &CpuDevice, layout: &Layout, copy: impl Fn(Range<usize>) + Sync) {
    if layout.columns == 0 {
        return;
    }
    let (rows, numbers) = (layout.rows, layout.rows * layout.columns);
    device.for_each_block(rows.div_ceil(COPY_ROWS), numbers, |block| {
        copy(block * COPY_ROWS..rows.min((block + 1) * COPY_ROWS));
    });
}
