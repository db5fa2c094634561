//! A backend of your own: six methods, and everything else comes with the traits.
//!
//! [`CountingTensor`] keeps its numbers in a plain vector and counts every multiplication that the
//! training asks for, on a device that all tensors share. Its product is the loop of the textbook
//! with the two inner loops exchanged, so that memory is read in order.

use nn_tensor::Orientation::{Keep, Transpose};
use nn_tensor::{
    Device, HostEpoch, HostSamples, Matrix, Orientation, Role, Shape, Tensor, TensorError,
    expect_shape,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The "device": a counter of multiplications.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Multiplications so far.
    #[must_use]
    pub fn multiplications(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Device for Counter {
    type Samples = HostSamples;
    type Epoch = HostEpoch;
}

/// A matrix of `f32` that counts its multiplications.
#[derive(Clone, Debug)]
pub struct CountingTensor {
    shape: Shape,
    values: Vec<f32>,
    counter: Counter,
}

impl CountingTensor {
    /// The rows of `self` seen through `orientation`: borrowed as they are, or transposed.
    fn rows(&self, orientation: Orientation) -> Vec<f32> {
        let Shape { rows, columns } = self.shape;
        match orientation {
            Keep => self.values.clone(),
            Transpose => (0..self.values.len())
                .map(|index| self.values[index % rows * columns + index / rows])
                .collect(),
        }
    }
}

impl Tensor for CountingTensor {}

impl Matrix for CountingTensor {
    type Elem = f32;
    type Device = Counter;

    fn zeros(counter: &Counter, shape: Shape, _role: Role) -> Result<Self, TensorError> {
        let mut values = Vec::new();
        if shape.bytes::<f32>().is_none() || values.try_reserve_exact(shape.len()).is_err() {
            return Err(TensorError::out_of_memory::<f32>(shape));
        }
        values.resize(shape.len(), 0.0);
        Ok(Self { shape, values, counter: counter.clone() })
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn device(&self) -> &Counter {
        &self.counter
    }

    fn write(&mut self, values: &[f32]) {
        self.values.copy_from_slice(values);
    }

    fn read(&self, values: &mut [f32]) {
        values.copy_from_slice(&self.values);
    }

    fn matmul(
        &mut self,
        alpha: f32,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: f32,
    ) {
        let (a_shape, b_shape) = (a.shape.oriented(a_orientation), b.shape.oriented(b_orientation));
        expect_shape("matmul", "op(b)", b_shape, Shape::new(a_shape.columns, b_shape.columns));
        expect_shape("matmul", "self", self.shape, Shape::new(a_shape.rows, b_shape.columns));
        let (a, b) = (a.rows(a_orientation), b.rows(b_orientation));
        let (inner, columns) = (b_shape.rows, b_shape.columns);
        let mut sums = vec![0.0; columns];
        for (row, output) in self.values.chunks_mut(columns.max(1)).enumerate() {
            sums.fill(0.0);
            for (k, b_row) in b.chunks(columns.max(1)).enumerate() {
                let factor = a[row * inner + k];
                for (sum, &value) in sums.iter_mut().zip(b_row) {
                    *sum += factor * value;
                }
            }
            for (value, &sum) in output.iter_mut().zip(&sums) {
                // With beta = 0 the old value is not read: it may be NaN.
                *value = alpha * sum + if beta == 0.0 { 0.0 } else { beta * *value };
            }
        }
        let multiplications = a_shape.len() as u64 * columns as u64;
        self.counter.0.fetch_add(multiplications, Ordering::Relaxed);
    }
}
