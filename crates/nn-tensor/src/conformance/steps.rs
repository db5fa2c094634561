//! The step: every update rule, alone and fused with the gradient.

use super::compare::{ELEMENT_ULPS, epsilon, expect_close};
use super::samples::{
    numbers, pass_over, pixels, reference, resident_pixels, sparse_numbers, squares, steps_alone,
    tensor,
};
use crate::{
    Element, Linear, Matrix, Moments, Penalty, ReferenceTensor, Role, Shape, Step, StepNumbers,
    Tensor, Update, UpdateRule,
};

/// Batch, inputs and outputs of the layers whose fused step is tried.
const LAYERS: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (3, 5, 1),
    (2, 1, 7),
    (7, 33, 15),
    (5, 20, 17),
    (10, 784, 30),
    (64, 128, 10),
    (60, 784, 128),
    (130, 300, 200),
];

/// What the optimizer takes from the step.
const NUMBERS: StepNumbers<f64> =
    StepNumbers { learning_rate: 0.125, corrected_rate: 0.461, root_correction: 18.3 };

/// Holds every rule, with and without penalties and decay, to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for step in steps() {
        for shape in [Shape::new(1, 1), Shape::new(1, 19), Shape::new(7, 5), Shape::new(130, 101)] {
            update::<T>(device, shape, &step);
            flushed::<T>(device, shape, &step);
        }
        // Large layers take time; they are tried with nothing besides the rule, and with everything.
        let telling = (step.penalty.l1 == 0.0) == (step.decay == 0.0);
        for layer in LAYERS {
            if telling || layer.1 * layer.2 < 1000 {
                linear_update::<T>(device, layer, &step);
            }
        }
    }
}

/// Every rule, plain and with each of L1, L2 and decay; in `f64`, rounded to the element type later.
fn steps() -> Vec<Update<f64>> {
    let rules = [
        UpdateRule::Descent,
        UpdateRule::Momentum { momentum: 0.9, nesterov: false },
        UpdateRule::Momentum { momentum: 0.9, nesterov: true },
        UpdateRule::rms_prop(0.99, 1e-8),
        UpdateRule::adam(0.9, 0.999, 1e-8),
    ];
    let extras =
        [(0.0, 0.0, 0.0), (0.01, 0.0, 0.0), (0.0, 0.02, 0.0), (0.0, 0.0, 0.05), (0.01, 0.02, 0.05)];
    let with =
        |rule| extras.map(|(l1, l2, decay)| Update { rule, penalty: Penalty { l1, l2 }, decay });
    rules.into_iter().flat_map(with).collect()
}

/// The update in another element type.
pub(super) fn in_type<E: Element>(step: &Update<f64>) -> Update<E> {
    let of = E::from_f64;
    let rule = match step.rule {
        UpdateRule::Descent => UpdateRule::Descent,
        UpdateRule::Momentum { momentum, nesterov } => {
            UpdateRule::Momentum { momentum: of(momentum), nesterov }
        }
        UpdateRule::RmsProp { smoothing, epsilon } => UpdateRule::rms_prop(smoothing.keep, epsilon),
        UpdateRule::Adam { beta1, beta2, epsilon } => {
            UpdateRule::adam(beta1.keep, beta2.keep, epsilon)
        }
    };
    let penalty = Penalty { l1: of(step.penalty.l1), l2: of(step.penalty.l2) };
    Update { rule, penalty, decay: of(step.decay) }
}

/// The moments that a rule needs, already under way. What is a mean square is at least 0.1, so that
/// dividing by its root does not magnify the roundings of the gradient.
pub(super) fn moments<X: Tensor>(
    device: &X::Device,
    shape: Shape,
    rule: &UpdateRule<f64>,
    seed: u64,
) -> Moments<X> {
    let given = |values: Vec<X::Elem>| Some(tensor::<X>(device, shape, Role::Weight, &values));
    let (first, second) = match rule {
        UpdateRule::Descent => (None, None),
        UpdateRule::Momentum { .. } => (given(numbers(seed, shape.len())), None),
        UpdateRule::RmsProp { .. } => (given(squares(seed, shape.len())), None),
        UpdateRule::Adam { .. } => {
            (given(numbers(seed, shape.len())), given(squares(seed + 1, shape.len())))
        }
    };
    Moments { first, second }
}

/// Weight and moments after a step, one after the other.
fn contents<X: Tensor>(weight: &X, moments: &Moments<X>) -> Vec<X::Elem> {
    let all = [Some(weight), moments.first.as_ref(), moments.second.as_ref()];
    all.into_iter().flatten().flat_map(Matrix::to_vec).collect()
}

fn update<T: Tensor>(device: &T::Device, shape: Shape, step: &Update<f64>) {
    fn stepped<X: Tensor>(device: &X::Device, shape: Shape, step: &Update<f64>) -> Vec<X::Elem> {
        // Some weights are exactly 0, where the sign of L1 is 0.
        let mut weight: X = tensor(device, shape, Role::Weight, &sparse_numbers(81, shape));
        let gradient: X = tensor(device, shape, Role::Weight, &numbers(82, shape.len()));
        let mut moments = moments::<X>(device, shape, &step.rule, 83);
        let epoch = steps_alone::<X>(device, NUMBERS, 1);
        weight.update(&gradient, &mut moments, &in_type(step), Step { epoch: &epoch, member: 0 });
        contents(&weight, &moments)
    }
    let expected = stepped::<ReferenceTensor<T::Elem>>(&(), shape, step);
    let case = format!("{shape}, {step:?}");
    // Adam divides by the corrections, so its step may be 10 times a weight.
    expect_close("update", &case, &stepped::<T>(device, shape, step), &expected, |_| {
        10.0 * ELEMENT_ULPS * epsilon::<T::Elem>()
    });
}

