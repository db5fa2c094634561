//! Forward: bias, activations, dropout, softmax, and the fused `linear`.

use super::compare::{ELEMENT_ULPS, epsilon, expect_close, expect_elements, expect_equal};
use super::samples::{numbers, pixels, reference, sparse_numbers, tensor};
use crate::Orientation::{Keep, Transpose};
use crate::{Activation, Element, Linear, Matrix, ReferenceTensor, Role, Shape, Tensor, keeps};

/// Batch, inputs and outputs of the layers tried: those of real networks, full and partial batches,
/// ones and odd ones, small and large.
pub(super) const LAYERS: [(usize, usize, usize); 14] = [
    (1, 1, 1),
    (1, 5, 1),
    (5, 1, 3),
    (3, 7, 1),
    (2, 9, 17),
    (7, 33, 15),
    (13, 20, 16),
    (10, 784, 30),
    (6, 784, 30),
    (10, 30, 10),
    (64, 784, 128),
    (37, 128, 10),
    (128, 784, 300),
    (250, 300, 210),
];

/// The activations to try on a layer of this size: on large ones, whose reference takes time, one of
/// each kind.
pub(super) fn activations_for(
    batch: usize,
    inputs: usize,
    outputs: usize,
) -> &'static [Activation] {
    let few = &[Activation::Relu, Activation::Gelu];
    if batch * inputs * outputs < 300_000 { &Activation::ALL } else { few }
}

/// Holds the forward operations to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    add_bias::<T>(device);
    activate::<T>(device);
    drop_out::<T>(device);
    softmax::<T>(device);
    for layer in LAYERS {
        linear::<T>(device, layer);
    }
}

fn add_bias<T: Tensor>(device: &T::Device) {
    fn biased<X: Tensor>(device: &X::Device, shape: Shape) -> Vec<X::Elem> {
        let mut values: X = tensor(device, shape, Role::Activation, &numbers(1, shape.len()));
        let bias: X =
            tensor(device, Shape::new(1, shape.columns), Role::Weight, &numbers(2, shape.columns));
        values.add_bias(&bias);
        values.to_vec()
    }
    for shape in [Shape::new(1, 1), Shape::new(5, 3), Shape::new(9, 33), Shape::new(64, 128)] {
        let expected = biased::<ReferenceTensor<T::Elem>>(&(), shape);
        expect_equal("add_bias", &shape.to_string(), &biased::<T>(device, shape), &expected);
    }
}

