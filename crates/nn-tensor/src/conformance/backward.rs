//! Backward: σ', δ of a hidden layer, sums of rows, gradients, penalties, clipping.

use super::compare::{ELEMENT_ULPS, epsilon, expect_close, expect_elements};
use super::forward::{LAYERS, activations_for};
use super::samples::{numbers, pixels, reference, sparse_numbers, tensor};
use crate::Orientation::{Keep, Transpose};
use crate::{Activation, Element, Linear, Matrix, Penalty, ReferenceTensor, Role, Shape, Tensor};

/// Holds the backward operations to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    multiply_by_derivative::<T>(device);
    sum_rows::<T>(device);
    penalty_gradient::<T>(device);
    clipping::<T>(device);
    for layer in LAYERS {
        hidden_delta::<T>(device, layer);
        linear_gradient::<T>(device, layer);
    }
}

fn multiply_by_derivative<T: Tensor>(device: &T::Device) {
    fn product<X: Tensor>(
        device: &X::Device,
        shape: Shape,
        activation: Activation,
    ) -> Vec<X::Elem> {
        let z: Vec<X::Elem> = numbers::<X::Elem>(51, shape.len())
            .iter()
            .map(|z| X::Elem::from_f64(4.0) * *z)
            .collect();
        let weighted_sum: X = tensor(device, shape, Role::Activation, &z);
        let a: Vec<X::Elem> = z.iter().map(|&z| activation.apply(z)).collect();
        let activated: X = tensor(device, shape, Role::Activation, &a);
        let mut delta: X = tensor(device, shape, Role::Activation, &numbers(52, shape.len()));
        delta.multiply_by_derivative(activation, &activated, Some(&weighted_sum));
        delta.to_vec()
    }
    for activation in Activation::ALL {
        for shape in [Shape::new(1, 1), Shape::new(3, 5), Shape::new(17, 33), Shape::new(128, 200)]
        {
            let case = format!("{} on {shape}", activation.name());
            let expected = product::<ReferenceTensor<T::Elem>>(&(), shape, activation);
            let actual = product::<T>(device, shape, activation);
            expect_elements("multiply_by_derivative", &case, &actual, &expected);
        }
    }
}

fn sum_rows<T: Tensor>(device: &T::Device) {
    for shape in [
        Shape::new(1, 1),
        Shape::new(9, 1),
        Shape::new(1, 9),
        Shape::new(33, 17),
        Shape::new(256, 512),
    ] {
        let values: Vec<T::Elem> = numbers(53, shape.len());
        let source: T = tensor(device, shape, Role::Activation, &values);
        let sum_shape = Shape::new(1, shape.columns);
        let old = vec![T::Elem::from_f64(f64::NAN); shape.columns];
        let mut sums: T = tensor(device, sum_shape, Role::Weight, &old);
        sums.sum_rows(&source);
        let mut truth: ReferenceTensor<f64> = reference(sum_shape, &vec![0.0; shape.columns]);
        truth.sum_rows(&reference(shape, &values));
        let bound = (shape.rows * shape.rows) as f64 * epsilon::<T::Elem>();
        expect_close("sum_rows", &shape.to_string(), &sums.to_vec(), &truth.to_vec(), |_| bound);
    }
}

fn penalty_gradient<T: Tensor>(device: &T::Device) {
    fn with_penalty<X: Tensor>(device: &X::Device, shape: Shape, l1: f64, l2: f64) -> Vec<X::Elem> {
        let penalty = Penalty { l1: X::Elem::from_f64(l1), l2: X::Elem::from_f64(l2) };
        // Some weights are exactly 0, where the sign is 0.
        let weight: X = tensor(device, shape, Role::Weight, &sparse_numbers(54, shape));
        let mut gradient: X = tensor(device, shape, Role::Weight, &numbers(55, shape.len()));
        gradient.add_penalty_gradient(&weight, penalty);
        gradient.to_vec()
    }
    for shape in [Shape::new(1, 1), Shape::new(5, 13), Shape::new(30, 784)] {
        for (l1, l2) in [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25), (0.125, 0.5)] {
            let case = format!("{shape}, l1 {l1}, l2 {l2}");
            let expected = with_penalty::<ReferenceTensor<T::Elem>>(&(), shape, l1, l2);
            let actual = with_penalty::<T>(device, shape, l1, l2);
            expect_elements("add_penalty_gradient", &case, &actual, &expected);
        }
    }
}