/// A moment that decays below the smallest normal number is 0 from then on.
fn flushed<T: Tensor>(device: &T::Device, shape: Shape, step: &Update<f64>) {
    let least = <T::Elem as num_traits::Float>::min_positive_value();
    let of = |value| tensor::<T>(device, shape, Role::Weight, &vec![value; shape.len()]);
    let (mut weight, gradient) = (of(T::Elem::ONE), of(T::Elem::ZERO));
    let (first, second) = match step.rule {
        UpdateRule::Descent => (None, None),
        UpdateRule::Momentum { .. } => (Some(of(-least)), None),
        UpdateRule::RmsProp { .. } => (Some(of(least)), None),
        UpdateRule::Adam { .. } => (Some(of(-least)), Some(of(least))),
    };
    let mut moments = Moments { first, second };
    let epoch = steps_alone::<T>(device, NUMBERS, 1);
    let plain = Update { penalty: Penalty::NONE, decay: T::Elem::ZERO, ..in_type(step) };
    weight.update(&gradient, &mut moments, &plain, Step { epoch: &epoch, member: 0 });
    let left = contents(&weight, &moments);
    let case = format!("update, {shape}, {step:?}: a moment that decays into subnormal numbers");
    assert!(left[shape.len()..].iter().all(|&moment| moment == T::Elem::ZERO), "{case} is not 0");
}

/// What `linear_update` leaves of weight, bias and their moments.
fn fused<X: Tensor>(
    device: &X::Device,
    (batch, inputs, outputs): (usize, usize, usize),
    input: &X,
    delta: &[X::Elem],
    step: &Update<f64>,
    in_one: bool,
) -> Vec<X::Elem> {
    let (weight_shape, bias_shape) = (Shape::new(outputs, inputs), Shape::new(1, outputs));
    let not_a_number = vec![X::Elem::from_f64(f64::NAN); weight_shape.len().max(outputs)];
    let pair = |weight: &[X::Elem], bias: &[X::Elem]| Linear {
        weight: tensor::<X>(device, weight_shape, Role::Weight, &weight[..weight_shape.len()]),
        bias: tensor::<X>(device, bias_shape, Role::Weight, &bias[..outputs]),
    };
    let mut layer = pair(&numbers(84, weight_shape.len()), &numbers(85, outputs));
    let mut gradient = pair(&not_a_number, &not_a_number);
    let mut memory = Linear {
        weight: moments::<X>(device, weight_shape, &step.rule, 86),
        bias: moments::<X>(device, bias_shape, &step.rule, 88),
    };
    let delta: X = tensor(device, Shape::new(batch, outputs), Role::Activation, delta);
    let update = in_type(step);
    let epoch = steps_alone::<X>(device, NUMBERS, 1);
    let step = Step { epoch: &epoch, member: 0 };
    if in_one {
        X::linear_update(&mut layer, &mut memory, &mut gradient, &delta, input, &update, step);
    } else {
        X::linear_gradient(&mut gradient, &delta, input);
        layer.weight.update(&gradient.weight, &mut memory.weight, &update, step);
        layer.bias.update(&gradient.bias, &mut memory.bias, &update.for_bias(), step);
    }
    let mut all = contents(&layer.weight, &memory.weight);
    all.extend(contents(&layer.bias, &memory.bias));
    all
}

/// The fused step against the reference, and against gradient and update of the same backend. The
/// inputs have zero columns: there the gradient is 0, and the step is not nothing.
fn linear_update<T: Tensor>(device: &T::Device, layer: (usize, usize, usize), step: &Update<f64>) {
    let (batch, inputs, outputs) = layer;
    let input_shape = Shape::new(batch, inputs);
    // δ carries the factor 1 / batch, as in training.
    let delta: Vec<T::Elem> = numbers::<T::Elem>(89, batch * outputs)
        .iter()
        .map(|&value| T::Elem::from_f64(value.to_f64() / batch as f64))
        .collect();
    let sparse: T = tensor(device, input_shape, Role::Activation, &sparse_numbers(90, input_shape));
    let mut gathered = T::zeros(device, input_shape, Role::Activation).expect("memory for a test");
    let rows: Vec<u32> = (0..batch as u32).collect();
    let samples = resident_pixels::<T>(device, &pixels(91, input_shape), inputs);
    gathered.gather(&samples, &pass_over::<T>(device, &rows));
    for (name, input) in [("zero columns", &sparse), ("gathered", &gathered)] {
        let case = format!("{name} {input_shape} to {outputs}, {step:?}");
        let values: ReferenceTensor<T::Elem> = reference(input_shape, &input.to_vec());
        let expected = fused(&(), layer, &values, &delta, step, true);
        // |dW| < 1, its roundings at most `batch`; the steps divide by no less than 0.3 · 0.05.
        let bound = (2.0 * (batch + 4) as f64 + 10.0 * ELEMENT_ULPS) * epsilon::<T::Elem>();
        let in_one = fused(device, layer, input, &delta, step, true);
        expect_close("linear_update", &case, &in_one, &expected, |_| bound);
        let in_two = fused(device, layer, input, &delta, step, false);
        expect_close("linear_gradient, update", &case, &in_two, &expected, |_| bound);
    }
}
