//! Softmax and the losses, row by row. Their rows are as long as there are classes: short, so one
//! thread does them.

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

/// Replaces logits by probabilities, eq. (90), and returns ln Σ exp(logit - largest) and the largest.
fn softmax_row<E: CpuElement>(row: &mut [E]) -> (E, E) {
    let largest = row.iter().copied().fold(E::neg_infinity(), num_traits::Float::max);
    let mut sum = E::ZERO;
    for value in row.iter_mut() {
        *value = num_traits::Float::exp(*value - largest);
        sum += *value;
    }
    for value in row.iter_mut() {
        *value /= sum;
    }
    (num_traits::Float::ln(sum), largest)
}

/// Probabilities of each row of logits. `row` is scratch for one row.
pub(crate) fn softmax<E: CpuElement>(
    layout: &Layout,
    result: &mut [E],
    logits: &[E],
    row: &mut [E],
) {
    for index in 0..layout.rows {
        take_row(layout, logits, index, row);
        softmax_row(row);
        put_row(layout, result, index, row);
    }
}

/// Gradient of the mean cross-entropy; returns Σ -ln p(class) and the number of correct rows.
pub(crate) fn softmax_cross_entropy<E: CpuElement>(
    layout: &Layout,
    gradient: &mut [E],
    logits: &[E],
    classes: &[u32],
    factor: E,
    row: &mut [E],
) -> (f64, usize) {
    let (mut loss, mut correct) = (0.0, 0);
    for (index, &class) in classes.iter().enumerate() {
        let class = class as usize;
        take_row(layout, logits, index, row);
        correct += usize::from(argmax(row) == class);
        let logit = row[class];
        let (log_of_sum, largest) = softmax_row(row);
        loss += (log_of_sum + (largest - logit)).to_f64();
        row[class] -= E::ONE;
        row.iter_mut().for_each(|value| *value *= factor);
        put_row(layout, gradient, index, row);
    }
    (loss, correct)
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
