//! The loss of a training with its label smoothing and class weights.

use crate::{Loss, TrainingConfig};
use nn_tensor::{Element, Tensor};

/// The loss of a training, ready for a device of element type `E`.
#[derive(Clone, Debug)]
pub(crate) struct Objective<E> {
    pub(crate) loss: Loss,
    /// Share of the target that is spread over all classes.
    smoothing: E,
    /// Weight of each class; empty where all weigh the same.
    class_weights: Vec<E>,
}

impl<E: Element> Objective<E> {
    pub(crate) fn new(config: &TrainingConfig) -> Self {
        Self {
            loss: config.loss,
            smoothing: E::from_f64(config.label_smoothing),
            class_weights: config.class_weights.iter().map(|&weight| E::from_f64(weight)).collect(),
        }
    }

    /// Gradient of the cross-entropy with respect to the logits, times `factor`; adds to the tally.
    pub(crate) fn cross_entropy<T: Tensor<Elem = E>>(
        &self,
        gradient: &mut T,
        logits: &T,
        classes: &[u32],
        factor: E,
        tally: &mut T,
    ) {
        if self.smoothing == E::ZERO && self.class_weights.is_empty() {
            gradient.softmax_cross_entropy(logits, classes, factor, tally);
        } else {
            let (smoothing, weights) = (self.smoothing, &self.class_weights);
            gradient.weighted_cross_entropy(logits, classes, factor, smoothing, weights, tally);
        }
    }
}
