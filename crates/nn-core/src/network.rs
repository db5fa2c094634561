//! A network on a device.

use crate::model::{Values, read_layers, read_norms, synchronized, write_layers, write_norms};
use crate::{Architecture, Initializer, Member, NetworkError};
use nn_tensor::{BatchNorm, Element, Linear, Role, Shape, Tensor, TensorError};

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

    /// A network with given weights; `layers` must have the architecture's shapes.
    pub(crate) fn from_layers(
        device: &T::Device,
        architecture: &Architecture,
        layers: &[Linear<Values>],
        norms: &[BatchNorm<Values>],
    ) -> Result<Self, NetworkError> {
        let mut network = Self::zeros(device, architecture)?;
        if !norms.is_empty() {
            network = network.with_batch_norm()?;
        }
        write_layers(&mut network.layers, layers);
        write_norms(&mut network.norms, norms);
        synchronized::<T>(device)?;
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

    /// A copy on the same device.
    pub(crate) fn duplicate(&self) -> Result<Self, NetworkError> {
        let member = self.to_member();
        Self::from_layers(&self.device, &self.architecture, &member.layers, &member.norms)
    }

    /// All its numbers, on the host.
    pub(crate) fn to_member(&self) -> Member {
        let (layers, norms) = (read_layers(&self.layers), read_norms(&self.norms));
        Member { layers, norms, form: None }
    }

    /// Takes over all numbers of a network of the same form.
    pub(crate) fn take_member(&mut self, member: &Member) {
        write_layers(&mut self.layers, &member.layers);
        write_norms(&mut self.norms, &member.norms);
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

    /// Batch normalisation of the hidden layers, one each; none where there is no such thing.
    pub fn norms(&self) -> &[BatchNorm<T>] {
        &self.norms
    }

    /// The same, to be changed.
    pub fn norms_mut(&mut self) -> &mut [BatchNorm<T>] {
        &mut self.norms
    }

    /// All that is trained: layers first to last, then γ and β of each normalisation.
    pub(crate) fn trained_mut(&mut self) -> impl Iterator<Item = &mut Linear<T>> {
        self.layers.iter_mut().chain(self.norms.iter_mut().map(|norm| &mut norm.affine))
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