/// Clips above, at and below the norm; a NaN norm clips nothing, so that divergence is seen.
fn clipping<T: Tensor>(device: &T::Device) {
    fn clipped<X: Tensor>(
        device: &X::Device,
        shape: Shape,
        max_norm: f64,
    ) -> (Vec<X::Elem>, Vec<X::Elem>) {
        let mut values: X = tensor(device, shape, Role::Weight, &numbers(56, shape.len()));
        let bias: X = tensor(device, Shape::new(1, 3), Role::Weight, &numbers(57, 3));
        let mut total = X::zeros(device, Shape::new(1, 1), Role::Activation).expect("memory");
        values.add_sum_of_squares(&mut total);
        bias.add_sum_of_squares(&mut total);
        values.clip_to_norm(&total, X::Elem::from_f64(max_norm));
        (total.to_vec(), values.to_vec())
    }
    for shape in [Shape::new(1, 1), Shape::new(3, 5), Shape::new(10, 30), Shape::new(128, 784)] {
        for max_norm in [1e-3, 0.5, 1e6] {
            let case = format!("{shape} to norm {max_norm}");
            let (total, values) = clipped::<T>(device, shape, max_norm);
            let (expected_total, expected) =
                clipped::<ReferenceTensor<T::Elem>>(&(), shape, max_norm);
            let bound = ELEMENT_ULPS * epsilon::<T::Elem>() * expected_total[0].to_f64();
            expect_close("add_sum_of_squares", &case, &total, &expected_total, |_| bound);
            expect_elements("clip_to_norm", &case, &values, &expected);
        }
    }
    let shape = Shape::new(2, 3);
    let values: Vec<T::Elem> = numbers(58, shape.len());
    let mut tensor_: T = tensor(device, shape, Role::Weight, &values);
    let not_a_number = [T::Elem::from_f64(f64::NAN)];
    let total: T = tensor(device, Shape::new(1, 1), Role::Activation, &not_a_number);
    tensor_.clip_to_norm(&total, T::Elem::ONE);
    expect_elements("clip_to_norm", "a total of NaN", &tensor_.to_vec(), &values);
}

/// δ of a hidden layer, with the shapes of `linear`: `outputs` are those of the next layer.
fn hidden_delta<T: Tensor>(device: &T::Device, (batch, inputs, outputs): (usize, usize, usize)) {
    let (shape, next_shape) = (Shape::new(batch, inputs), Shape::new(batch, outputs));
    let weight_shape = Shape::new(outputs, inputs);
    let next_delta: Vec<T::Elem> = numbers(61, next_shape.len());
    let weight: Vec<T::Elem> = numbers(62, weight_shape.len());
    let z: Vec<T::Elem> = numbers(63, shape.len());
    let back = |magnitude: bool| {
        let of = |&x: &T::Elem| if magnitude { x.to_f64().abs() } else { x.to_f64() };
        let all = |values: &[T::Elem]| values.iter().map(of).collect::<Vec<f64>>();
        let mut result: ReferenceTensor<f64> = reference(shape, &vec![0.0; shape.len()]);
        let next_delta: ReferenceTensor<f64> = reference(next_shape, &all(&next_delta));
        let weight = reference(weight_shape, &all(&weight));
        result.matmul(1.0, &next_delta, Keep, &weight, Keep, 0.0);
        result.to_vec()
    };
    let (carried, magnitude) = (back(false), back(true));
    let roundings = (2.0 * (outputs + 4) as f64 + ELEMENT_ULPS) * epsilon::<T::Elem>();
    let next_delta: T = tensor(device, next_shape, Role::Activation, &next_delta);
    let weight: T = tensor(device, weight_shape, Role::Weight, &weight);
    let weighted_sum: T = tensor(device, shape, Role::Activation, &z);
    for &activation in activations_for(batch, inputs, outputs) {
        let a: Vec<T::Elem> = z.iter().map(|&z| activation.apply(z)).collect();
        let activated: T = tensor(device, shape, Role::Activation, &a);
        let old = vec![T::Elem::from_f64(f64::NAN); shape.len()];
        let mut delta: T = tensor(device, shape, Role::Activation, &old);
        let kept = activation.needs_weighted_sum().then_some(&weighted_sum);
        delta.hidden_delta(&next_delta, &weight, activation, &activated, kept);
        let slope = |index: usize| match kept {
            Some(_) => activation.derivative(z[index]).to_f64(),
            None => activation.derivative_from_output(a[index]).to_f64(),
        };
        let expected: Vec<f64> =
            carried.iter().enumerate().map(|(index, sum)| sum * slope(index)).collect();
        let case = format!("{batch} x {outputs} back to {inputs}, {}", activation.name());
        // Slopes are at most 1.13.
        let bound = |index: usize| roundings * 1.13 * magnitude[index];
        expect_close("hidden_delta", &case, &delta.to_vec(), &expected, bound);
    }
}

