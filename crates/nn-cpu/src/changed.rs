//! The numbers that a gradient changes, given out to several threads in parts; the bias.
#![allow(unsafe_code, reason = "parts of the weights go to several threads")]

use crate::split::Split;
use crate::step::{Step, StepLine};
use crate::tensor::CpuTensor;
use crate::tile::zeros;
use crate::vector::{Kernel, Vector};
use crate::{CpuDevice, CpuElement};

/// The numbers that a gradient changes: the weight and its moments, or the gradient itself.
pub(crate) struct Changed<'a, E> {
    pub(crate) weight: &'a mut [E],
    pub(crate) first: &'a mut [E],
    pub(crate) second: &'a mut [E],
}

impl<E> Changed<'_, E> {
    /// Where they begin.
    pub(crate) fn lines(self) -> StepLine<E> {
        StepLine {
            weight: self.weight.as_mut_ptr(),
            first: self.first.as_mut_ptr(),
            second: self.second.as_mut_ptr(),
        }
    }
}

/// [`Changed`], to be given out in parts.
pub(crate) struct Parts<'a, E> {
    weight: Split<'a, E>,
    first: Split<'a, E>,
    second: Split<'a, E>,
    has: (bool, bool),
}

impl<'a, E: CpuElement> Parts<'a, E> {
    pub(crate) fn new(changed: Changed<'a, E>) -> Self {
        let Changed { weight, first, second } = changed;
        Self {
            has: (!first.is_empty(), !second.is_empty()),
            weight: Split::new(weight),
            first: Split::new(first),
            second: Split::new(second),
        }
    }

    /// The same range of each.
    ///
    /// # Safety
    /// No two parts that are alive at the same time overlap.
    pub(crate) unsafe fn part(&self, range: std::ops::Range<usize>) -> Changed<'_, E> {
        let if_has = |has| if has { range.clone() } else { 0..0 };
        // SAFETY: the caller's promise.
        unsafe {
            Changed {
                weight: self.weight.part(range.clone()),
                first: self.first.part(if_has(self.has.0)),
                second: self.second.part(if_has(self.has.1)),
            }
        }
    }
}

/// Applies `step` with db = Σ δ to one panel of the bias.
///
/// # Safety
/// Nobody else has that panel of `biases`.
pub(crate) unsafe fn step_bias<E: CpuElement>(
    device: &CpuDevice,
    (delta, panel): (&CpuTensor<E>, usize),
    step: &Step<E>,
    biases: &Parts<'_, E>,
) {
    let lanes = delta.layout.lanes;
    // SAFETY: the caller's promise.
    let changed = unsafe { biases.part(panel * lanes..(panel + 1) * lanes) };
    E::dispatch(device.is_portable(), BiasLine { delta, panel, step, changed });
}

/// One panel of the bias.
struct BiasLine<'a, E> {
    delta: &'a CpuTensor<E>,
    panel: usize,
    step: &'a Step<E>,
    changed: Changed<'a, E>,
}

impl<E: CpuElement> Kernel<E> for BiasLine<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = 2 * V::LANES;
        let layout = self.delta.layout;
        let values = &self.delta.values()[layout.start(self.panel, 0)..][..layout.rows * line];
        let lines = self.changed.lines();
        // SAFETY: `values` is made of whole lines, and `lines` points to one line of each.
        unsafe {
            let mut sums = zeros::<V, 1>();
            for sample in values.chunks_exact(line) {
                for (half, sum) in sums[0].iter_mut().enumerate() {
                    *sum = sum.add(V::load(sample.as_ptr().add(half * V::LANES)));
                }
            }
            self.step.apply(&sums, |_| lines);
        }
    }
}
