//! The header of an IDX file, checked before a byte of the body is read.

use super::MAX_DIMENSIONS;
use super::element::ElementType;
use crate::error::DataError;

/// Bytes before the dimensions: two zeros, element type, number of dimensions.
pub(super) const MAGIC_LENGTH: usize = 4;

/// Element type and dimensions whose product is known to fit memory's addresses.
#[derive(Debug)]
pub(super) struct Header {
    element: ElementType,
    shape: Vec<usize>,
    value_count: usize,
}

impl Header {
    /// Checks number and product of the dimensions; `name` is for the messages.
    ///
    /// A zero dimension makes the array empty, but the others must still be believable: their
    /// product is taken as if each dimension were at least 1.
    pub(super) fn new(
        name: &str,
        element: ElementType,
        shape: Vec<usize>,
    ) -> Result<Self, DataError> {
        check_dimension_count(name, shape.len())?;
        let multiply = |product: usize, &size: &usize| product.checked_mul(size.max(1));
        let bytes = shape.iter().try_fold(element.size(), multiply);
        match bytes {
            Some(bytes) if bytes <= isize::MAX as usize => {
                let value_count = shape.iter().product();
                Ok(Header { element, shape, value_count })
            }
            _ => Err(DataError::SizeOverflow { name: name.into(), shape }),
        }
    }

    /// Element type and number of dimensions from the first four bytes, whose first two are zero.
    pub(super) fn parse_magic(
        name: &str,
        magic: [u8; MAGIC_LENGTH],
    ) -> Result<(ElementType, usize), DataError> {
        let [_, _, code, dimensions] = magic;
        let unknown = || DataError::UnknownElementType { name: name.into(), code };
        let element = ElementType::from_code(code).ok_or_else(unknown)?;
        let dimensions = usize::from(dimensions);
        check_dimension_count(name, dimensions)?;
        Ok((element, dimensions))
    }

    /// The header as it stands in a file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0, 0, self.element.code(), self.shape.len() as u8];
        for &size in &self.shape {
            bytes.extend((size as u32).to_be_bytes());
        }
        bytes
    }

    /// What each value is.
    pub(super) fn element(&self) -> ElementType {
        self.element
    }

    /// How many values the body holds.
    pub(super) fn value_count(&self) -> usize {
        self.value_count
    }

    /// Bytes of header and body together.
    pub(super) fn file_length(&self) -> u64 {
        let header = MAGIC_LENGTH + 4 * self.shape.len();
        header as u64 + self.value_count as u64 * self.element.size() as u64
    }

    /// The dimensions, outermost first.
    pub(super) fn into_shape(self) -> Vec<usize> {
        self.shape
    }
}

fn check_dimension_count(name: &str, found: usize) -> Result<(), DataError> {
    if (1..=MAX_DIMENSIONS).contains(&found) {
        return Ok(());
    }
    Err(DataError::DimensionCount { name: name.into(), found })
}
