//! What a model can be asked about.

use std::borrow::Cow;

/// Most dimensions of a sample whose shape is given.
const MOST_DIMENSIONS: usize = 4;

/// One sample for [`Predictor::predict`](crate::Predictor::predict): bytes, of which 255 means 1, or numbers. Slices, arrays
/// and vectors convert into it, and with the feature `ndarray` array views.
///
/// ```
/// use nn_mlp::Sample;
/// let bytes = Sample::from(&[0_u8, 128, 255]);
/// let numbers = Sample::from(&[0.0_f32, 0.5, 1.0]);
/// let image = Sample::from(&[0_u8; 784]).with_shape(&[28, 28]);
/// ```
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    pub(crate) numbers: Numbers<'a>,
    /// Where it is given.
    shape: Option<([usize; MOST_DIMENSIONS], usize)>,
}

/// The numbers of a sample, row-major.
#[derive(Clone, Debug)]
pub(crate) enum Numbers<'a> {
    Bytes(Cow<'a, [u8]>),
    Singles(Cow<'a, [f32]>),
    Doubles(Cow<'a, [f64]>),
}

impl Sample<'_> {
    /// Returns the same sample with its dimensions, such as `[28, 28]`, which a model compares with its own. More than
    /// four are not compared.
    #[must_use]
    pub fn with_shape(mut self, shape: &[usize]) -> Self {
        let mut sizes = [0; MOST_DIMENSIONS];
        sizes.iter_mut().zip(shape).for_each(|(size, given)| *size = *given);
        self.shape = (shape.len() <= MOST_DIMENSIONS).then_some((sizes, shape.len()));
        self
    }

    /// Returns its dimensions, where they are given.
    #[must_use]
    pub fn shape(&self) -> Option<&[usize]> {
        self.shape.as_ref().map(|(sizes, count)| &sizes[..*count])
    }

    /// Returns the number of its values.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.numbers {
            Numbers::Bytes(bytes) => bytes.len(),
            Numbers::Singles(numbers) => numbers.len(),
            Numbers::Doubles(numbers) => numbers.len(),
        }
    }

    /// Returns whether it has no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! from_numbers {
    ($element:ty, $kind:ident) => {
        impl<'a> From<&'a [$element]> for Sample<'a> {
            fn from(numbers: &'a [$element]) -> Self {
                Self { numbers: Numbers::$kind(Cow::Borrowed(numbers)), shape: None }
            }
        }

        impl<'a> From<&'a Vec<$element>> for Sample<'a> {
            fn from(numbers: &'a Vec<$element>) -> Self {
                numbers.as_slice().into()
            }
        }

        impl<'a, const N: usize> From<&'a [$element; N]> for Sample<'a> {
            fn from(numbers: &'a [$element; N]) -> Self {
                numbers.as_slice().into()
            }
        }

        impl From<Vec<$element>> for Sample<'_> {
            fn from(numbers: Vec<$element>) -> Self {
                Self { numbers: Numbers::$kind(Cow::Owned(numbers)), shape: None }
            }
        }

        #[cfg(feature = "ndarray")]
        impl<'a, D: ndarray::Dimension> From<ndarray::ArrayView<'a, $element, D>> for Sample<'a> {
            fn from(view: ndarray::ArrayView<'a, $element, D>) -> Self {
                let sample = match view.to_slice() {
                    Some(numbers) => numbers.into(),
                    None => Self::from(view.iter().copied().collect::<Vec<$element>>()),
                };
                sample.with_shape(view.shape())
            }
        }
    };
}

from_numbers!(u8, Bytes);
from_numbers!(f32, Singles);
from_numbers!(f64, Doubles);

/// Returns dimensions in words, such as `28 x 28`.
pub(crate) fn shape_in_words(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

/// Returns whether samples of shape `given` are samples of shape `wanted`: the same dimensions, of which those of size 1 do
/// not count, or one of the two is a plain row of as many values.
pub(crate) fn is_same_shape(given: &[usize], wanted: &[usize]) -> bool {
    fn long(shape: &[usize]) -> impl Iterator<Item = &usize> {
        shape.iter().filter(|&&size| size != 1)
    }
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    let is_row = long(given).count() <= 1 || long(wanted).count() <= 1;
    long(given).eq(long(wanted)) || (is_row && count(given) == count(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_compared_without_ones_and_with_rows() {
        assert!(is_same_shape(&[28, 28], &[28, 28]));
        assert!(is_same_shape(&[1, 28, 28], &[28, 28]));
        assert!(is_same_shape(&[784], &[28, 28]));
        assert!(is_same_shape(&[28, 28], &[784]));
        assert!(!is_same_shape(&[14, 56], &[28, 28]));
        assert!(!is_same_shape(&[28], &[28, 28]));
    }
}
