//! Softmax and its cross-entropy, as many rows at a time as a line has numbers: transposed, so that
//! each register holds one class of several rows, and nothing is summed across a register.
#![allow(unsafe_code, reason = "registers loaded from whole lines")]

use crate::classes::Classes;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::transpose::{LINE, transpose};
use crate::vector::{Kernel, Vector};

/// The softmax of each row, eq. (90), times a factor; nothing without columns.
pub(crate) struct Softmax<'a, 'b, E> {
    pub(crate) layout: &'a Layout,
    pub(crate) logits: &'a [E],
    pub(crate) result: &'a mut [E],
    /// Scratch for [`scratch_len`] numbers.
    pub(crate) transposed: &'a mut [E],
    pub(crate) factor: E,
    /// For the cross-entropy: the true classes, and what receives its sums.
    pub(crate) entropy: Option<Entropy<'b>>,
}

/// What the cross-entropy of a batch comes to.
pub(crate) struct Entropy<'a> {
    pub(crate) classes: Classes<'a>,
    /// Σ -ln p(class).
    pub(crate) loss: f64,
    /// Rows whose largest logit is that of their class.
    pub(crate) correct: usize,
}

/// Numbers of scratch that a softmax needs.
pub(crate) fn scratch_len(layout: &Layout) -> usize {
    layout.panels() * layout.lanes * layout.lanes
}

/// What is known of each of some rows.
struct Rows<E> {
    largest: [E; LINE],
    /// Its column.
    best: [E; LINE],
    /// Σ exp(logit - largest).
    sum: [E; LINE],
}

impl<E: KernelElement> Kernel<E> for &mut Softmax<'_, '_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        if self.layout.columns == 0 {
            return;
        }
        let line = V::LANES;
        let mut rows =
            Rows { largest: [E::ZERO; LINE], best: [E::ZERO; LINE], sum: [E::ONE; LINE] };
        for first in (0..self.layout.rows).step_by(line) {
            let end = self.layout.rows.min(first + line);
            for (panel, transposed) in self.transposed.chunks_exact_mut(line * line).enumerate() {
                let range = self.layout.start(panel, first)..self.layout.start(panel, end);
                transpose::<V>(&self.logits[range], transposed);
            }
            // SAFETY: `transposed` has a line for each column.
            unsafe { self.line::<V>(&mut rows) };
            for (panel, transposed) in self.transposed.chunks_exact(line * line).enumerate() {
                let range = self.layout.start(panel, first)..self.layout.start(panel, end);
                transpose::<V>(transposed, &mut self.result[range]);
            }
            self.add_entropy(first, end, &rows);
        }
    }
}

impl<E: KernelElement> Softmax<'_, '_, E> {
    /// Replaces the logits of a line of rows by their softmax.
    ///
    /// # Safety
    /// `transposed` has a line for each column.
    #[inline(always)]
    unsafe fn line<V: Vector<Elem = E>>(&mut self, rows: &mut Rows<E>) {
        let line = V::LANES;
        let first = self.transposed.as_mut_ptr();
        // SAFETY: the caller's promise.
        unsafe {
            let mut largest = V::load(first);
            let mut best = V::splat(E::ZERO);
            for column in 1..self.layout.columns {
                let logit = V::load(first.add(column * line));
                // Not positive where either is NaN, or both are the same infinity.
                let more = logit.sub(largest);
                largest = more.where_positive(logit, largest);
                best = more.where_positive(V::splat(E::from_f64(column as f64)), best);
            }
            let mut sum = V::splat(E::ZERO);
            for column in 0..self.layout.columns {
                let at = first.add(column * line);
                let exponential = V::load(at).sub(largest).exp();
                exponential.store(at);
                sum = sum.add(exponential);
            }
            let share = V::splat(self.factor).div(sum);
            for column in 0..self.layout.columns {
                let at = first.add(column * line);
                V::load(at).mul(share).store(at);
            }
            largest.store(rows.largest[..line].as_mut_ptr());
            best.store(rows.best[..line].as_mut_ptr());
            sum.store(rows.sum[..line].as_mut_ptr());
        }
    }

    /// Adds what rows `first` to `end` come to, and takes the factor off at their classes.
    #[inline(always)]
    fn add_entropy(&mut self, first: usize, end: usize, rows: &Rows<E>) {
        let Some(entropy) = &mut self.entropy else { return };
        let lanes = self.layout.lanes;
        let mut product = 1.0;
        for row in first..end {
            let class = entropy.classes.of(row);
            assert!(class < self.layout.columns, "class {class} of {}", self.layout.columns);
            let at = self.layout.start(class / lanes, row) + class % lanes;
            entropy.loss += (rows.largest[row - first] - self.logits[at]).to_f64();
            entropy.correct += usize::from(rows.best[row - first].to_f64() == class as f64);
            self.result[at] -= self.factor;
            // Σ ln of the sums is ln of their product. Sixteen of them are a number: each is at most the
            // number of columns, which is below 2^32.
            product *= rows.sum[row - first].to_f64();
        }
        entropy.loss += product.ln();
    }
}
