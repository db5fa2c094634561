//! The losses besides that of [`softmax`](crate::softmax), row by row. Rows are as long as there are
//! classes: short, so one thread does them.

use crate::classes::Classes;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use nn_tensor::{argmax, class_weight_scale, weighted_entropy_row};

/// The numbers of one row, gathered into `row`.
fn take_row<E: KernelElement>(layout: &Layout, values: &[E], index: usize, row: &mut [E]) {
    for (panel, part) in row.chunks_mut(layout.lanes).enumerate() {
        let start = layout.start(panel, index);
        part.copy_from_slice(&values[start..start + part.len()]);
    }
}

/// Puts the numbers of one row back.
fn put_row<E: KernelElement>(layout: &Layout, values: &mut [E], index: usize, row: &[E]) {
    for (panel, part) in row.chunks(layout.lanes).enumerate() {
        let start = layout.start(panel, index);
        values[start..start + part.len()].copy_from_slice(part);
    }
}

/// Gradient of the squared error, eq. (120) before Σ'; returns Σ‖target - output‖² and the number of rows whose largest
/// column agrees. `rows` is scratch for two rows.
pub(crate) fn squared_error<E: KernelElement>(
    layout: &Layout,
    gradient: &mut [E],
    (output, target): (&[E], &[E]),
    factor: E,
    rows: &mut [E],
) -> (f64, usize) {
    if layout.columns == 0 {
        return (0.0, 0);
    }
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

/// What the cross-entropy weighs by: [`ClassTarget`](nn_tensor::ClassTarget).
pub struct Weighing<'a, E> {
    pub(crate) factor: E,
    pub(crate) smoothing: E,
    /// 1 x classes.
    pub(crate) class_weights: Option<&'a CpuTensor<E>>,
}

impl<E: KernelElement> Weighing<'_, E> {
    /// Whether the target is the bare class, and all classes count alike.
    pub(crate) fn is_plain(&self) -> bool {
        self.smoothing == E::ZERO && self.class_weights.is_none()
    }
}

/// Gradient of the cross-entropy with smoothed targets and weighted classes; returns its sum and the
/// number of rows whose largest logit is that of their class. `row` is scratch for one row.
pub(crate) fn weighted_entropy<E: KernelElement>(
    layout: &Layout,
    gradient: &mut [E],
    (logits, classes): (&[E], Classes<'_>),
    weighing: &Weighing<'_, E>,
    row: &mut [E],
) -> (f64, usize) {
    let (mut loss, mut correct) = (0.0, 0);
    // One row is stored as it is.
    let weights = weighing.class_weights.map(|weights| &weights.values()[..layout.columns]);
    let of_rows = (0..layout.rows).map(|row| classes.of(row));
    let scale = weights.map_or(E::ONE, |weights| class_weight_scale(weights, of_rows.clone()));
    for (index, class) in of_rows.enumerate() {
        take_row(layout, logits, index, row);
        correct += usize::from(argmax(row) == class);
        let (smoothing, factor) = (weighing.smoothing, weighing.factor * scale);
        let of_row = weighted_entropy_row(row, class, smoothing, factor, weights);
        loss += (scale * of_row).to_f64();
        put_row(layout, gradient, index, row);
    }
    (loss, correct)
}
