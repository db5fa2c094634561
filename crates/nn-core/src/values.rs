//! The numbers of a network on the host, independent of any backend.

use crate::{Architecture, ConfigError};
use nn_tensor::{BatchNorm, Element, Linear, Tensor};
use serde::{Deserialize, Serialize};

/// The elements of one tensor, row-major, in the type they were trained in.
///
/// ```
/// use nn_core::Values;
/// let values = Values::F32(vec![0.5, 2.0]);
/// assert_eq!(values.to_elements::<f64>(), [0.5, 2.0]);
/// assert_eq!(values.element_name(), "f32");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Values {
    /// Reads the elements of `tensor`.
    pub fn read<T: Tensor>(tensor: &T) -> Self {
        let values = tensor.to_vec();
        match T::Elem::NAME {
            "f64" => Self::F64(values.into_iter().map(Element::to_f64).collect()),
            _ => Self::F32(values.into_iter().map(|value| value.to_f64() as f32).collect()),
        }
    }

    /// Returns the number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Returns whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether no element is NaN or infinite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        match self {
            Self::F32(values) => values.iter().all(|value| value.is_finite()),
            Self::F64(values) => values.iter().all(|value| value.is_finite()),
        }
    }

    /// Returns the elements as `E`: exactly, except from `f64` to `f32`, which rounds.
    #[must_use]
    pub fn to_elements<E: Element>(&self) -> Vec<E> {
        match self {
            Self::F32(values) => values.iter().map(|&v| E::from_f64(f64::from(v))).collect(),
            Self::F64(values) => values.iter().map(|&v| E::from_f64(v)).collect(),
        }
    }

    /// Returns other numbers in the same element type.
    #[must_use]
    pub fn with_numbers(&self, numbers: Vec<f64>) -> Self {
        match self {
            Self::F32(_) => Self::F32(numbers.into_iter().map(|number| number as f32).collect()),
            Self::F64(_) => Self::F64(numbers),
        }
    }

    /// Returns the elements in single precision, rounded where they were not.
    #[must_use]
    pub fn rounded_to_f32(&self) -> Self {
        Self::F32(self.to_elements())
    }

    /// Returns `"f32"` or `"f64"`.
    #[must_use]
    pub fn element_name(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::NAME,
            Self::F64(_) => f64::NAME,
        }
    }

    /// Whether there are `len` finite numbers of the element type `element`.
    pub(crate) fn is_sound(&self, len: usize, element: &str) -> bool {
        self.len() == len && self.element_name() == element && self.is_finite()
    }
}

/// All numbers of one network: weights, biases, and the batch normalisation of its hidden layers.
///
/// [`Network::to_values`](crate::Network::to_values) reads them from a device,
/// [`Network::from_values`](crate::Network::from_values) puts them onto one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkValues {
    /// Weights (outputs x inputs) and biases, first layer first.
    pub layers: Vec<Linear<Values>>,
    /// Batch normalisation, one for each hidden layer, or empty.
    pub norms: Vec<BatchNorm<Values>>,
}

impl NetworkValues {
    /// Reads layers and normalisations from their device.
    pub(crate) fn read<T: Tensor>(layers: &[Linear<T>], norms: &[BatchNorm<T>]) -> Self {
        let norm = |norm: &BatchNorm<T>| BatchNorm {
            affine: read_layer(&norm.affine),
            mean: Values::read(&norm.mean),
            variance: Values::read(&norm.variance),
        };
        Self {
            layers: layers.iter().map(read_layer).collect(),
            norms: norms.iter().map(norm).collect(),
        }
    }

    /// Writes the numbers over layers and normalisations of the same shapes.
    pub(crate) fn write<T: Tensor>(&self, layers: &mut [Linear<T>], norms: &mut [BatchNorm<T>]) {
        for (layer, values) in layers.iter_mut().zip(&self.layers) {
            write_layer(layer, values);
        }
        for (norm, values) in norms.iter_mut().zip(&self.norms) {
            write_layer(&mut norm.affine, &values.affine);
            norm.mean.write(&values.mean.to_elements::<T::Elem>());
            norm.variance.write(&values.variance.to_elements::<T::Elem>());
        }
    }

