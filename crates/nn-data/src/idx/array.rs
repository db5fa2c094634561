//! What an IDX file holds, in memory.

use super::element::ElementType;
use super::header::Header;
use crate::error::DataError;

/// Values of one of the six element types, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum IdxValues {
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Signed bytes.
    I8(Vec<i8>),
    /// 16-bit integers.
    I16(Vec<i16>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
}

impl IdxValues {
    /// Which of the six types these values are.
    pub fn element_type(&self) -> ElementType {
        match self {
            IdxValues::U8(_) => ElementType::U8,
            IdxValues::I8(_) => ElementType::I8,
            IdxValues::I16(_) => ElementType::I16,
            IdxValues::I32(_) => ElementType::I32,
            IdxValues::F32(_) => ElementType::F32,
            IdxValues::F64(_) => ElementType::F64,
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            IdxValues::U8(values) => values.len(),
            IdxValues::I8(values) => values.len(),
            IdxValues::I16(values) => values.len(),
            IdxValues::I32(values) => values.len(),
            IdxValues::F32(values) => values.len(),
            IdxValues::F64(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An array of 1 to [`MAX_DIMENSIONS`](crate::MAX_DIMENSIONS) dimensions whose shape and values
/// agree: it can always be written.
#[derive(Debug, Clone, PartialEq)]
pub struct IdxArray {
    shape: Vec<usize>,
    values: IdxValues,
}

impl IdxArray {
    /// Values with the shape they have, the first dimension outermost.
    ///
    /// ```
    /// use nn_data::{IdxArray, IdxValues};
    /// let array = IdxArray::new(vec![2, 3], IdxValues::U8(vec![1, 2, 3, 4, 5, 6]))?;
    /// assert_eq!(array.shape(), [2, 3]);
    /// assert!(IdxArray::new(vec![2, 2], IdxValues::U8(vec![1, 2, 3])).is_err());
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// If the number of dimensions is not supported, a dimension does not fit 32 bits, or the shape
    /// does not have as many places as there are values.
    pub fn new(shape: Vec<usize>, values: IdxValues) -> Result<Self, DataError> {
        let what = "IDX array";
        if let Some(&dimension) = shape.iter().find(|&&size| u32::try_from(size).is_err()) {
            return Err(DataError::DimensionTooLarge { dimension, shape });
        }
        let header = Header::new(what, values.element_type(), shape)?;
        if header.value_count() != values.len() {
            let (expected, actual) = (header.value_count(), values.len());
            return Err(DataError::ValueCount {
                what,
                shape: header.into_shape(),
                expected,
                actual,
            });
        }
        Ok(IdxArray { shape: header.into_shape(), values })
    }

    /// The dimensions, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, row-major.
    pub fn values(&self) -> &IdxValues {
        &self.values
    }

    /// Shape and values, for use without a copy.
    pub fn into_parts(self) -> (Vec<usize>, IdxValues) {
        (self.shape, self.values)
    }
}
