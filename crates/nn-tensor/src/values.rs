//! The numbers of a tensor on the host, in the type that they were computed in.

use crate::{Element, Tensor};
use serde::{Deserialize, Serialize};

/// The elements of one tensor, row-major, in the type they were trained in.
///
/// ```
/// use nn_tensor::Values;
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

    /// Returns whether there are `len` finite numbers of the element type `element`.
    #[must_use]
    pub fn is_sound(&self, len: usize, element: &str) -> bool {
        self.len() == len && self.element_name() == element && self.is_finite()
    }
}
