//! Gradients and moments of a network in training.

use crate::network::zero_trained;
use crate::{Architecture, Network};
use nn_tensor::{BatchNorm, Linear, Moments, Tensor, TensorError, Update};

/// Gradients and the moments that the optimizer keeps, shaped like the network: its layers, then γ
/// and β of each normalisation.
pub(crate) struct OptimizerState<T> {
    /// ∂C/∂W of the last step; scratch space where steps are fused.
    pub(crate) gradients: Vec<Linear<T>>,
    /// Moments of each weight.
    pub(crate) moments: Vec<Linear<Moments<T>>>,
}

impl<T: Tensor> OptimizerState<T> {
    /// Allocates gradients and `moment_count` moments, all 0.
    pub(crate) fn new(
        device: &T::Device,
        architecture: &Architecture,
        batch_norm: bool,
        moment_count: usize,
    ) -> Result<Self, TensorError> {
        let moment = |count: usize| {
            (moment_count >= count)
                .then(|| zero_trained(device, architecture, batch_norm))
                .transpose()
        };
        let mut first = moment(1)?.into_iter().flatten();
        let mut second = moment(2)?.into_iter().flatten();
        let gradients = zero_trained(device, architecture, batch_norm)?;
        let moments = gradients.iter().map(|_| join(first.next(), second.next())).collect();
        Ok(Self { gradients, moments })
    }

    /// Takes one step with the gradients, eq. (103).
    pub(crate) fn apply(&mut self, network: &mut Network<T>, update: &Update<T::Elem>) {
        let parts = network.layers_mut().iter_mut().zip(&self.gradients).zip(&mut self.moments);
        for ((layer, gradient), moments) in parts {
            layer.weight.update(&gradient.weight, &mut moments.weight, update);
            layer.bias.update(&gradient.bias, &mut moments.bias, &update.for_bias());
        }
        self.apply_to_norms(network, update);
    }

    /// Takes one step of γ and β, which are neither penalised nor decayed.
    pub(crate) fn apply_to_norms(&mut self, network: &mut Network<T>, update: &Update<T::Elem>) {
        let (depth, update) = (network.layers().len(), update.for_bias());
        let gradients = &self.gradients[depth..];
        let parts = network.norms_mut().iter_mut().zip(gradients).zip(&mut self.moments[depth..]);
        for ((BatchNorm { affine, .. }, gradient), moments) in parts {
            affine.weight.update(&gradient.weight, &mut moments.weight, &update);
            affine.bias.update(&gradient.bias, &mut moments.bias, &update);
        }
    }
}

/// First and second moments of one layer, sorted by weight and bias.
fn join<T>(first: Option<Linear<T>>, second: Option<Linear<T>>) -> Linear<Moments<T>> {
    let (first_weight, first_bias) = first.map(|l| (l.weight, l.bias)).unzip();
    let (second_weight, second_bias) = second.map(|l| (l.weight, l.bias)).unzip();
    Linear {
        weight: Moments { first: first_weight, second: second_weight },
        bias: Moments { first: first_bias, second: second_bias },
    }
}
