//! Softmax and the losses, row by row. Their rows are as long as there are classes: short, so one
//! thread does them.
#![allow(unsafe_code, reason = "registers loaded from whole lines")]

use crate::CpuElement;
use crate::layout::Layout;
use crate::vector::{Kernel, Vector};
use nn_tensor::{Element, argmax};

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

/// Numbers of scratch that a row of the softmax needs: whole lines.
pub(crate) fn softmax_scratch(layout: &Layout) -> usize {
    layout.panels() * layout.lanes
}

/// A row of logits in whole lines, and the column of the largest; beyond the last logit there is
/// -∞, whose exponential is 0.
#[inline(always)]
fn take_logits<V: Vector>(
    layout: &Layout,
    logits: &[V::Elem],
    index: usize,
    row: &mut [V::Elem],
) -> usize {
    let line = 2 * V::LANES;
    for (panel, to) in row.chunks_exact_mut(line).enumerate() {
        let from = &logits[layout.start(panel, index)..][..line];
        // SAFETY: both are lines.
        unsafe {
            V::load(from.as_ptr()).store(to.as_mut_ptr());
            V::load(from.as_ptr().add(V::LANES)).store(to.as_mut_ptr().add(V::LANES));
        }
    }
    row[layout.columns..].fill(num_traits::Float::neg_infinity());
    argmax(&row[..layout.columns])
}

/// Replaces logits, in whole lines, by probabilities, eq. (90); returns ln Σ exp(logit - largest).
#[inline(always)]
fn softmax_row<V: Vector>(row: &mut [V::Elem], largest: V::Elem) -> V::Elem {
    let zero = V::Elem::from_f64(0.0);
    let (shift, mut sums) = (V::splat(largest), V::splat(zero));
    for register in row.chunks_exact_mut(V::LANES) {
        // SAFETY: a chunk is one register.
        unsafe {
            let power = V::load(register.as_ptr()).sub(shift).exp();
            power.store(register.as_mut_ptr());
            sums = sums.add(power);
        }
    }
    // At most eight numbers in a register.
    let mut lanes = [zero; 8];
    // SAFETY: there is room for eight.
    unsafe { sums.store(lanes.as_mut_ptr()) };
    let mut sum = zero;
    for lane in lanes {
        sum += lane;
    }
    let share = V::splat(V::Elem::ONE / sum);
    for register in row.chunks_exact_mut(V::LANES) {
        // SAFETY: a chunk is one register.
        unsafe { V::load(register.as_ptr()).mul(share).store(register.as_mut_ptr()) };
    }
    num_traits::Float::ln(sum)
}

/// Probabilities of each row of logits; nothing without columns.
pub(crate) struct Softmax<'a, E> {
    pub(crate) layout: &'a Layout,
    pub(crate) result: &'a mut [E],
    pub(crate) logits: &'a [E],
    /// Of [`softmax_scratch`] numbers.
    pub(crate) row: &'a mut [E],
}

impl<E: CpuElement> Kernel<E> for Softmax<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let Self { layout, result, logits, row } = self;
        if row.is_empty() {
            return;
        }
        for index in 0..layout.rows {
            let largest = row[take_logits::<V>(layout, logits, index, row)];
            softmax_row::<V>(row, largest);
            put_row(layout, result, index, &row[..layout.columns]);
        }
    }
}

/// Gradient of the mean cross-entropy.
pub(crate) struct SoftmaxCrossEntropy<'a, E> {
    pub(crate) softmax: Softmax<'a, E>,
    pub(crate) classes: &'a [u32],
    /// 1 / batch.
    pub(crate) factor: E,
    /// Receives Σ -ln p(class) and the number of correct rows.
    pub(crate) sums: &'a mut (f64, usize),
}

impl<E: CpuElement> Kernel<E> for SoftmaxCrossEntropy<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let Softmax { layout, result, logits, row } = self.softmax;
        let (mut loss, mut correct) = (0.0, 0);
        for (index, &class) in self.classes.iter().enumerate() {
            let class = class as usize;
            let best = take_logits::<V>(layout, logits, index, row);
            let (largest, logit) = (row[best], row[class]);
            correct += usize::from(best == class);
            let log_of_sum = softmax_row::<V>(row, largest);
            loss += (log_of_sum + (largest - logit)).to_f64();
            row[class] -= E::ONE;
            for value in row.iter_mut() {
                *value *= self.factor;
            }
            put_row(layout, result, index, &row[..layout.columns]);
        }
        *self.sums = (loss, correct);
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
