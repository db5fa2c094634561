//! What follows a step: running statistics, weights that are not there, limits of norms, the moving average.

use super::Trainer;
use crate::Network;
use crate::backpropagation::Workspace;
use nn_tensor::{Element, Linear, Tensor};

/// Share by which running statistics move to those of a batch, as in PyTorch.
const STATISTICS_SHARE: f64 = 0.1;

/// Steps between two moves of the average: each of them reads all weights, and neighbouring weights
/// hardly differ.
const STEPS_BETWEEN_AVERAGES: u64 = 8;

/// The average begins as one over this many weights and grows to its full length: the first ones
/// should not count for long.
const EARLY_AVERAGES: f64 = 10.0;

impl<T: Tensor> Trainer<T> {
    /// After a step in `workspace`; the position is still that before it.
    pub(super) fn after_step(&mut self, partial: bool) {
        let workspace = match &self.partial_batch {
            Some(workspace) if partial => workspace,
            _ => &self.full_batch,
        };
        take_statistics(&mut self.network, workspace);
        if let Some(mask) = &self.receptive_fields {
            self.network.layers_mut()[0].weight.multiply_elements(mask);
        }
        if let Some(longest) = self.config.max_norm {
            for layer in self.network.layers_mut() {
                layer.weight.limit_row_norms(T::Elem::from_f64(longest));
            }
        }
        let step = self.position.step + 1;
        if let (Some(averaged), Some(stays)) = (&mut self.averaged, self.config.average)
            && step.is_multiple_of(STEPS_BETWEEN_AVERAGES)
        {
            let full = 1.0 - stays.powf(STEPS_BETWEEN_AVERAGES as f64);
            let moves = (step / STEPS_BETWEEN_AVERAGES - 1) as f64;
            let early = EARLY_AVERAGES / (EARLY_AVERAGES + moves);
            average(averaged, &self.network, T::Elem::from_f64(full.max(early)));
        }
    }
}

/// Moves the running statistics to those of the batch, and holds the biases that have no effect at
/// 0: their gradient is rounding alone, which an optimizer like Adam would make steps of.
fn take_statistics<T: Tensor>(network: &mut Network<T>, workspace: &Workspace<T>) {
    let share = T::Elem::from_f64(STATISTICS_SHARE);
    for (norm, batch) in network.norms_mut().iter_mut().zip(workspace.statistics()) {
        norm.mean.move_towards(&batch.mean, share);
        norm.variance.move_towards(&batch.variance, share);
    }
    let normalised = network.norms().len();
    for layer in &mut network.layers_mut()[..normalised] {
        layer.bias.fill(T::Elem::ZERO);
    }
}

fn average<T: Tensor>(averaged: &mut Network<T>, network: &Network<T>, share: T::Elem) {
    let move_pair = |average: &mut Linear<T>, now: &Linear<T>| {
        average.weight.move_towards(&now.weight, share);
        average.bias.move_towards(&now.bias, share);
    };
    for (average, now) in averaged.layers_mut().iter_mut().zip(network.layers()) {
        move_pair(average, now);
    }
    for (average, now) in averaged.norms_mut().iter_mut().zip(network.norms()) {
        move_pair(&mut average.affine, &now.affine);
        average.mean.move_towards(&now.mean, share);
        average.variance.move_towards(&now.variance, share);
    }
}