    /// Returns the same numbers in single precision, rounded where they were not.
    #[must_use]
    pub fn rounded_to_f32(&self) -> Self {
        let layer = |layer: &Linear<Values>| Linear {
            weight: layer.weight.rounded_to_f32(),
            bias: layer.bias.rounded_to_f32(),
        };
        let norm = |norm: &BatchNorm<Values>| BatchNorm {
            affine: layer(&norm.affine),
            mean: norm.mean.rounded_to_f32(),
            variance: norm.variance.rounded_to_f32(),
        };
        Self {
            layers: self.layers.iter().map(layer).collect(),
            norms: self.norms.iter().map(norm).collect(),
        }
    }

    /// Returns `"f32"` or `"f64"`: the type of the first layer, which
    /// [`validate`](Self::validate) holds the others to.
    #[must_use]
    pub fn element_name(&self) -> &'static str {
        self.layers.first().map_or(f32::NAME, |layer| layer.weight.element_name())
    }

    /// Checks that these are the numbers of a network of this architecture: every count fits, all
    /// are finite and of one element type, and no variance is negative.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the first part that does not fit.
    pub fn validate(&self, architecture: &Architecture) -> Result<(), ConfigError> {
        architecture.validate()?;
        let (element, shapes) = (self.element_name(), architecture.weight_shapes());
        let (has, needs) = (self.layers.len(), shapes.len());
        ConfigError::check("number of layers", has, has == needs, &needs.to_string())?;
        for (index, (layer, shape)) in self.layers.iter().zip(shapes).enumerate() {
            let parts =
                [("weights", &layer.weight, shape.len()), ("biases", &layer.bias, shape.rows)];
            for (what, values, len) in parts {
                expect(&format!("{what} of layer {}", index + 1), values, len, element)?;
            }
        }
        self.validate_norms(architecture, element)
    }

    fn validate_norms(
        &self,
        architecture: &Architecture,
        element: &str,
    ) -> Result<(), ConfigError> {
        let (has, hidden) = (self.norms.len(), &architecture.hidden);
        let allowed = format!("0 or {}", hidden.len());
        let fits = has == 0 || has == hidden.len();
        ConfigError::check("number of normalisations", has, fits, &allowed)?;
        for (index, (norm, &width)) in self.norms.iter().zip(hidden).enumerate() {
            let name = format!("normalisation of layer {}", index + 1);
            for values in [&norm.affine.weight, &norm.affine.bias, &norm.mean, &norm.variance] {
                expect(&name, values, width, element)?;
            }
            let positive = norm.variance.to_elements::<f64>().iter().all(|&v| v >= 0.0);
            ConfigError::check(
                &name,
                "of a negative variance",
                positive,
                "of variances from 0 up",
            )?;
        }
        Ok(())
    }
}

/// Names the part whose numbers are not `len` finite ones of one type.
fn expect(name: &str, values: &Values, len: usize, element: &str) -> Result<(), ConfigError> {
    let finite = if values.is_finite() { "finite" } else { "not all finite" };
    let has = format!("{} numbers of {}, {finite}", values.len(), values.element_name());
    let allowed = format!("{len} numbers of {element}, all finite");
    ConfigError::check(name, has, values.is_sound(len, element), &allowed)
}

fn read_layer<T: Tensor>(layer: &Linear<T>) -> Linear<Values> {
    Linear { weight: Values::read(&layer.weight), bias: Values::read(&layer.bias) }
}

fn write_layer<T: Tensor>(layer: &mut Linear<T>, values: &Linear<Values>) {
    layer.weight.write(&values.weight.to_elements::<T::Elem>());
    layer.bias.write(&values.bias.to_elements::<T::Elem>());
}
