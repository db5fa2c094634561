//! What the outside world can do to a tensor.

use crate::Shape;

/// A fault that no caller can rule out. A mismatch of shapes is none of these: it is the caller's
/// bug, and a panic that names the operation and both shapes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The machine has not got the memory.
    #[error("no memory for a tensor of {shape} ({bytes} bytes); use a smaller network or batch")]
    OutOfMemory {
        /// The tensor that was asked for.
        shape: Shape,
        /// Its size, or `usize::MAX` where the product overflows.
        bytes: usize,
    },
    /// The device refused or went away.
    #[error("device {device}: {cause}")]
    Device {
        /// Which device.
        device: String,
        /// What it said.
        cause: String,
    },
}

impl TensorError {
    /// That there is no memory for a tensor of `E` of this shape.
    #[must_use]
    pub fn out_of_memory<E>(shape: Shape) -> Self {
        Self::OutOfMemory { shape, bytes: shape.bytes::<E>().unwrap_or(usize::MAX) }
    }
}
