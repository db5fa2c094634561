//! A network on a device.

use crate::{Architecture, Initializer, NetworkError, NetworkValues};
use nn_tensor::{BatchNorm, Device, Element, Linear, Role, Shape, Tensor, TensorError};

/// Fully connected layers, with the architecture that says how they are joined.
///
/// ```
/// use nn_core::{Activation, Architecture, Initializer, Network};
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), nn_core::NetworkError> {
/// let architecture = Architecture::new(2, [3], 1, Activation::Tanh);
/// let network = Network::<ReferenceTensor<f64>>::new(&(), &architecture, Initializer::GlorotUniform, 42)?;
/// assert_eq!(network.layers().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Network<T: Tensor> {
    architecture: Architecture,
    layers: Vec<Linear<T>>,
    norms: Vec<BatchNorm<T>>,
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
            let outputs = layer.bias.shape().len();
            layer.bias.write(&initializer.biases(outputs, index, seed));
        }
        Ok(network)
    }

    /// Puts the numbers of a network onto a device.
    ///
    /// ```
    /// use nn_core::{Activation, Architecture, Initializer, Network};
    /// use nn_tensor::ReferenceTensor;
    /// # let architecture = Architecture::new(2, [], 1, Activation::Tanh);
    /// let network = Network::<ReferenceTensor<f32>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
    /// // Single precision goes into double precision exactly; the other way would round.
    /// let double = Network::<ReferenceTensor<f64>>::from_values(&(), &architecture, &network.to_values())?;
    /// assert!(Network::<ReferenceTensor<f32>>::from_values(&(), &architecture, &double.to_values()).is_err());
    /// # Ok::<(), nn_core::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// [`NetworkError::Config`] where the numbers are not those of the architecture,
    /// [`NetworkError::Precision`] where the device computes in a shorter type,
    /// [`NetworkError::Tensor`] where the device refuses.
    pub fn from_values(
        device: &T::Device,
        architecture: &Architecture,
        values: &NetworkValues,
    ) -> Result<Self, NetworkError> {
        values.validate(architecture)?;
        let (has, computes) = (values.element_name(), T::Elem::NAME);
        if (has, computes) == ("f64", "f32") {
            return Err(NetworkError::Precision { has, computes });
        }
        let mut network = Self::zeros(device, architecture)?;
        if !values.norms.is_empty() {
            network = network.with_batch_norm()?;
        }
        network.set_values(values);
        device.synchronize()?;
        Ok(network)
    }

    fn zeros(device: &T::Device, architecture: &Architecture) -> Result<Self, NetworkError> {
        architecture.validate()?;
        let layers = zero_layers(device, architecture)?;
        let (architecture, device) = (architecture.clone(), device.clone());
        Ok(Self { architecture, layers, norms: Vec::new(), device })
    }

    /// The same network with each hidden layer normalised over its batch, γ = 1 and β = 0 at first.
    ///
    /// The biases of those layers have no effect from then on, since the mean is taken out.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device has not got the memory.
    pub fn with_batch_norm(mut self) -> Result<Self, NetworkError> {
        let row = |width, value: f64| {
            let mut row = T::zeros(&self.device, Shape::new(1, width), Role::Weight)?;
            row.fill(T::Elem::from_f64(value));
            Ok::<T, TensorError>(row)
        };
        let norm = |&width: &usize| {
            let affine = Linear { weight: row(width, 1.0)?, bias: row(width, 0.0)? };
            Ok(BatchNorm { affine, mean: row(width, 0.0)?, variance: row(width, 1.0)? })
        };
        let norms: Result<_, TensorError> = self.architecture.hidden.iter().map(norm).collect();
        self.norms = norms?;
        Ok(self)
    }

    /// Returns a copy on the same device.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device has not got the memory.
    pub fn duplicate(&self) -> Result<Self, NetworkError> {
        let mut copy = Self::zeros(&self.device, &self.architecture)?;
        if !self.norms.is_empty() {
            copy = copy.with_batch_norm()?;
        }
        copy.set_values(&self.to_values());
        Ok(copy)
    }

    /// Reads all numbers to the host.
    pub fn to_values(&self) -> NetworkValues {
        NetworkValues::read(&self.layers, &self.norms)
    }

    /// Overwrites all numbers; `values` must be of the same architecture.
    pub(crate) fn set_values(&mut self, values: &NetworkValues) {
        values.write(&mut self.layers, &mut self.norms);
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Returns weights and biases, first layer first.
    pub fn layers(&self) -> &[Linear<T>] {
        &self.layers
    }

    /// Returns weights and biases to be changed.
    pub fn layers_mut(&mut self) -> &mut [Linear<T>] {
        &mut self.layers
    }

    /// Returns the batch normalisation of each hidden layer, or nothing where there is none.
    pub fn norms(&self) -> &[BatchNorm<T>] {
        &self.norms
    }

    /// Returns the batch normalisations to be changed.
    pub fn norms_mut(&mut self) -> &mut [BatchNorm<T>] {
        &mut self.norms
    }

    /// Returns all that is trained: layers first to last, then γ and β of each normalisation.
    pub(crate) fn trained(&self) -> impl Iterator<Item = &Linear<T>> {
        self.layers.iter().chain(self.norms.iter().map(|norm| &norm.affine))
    }

    /// Moves the network to another point in the space of its parameters: layer after layer, first
    /// layer first, the weights (outputs x inputs, row-major), then the biases; after the layers γ
    /// and β of each normalisation.
    ///
    /// # Panics
    /// When there are not as many values as the network has parameters.
    pub fn set_parameters(&mut self, parameters: &[T::Elem]) {
        let mut rest = parameters;
        let affine = self.norms.iter_mut().map(|norm| &mut norm.affine);
        for layer in self.layers.iter_mut().chain(affine) {
            for tensor in [&mut layer.weight, &mut layer.bias] {
                let len = tensor.shape().len();
                assert!(
                    rest.len() >= len,
                    "set_parameters: {} values are too few",
                    parameters.len()
                );
                let (values, after) = rest.split_at(len);
                tensor.write(values);
                rest = after;
            }
        }
        assert!(rest.is_empty(), "set_parameters: {} values too many", rest.len());
    }

    /// Returns the device.
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

/// The same with γ and β of a batch normalisation after the layers, where there is one.
pub(crate) fn zero_trained<T: Tensor>(
    device: &T::Device,
    architecture: &Architecture,
    batch_norm: bool,
) -> Result<Vec<Linear<T>>, TensorError> {
    let mut all = zero_layers(device, architecture)?;
    let widths: &[usize] = if batch_norm { &architecture.hidden } else { &[] };
    for &width in widths {
        let row = || T::zeros(device, Shape::new(1, width), Role::Weight);
        all.push(Linear { weight: row()?, bias: row()? });
    }
    Ok(all)
}
