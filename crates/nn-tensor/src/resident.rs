//! Data that a device has for itself: samples, and an epoch of steps over them.

use crate::{Element, TensorError};
use std::fmt;
use std::sync::Arc;

/// The copy of host data `H` on devices of type `D`: sent once, read by many steps.
///
/// Host data is its own copy, for devices that compute in main memory: it costs nothing, and a backend
/// need not implement this. A device with memory of its own implements it for a type that holds both.
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

/// Inputs or targets of samples in main memory, row-major, one sample a row. Clones share the data.
#[derive(Clone)]
pub enum HostSamples {
    /// Bytes, each of which means itself times `scale`: samples x width.
    Bytes {
        /// The bytes.
        bytes: Arc<Vec<u8>>,
        /// Bytes of a sample.
        width: usize,
        /// What a byte of 1 means.
        scale: f64,
    },
    /// Numbers: samples x width.
    Values {
        /// The numbers.
        values: Arc<Vec<f64>>,
        /// Numbers of a sample.
        width: usize,
    },
    /// One class for each sample, below `classes`.
    Classes {
        /// The classes.
        labels: Arc<Vec<u32>>,
        /// How many classes there are.
        classes: usize,
    },
}

impl HostSamples {
    /// Numbers of a sample: columns of a batch of them. A class counts as its one-hot vector.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Bytes { width, .. } | Self::Values { width, .. } => *width,
            Self::Classes { classes, .. } => *classes,
        }
    }

    /// Whether a batch of so many columns can hold them: of classes, there may be more than occur.
    #[must_use]
    pub fn fits(&self, columns: usize) -> bool {
        match self {
            Self::Classes { classes, .. } => *classes <= columns,
            _ => self.width() == columns,
        }
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes { bytes, width, .. } => bytes.len() / (*width).max(1),
            Self::Values { values, width } => values.len() / (*width).max(1),
            Self::Classes { labels, .. } => labels.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size in main memory, which is what a device with memory of its own receives.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Bytes { bytes, .. } => bytes.len(),
            Self::Values { values, .. } => size_of_val(&values[..]),
            Self::Classes { labels, .. } => size_of_val(&labels[..]),
        }
    }

    /// The class of each sample.
    ///
    /// # Panics
    /// Where the samples are no classes: the caller's bug.
    #[must_use]
    #[expect(clippy::panic, reason = "a documented programming error")]
    pub fn labels(&self) -> &[u32] {
        match self {
            Self::Classes { labels, .. } => labels,
            _ => panic!("labels: these samples are no classes"),
        }
    }

    /// Element `column` of sample `row`.
    ///
    /// # Panics
    /// Where there is no such sample.
    #[must_use]
    pub fn element<E: Element>(&self, row: usize, column: usize) -> E {
        match self {
            Self::Bytes { bytes, width, scale } => {
                E::from_f64(*scale) * E::from_f64(f64::from(bytes[row * width + column]))
            }
            Self::Values { values, width } => E::from_f64(values[row * width + column]),
            Self::Classes { labels, .. } => {
                if labels[row] as usize == column {
                    E::ONE
                } else {
                    E::ZERO
                }
            }
        }
    }
}

impl fmt::Debug for HostSamples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Bytes { .. } => "bytes",
            Self::Values { .. } => "values",
            Self::Classes { .. } => "classes",
        };
        write!(formatter, "HostSamples({kind}, {} x {})", self.len(), self.width())
    }
}
