//! A trained network on the host: what files hold and backends are loaded from.

use crate::batches::{described, expect_shape, upright};
use crate::{Architecture, Loss, Network, NetworkError};
use nn_data::{Dataset, DirectionEncoder};
use nn_tensor::{BatchNorm, Element, Linear, Tensor, TensorError};
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

    /// Other numbers in the same element type.
    pub(crate) fn with_numbers(&self, numbers: Vec<f64>) -> Self {
        match self {
            Self::F32(_) => Self::F32(numbers.into_iter().map(|number| number as f32).collect()),
            Self::F64(_) => Self::F64(numbers),
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
    /// Shape of a sample, `[28, 28]` for MNIST; its product is the architecture's inputs, unless the network
    /// is one of [`directions`](Self::directions).
    pub sample_shape: Vec<usize>,
    /// Whether it was trained on [upright](nn_data::deskew) images and must be shown such: see
    /// [`shown`](Self::shown).
    #[serde(skip)] // stands at the end of a checkpoint
    pub deskew: bool,
    /// Whether it was trained on images [described](nn_data::directions) by the directions of their edges and
    /// must be shown such: see [`shown`](Self::shown).
    #[serde(skip)] // stands at the end of a checkpoint
    pub directions: bool,
    /// Weights (outputs x inputs) and biases, first layer first.
    pub layers: Vec<Linear<Values>>,
    /// Batch normalisation of the hidden layers, one each; none where there is no such thing.
    pub norms: Vec<BatchNorm<Values>>,
    /// Further networks of the same form, where this is a committee: the answer is the mean of all.
    pub companions: Vec<Member>,
}

/// The numbers of one network of a committee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// As [`Model::layers`].
    pub layers: Vec<Linear<Values>>,
    /// As [`Model::norms`].
    pub norms: Vec<BatchNorm<Values>>,
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
            deskew: false,
            directions: false,
            layers: read_layers(network.layers()),
            norms: read_norms(network.norms()),
            companions: Vec::new(),
        }
    }

    /// The data as this model must be shown it: each image upright and described by directions, where it was
    /// trained so.
    ///
    /// # Errors
    /// [`NetworkError::Data`] where samples that are no images should be put upright or described,
    /// [`NetworkError::InputWidth`] where images to be described are of another shape.
    pub fn shown(&self, data: &Dataset) -> Result<Dataset, NetworkError> {
        described(&self.upright(data)?, self.directions)
    }

    /// The data with images upright where it was trained so, but not described yet: what
    /// [`Views`](crate::Views) look at.
    ///
    /// # Errors
    /// As [`shown`](Self::shown).
    pub fn upright(&self, data: &Dataset) -> Result<Dataset, NetworkError> {
        if self.directions {
            expect_shape(&self.sample_shape, data)?;
        }
        upright(data, self.deskew)
    }

    /// Puts the network onto a device; of a committee, its first.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device refuses; [`NetworkError::Config`] where the parts
    /// do not fit each other (see [`Self::validate`]).
    pub fn to_network<T: Tensor>(&self, device: &T::Device) -> Result<Network<T>, NetworkError> {
        self.validate()?;
        Network::from_layers(device, &self.architecture, &self.layers, &self.norms)
    }

    /// Puts all networks of a committee onto a device; of a model that is none, its only one.
    ///
    /// # Errors
    /// As [`to_network`](Self::to_network).
    pub fn to_networks<T: Tensor>(
        &self,
        device: &T::Device,
    ) -> Result<Vec<Network<T>>, NetworkError> {
        let mut networks = vec![self.to_network(device)?];
        for Member { layers, norms } in &self.companions {
            networks.push(Network::from_layers(device, &self.architecture, layers, norms)?);
        }
        Ok(networks)
    }

    /// One model of several, which answers with the mean of their answers.
    ///
    /// # Errors
    /// [`NetworkError::Committee`] for no model at all, or where one differs from the first in
    /// architecture, loss, shape of a sample or element type.
    pub fn committee(models: impl IntoIterator<Item = Self>) -> Result<Self, NetworkError> {
        let mut models = models.into_iter();
        let refuse = |cause: String| NetworkError::Committee { cause };
        let mut committee = models.next().ok_or_else(|| refuse("there is no model".to_owned()))?;
        for (index, model) in models.enumerate() {
            let number = index + 2;
            if let Some(difference) = committee.architecture.difference(&model.architecture) {
                return Err(refuse(format!("model {number} is another network: {difference}")));
            }
            let form = |model: &Self| {
                let element = model.layers.first().map(|layer| layer.weight.element_name());
                (model.loss, model.sample_shape.clone(), model.deskew, model.directions, element)
            };
            if form(&committee) != form(&model) {
                let cause = "has another loss, shape of a sample, deskewing, description by \
                             directions or element type than the first";
                return Err(refuse(format!("model {number} {cause}")));
            }
            let Self { layers, norms, companions, .. } = model;
            committee.companions.push(Member { layers, norms });
            committee.companions.extend(companions);
        }
        Ok(committee)
    }

    /// Whether numbers of layers, weights and inputs are those of the architecture.
    ///
    /// # Errors
    /// [`NetworkError::Config`] naming the first part that does not fit.
    pub fn validate(&self) -> Result<(), NetworkError> {
        self.architecture.validate()?;
        self.validate_inputs()?;
        self.validate_layers(&self.layers)?;
        self.validate_norms(&self.norms)?;
        for member in &self.companions {
            self.validate_layers(&member.layers)?;
            self.validate_norms(&member.norms)?;
        }
        Ok(())
    }

    fn validate_inputs(&self) -> Result<(), NetworkError> {
        use crate::ConfigError;
        let (shape, inputs) = (format!("{:?}", self.sample_shape), self.architecture.inputs);
        if self.directions {
            let sides = 1..=DirectionEncoder::MOST_SIDE;
            let is_image = self.sample_shape.len() == 2
                && self.sample_shape.iter().all(|side| sides.contains(side));
            let (allowed, needed) = ("height and width of an image", DirectionEncoder::WIDTH);
            ConfigError::check("sample shape", shape, is_image, allowed)?;
            ConfigError::check("inputs", inputs, inputs == needed, &needed.to_string())?;
            return Ok(());
        }
        let product = self.sample_shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n));
        let (fits, allowed) = (product == Some(inputs), format!("one of {inputs} values"));
        ConfigError::check("sample shape", shape, fits, &allowed)?;
        Ok(())
    }

    fn validate_norms(&self, norms: &[BatchNorm<Values>]) -> Result<(), NetworkError> {
        use crate::ConfigError;
        let (has, hidden) = (norms.len(), &self.architecture.hidden);
        let (fits, allowed) = (has == 0 || has == hidden.len(), format!("0 or {}", hidden.len()));
        ConfigError::check("number of normalisations", has, fits, &allowed)?;
        for (index, (norm, &width)) in norms.iter().zip(hidden).enumerate() {
            for values in [&norm.affine.weight, &norm.affine.bias, &norm.mean, &norm.variance] {
                let (name, has) =
                    (format!("normalisation {index}: number of values"), values.len());
                ConfigError::check(&name, has, has == width, &width.to_string())?;
            }
        }
        Ok(())
    }

    fn validate_layers(&self, layers: &[Linear<Values>]) -> Result<(), NetworkError> {
        use crate::ConfigError;
        let shapes = self.architecture.weight_shapes();
        let (has, needs) = (layers.len(), shapes.len());
        ConfigError::check("number of layers", has, has == needs, &needs.to_string())?;
        for (index, (layer, shape)) in layers.iter().zip(shapes).enumerate() {
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

/// Copies normalisations to the host.
pub(crate) fn read_norms<T: Tensor>(norms: &[BatchNorm<T>]) -> Vec<BatchNorm<Values>> {
    let read = |norm: &BatchNorm<T>| BatchNorm {
        affine: Linear {
            weight: Values::read(&norm.affine.weight),
            bias: Values::read(&norm.affine.bias),
        },
        mean: Values::read(&norm.mean),
        variance: Values::read(&norm.variance),
    };
    norms.iter().map(read).collect()
}

/// Writes host values over the normalisations of a network of the same shapes.
pub(crate) fn write_norms<T: Tensor>(norms: &mut [BatchNorm<T>], values: &[BatchNorm<Values>]) {
    for (norm, values) in norms.iter_mut().zip(values) {
        norm.affine.weight.write(&values.affine.weight.to_elements::<T::Elem>());
        norm.affine.bias.write(&values.affine.bias.to_elements::<T::Elem>());
        norm.mean.write(&values.mean.to_elements::<T::Elem>());
        norm.variance.write(&values.variance.to_elements::<T::Elem>());
    }
}

/// Reports a device that failed since it was last asked.
pub(crate) fn synchronized<T: Tensor>(device: &T::Device) -> Result<(), TensorError> {
    T::synchronize(device)
}
