//! Batch normalisation of a trained network, folded into the layer before it.

use crate::{Network, NetworkError, NetworkValues, Values};
use nn_tensor::{BATCH_NORM_EPSILON, BatchNorm, Linear, Tensor};

impl NetworkValues {
    /// Returns the same network without batch normalisation; its answers are equal up to rounding.
    ///
    /// With running statistics μ and v, y = γ (W a + b - μ) / √(v + ε) + β is a layer of its own, with
    /// weights γ / √(v + ε) W and bias β + γ / √(v + ε) (b - μ).
    #[must_use]
    pub fn folded(&self) -> Self {
        let layer = |(index, layer): (usize, &Linear<Values>)| match self.norms.get(index) {
            Some(norm) => fold_layer(layer, norm),
            None => layer.clone(),
        };
        Self { layers: self.layers.iter().enumerate().map(layer).collect(), norms: Vec::new() }
    }
}

impl<T: Tensor> Network<T> {
    /// Returns this network with its batch normalisation folded in, or `None` where it has none.
    pub(crate) fn folded(&self) -> Result<Option<Self>, NetworkError> {
        if self.norms().is_empty() {
            return Ok(None);
        }
        let values = self.to_values().folded();
        Self::from_values(self.device(), self.architecture(), &values).map(Some)
    }
}

fn fold_layer(layer: &Linear<Values>, norm: &BatchNorm<Values>) -> Linear<Values> {
    let numbers = Values::to_elements::<f64>;
    let (mut weight, mut bias) = (numbers(&layer.weight), numbers(&layer.bias));
    let (scale, shift) = (numbers(&norm.affine.weight), numbers(&norm.affine.bias));
    let (mean, variance) = (numbers(&norm.mean), numbers(&norm.variance));
    let inputs = weight.len() / bias.len().max(1);
    for (neuron, row) in weight.chunks_mut(inputs.max(1)).enumerate() {
        let factor = scale[neuron] / (variance[neuron] + BATCH_NORM_EPSILON).sqrt();
        row.iter_mut().for_each(|weight| *weight *= factor);
        bias[neuron] = shift[neuron] + factor * (bias[neuron] - mean[neuron]);
    }
    Linear { weight: layer.weight.with_numbers(weight), bias: layer.bias.with_numbers(bias) }
}