/// Numbers at which an activation may go wrong: both zeros, tiny, ordinary, huge, infinite.
pub(super) fn critical_numbers<E: Element>() -> Vec<E> {
    let mut values: Vec<f64> = (-400..=400).map(|step| f64::from(step) / 16.0).collect();
    for magnitude in
        [1e-30, 1e-10, 1e-7, 1e-5, 1e-3, 0.1, 0.5, 44.0, 87.0, 88.5, 100.0, 800.0, 1e5, 1e30]
    {
        values.extend([magnitude, -magnitude]);
    }
    values.extend([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
    values.into_iter().map(E::from_f64).collect()
}

fn activate<T: Tensor>(device: &T::Device) {
    for activation in Activation::ALL {
        let mut values = critical_numbers::<T::Elem>();
        if activation == Activation::Gelu {
            // -∞ · 0 has no value; what GELU is there, nobody relies on.
            values.retain(|value| !num_traits::Float::is_infinite(*value));
        }
        for rows in [1, 7] {
            let columns = values.len() / rows;
            let values = &values[values.len() - rows * columns..];
            let shape = Shape::new(rows, columns);
            let expected: Vec<T::Elem> = values.iter().map(|&z| activation.apply(z)).collect();
            let mut activated: T = tensor(device, shape, Role::Activation, values);
            activated.activate(activation);
            let case = format!("{} on {shape}", activation.name());
            expect_elements("activate", &case, &activated.to_vec(), &expected);
        }
    }
}

fn drop_out<T: Tensor>(device: &T::Device) {
    for shape in [Shape::new(1, 1), Shape::new(3, 7), Shape::new(33, 50), Shape::new(128, 300)] {
        for (rate, key) in [(0.0, 1), (0.2, 2), (0.5, u64::MAX), (0.9, 12345)] {
            let case = format!("{shape}, rate {rate}, key {key}");
            let ones = vec![T::Elem::ONE; shape.len()];
            let mut dropped: T = tensor(device, shape, Role::Activation, &ones);
            dropped.drop_out(rate, key);
            let dropped = dropped.to_vec();
            for (index, value) in dropped.iter().enumerate() {
                assert_eq!(
                    *value != T::Elem::ZERO,
                    keeps(key, index as u64, rate),
                    "conformance: drop_out, {case}: element {index} is {value}"
                );
            }
            let mut truth: ReferenceTensor<T::Elem> = reference(shape, &ones);
            truth.drop_out(rate, key);
            expect_equal("drop_out", &case, &dropped, &truth.to_vec());
        }
    }
}

/// Rows of logits that are ordinary, equal, huge, and apart by more than any exponential can hold.
pub(super) fn extreme_logits<E: Element>(classes: usize) -> Vec<Vec<E>> {
    let ramp = |scale: f64| (0..classes).map(move |class| scale * (class as f64 - 1.5)).collect();
    let mut rows: Vec<Vec<f64>> = vec![
        vec![0.0; classes],
        vec![1e30; classes],
        vec![-1e30; classes],
        ramp(1.0),
        ramp(-0.01),
        ramp(20.0),
        ramp(-1000.0),
        ramp(1e29),
    ];
    let mut one_high = vec![-1e30; classes];
    one_high[classes / 2] = 1e30;
    rows.push(one_high);
    rows.extend(
        (0..20).map(|seed| numbers::<f64>(seed, classes).iter().map(|x| x * 8.0).collect()),
    );
    rows.into_iter().map(|row| row.into_iter().map(E::from_f64).collect()).collect()
}

fn softmax<T: Tensor>(device: &T::Device) {
    fn probabilities<X: Tensor>(
        device: &X::Device,
        shape: Shape,
        logits: &[X::Elem],
    ) -> Vec<X::Elem> {
        let logits: X = tensor(device, shape, Role::Activation, logits);
        let mut result: X = tensor(device, shape, Role::Activation, &numbers(8, shape.len()));
        result.softmax(&logits);
        result.to_vec()
    }
    for classes in [1, 2, 10, 16, 47, 1000] {
        let rows = extreme_logits::<T::Elem>(classes);
        let shape = Shape::new(rows.len(), classes);
        let logits = rows.concat();
        let expected = probabilities::<ReferenceTensor<T::Elem>>(&(), shape, &logits);
        let actual = probabilities::<T>(device, shape, &logits);
        expect_elements("softmax", &shape.to_string(), &actual, &expected);
    }
}

/// `linear` for every activation, with and without Z, on written, sparse and gathered inputs.
fn linear<T: Tensor>(device: &T::Device, (batch, inputs, outputs): (usize, usize, usize)) {
    let (input_shape, weight_shape) = (Shape::new(batch, inputs), Shape::new(outputs, inputs));
    let weight: Vec<T::Elem> = numbers(31, weight_shape.len());
    let bias: Vec<T::Elem> = numbers(32, outputs);
    let dense: T = tensor(device, input_shape, Role::Activation, &numbers(33, input_shape.len()));
    let sparse: T = tensor(device, input_shape, Role::Activation, &sparse_numbers(34, input_shape));
    let mut gathered = T::zeros(device, input_shape, Role::Activation).expect("memory for a test");
    let rows: Vec<u32> = (0..batch as u32).rev().collect();
    gathered.gather_bytes(&pixels(35, input_shape), &rows, T::Elem::from_f64(1.0 / 255.0));
    let layer = Linear {
        weight: tensor::<T>(device, weight_shape, Role::Weight, &weight),
        bias: tensor::<T>(device, Shape::new(1, outputs), Role::Weight, &bias),
    };
    for (name, input) in [("dense", &dense), ("zero columns", &sparse), ("gathered", &gathered)] {
        let truth = LinearTruth::new(&input.to_vec(), input_shape, &weight, weight_shape, &bias);
        for &activation in activations_for(batch, inputs, outputs) {
            let case = format!("{name} {input_shape} to {outputs}, {}", activation.name());
            truth.check(device, &case, input, &layer, activation);
        }
    }
}

/// Z = input Wᵀ + b in `f64`, and how far from it rounding may lead.
struct LinearTruth {
    shape: Shape,
    weighted_sum: Vec<f64>,
    bound: Vec<f64>,
}

impl LinearTruth {
    fn new<E: Element>(
        input: &[E],
        input_shape: Shape,
        weight: &[E],
        weight_shape: Shape,
        bias: &[E],
    ) -> Self {
        let shape = Shape::new(input_shape.rows, weight_shape.rows);
        let sums = |magnitudes: bool| {
            let of = |&value: &E| if magnitudes { value.to_f64().abs() } else { value.to_f64() };
            let all = |values: &[E]| values.iter().map(of).collect::<Vec<f64>>();
            let mut z: ReferenceTensor<f64> = reference(shape, &vec![0.0; shape.len()]);
            let input: ReferenceTensor<f64> = reference(input_shape, &all(input));
            let weight: ReferenceTensor<f64> = reference(weight_shape, &all(weight));
            z.matmul(1.0, &input, Keep, &weight, Transpose, 0.0);
            z.add_bias(&reference(Shape::new(1, shape.columns), &all(bias)));
            z.to_vec()
        };
        let roundings = 2.0 * (input_shape.columns + 4) as f64 * epsilon::<E>();
        let bound = sums(true).iter().map(|magnitude| roundings * magnitude).collect();
        Self { shape, weighted_sum: sums(false), bound }
    }

    fn check<T: Tensor>(
        &self,
        device: &T::Device,
        case: &str,
        input: &T,
        layer: &Linear<T>,
        activation: Activation,
    ) {
        let not_a_number = vec![T::Elem::from_f64(f64::NAN); self.shape.len()];
        let fresh = || tensor::<T>(device, self.shape, Role::Activation, &not_a_number);
        let (mut plain, mut with_sum, mut weighted_sum) = (fresh(), fresh(), fresh());
        if !activation.needs_weighted_sum() {
            plain.linear(input, layer, activation, None);
            self.check_activated(case, &plain.to_vec(), activation);
        }
        with_sum.linear(input, layer, activation, Some(&mut weighted_sum));
        self.check_activated(case, &with_sum.to_vec(), activation);
        let z = weighted_sum.to_vec();
        expect_close("linear (z)", case, &z, &self.weighted_sum, |index| self.bound[index]);
    }

    /// No activation is steeper than 1.13, so an error of z grows by no more than that.
    fn check_activated<E: Element>(&self, case: &str, actual: &[E], activation: Activation) {
        let expected: Vec<f64> = self.weighted_sum.iter().map(|&z| activation.apply(z)).collect();
        expect_close("linear", case, actual, &expected, |index| {
            let undecided = activation == Activation::Heaviside
                && self.weighted_sum[index].abs() <= self.bound[index];
            let own = ELEMENT_ULPS * epsilon::<E>() * expected[index].abs().max(1.0);
            if undecided { 1.0 } else { 1.13 * self.bound[index] + own }
        });
    }
}
