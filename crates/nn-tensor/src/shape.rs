//! Rows and columns, and the words that go with them.

use std::fmt;

/// The size of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Samples of a batch, or outputs of a weight matrix.
    pub rows: usize,
    /// Features of a batch, or inputs of a weight matrix.
    pub columns: usize,
}

impl Shape {
    /// `rows` x `columns`.
    #[must_use]
    pub const fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns }
    }

    /// Number of elements.
    #[must_use]
    pub const fn len(self) -> usize {
        self.rows * self.columns
    }

    /// Bytes of as many elements of `E`; `None` where their number or size overflows.
    #[must_use]
    pub fn bytes<E>(self) -> Option<usize> {
        self.rows.checked_mul(self.columns)?.checked_mul(size_of::<E>())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The size seen through `orientation`.
    #[must_use]
    pub const fn oriented(self, orientation: Orientation) -> Self {
        match orientation {
            Orientation::Keep => self,
            Orientation::Transpose => Self::new(self.columns, self.rows),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} x {}", self.rows, self.columns)
    }
}

/// Whether a product takes a matrix as it stands or transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// As it stands.
    Keep,
    /// Rows and columns exchanged.
    Transpose,
}

/// What a tensor is for, told at its creation, so that a backend may keep it in the layout that its
/// kernels want. What `read` and `write` see is row-major either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weights, biases, their gradients and moments: live through the whole training.
    Weight,
    /// Batches, activations, deltas: written anew in each step.
    Activation,
}

/// Panics, naming the operation and both shapes, unless `actual` is `expected`.
///
/// # Panics
/// When the shapes differ: the caller's bug.
#[track_caller]
#[expect(clippy::panic, reason = "a wrong shape is the caller's bug, by the trait's contract")]
pub fn expect_shape(operation: &str, what: &str, actual: Shape, expected: Shape) {
    if actual != expected {
        panic!("{operation}: {what} is {actual}, expected {expected}");
    }
}
