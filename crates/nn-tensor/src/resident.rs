//! Data that a device has for itself: samples, and an epoch of steps over them.

use crate::{Element, TensorError};
use std::fmt;
use std::sync::Arc;

/// The copy of host data `H` on devices of type `D`: sent once, read by many steps.
///
/// Host data is its own copy, for devices that compute in main memory: it costs nothing, and a backend
/// need not implement this. A device with memory of its own implements it for a type that holds both, as
/// `conformance::counting` does (feature `conformance`).
pub trait Resident<H, D>: Sized + Send + Sync + 'static {
    /// Sends `host` to the device.
    ///
    /// # Errors
    /// [`TensorError::OutOfMemory`] or [`TensorError::Device`].
    fn upload(device: &D, host: H) -> Result<Self, TensorError>;

    /// Sends other data in place of the present, into the same memory where it fits.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    fn replace(&mut self, device: &D, host: H) -> Result<(), TensorError> {
        *self = Self::upload(device, host)?;
        Ok(())
    }

    /// The data on the host, which the bodies of [`Tensor`](crate::Tensor) compute from.
    ///
    /// In a backend's own code, where the compiler cannot know which data is meant, say the type:
    /// `let samples: &HostSamples = samples.host();`.
    fn host(&self) -> &H;

    /// The same, to be changed: an epoch advances on the host too.
    fn host_mut(&mut self) -> &mut H;
}

impl<H: Send + Sync + 'static, D> Resident<H, D> for H {
    fn upload(_device: &D, host: H) -> Result<Self, TensorError> {
        Ok(host)
    }

    fn host(&self) -> &H {
        self
    }

    fn host_mut(&mut self) -> &mut H {
        self
    }
}

/// Inputs or targets of samples in main memory. Clones share the data.
///
/// ```
/// use nn_tensor::{HostSamples, HostValues};
/// use std::sync::Arc;
/// let images = Arc::new(vec![0_u8, 51, 102, 153, 204, 255]); // three images of two pixels
/// let values = HostValues::Bytes { bytes: images, width: 2, scale: 1.0 / 255.0 };
/// let last_and_first = HostSamples::new(values).with_rows(vec![2, 0]);
/// assert_eq!((last_and_first.len(), last_and_first.width()), (2, 2));
/// assert_eq!(last_and_first.stored_row(0), 2);
/// ```
#[derive(Clone, Debug)]
pub struct HostSamples {
    values: HostValues,
    /// The stored row of each sample; without, each row is the sample of its number.
    rows: Option<Arc<Vec<u32>>>,
}

/// What samples are made of: row-major, one stored row a sample.
#[derive(Clone)]
pub enum HostValues {
    /// Bytes: rows x width. Each means `E::from_f64(scale) * E::from_f64(byte)`: the scale is rounded to
    /// the element type first, then the product is.
    Bytes {
        /// The bytes.
        bytes: Arc<Vec<u8>>,
        /// Bytes of a sample.
        width: usize,
        /// What a byte of 1 means.
        scale: f64,
    },
    /// Numbers: rows x width.
    Numbers {
        /// The numbers.
        numbers: Arc<Vec<f64>>,
        /// Numbers of a sample.
        width: usize,
    },
    /// One class for each row, below `classes`.
    Classes {
        /// The classes.
        labels: Arc<Vec<u32>>,
        /// How many classes there are.
        classes: usize,
    },
}

impl HostSamples {
    /// All rows as samples, in their order.
    #[must_use]
    pub fn new(values: HostValues) -> Self {
        Self { values, rows: None }
    }

    /// Some rows as samples, in any order.
    #[must_use]
    pub fn with_rows(self, rows: Vec<u32>) -> Self {
        let in_order = rows.len() == self.values.rows()
            && rows.iter().enumerate().all(|(sample, &row)| sample == row as usize);
        Self { rows: (!in_order).then(|| Arc::new(rows)), ..self }
    }

    /// What the samples are made of.
    #[must_use]
    pub fn values(&self) -> &HostValues {
        &self.values
    }

    /// The stored row of each sample; `None` where each row is the sample of its number.
    #[must_use]
    pub fn rows(&self) -> Option<&[u32]> {
        self.rows.as_ref().map(|rows| &rows[..])
    }

    /// The stored row of a sample.
    ///
    /// # Panics
    /// Where there is no such sample, unless all rows are samples: the caller's bug.
    #[must_use]
    #[inline]
    pub fn stored_row(&self, sample: usize) -> usize {
        self.rows.as_ref().map_or(sample, |rows| rows[sample] as usize)
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or_else(|| self.values.rows(), |rows| rows.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of a sample: columns of a batch of them. A class counts as its one-hot vector.
    #[must_use]
    pub fn width(&self) -> usize {
        match &self.values {
            HostValues::Bytes { width, .. } | HostValues::Numbers { width, .. } => *width,
            HostValues::Classes { classes, .. } => *classes,
        }
    }

    /// Whether a batch of so many columns can hold them: there may be columns of classes that do not
    /// occur.
    #[must_use]
    pub fn fits(&self, columns: usize) -> bool {
        match &self.values {
            HostValues::Classes { classes, .. } => *classes <= columns,
            _ => self.width() == columns,
        }
    }

    /// What a device with memory of its own receives, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_sample = match &self.values {
            HostValues::Bytes { width, .. } => *width,
            HostValues::Numbers { width, .. } => width * size_of::<f64>(),
            HostValues::Classes { .. } => size_of::<u32>(),
        };
        self.len() * of_sample
    }

    /// The class of a sample.
    ///
    /// # Panics
    /// Where the samples are no classes, or there is no such sample: the caller's bug.
    #[must_use]
    #[expect(clippy::panic, reason = "a documented programming error")]
    pub fn class(&self, sample: usize) -> usize {
        match &self.values {
            HostValues::Classes { labels, .. } => labels[self.stored_row(sample)] as usize,
            _ => panic!("class: these samples are no classes"),
        }
    }

    /// Appends the numbers of a sample to `row`, `columns` of them.
    ///
    /// # Panics
    /// Where there is no such sample: the caller's bug.
    pub(crate) fn push_row<E: Element>(&self, sample: usize, columns: usize, row: &mut Vec<E>) {
        let stored = self.stored_row(sample);
        let range = stored * columns..(stored + 1) * columns;
        match &self.values {
            HostValues::Bytes { bytes, scale, .. } => {
                let scale = E::from_f64(*scale);
                let bytes = &bytes[range];
                row.extend(bytes.iter().map(|&byte| scale * E::from_f64(f64::from(byte))));
            }
            HostValues::Numbers { numbers, .. } => {
                let numbers = &numbers[range];
                row.extend(numbers.iter().map(|&number| E::from_f64(number)));
            }
            HostValues::Classes { .. } => {
                let class = self.class(sample);
                let hot = |column| if column == class { E::ONE } else { E::ZERO };
                row.extend((0..columns).map(hot));
            }
        }
    }
}

impl HostValues {
    /// Number of rows.
    fn rows(&self) -> usize {
        match self {
            Self::Bytes { bytes, width, .. } => bytes.len() / (*width).max(1),
            Self::Numbers { numbers, width } => numbers.len() / (*width).max(1),
            Self::Classes { labels, .. } => labels.len(),
        }
    }
}

impl fmt::Debug for HostValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, width) = match self {
            Self::Bytes { width, .. } => ("Bytes", width),
            Self::Numbers { width, .. } => ("Numbers", width),
            Self::Classes { classes, .. } => ("Classes", classes),
        };
        write!(formatter, "{kind}({} x {width})", self.rows())
    }
}
