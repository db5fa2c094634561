//! The loss of a training with its label smoothing and class weights.

use crate::{Loss, TrainingConfig};
use nn_tensor::{
    ClassTarget, Element, ResidentEpoch, ResidentSamples, Role, Shape, Tensor, TensorError,
};

/// The loss of a training, ready for a device.
pub(crate) struct Objective<T: Tensor> {
    pub(crate) loss: Loss,
    /// Share of the target that is spread over all classes.
    smoothing: T::Elem,
    /// Weight of each class, 1 x classes; none where all weigh the same.
    class_weights: Option<T>,
}

impl<T: Tensor> Objective<T> {
    pub(crate) fn new(device: &T::Device, config: &TrainingConfig) -> Result<Self, TensorError> {
        let weights = config.class_weights.iter().map(|&weight| T::Elem::from_f64(weight));
        let weights: Vec<T::Elem> = weights.collect();
        let shape = Shape::new(1, weights.len());
        let tensor = || T::from_values(device, shape, Role::Weight, &weights);
        Ok(Self {
            loss: config.loss,
            smoothing: T::Elem::from_f64(config.label_smoothing),
            class_weights: (!weights.is_empty()).then(tensor).transpose()?,
        })
    }

    /// Computes the gradient of the cross-entropy with respect to the logits, times `factor`, for the
    /// batch that is next in `epoch`; adds to the tally.
    pub(crate) fn cross_entropy(
        &self,
        gradient: &mut T,
        logits: &T,
        (labels, epoch): (&ResidentSamples<T>, &ResidentEpoch<T>),
        factor: T::Elem,
        tally: &mut T,
    ) {
        let (smoothing, class_weights) = (self.smoothing, self.class_weights.as_ref());
        let target = ClassTarget { factor, smoothing, class_weights };
        gradient.softmax_cross_entropy(logits, labels, epoch, &target, tally);
    }
}
