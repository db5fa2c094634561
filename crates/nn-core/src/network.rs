//! A network on a device.

use crate::model::{Values, synchronized, write_layers};
use crate::{Architecture, Initializer, NetworkError};
use nn_tensor::{Element, Linear, Role, Shape, Tensor, TensorError};

/// Fully connected layers, with the architecture that says how they are joined.
///
/// ```
/// use nn_core::{Activation, Architecture, Initializer, Network};
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), nn_core::NetworkError> {
/// let form = Architecture {
///     inputs: 2,
///     hidden: vec![3],
///     outputs: 1,
///     activation: Activation::Tanh,
///     output_activation: Activation::Identity,
/// };
/// let network = Network::<ReferenceTensor<f64>>::new(&(), &form, Initializer::GlorotUniform, 42)?;
/// assert_eq!(network.layers().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Network<T: Tensor> {
    architecture: Architecture,
    layers: Vec<Linear<T>>,
    device: T::Device,
}

impl<T: Tensor> Network<T> {
    /// A network with fresh weights.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for an architecture without neurons in some layer,
    /// [`NetworkError::Tensor`] where the device has not got the memory.
    pub fn new(
        device: &T::Device,
        architecture: &Architecture,
        initializer: Initializer,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let mut network = Self::zeros(device, architecture)?;
        for (index, layer) in network.layers.iter_mut().enumerate() {
            layer.weight.write(&initializer.weights(layer.weight.shape(), index, seed));
            layer.bias.fill(T::Elem::from_f64(initializer.bias()));
        }
        Ok(network)
    }

    /// A network with given weights; `layers` must have the architecture's shapes.
    pub(crate) fn from_layers(
        device: &T::Device,
        architecture: &Architecture,
        layers: &[Linear<Values>],
    ) -> Result<Self, NetworkError> {
        let mut network = Self::zeros(device, architecture)?;
        write_layers(&mut network.layers, layers);
        synchronized::<T>(device)?;
        Ok(network)
    }

    fn zeros(device: &T::Device, architecture: &Architecture) -> Result<Self, NetworkError> {
        architecture.validate()?;
        let layers = zero_layers(device, architecture)?;
        Ok(Self { architecture: architecture.clone(), layers, device: device.clone() })
    }

    /// How the layers are joined.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Weights and biases, first layer first.
    pub fn layers(&self) -> &[Linear<T>] {
        &self.layers
    }

    /// The same, to be changed.
    pub fn layers_mut(&mut self) -> &mut [Linear<T>] {
        &mut self.layers
    }

    /// Moves the network to another point in the space of its weights: layer after layer, first
    /// layer first, the weights (outputs x inputs, row-major), then the biases.
    ///
    /// # Panics
    /// When there are not as many values as the network has parameters.
    pub fn set_parameters(&mut self, parameters: &[T::Elem]) {
        let (actual, expected) = (parameters.len(), self.architecture.parameter_count());
        assert!(actual == expected, "set_parameters: {actual} values for {expected} parameters");
        let mut rest = parameters;
        for layer in &mut self.layers {
            for tensor in [&mut layer.weight, &mut layer.bias] {
                let (values, after) = rest.split_at(tensor.shape().len());
                tensor.write(values);
                rest = after;
            }
        }
    }

    /// Where it lives.
    pub fn device(&self) -> &T::Device {
        &self.device
    }
}

/// Tensors of zeros with the shapes of every layer: for weights, gradients and moments.
pub(crate) fn zero_layers<T: Tensor>(
    device: &T::Device,
    architecture: &Architecture,
) -> Result<Vec<Linear<T>>, TensorError> {
    let zero = |shape: Shape| {
        Ok(Linear {
            weight: T::zeros(device, shape, Role::Weight)?,
            bias: T::zeros(device, Shape::new(1, shape.rows), Role::Weight)?,
        })
    };
    architecture.weight_shapes().into_iter().map(zero).collect()
}