/// dW and db of written, sparse and gathered inputs.
fn linear_gradient<T: Tensor>(device: &T::Device, (batch, inputs, outputs): (usize, usize, usize)) {
    let (input_shape, delta_shape) = (Shape::new(batch, inputs), Shape::new(batch, outputs));
    let delta_values: Vec<T::Elem> = numbers(71, delta_shape.len());
    let delta: T = tensor(device, delta_shape, Role::Activation, &delta_values);
    let dense: T = tensor(device, input_shape, Role::Activation, &numbers(72, input_shape.len()));
    let sparse: T = tensor(device, input_shape, Role::Activation, &sparse_numbers(73, input_shape));
    let mut gathered = T::zeros(device, input_shape, Role::Activation).expect("memory for a test");
    let rows: Vec<u32> = (0..batch as u32).rev().collect();
    gathered.gather_bytes(&pixels(74, input_shape), &rows, T::Elem::from_f64(1.0 / 255.0));
    for (name, input) in [("dense", &dense), ("zero columns", &sparse), ("gathered", &gathered)] {
        let case = format!("{name} {input_shape} to {outputs}");
        let weight_shape = Shape::new(outputs, inputs);
        let old = vec![T::Elem::from_f64(f64::NAN); weight_shape.len().max(outputs)];
        let mut gradient = Linear {
            weight: tensor::<T>(device, weight_shape, Role::Weight, &old[..weight_shape.len()]),
            bias: tensor::<T>(device, Shape::new(1, outputs), Role::Weight, &old[..outputs]),
        };
        T::linear_gradient(&mut gradient, &delta, input);
        let truth = |magnitude: bool| {
            gradient_truth(&delta_values, delta_shape, &input.to_vec(), input_shape, magnitude)
        };
        let ((weight, bias), (weight_bound, bias_bound)) = (truth(false), truth(true));
        let roundings = 2.0 * (batch + 4) as f64 * epsilon::<T::Elem>();
        let actual = gradient.weight.to_vec();
        expect_close("linear_gradient (weight)", &case, &actual, &weight, |index| {
            roundings * weight_bound[index]
        });
        let actual = gradient.bias.to_vec();
        expect_close("linear_gradient (bias)", &case, &actual, &bias, |index| {
            roundings * bias_bound[index]
        });
    }
}

/// δᵀ input and Σδ in `f64`, or the same of the magnitudes.
fn gradient_truth<E: Element>(
    delta: &[E],
    delta_shape: Shape,
    input: &[E],
    input_shape: Shape,
    magnitude: bool,
) -> (Vec<f64>, Vec<f64>) {
    let of = |&x: &E| if magnitude { x.to_f64().abs() } else { x.to_f64() };
    let all = |values: &[E]| values.iter().map(of).collect::<Vec<f64>>();
    let delta: ReferenceTensor<f64> = reference(delta_shape, &all(delta));
    let input: ReferenceTensor<f64> = reference(input_shape, &all(input));
    let weight_shape = Shape::new(delta_shape.columns, input_shape.columns);
    let mut weight: ReferenceTensor<f64> = reference(weight_shape, &vec![0.0; weight_shape.len()]);
    weight.matmul(1.0, &delta, Transpose, &input, Keep, 0.0);
    let bias_shape = Shape::new(1, delta_shape.columns);
    let mut bias: ReferenceTensor<f64> = reference(bias_shape, &vec![0.0; delta_shape.columns]);
    bias.sum_rows(&delta);
    (weight.to_vec(), bias.to_vec())
}
