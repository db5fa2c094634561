//! Batch normalisation of a trained network, folded into the layer before it.

use crate::model::Values;
use crate::{Model, Network, NetworkError};
use nn_tensor::{BATCH_NORM_EPSILON, BatchNorm, Linear, Tensor};

impl Model {
    /// The same model without batch normalisation: its answers are the same up to rounding.
    ///
    /// With its running statistics, y = γ (W a + b - μ) / √(v + ε) + β is a layer itself: of weights
    /// γ / √(v + ε) W and bias β + γ / √(v + ε) (b - μ).
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut model = self.clone();
        model.layers = fold(&self.layers, &self.norms);
        model.norms = Vec::new();
        for member in &mut model.companions {
            member.layers = fold(&member.layers, &member.norms);
            member.norms = Vec::new();
        }
        model
    }
}

impl<T: Tensor> Network<T> {
    /// This network with its batch normalisation folded in; `None` where it has none.
    pub(crate) fn folded(&self) -> Result<Option<Self>, NetworkError> {
        if self.norms().is_empty() {
            return Ok(None);
        }
        let member = self.to_member();
        let layers = fold(&member.layers, &member.norms);
        Self::from_layers(self.device(), self.architecture(), &layers, &[]).map(Some)
    }
}

/// Each layer with the normalisation that follows it; the last layer has none.
fn fold(layers: &[Linear<Values>], norms: &[BatchNorm<Values>]) -> Vec<Linear<Values>> {
    let folded = |(index, layer): (usize, &Linear<Values>)| match norms.get(index) {
        Some(norm) => fold_layer(layer, norm),
        None => layer.clone(),
    };
    layers.iter().enumerate().map(folded).collect()
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
