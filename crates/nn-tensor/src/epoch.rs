//! An epoch as data: the order of its samples, and what changes from step to step.
//!
//! A step that reads these depends on no number of the host, so a device may record it once and replay
//! it. That is possible because every random stream of a training is a function of seed and position.

use crate::Element;

/// The numbers that an optimizer takes from the step: see [`UpdateRule`](crate::UpdateRule).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepNumbers<E> {
    /// λ.
    pub learning_rate: E,
    /// λ / (1 - β₁ᵗ) at step t; used by Adam only.
    pub corrected_rate: E,
    /// 1 / √(1 - β₂ᵗ); used by Adam only.
    pub root_correction: E,
}

impl<E: Element> StepNumbers<E> {
    /// A learning rate, and no correction of it.
    #[must_use]
    pub fn with_learning_rate(learning_rate: E) -> Self {
        Self { learning_rate, corrected_rate: learning_rate, root_correction: E::ONE }
    }
}

impl StepNumbers<f64> {
    /// The same numbers in the type of a tensor's elements.
    #[must_use]
    pub fn rounded<E: Element>(&self) -> StepNumbers<E> {
        StepNumbers {
            learning_rate: E::from_f64(self.learning_rate),
            corrected_rate: E::from_f64(self.corrected_rate),
            root_correction: E::from_f64(self.root_correction),
        }
    }
}

/// The steps of one member of a training: of its only network, or of one of several that are trained in
/// lockstep on the same samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberSteps {
    /// One for each step of the epoch.
    pub numbers: Vec<StepNumbers<f64>>,
    /// The keys of dropout, see [`keeps`](crate::keeps): steps x layers with dropout, empty without it.
    pub dropout_keys: Vec<u64>,
}

impl MemberSteps {
    /// The key of dropout in layer `layer` at step `step`.
    ///
    /// # Panics
    /// Where there is none: the caller's bug.
    #[must_use]
    pub fn dropout_key(&self, step: usize, layer: usize) -> u64 {
        let layers = self.dropout_keys.len() / self.numbers.len().max(1);
        assert!(layer < layers, "drop_out: no key for layer {layer} of {layers}");
        self.dropout_keys[step * layers + layer]
    }

    /// Size in main memory, which is what a device with memory of its own receives.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.numbers[..]) + size_of_val(&self.dropout_keys[..])
    }
}

/// An epoch, or what is left of it, in main memory; and how far it has come.
///
/// ```
/// use nn_tensor::HostEpoch;
/// // Five samples in batches of two: the last batch is partial.
/// let mut epoch = HostEpoch::new(vec![4, 0, 3, 1, 2], vec![]);
/// assert_eq!(epoch.rows(2), [4, 0]);
/// epoch.advance(2);
/// epoch.advance(2);
/// assert_eq!((epoch.rows(1), epoch.step()), (&[2][..], 2));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostEpoch {
    order: Vec<u32>,
    members: Vec<MemberSteps>,
    sample: usize,
    step: usize,
}

impl HostEpoch {
    /// An epoch at its beginning: the rows of resident samples in the order in which batches take them, and
    /// the steps of each member.
    #[must_use]
    pub fn new(order: Vec<u32>, members: Vec<MemberSteps>) -> Self {
        Self { order, members, sample: 0, step: 0 }
    }

    /// A pass over samples that changes no weights, such as an evaluation.
    #[must_use]
    pub fn without_steps(order: Vec<u32>) -> Self {
        Self::new(order, Vec::new())
    }

    /// One step over one batch.
    #[must_use]
    pub fn of_one_step(rows: Vec<u32>, numbers: StepNumbers<f64>) -> Self {
        Self::new(rows, vec![MemberSteps { numbers: vec![numbers], dropout_keys: Vec::new() }])
    }

    /// The whole order.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The steps of each member.
    #[must_use]
    pub fn members(&self) -> &[MemberSteps] {
        &self.members
    }

    /// The samples that are done: where the batch that is next begins in the order.
    #[must_use]
    pub fn sample(&self) -> usize {
        self.sample
    }

    /// The steps that are done: the number of the step that is next, from 0.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// Size in main memory, which is what a device with memory of its own receives.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.order[..]) + self.members.iter().map(MemberSteps::bytes).sum::<usize>()
    }

    /// Rows of the batch that is next, of so many samples.
    ///
    /// # Panics
    /// Where fewer are left: the caller's bug.
    #[must_use]
    pub fn rows(&self, batch: usize) -> &[u32] {
        let left = self.order.len() - self.sample;
        assert!(batch <= left, "a batch of {batch} where {left} samples of the epoch are left");
        &self.order[self.sample..self.sample + batch]
    }

    /// The optimizer's numbers of the step that is next.
    ///
    /// # Panics
    /// Where there is no such member or step: the caller's bug.
    #[must_use]
    pub fn numbers<E: Element>(&self, member: usize) -> StepNumbers<E> {
        self.members[member].numbers[self.step].rounded()
    }

    /// The key of dropout in the step that is next.
    ///
    /// # Panics
    /// Where there is none: the caller's bug.
    #[must_use]
    pub fn dropout_key(&self, member: usize, layer: usize) -> u64 {
        self.members[member].dropout_key(self.step, layer)
    }

    /// Sets how far the epoch has come, after steps that a device has replayed without the host.
    ///
    /// # Panics
    /// Where there are not so many samples: the caller's bug.
    pub fn seek(&mut self, step: usize, sample: usize) {
        assert!(
            sample <= self.order.len(),
            "an epoch of {} samples has no {sample}",
            self.order.len()
        );
        (self.step, self.sample) = (step, sample);
    }

    /// Goes on to the next step, after a batch of so many samples.
    ///
    /// # Panics
    /// Where fewer are left: the caller's bug.
    pub fn advance(&mut self, batch: usize) {
        assert!(batch <= self.order.len() - self.sample, "an epoch advances beyond its end");
        self.sample += batch;
        self.step += 1;
    }
}

/// The step that is next, as one member of the training takes it. `P` is the epoch on the device.
pub struct Step<'a, P> {
    /// The epoch.
    pub epoch: &'a P,
    /// Which of the epoch's members.
    pub member: usize,
}

impl<P> Clone for Step<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Step<'_, P> {}
