//! [`Matrix`] and [`Tensor`] for [`CpuTensor`]: each method calls the operation of its name.

use crate::losses::Weighing;
use crate::packed::CpuTensor;
use crate::{CpuDevice, CpuElement};
use nn_tensor::{
    Activation, BatchStatistics, Linear, Matrix, Moments, Orientation, Penalty, Role, Shape,
    Tensor, TensorError, Update,
};
use std::fmt;

impl<E: CpuElement> Matrix for CpuTensor<E> {
    type Elem = E;
    type Device = CpuDevice;

    fn zeros(device: &CpuDevice, shape: Shape, role: Role) -> Result<Self, TensorError> {
        E::operations().zeros(device, shape, role)
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn device(&self) -> &CpuDevice {
        &self.device
    }

    fn write(&mut self, values: &[E]) {
        E::operations().write(self, values);
    }

    fn read(&self, values: &mut [E]) {
        E::operations().read(self, values);
    }

    fn matmul(
        &mut self,
        alpha: E,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: E,
    ) {
        E::operations().matmul(self, alpha, (a, a_orientation), (b, b_orientation), beta);
    }

    fn fill(&mut self, value: E) {
        E::operations().fill(self, value);
    }

    fn copy_from(&mut self, source: &Self) {
        E::operations().copy_from(self, source);
    }
}

impl<E: CpuElement> Tensor for CpuTensor<E> {
    const FUSED: bool = true;

    fn gather_bytes(&mut self, source: &[u8], rows: &[u32], scale: E) {
        E::operations().gather_bytes(self, source, rows, scale);
    }

    fn gather_values(&mut self, source: &[f64], rows: &[u32]) {
        E::operations().gather_values(self, source, rows);
    }

    fn write_one_hot(&mut self, classes: &[u32]) {
        E::operations().write_one_hot(self, classes);
    }

    fn linear(
        &mut self,
        input: &Self,
        layer: &Linear<Self>,
        activation: Activation,
        weighted_sum: Option<&mut Self>,
    ) {
        E::operations().linear(self, input, layer, activation, weighted_sum);
    }

    fn add_bias(&mut self, bias: &Self) {
        E::operations().add_bias(self, bias);
    }

    fn activate(&mut self, activation: Activation) {
        E::operations().activate(self, activation);
    }

    fn batch_norm(&mut self, affine: &Linear<Self>, batch: &mut BatchStatistics<Self>) {
        E::operations().batch_norm(self, affine, batch);
    }

    fn drop_out(&mut self, rate: f64, key: u64) {
        E::operations().drop_out(self, rate, key);
    }

    fn softmax(&mut self, logits: &Self) {
        E::operations().softmax(self, logits);
    }

    fn softmax_cross_entropy(
        &mut self,
        logits: &Self,
        classes: &[u32],
        factor: E,
        tally: &mut Self,
    ) {
        E::operations().softmax_cross_entropy(self, logits, classes, factor, tally);
    }

    fn weighted_cross_entropy(
        &mut self,
        logits: &Self,
        classes: &[u32],
        factor: E,
        smoothing: E,
        class_weights: &[E],
        tally: &mut Self,
    ) {
        let weighing = Weighing { factor, smoothing, class_weights };
        E::operations().weighted_cross_entropy(self, (logits, classes), &weighing, tally);
    }

    fn squared_error(&mut self, output: &Self, target: &Self, factor: E, tally: &mut Self) {
        E::operations().squared_error(self, output, target, factor, tally);
    }

    fn add_batch(&mut self, loss: f64, correct: usize) {
        E::operations().add_batch(self, loss, correct);
    }

    fn multiply_by_derivative(
        &mut self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        E::operations().multiply_by_derivative(self, activation, activated, weighted_sum);
    }

    fn hidden_delta(
        &mut self,
        next_delta: &Self,
        next_weight: &Self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        let operations = E::operations();
        operations.hidden_delta(self, next_delta, next_weight, activation, activated, weighted_sum);
    }

    fn batch_norm_gradient(
        &mut self,
        gradient: &mut Linear<Self>,
        scale: &Self,
        batch: &BatchStatistics<Self>,
    ) {
        E::operations().batch_norm_gradient(self, gradient, scale, batch);
    }

    fn sum_rows(&mut self, source: &Self) {
        E::operations().sum_rows(self, source);
    }

    fn linear_gradient(gradient: &mut Linear<Self>, delta: &Self, input: &Self) {
        E::operations().linear_gradient(gradient, delta, input);
    }

    fn add_penalty_gradient(&mut self, weight: &Self, penalty: Penalty<E>) {
        E::operations().add_penalty_gradient(self, weight, penalty);
    }

    fn update(&mut self, gradient: &Self, moments: &mut Moments<Self>, update: &Update<E>) {
        E::operations().update(self, gradient, moments, update);
    }

    fn linear_update(
        layer: &mut Linear<Self>,
        moments: &mut Linear<Moments<Self>>,
        gradient: &mut Linear<Self>,
        delta: &Self,
        input: &Self,
        update: &Update<E>,
    ) {
        E::operations().linear_update(layer, moments, gradient, (delta, input), update);
    }

    fn move_towards(&mut self, target: &Self, share: E) {
        E::operations().move_towards(self, target, share);
    }

    fn multiply_elements(&mut self, factors: &Self) {
        E::operations().multiply_elements(self, factors);
    }

    fn limit_row_norms(&mut self, longest: E) {
        E::operations().limit_row_norms(self, longest);
    }

    fn add_sum_of_squares(&self, total: &mut Self) {
        E::operations().add_sum_of_squares(self, total);
    }

    fn clip_to_norm(&mut self, total: &Self, max_norm: E) {
        E::operations().clip_to_norm(self, total, max_norm);
    }
}

impl<E: CpuElement> fmt::Debug for CpuTensor<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CpuTensor<{}>({}, {:?})", E::NAME, self.shape, self.to_vec())
    }
}
