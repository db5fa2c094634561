//! Batch normalisation: what the two operations work on, and their plain bodies.

use crate::{Element, Linear, Matrix, Role, Shape, TensorError, expect_shape};
use serde::{Deserialize, Serialize};

/// Added to a variance before its root is taken, so that a constant column divides by no zero.
pub const BATCH_NORM_EPSILON: f64 = 1e-5;

/// A layer's batch normalisation: y = γ (z - μ) / √(v + ε) + β, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNorm<T> {
    /// γ as weight and β as bias, 1 x outputs each.
    pub affine: Linear<T>,
    /// Running mean of z, 1 x outputs: μ where a trained network is used.
    pub mean: T,
    /// Running variance of z, 1 x outputs: v where a trained network is used.
    pub variance: T,
}

/// What the forward pass leaves behind for the backward pass, and for the running statistics.
#[derive(Debug)]
pub struct BatchStatistics<T> {
    /// x̂ = (z - μ) / √(v + ε) with the batch's own μ and v, batch x outputs.
    pub normalized: T,
    /// 1 / √(v + ε), 1 x outputs, with the mean square distance from the mean as v.
    pub inverse_deviation: T,
    /// μ of the batch, 1 x outputs.
    pub mean: T,
    /// v of the batch as an estimate for all data: divided by batch - 1, 1 x outputs.
    pub variance: T,
}

impl<T: Matrix> BatchStatistics<T> {
    /// Zeros for a batch of `batch` samples in a layer of `outputs` neurons.
    ///
    /// # Errors
    /// As [`Matrix::zeros`].
    pub fn zeros(device: &T::Device, batch: usize, outputs: usize) -> Result<Self, TensorError> {
        let row = || T::zeros(device, Shape::new(1, outputs), Role::Weight);
        Ok(Self {
            normalized: T::zeros(device, Shape::new(batch, outputs), Role::Activation)?,
            inverse_deviation: row()?,
            mean: row()?,
            variance: row()?,
        })
    }

    /// Panics, naming the operation, unless all are of the shapes that z of `shape` needs.
    #[track_caller]
    pub fn expect_shapes(&self, operation: &str, shape: Shape) {
        let row = Shape::new(1, shape.columns);
        expect_shape(operation, "normalized", self.normalized.shape(), shape);
        expect_shape(operation, "inverse_deviation", self.inverse_deviation.shape(), row);
        expect_shape(operation, "mean", self.mean.shape(), row);
        expect_shape(operation, "variance", self.variance.shape(), row);
    }
}

/// The provided body of [`Tensor::batch_norm`](crate::Tensor::batch_norm).
pub(crate) fn forward<T: Matrix>(
    tensor: &mut T,
    affine: &Linear<T>,
    batch: &mut BatchStatistics<T>,
) {
    let Shape { rows, columns } = tensor.shape();
    batch.expect_shapes("batch_norm", tensor.shape());
    expect_shape("batch_norm", "scale", affine.weight.shape(), Shape::new(1, columns));
    expect_shape("batch_norm", "shift", affine.bias.shape(), Shape::new(1, columns));
    let (mut values, mut normalized) = (tensor.to_vec(), tensor.to_vec());
    let (scale, shift) = (affine.weight.to_vec(), affine.bias.to_vec());
    let (mut means, mut variances, mut inverse_deviations) = (Vec::new(), Vec::new(), Vec::new());
    let count = T::Elem::from_f64(rows.max(1) as f64);
    let others = T::Elem::from_f64(rows.saturating_sub(1).max(1) as f64);
    for column in 0..columns {
        let of_column = || (column..rows * columns).step_by(columns);
        let mean = of_column().map(|index| values[index]).sum::<T::Elem>() / count;
        let square = |index: usize| (values[index] - mean) * (values[index] - mean);
        let squares: T::Elem = of_column().map(square).sum();
        let epsilon = T::Elem::from_f64(BATCH_NORM_EPSILON);
        let inverse_deviation = T::Elem::ONE / num_traits::Float::sqrt(squares / count + epsilon);
        for index in of_column() {
            normalized[index] = (values[index] - mean) * inverse_deviation;
            values[index] = scale[column] * normalized[index] + shift[column];
        }
        means.push(mean);
        variances.push(squares / others);
        inverse_deviations.push(inverse_deviation);
    }
    tensor.write(&values);
    batch.normalized.write(&normalized);
    batch.mean.write(&means);
    batch.variance.write(&variances);
    batch.inverse_deviation.write(&inverse_deviations);
}

/// The provided body of [`Tensor::batch_norm_gradient`](crate::Tensor::batch_norm_gradient).
pub(crate) fn gradient<T: Matrix>(
    delta: &mut T,
    gradient: &mut Linear<T>,
    scale: &T,
    batch: &BatchStatistics<T>,
) {
    let Shape { rows, columns } = delta.shape();
    let row = Shape::new(1, columns);
    batch.expect_shapes("batch_norm_gradient", delta.shape());
    expect_shape("batch_norm_gradient", "scale", scale.shape(), row);
    expect_shape("batch_norm_gradient", "gradient of scale", gradient.weight.shape(), row);
    expect_shape("batch_norm_gradient", "gradient of shift", gradient.bias.shape(), row);
    let (mut values, normalized) = (delta.to_vec(), batch.normalized.to_vec());
    let (scale, inverse_deviation) = (scale.to_vec(), batch.inverse_deviation.to_vec());
    let (mut of_scale, mut of_shift) = (vec![T::Elem::ZERO; columns], vec![T::Elem::ZERO; columns]);
    for (index, &delta) in values.iter().enumerate() {
        of_scale[index % columns] += delta * normalized[index];
        of_shift[index % columns] += delta;
    }
    let count = T::Elem::from_f64(rows.max(1) as f64);
    for (index, value) in values.iter_mut().enumerate() {
        let column = index % columns;
        let means = (of_shift[column] + normalized[index] * of_scale[column]) / count;
        *value = scale[column] * inverse_deviation[column] * (*value - means);
    }
    delta.write(&values);
    gradient.weight.write(&of_scale);
    gradient.bias.write(&of_shift);
}
