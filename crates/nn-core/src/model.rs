//! A trained network on the host: what files hold and backends are loaded from.

use crate::{Architecture, Loss, Network, NetworkError};
use nn_tensor::{Element, Linear, Tensor, TensorError};
use serde::{Deserialize, Serialize};

/// The numbers of one tensor, row-major, in the type they were trained in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Values {
    /// The elements of `tensor`.
    pub fn read<T: Tensor>(tensor: &T) -> Self {
        let values = tensor.to_vec();
        match T::Elem::NAME {
            "f64" => Self::F64(values.into_iter().map(Element::to_f64).collect()),
            _ => Self::F32(values.into_iter().map(|value| value.to_f64() as f32).collect()),
        }
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no element is NaN or infinite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        match self {
            Self::F32(values) => values.iter().all(|value| value.is_finite()),
            Self::F64(values) => values.iter().all(|value| value.is_finite()),
        }
    }

    /// The elements as `E`: exactly, except from `f64` to `f32`, which rounds.
    #[must_use]
    pub fn to_elements<E: Element>(&self) -> Vec<E> {
        match self {
            Self::F32(values) => values.iter().map(|&v| E::from_f64(f64::from(v))).collect(),
            Self::F64(values) => values.iter().map(|&v| E::from_f64(v)).collect(),
        }
    }

    /// `"f32"` or `"f64"`.
    #[must_use]
    pub fn element_name(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::NAME,
            Self::F64(_) => f64::NAME,
        }
    }
}

/// A network with what one must know to use it, independent of any backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Layers and activations.
    pub architecture: Architecture,
    /// What it was trained for; under cross-entropy its outputs are logits of a softmax.
    pub loss: Loss,
    /// Shape of a sample, `[28, 28]` for MNIST; its product is the architecture's inputs.
    pub sample_shape: Vec<usize>,
    /// Weights (outputs x inputs) and biases, first layer first.
    pub layers: Vec<Linear<Values>>,
}

impl Model {
    /// Copies a network to the host.
    pub fn from_network<T: Tensor>(
        network: &Network<T>,
        loss: Loss,
        sample_shape: &[usize],
    ) -> Self {
        Self {
            architecture: network.architecture().clone(),
            loss,
            sample_shape: sample_shape.to_vec(),
            layers: read_layers(network.layers()),
        }
    }

    /// Puts the network onto a device.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device refuses; [`NetworkError::Config`] where the parts
    /// do not fit each other (see [`Self::validate`]).
    pub fn to_network<T: Tensor>(&self, device: &T::Device) -> Result<Network<T>, NetworkError> {
        self.validate()?;
        Network::from_layers(device, &self.architecture, &self.layers)
    }

    /// Whether numbers of layers, weights and inputs are those of the architecture.
    ///
    /// # Errors
    /// [`NetworkError::Config`] naming the first part that does not fit.
    pub fn validate(&self) -> Result<(), NetworkError> {
        use crate::ConfigError;
        self.architecture.validate()?;
        let inputs = self.sample_shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n));
        ConfigError::check(
            "sample shape",
            format!("{:?}", self.sample_shape),
            inputs == Some(self.architecture.inputs),
            &format!("one of {} values", self.architecture.inputs),
        )?;
        let shapes = self.architecture.weight_shapes();
        let (has, needs) = (self.layers.len(), shapes.len());
        ConfigError::check("number of layers", has, has == needs, &needs.to_string())?;
        for (index, (layer, shape)) in self.layers.iter().zip(shapes).enumerate() {
            let (weights, biases) = (layer.weight.len(), layer.bias.len());
            let name = format!("layer {index}: number of");
            let allowed = shape.len().to_string();
            ConfigError::check(
                &format!("{name} weights"),
                weights,
                weights == shape.len(),
                &allowed,
            )?;
            let allowed = shape.rows.to_string();
            ConfigError::check(&format!("{name} biases"), biases, biases == shape.rows, &allowed)?;
        }
        Ok(())
    }
}

/// Copies layers to the host.
pub(crate) fn read_layers<T: Tensor>(layers: &[Linear<T>]) -> Vec<Linear<Values>> {
    let read = |layer: &Linear<T>| Linear {
        weight: Values::read(&layer.weight),
        bias: Values::read(&layer.bias),
    };
    layers.iter().map(read).collect()
}

/// Writes host values over the layers of a network of the same shapes.
pub(crate) fn write_layers<T: Tensor>(layers: &mut [Linear<T>], values: &[Linear<Values>]) {
    for (layer, values) in layers.iter_mut().zip(values) {
        layer.weight.write(&values.weight.to_elements::<T::Elem>());
        layer.bias.write(&values.bias.to_elements::<T::Elem>());
    }
}

/// Reports a device that failed since it was last asked.
pub(crate) fn synchronized<T: Tensor>(device: &T::Device) -> Result<(), TensorError> {
    T::synchronize(device)
}
