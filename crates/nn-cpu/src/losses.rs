//! Softmax and the losses, row by row. Their rows are as long as there are classes: short, so one
//! thread does them.
#![allow(unsafe_code, reason = "registers loaded from whole lines")]

use crate::CpuElement;
use crate::layout::Layout;
use crate::vector::{Kernel, Vector};
use nn_tensor::{argmax, smoothed_entropy_row};

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

/// The softmax of each row, eq. (90), times a factor; nothing without columns.
///
/// Three passes over all rows, so that the work of neighbouring rows overlaps.
pub(crate) struct Softmax<'a, E> {
    pub(crate) layout: &'a Layout,
    pub(crate) logits: &'a [E],
    pub(crate) result: &'a mut [E],
    pub(crate) factor: E,
    /// For the cross-entropy: the true classes, and what receives its sums.
    pub(crate) entropy: Option<Entropy<'a>>,
}

/// What the cross-entropy of a batch comes to.
pub(crate) struct Entropy<'a> {
    /// Of each row.
    pub(crate) classes: &'a [u32],
    /// Σ -ln p(class).
    pub(crate) loss: f64,
    /// Rows whose largest logit is that of their class.
    pub(crate) correct: usize,
}

impl<'a, E: CpuElement> Kernel<E> for &mut Softmax<'a, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        if self.layout.columns == 0 {
            return;
        }
        for row in 0..self.layout.rows {
            self.shift::<V>(row);
        }
        for panel in 0..self.layout.panels() {
            let (start, end) =
                (self.layout.start(panel, 0), self.layout.start(panel, self.layout.rows));
            for register in self.result[start..end].chunks_exact_mut(V::LANES) {
                // SAFETY: a chunk is one register.
                unsafe { V::load(register.as_ptr()).exp().store(register.as_mut_ptr()) };
            }
        }
        let mut product = 1.0;
        for row in 0..self.layout.rows {
            product *= self.normalise::<V>(row).to_f64();
            // Σ ln of the sums is ln of their product, as long as that is a number.
            if product > 1e250 || row + 1 == self.layout.rows {
                self.add_loss(product.ln());
                product = 1.0;
            }
        }
    }
}

impl<'a, E: CpuElement> Softmax<'a, E> {
    /// The probabilities of each row.
    pub(crate) fn new(layout: &'a Layout, logits: &'a [E], result: &'a mut [E]) -> Self {
        Self { layout, logits, result, factor: E::ONE, entropy: None }
    }

    fn add_loss(&mut self, loss: f64) {
        if let Some(entropy) = &mut self.entropy {
            entropy.loss += loss;
        }
    }

    /// Writes the row's logits less the largest of them; beyond the last, -∞, whose exponential is 0.
    #[inline(always)]
    fn shift<V: Vector<Elem = E>>(&mut self, row: usize) {
        let (layout, line) = (self.layout, 2 * V::LANES);
        let (mut best, mut largest) = (0, self.logits[layout.start(0, row)]);
        for panel in 0..layout.panels() {
            let start = layout.start(panel, row);
            for (lane, &logit) in self.logits[start..start + layout.width(panel)].iter().enumerate()
            {
                if logit > largest {
                    (best, largest) = (panel * line + lane, logit);
                }
            }
        }
        if let Some(entropy) = &mut self.entropy {
            let class = entropy.classes[row] as usize;
            let logit = self.logits[layout.start(class / line, row) + class % line];
            entropy.loss += (largest - logit).to_f64();
            entropy.correct += usize::from(best == class);
        }
        for panel in 0..layout.panels() {
            let start = layout.start(panel, row);
            let (from, to) = (&self.logits[start..][..line], &mut self.result[start..][..line]);
            for half in [0, V::LANES] {
                // SAFETY: both are lines.
                unsafe {
                    let logits = V::load(from.as_ptr().add(half));
                    logits.sub(V::splat(largest)).store(to.as_mut_ptr().add(half));
                }
            }
            to[layout.width(panel)..].fill(num_traits::Float::neg_infinity());
        }
    }

    /// Divides the row by its sum, times the factor, and takes the factor off at the true class;
    /// returns the sum.
    #[inline(always)]
    fn normalise<V: Vector<Elem = E>>(&mut self, row: usize) -> E {
        let (layout, line) = (self.layout, 2 * V::LANES);
        let mut sums = [V::splat(E::ZERO); 2];
        for panel in 0..layout.panels() {
            let from = self.result[layout.start(panel, row)..][..line].as_ptr();
            for (half, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a line is two registers.
                *sum = sum.add(unsafe { V::load(from.add(half * V::LANES)) });
            }
        }
        // At most eight numbers in a register.
        let mut lanes = [E::ZERO; 8];
        // SAFETY: there is room for eight.
        unsafe { sums[0].add(sums[1]).store(lanes.as_mut_ptr()) };
        let [a, b, c, d, e, f, g, h] = lanes;
        let sum = ((a + e) + (b + f)) + ((c + g) + (d + h));
        let share = V::splat(self.factor / sum);
        for panel in 0..layout.panels() {
            let to = self.result[layout.start(panel, row)..][..line].as_mut_ptr();
            for half in [0, V::LANES] {
                // SAFETY: a line is two registers.
                unsafe { V::load(to.add(half)).mul(share).store(to.add(half)) };
            }
        }
        if let Some(entropy) = &self.entropy {
            let class = entropy.classes[row] as usize;
            self.result[layout.start(class / line, row) + class % line] -= self.factor;
        }
        sum
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

/// What [`weighted_entropy`] weighs by.
pub(crate) struct Weighing<'a, E> {
    pub(crate) factor: E,
    pub(crate) smoothing: E,
    /// One a class, or none.
    pub(crate) class_weights: &'a [E],
}

/// Gradient of the cross-entropy with smoothed targets and weighted classes; returns its sum and the
/// number of rows whose largest logit is that of their class. `row` is scratch for one row.
pub(crate) fn weighted_entropy<E: CpuElement>(
    layout: &Layout,
    gradient: &mut [E],
    (logits, classes): (&[E], &[u32]),
    weighing: &Weighing<'_, E>,
    row: &mut [E],
) -> (f64, usize) {
    let (mut loss, mut correct) = (0.0, 0);
    for (index, &class) in classes.iter().enumerate() {
        let class = class as usize;
        let weight = weighing.class_weights.get(class).copied().unwrap_or(E::ONE);
        take_row(layout, logits, index, row);
        correct += usize::from(argmax(row) == class);
        let (smoothing, factor) = (weighing.smoothing, weighing.factor);
        loss += smoothed_entropy_row(row, class, smoothing, factor, weight).to_f64();
        put_row(layout, gradient, index, row);
    }
    (loss, correct)
}
