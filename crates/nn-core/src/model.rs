//! A trained network on the host: what files hold and backends are loaded from.

use crate::batches::expect_shape;
use crate::{
    Architecture, ConfigError, Loss, Member, ModelPart, Network, NetworkError, Preprocessing,
};
use nn_data::Dataset;
use nn_images::MAX_SIDE;
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
    /// is one of [directions](Preprocessing::directions).
    pub sample_shape: Vec<usize>,
    /// What became of images before it was shown them, and must in every later use: see
    /// [`shown`](Self::shown).
    #[serde(skip)] // stands at the end of a checkpoint
    pub preprocessing: Preprocessing,
    /// Weights (outputs x inputs) and biases, first layer first.
    pub layers: Vec<Linear<Values>>,
    /// Batch normalisation of the hidden layers, one each; none where there is no such thing.
    pub norms: Vec<BatchNorm<Values>>,
    /// Further networks, where this is a committee: the answer is the mean of all.
    pub companions: Vec<Member>,
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
            preprocessing: Preprocessing::default(),
            layers: read_layers(network.layers()),
            norms: read_norms(network.norms()),
            companions: Vec::new(),
        }
    }

    /// The data as this model must be shown it: each image upright and described by directions, where it was
    /// trained so; as the first of a committee must. A [`Committee`](crate::Committee) shows each of its
    /// networks what it must be shown.
    ///
    /// # Errors
    /// [`NetworkError::Image`] where samples that are no images should be put upright or described,
    /// [`NetworkError::InputWidth`] where images to be described are of another shape.
    pub fn shown(&self, data: &Dataset) -> Result<Dataset, NetworkError> {
        if self.preprocessing.directions {
            expect_shape(&self.sample_shape, data)?;
        }
        self.preprocessing.shown(data)
    }

    /// Whether numbers of layers, weights and inputs are those of the architecture.
    ///
    /// # Errors
    /// [`NetworkError::Config`] naming the first part that does not fit.
    pub fn validate(&self) -> Result<(), NetworkError> {
        for part in self.parts() {
            part.architecture.validate()?;
            part.preprocessing.validate()?;
            self.validate_inputs(&part)?;
            validate_layers(&part)?;
            validate_norms(&part)?;
        }
        Ok(self.validate_answers()?)
    }

    /// Whether a network of these inputs can be shown samples of this model's shape.
    fn validate_inputs(&self, part: &ModelPart<'_>) -> Result<(), ConfigError> {
        let (shape, inputs) = (format!("{:?}", self.sample_shape), part.architecture.inputs);
        if let Some(needed) = part.preprocessing.description_width() {
            let sides = 1..=MAX_SIDE;
            let is_image = self.sample_shape.len() == 2
                && self.sample_shape.iter().all(|side| sides.contains(side));
            let allowed = "height and width of an image";
            ConfigError::check("sample shape", shape, is_image, allowed)?;
            return ConfigError::check("inputs", inputs, inputs == needed, &needed.to_string());
        }
        let product = self.sample_shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n));
        let (fits, allowed) = (product == Some(inputs), format!("one of {inputs} values"));
        ConfigError::check("sample shape", shape, fits, &allowed)
    }
}

fn validate_norms(part: &ModelPart<'_>) -> Result<(), ConfigError> {
    let (has, hidden) = (part.norms.len(), &part.architecture.hidden);
    let (fits, allowed) = (has == 0 || has == hidden.len(), format!("0 or {}", hidden.len()));
    ConfigError::check("number of normalisations", has, fits, &allowed)?;
    for (index, (norm, &width)) in part.norms.iter().zip(hidden).enumerate() {
        for values in [&norm.affine.weight, &norm.affine.bias, &norm.mean, &norm.variance] {
            let (name, has) = (format!("normalisation {index}: number of values"), values.len());
            ConfigError::check(&name, has, has == width, &width.to_string())?;
        }
    }
    Ok(())
}

fn validate_layers(part: &ModelPart<'_>) -> Result<(), ConfigError> {
    let shapes = part.architecture.weight_shapes();
    let (has, needs) = (part.layers.len(), shapes.len());
    ConfigError::check("number of layers", has, has == needs, &needs.to_string())?;
    for (index, (layer, shape)) in part.layers.iter().zip(shapes).enumerate() {
        let (weights, biases) = (layer.weight.len(), layer.bias.len());
        for (what, has, needs) in
            [("weights", weights, shape.len()), ("biases", biases, shape.rows)]
        {
            let name = format!("layer {index}: number of {what}");
            ConfigError::check(&name, has, has == needs, &needs.to_string())?;
        }
    }
    Ok(())
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
