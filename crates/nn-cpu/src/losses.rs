//! The losses besides that of [`softmax`](crate::softmax), row by row. Rows are as long as there are
//! classes: short, so one thread does them.

use crate::CpuElement;
use crate::layout::Layout;
use nn_tensor::argmax;

/// The numbers of one row, gathered into `row`.
fn take_row<E: CpuElement>(layout: &Layout, values: &[E], index: usize, row: &mut [E]) {
    for (panel, part) in row.chunks_mut(layout.lanes).enumerate() {
        let start = layout.start(panel, index);
        part.copy_from_slice(&values[start..start + part.len()]);
    }
}

/// Puts the numbers of one row back.
fn put_row<E: CpuElement>(layout: &Layout, values: &mut [E], index: usize, row: &[E]) {
    for (panel, part) in row.chunks(layout.lanes).enumerate() {
        let start = layout.start(panel, index);
        values[start..start + part.len()].copy_from_slice(part);
    }
}

/// Gradient of the squared error; returns Σ‖target - output‖² and the number of rows whose largest
/// column agrees. `rows` is scratch for two rows.
pub(crate) fn squared_error<E: CpuElement>(
    layout: &Layout,
    gradient: &mut [E],
    (output, target): (&[E], &[E]),
    factor: E,
    rows: &mut [E],
) -> (f64, usize) {
    let (mut loss, mut correct) = (0.0, 0);
    let (output_row, target_row) = rows.split_at_mut(layout.columns);
    for index in 0..layout.rows {
        take_row(layout, output, index, output_row);
        take_row(layout, target, index, target_row);
        correct += usize::from(argmax(output_row) == argmax(target_row));
        for (value, &target) in output_row.iter_mut().zip(target_row.iter()) {
            let difference = *value - target;
            loss += (difference * difference).to_f64();
            *value = factor * difference;
        }
        put_row(layout, gradient, index, output_row);
    }
    (loss, correct)
}
