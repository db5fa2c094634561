//! Batch normalisation, forward and backward.

use super::compare::{epsilon, expect_close, expect_same_bits};
use super::samples::{numbers, tensor};
use crate::{BatchStatistics, Element, Linear, ReferenceTensor, Role, Shape, Tensor};

/// Holds both operations to the reference in `f64`, and to themselves when repeated.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for shape in [
        Shape::new(1, 1),
        Shape::new(1, 21),
        Shape::new(2, 3),
        Shape::new(7, 16),
        Shape::new(33, 17),
        Shape::new(128, 256),
        Shape::new(250, 300),
    ] {
        both_ways::<T>(device, shape);
    }
}

/// Names and values of everything that one pass there and back gives.
type Results<E> = Vec<(&'static str, Vec<E>)>;

fn pass<X: Tensor>(device: &X::Device, shape: Shape, z: &[f64]) -> Results<X::Elem> {
    let of = |values: &[f64]| -> Vec<X::Elem> {
        values.iter().map(|&value| X::Elem::from_f64(value)).collect()
    };
    let row = Shape::new(1, shape.columns);
    let affine = Linear {
        weight: tensor::<X>(device, row, Role::Weight, &of(&numbers(72, row.len()))),
        bias: tensor::<X>(device, row, Role::Weight, &of(&numbers(73, row.len()))),
    };
    let zeros = |shape, role| X::zeros(device, shape, role).expect("memory for a test");
    let mut batch =
        BatchStatistics::<X>::zeros(device, shape.rows, shape.columns).expect("memory for a test");
    let mut y: X = tensor(device, shape, Role::Activation, &of(z));
    let mut delta: X = tensor(device, shape, Role::Activation, &of(&numbers(74, shape.len())));
    let mut gradient = Linear { weight: zeros(row, Role::Weight), bias: zeros(row, Role::Weight) };
    gradient.weight.fill(X::Elem::from_f64(f64::NAN)); // what was there before is not added to
    y.batch_norm(&affine, &mut batch);
    delta.batch_norm_gradient(&mut gradient, &affine.weight, &batch);
    vec![
        ("batch_norm", y.to_vec()),
        ("batch_norm (normalized)", batch.normalized.to_vec()),
        ("batch_norm (mean)", batch.mean.to_vec()),
        ("batch_norm (variance)", batch.variance.to_vec()),
        ("batch_norm (inverse deviation)", batch.inverse_deviation.to_vec()),
        ("batch_norm_gradient", delta.to_vec()),
        ("batch_norm_gradient (scale)", gradient.weight.to_vec()),
        ("batch_norm_gradient (shift)", gradient.bias.to_vec()),
    ]
}

fn both_ways<T: Tensor>(device: &T::Device, shape: Shape) {
    // Column 1 is constant: its variance is 0, and ε alone keeps the division sound.
    let mut z: Vec<f64> = numbers(71, shape.len());
    z.iter_mut().skip(1).step_by(shape.columns.max(2)).for_each(|value| *value = 0.5);
    let actual = pass::<T>(device, shape, &z);
    let expected = pass::<ReferenceTensor<f64>>(&(), shape, &z);
    // Sums of `rows` numbers of size 1, divided by a deviation: an error grows by its inverse.
    let steepest = steepness(&expected[4].1);
    let bound = 8.0 * (shape.rows + 16) as f64 * epsilon::<T::Elem>() * steepest;
    for ((name, actual), (_, expected)) in actual.iter().zip(&expected) {
        expect_close(name, &shape.to_string(), actual, expected, |index| {
            bound * expected[index].abs().max(1.0)
        });
    }
    for ((name, again), (_, once)) in pass::<T>(device, shape, &z).iter().zip(&actual) {
        expect_same_bits(name, &format!("{shape}, repeated"), again, once);
    }
}

/// The largest inverse deviation of a column that varies.
fn steepness(inverse_deviations: &[f64]) -> f64 {
    inverse_deviations.iter().copied().filter(|&inverse| inverse < 300.0).fold(1.0, f64::max)
}
