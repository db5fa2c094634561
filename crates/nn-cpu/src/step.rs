//! One optimizer step, eq. (103), on registers of weights, while their gradient is in registers too.
#![allow(unsafe_code, reason = "raw pointers to lines that the caller has checked")]

use crate::element::KernelElement;
use crate::vector::Vector;
use nn_tensor::{Penalty, Smoothing, StepNumbers, Update, UpdateRule};
use std::ptr::null_mut;

/// What is done with a gradient.
pub(crate) enum Action<E> {
    /// It is written where the weights would be.
    Store,
    /// Descent and nothing else, at this rate.
    Descent(E),
    /// Any other step on the weights.
    Update(Update<E>, StepNumbers<E>),
}

/// Where the numbers of a line are: the weight, or the gradient that is stored, and its moments, if
/// the step has any.
#[derive(Clone, Copy)]
pub(crate) struct StepLine<E> {
    pub(crate) weight: *mut E,
    pub(crate) first: *mut E,
    pub(crate) second: *mut E,
}

impl<E> StepLine<E> {
    /// No line, to be replaced by one.
    pub(crate) const NOWHERE: Self =
        Self { weight: null_mut(), first: null_mut(), second: null_mut() };

    /// `offset` numbers further on. A moment that is not used stays a pointer that is not read.
    #[inline(always)]
    pub(crate) fn at(self, offset: usize) -> Self {
        Self {
            weight: self.weight.wrapping_add(offset),
            first: self.first.wrapping_add(offset),
            second: self.second.wrapping_add(offset),
        }
    }
}

impl<E: KernelElement> Action<E> {
    pub(crate) const STORE: Self = Self::Store;

    /// The step by `update` with these numbers.
    pub(crate) fn of(update: &Update<E>, numbers: &StepNumbers<E>) -> Self {
        let plain = update.rule == UpdateRule::Descent
            && update.penalty == Penalty::NONE
            && update.decay == E::ZERO;
        if plain { Self::Descent(numbers.learning_rate) } else { Self::Update(*update, *numbers) }
    }

    /// Whether a weight whose gradient is 0 stays as it is.
    pub(crate) fn is_nothing_without_gradient(&self) -> bool {
        matches!(self, Self::Descent(_))
    }

    /// The step for some lines, where `line_of` gives that of each: [`Update::apply`], in registers.
    ///
    /// # Safety
    /// Each line is one of the weight and of each moment that the rule has.
    #[inline(always)]
    pub(crate) unsafe fn apply<V: Vector<Elem = E>, const R: usize>(
        &self,
        gradient: &[V; R],
        line_of: impl Fn(usize) -> StepLine<E>,
    ) {
        // The choice stands outside of the loops, which are short. No closures: a large one is not
        // always compiled into its caller, and without that it lacks the caller's instructions.
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Store => {
                    for (row, gradient) in gradient.iter().enumerate() {
                        gradient.store(line_of(row).weight);
                    }
                }
                Self::Descent(rate) => {
                    let rate = V::splat(E::ZERO - *rate);
                    for (row, &gradient) in gradient.iter().enumerate() {
                        let weight = line_of(row).weight;
                        rate.mul_add(gradient, V::load(weight)).store(weight);
                    }
                }
                Self::Update(update, numbers) => {
                    // A copy in memory, because this loop is too long to be unrolled. Without it, the
                    // tile would go through memory for plain descent too.
                    let held = *gradient;
                    // Copies, so that the stores cannot change them and the rule is looked up once.
                    let (update, numbers) = (*update, *numbers);
                    for (row, &gradient) in held.iter().enumerate() {
                        step((&update, &numbers), line_of(row), gradient);
                    }
                }
            }
        }
    }

    /// The step for `count` lines one after the other that have no gradient.
    ///
    /// # Safety
    /// They are lines of the weight and of each moment that the rule has.
    #[inline(always)]
    pub(crate) unsafe fn apply_without_gradient<V: Vector<Elem = E>>(
        &self,
        lines: StepLine<E>,
        count: usize,
    ) {
        let none = V::splat(E::ZERO);
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Store => {
                    for line in 0..count {
                        none.store(lines.at(line * V::LANES).weight);
                    }
                }
                Self::Descent(_) => {}
                Self::Update(update, numbers) => {
                    let (update, numbers) = (*update, *numbers);
                    for line in 0..count {
                        step((&update, &numbers), lines.at(line * V::LANES), none);
                    }
                }
            }
        }
    }
}

/// [`Smoothing::apply`].
#[inline(always)]
fn mean<V: Vector>(smoothing: Smoothing<V::Elem>, mean: V, value: V) -> V {
    V::splat(smoothing.keep).mul_add(mean, V::splat(smoothing.take).mul(value)).flushed()
}

/// See [`Action::apply`], whose promise this needs.
#[inline(always)]
unsafe fn step<V: Vector>(
    (update, numbers): (&Update<V::Elem>, &StepNumbers<V::Elem>),
    line: StepLine<V::Elem>,
    gradient: V,
) {
    let zero = V::splat(nn_tensor::Element::from_f64(0.0));
    let one = V::splat(nn_tensor::Element::from_f64(1.0));
    let rate = V::splat(numbers.learning_rate);
    // SAFETY: the caller's promise, for every load and store below.
    unsafe {
        let mut weight = V::load(line.weight);
        let mut gradient = gradient;
        if update.penalty != Penalty::NONE {
            let negative_sign = zero.sub(weight).where_positive(zero.sub(one), zero);
            let sign = weight.where_positive(one, negative_sign);
            let penalty = V::splat(update.penalty.l1).mul(sign);
            gradient = gradient.add(V::splat(update.penalty.l2).mul_add(weight, penalty));
        }
        if update.decay != nn_tensor::Element::from_f64(0.0) {
            weight = weight.sub(rate.mul(V::splat(update.decay)).mul(weight));
        }
        let new = match update.rule {
            UpdateRule::Descent => zero.sub(rate).mul_add(gradient, weight),
            UpdateRule::Momentum { momentum, nesterov } => {
                let momentum = V::splat(momentum);
                let first = momentum.mul_add(V::load(line.first), gradient).flushed();
                first.store(line.first);
                let direction = if nesterov { momentum.mul_add(first, gradient) } else { first };
                zero.sub(rate).mul_add(direction, weight)
            }
            UpdateRule::RmsProp { smoothing, epsilon } => {
                let first = mean(smoothing, V::load(line.first), gradient.mul(gradient));
                first.store(line.first);
                weight.sub(rate.mul(gradient).div(first.sqrt().add(V::splat(epsilon))))
            }
            UpdateRule::Adam { beta1, beta2, epsilon } => {
                let first = mean(beta1, V::load(line.first), gradient);
                let second = mean(beta2, V::load(line.second), gradient.mul(gradient));
                first.store(line.first);
                second.store(line.second);
                let root = second.sqrt();
                let divisor = root.mul_add(V::splat(numbers.root_correction), V::splat(epsilon));
                weight.sub(V::splat(numbers.corrected_rate).mul(first).div(divisor))
            }
        };
        new.store(line.weight);
    }
}
