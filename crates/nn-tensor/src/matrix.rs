//! Storage and the general product: what a backend must implement.

use crate::{Device, Element, Orientation, Role, Shape, TensorError, expect_shape};

/// A dense matrix on some device.
///
/// Its six methods without a body are all that a backend has to implement: the operations of a network
/// in training come with [`Tensor`](crate::Tensor), whose bodies are made of these.
///
/// # Panics
/// Every operation panics when the shapes of its operands do not fit, naming the operation and both
/// shapes: that is the caller's bug. What the outside world can cause is a [`TensorError`], from
/// [`zeros`](Self::zeros) or, for a device that fails later, from [`Device::synchronize`].
///
/// ```should_panic
/// use nn_tensor::{Matrix, ReferenceTensor, Role, Shape};
/// let zeros = |rows, columns| {
///     ReferenceTensor::<f32>::zeros(&(), Shape::new(rows, columns), Role::Activation).expect("memory")
/// };
/// zeros(2, 3).copy_from(&zeros(3, 2)); // names copy_from, 3 x 2 and 2 x 3
/// ```
pub trait Matrix: Sized + Send + Sync + 'static {
    /// `f32` or `f64`.
    type Elem: Element;
    /// Where it is stored.
    type Device: Device;

    /// A matrix of zeros.
    ///
    /// # Errors
    /// [`TensorError::OutOfMemory`] or [`TensorError::Device`].
    fn zeros(device: &Self::Device, shape: Shape, role: Role) -> Result<Self, TensorError>;

    /// Rows and columns.
    fn shape(&self) -> Shape;

    /// Where it is stored.
    fn device(&self) -> &Self::Device;

    /// Replaces all elements by `values` of the host, row-major: as many as `shape` has, any other number is
    /// a panic.
    fn write(&mut self, values: &[Self::Elem]);

    /// Copies all elements to `values` on the host, row-major, after everything asked before is done;
    /// another number of them than `shape` has is a panic.
    fn read(&self, values: &mut [Self::Elem]);

    /// Computes self = α op(a) op(b) + β self.
    ///
    /// With β = 0 the old values are never read: a NaN there does no harm.
    fn matmul(
        &mut self,
        alpha: Self::Elem,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: Self::Elem,
    );

    /// A matrix of `values`, row-major.
    ///
    /// # Errors
    /// As [`zeros`](Self::zeros).
    fn from_values(
        device: &Self::Device,
        shape: Shape,
        role: Role,
        values: &[Self::Elem],
    ) -> Result<Self, TensorError> {
        let mut matrix = Self::zeros(device, shape, role)?;
        matrix.write(values);
        Ok(matrix)
    }

    /// All elements, row-major, in a new vector.
    fn to_vec(&self) -> Vec<Self::Elem> {
        let mut values = vec![Self::Elem::ZERO; self.shape().len()];
        self.read(&mut values);
        values
    }

    /// Sets every element to `value`. This body and that of [`copy_from`](Self::copy_from) pass through the
    /// host: a device with memory of its own overrides both.
    fn fill(&mut self, value: Self::Elem) {
        self.write(&vec![value; self.shape().len()]);
    }

    /// Sets self = source.
    fn copy_from(&mut self, source: &Self) {
        expect_shape("copy_from", "source", source.shape(), self.shape());
        self.write(&source.to_vec());
    }
}

/// Replaces element i, counted row by row, by `function(i, element)`, on the host.
pub(crate) fn map_elements<M: Matrix>(
    matrix: &mut M,
    mut function: impl FnMut(usize, M::Elem) -> M::Elem,
) {
    let mut values = matrix.to_vec();
    for (index, value) in values.iter_mut().enumerate() {
        *value = function(index, *value);
    }
    matrix.write(&values);
}
