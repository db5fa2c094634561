//! The numbers that a gradient changes, given out to several threads in parts; the bias.
#![allow(unsafe_code, reason = "parts of the weights go to several threads")]

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::split::Split;
use crate::step::{Action, StepLine};
use crate::vector::{Kernel, Vector};
use nn_tensor::{Moments, UpdateRule};

/// The numbers that a gradient changes: the weight and its moments, or the gradient itself.
pub(crate) struct Changed<'a, E> {
    pub(crate) weight: &'a mut [E],
    pub(crate) first: &'a mut [E],
    pub(crate) second: &'a mut [E],
}

/// All that a step on `weight` with `rule` changes; without a rule, `weight` alone.
pub(crate) fn changed<'a, E: KernelElement>(
    weight: &'a mut CpuTensor<E>,
    moments: Option<&'a mut Moments<CpuTensor<E>>>,
    rule: Option<UpdateRule<E>>,
) -> Changed<'a, E> {
    let layout = weight.layout;
    let (first, second): (&mut [E], &mut [E]) = match (moments, rule) {
        (Some(moments), Some(rule)) => (
            used_moment(moments.first.as_mut(), layout, needs_first(&rule)),
            used_moment(moments.second.as_mut(), layout, needs_second(&rule)),
        ),
        _ => (&mut [], &mut []),
    };
    Changed { weight: weight.values_mut(), first, second }
}

/// Whether the rule keeps one number for each weight.
fn needs_first<E: KernelElement>(rule: &UpdateRule<E>) -> bool {
    *rule != UpdateRule::Descent
}

/// Whether the rule keeps two.
fn needs_second<E: KernelElement>(rule: &UpdateRule<E>) -> bool {
    matches!(rule, UpdateRule::Adam { .. })
}

/// The numbers of a moment that the rule needs, or none.
///
/// # Panics
/// When it is needed and missing, or has another layout than the weight: the caller's bug.
fn used_moment<E: KernelElement>(
    moment: Option<&mut CpuTensor<E>>,
    layout: Layout,
    needed: bool,
) -> &mut [E] {
    if !needed {
        return &mut [];
    }
    let moment = moment.expect("the trait's contract: the moments that the rule needs are given");
    assert!(
        moment.layout == layout,
        "update: a moment of {} created for another shape or role",
        moment.shape
    );
    moment.values_mut()
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

impl<'a, E: KernelElement> Parts<'a, E> {
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
pub(crate) unsafe fn step_bias<E: KernelElement>(
    device: &CpuDevice,
    (delta, panel): (&CpuTensor<E>, usize),
    step: &Action<E>,
    biases: &Parts<'_, E>,
) {
    let lanes = delta.layout.lanes;
    // SAFETY: the caller's promise.
    let changed = unsafe { biases.part(panel * lanes..(panel + 1) * lanes) };
    E::dispatch(device.simd(), BiasLine { delta, panel, step, changed });
}

/// One panel of the bias.
struct BiasLine<'a, E> {
    delta: &'a CpuTensor<E>,
    panel: usize,
    step: &'a Action<E>,
    changed: Changed<'a, E>,
}

impl<E: KernelElement> Kernel<E> for BiasLine<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let layout = self.delta.layout;
        let values = &self.delta.values()[layout.start(self.panel, 0)..][..layout.rows * V::LANES];
        let lines = self.changed.lines();
        // SAFETY: `values` is made of whole lines, and `lines` points to one line of each.
        unsafe {
            let mut sum = V::splat(E::ZERO);
            for sample in values.chunks_exact(V::LANES) {
                sum = sum.add(V::load(sample.as_ptr()));
            }
            self.step.apply(&[sum], |_| lines);
        }
    }
}
