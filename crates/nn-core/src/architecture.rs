//! The architecture of a network: how many neurons in which layer, with which activation.

use crate::ConfigError;
use nn_tensor::{Activation, Shape};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// A fully connected network of any depth and width, eqs. (104) and (105).
///
/// ```
/// use nn_core::{Activation, Architecture};
/// let network = Architecture::new(784, [30], 10, Activation::Sigmoid);
/// assert_eq!(network.to_string(), "784-30-10");
/// assert_eq!(network.parameter_count(), 784 * 30 + 30 + 30 * 10 + 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Architecture {
    /// Width of a sample: 784 for 28 x 28 pixels.
    pub inputs: usize,
    /// Widths of the hidden layers, first to last; none is the two-layer linear network, eq. (93).
    pub hidden: Vec<usize>,
    /// Classes, or width of the target.
    pub outputs: usize,
    /// σ of the hidden layers.
    pub activation: Activation,
    /// σ of the last layer; identity under cross-entropy, whose softmax belongs to the loss.
    pub output_activation: Activation,
}

impl Architecture {
    /// Creates an architecture whose last layer is linear; its softmax, if any, belongs to the loss.
    pub fn new(
        inputs: usize,
        hidden: impl Into<Vec<usize>>,
        outputs: usize,
        activation: Activation,
    ) -> Self {
        let output_activation = Activation::Identity;
        Self { inputs, hidden: hidden.into(), outputs, activation, output_activation }
    }

    /// Widths of all layers, input and output included: `[784, 30, 10]`.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let ends = (std::iter::once(self.inputs), std::iter::once(self.outputs));
        ends.0.chain(self.hidden.iter().copied()).chain(ends.1).collect()
    }

    /// Shapes of the weight matrices, outputs x inputs, first layer first.
    #[must_use]
    pub fn weight_shapes(&self) -> Vec<Shape> {
        self.widths().windows(2).map(|pair| Shape::new(pair[1], pair[0])).collect()
    }

    /// Returns where in the vector of all parameters ([`FullBatch`](crate::FullBatch)) the weights of each
    /// layer are; what is not in one of these ranges is not penalised.
    pub fn weight_ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        self.weight_shapes().into_iter().map(move |shape| {
            let range = start..start + shape.len();
            start = range.end + shape.rows;
            range
        })
    }

    /// Number of layers with weights (the lecture's L).
    #[must_use]
    pub fn depth(&self) -> usize {
        self.hidden.len() + 1
    }

    /// σ of layer `layer`, counted from 0.
    #[must_use]
    pub fn activation_of(&self, layer: usize) -> Activation {
        if layer < self.hidden.len() { self.activation } else { self.output_activation }
    }

    /// Weights and biases together.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.weight_shapes().iter().map(|shape| shape.len() + shape.rows).sum()
    }

    /// Whether every layer has at least one neuron and the whole can be counted.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the layer, or a network too large for this machine's words.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(layer) = self.widths().iter().position(|&width| width == 0) {
            return Err(ConfigError::value("width of a layer", 0, "at least 1 neuron")
                .with_detail(format!("layer {layer} of {self}")));
        }
        let mut total = 0_usize;
        for pair in self.widths().windows(2) {
            let parameters = pair[0].checked_add(1).and_then(|inputs| inputs.checked_mul(pair[1]));
            let sum = parameters.and_then(|parameters| total.checked_add(parameters));
            total = sum.filter(|&sum| sum <= isize::MAX as usize / 8).ok_or_else(|| {
                let widest = self.widths().into_iter().max().unwrap_or(0);
                ConfigError::value(
                    "number of weights",
                    "beyond counting",
                    "one that fits into memory",
                )
                .with_detail(format!("the widest layer has {widest} neurons"))
            })?;
        }
        Ok(())
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<String> = self.widths().iter().map(usize::to_string).collect();
        formatter.write_str(&widths.join("-"))
    }
}
