//! Losses at ordinary and at extreme outputs, and the tally that they add to.

use super::compare::{epsilon, expect_close, expect_elements, expect_equal};
use super::forward::extreme_logits;
use super::samples::{classes, numbers, pass_over, resident_labels, tensor};
use crate::{
    ClassTarget, Element, ReferenceTensor, ResidentEpoch, ResidentSamples, Role, Shape,
    TALLY_WIDTH, Tally, Tensor,
};

/// Holds the losses and the tally to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for count in [1, 2, 10, 16, 37] {
        let rows = extreme_logits::<T::Elem>(count);
        // Row by row, so that one huge loss does not hide the others, then all ordinary ones.
        for (index, row) in rows.iter().enumerate() {
            for class in [0, count - 1] {
                let case =
                    format!("{count} classes, row {index} of the extreme logits, class {class}");
                both_losses::<T>(device, &case, Shape::new(1, count), row, &[class as u32]);
            }
        }
        let ordinary = rows[9..].concat();
        let batch = rows.len() - 9;
        let case = format!("{batch} rows of {count} classes");
        let classes = classes(41, batch, count);
        both_losses::<T>(device, &case, Shape::new(batch, count), &ordinary, &classes);
    }
    let shape = Shape::new(250, 10);
    let logits: Vec<T::Elem> = numbers(43, shape.len());
    both_losses::<T>(device, "250 rows of 10", shape, &logits, &classes(44, 250, 10));
    ties_and_not_a_number::<T>(device);
    tally::<T>(device);
}

/// Samples of these classes, and a pass over them in order.
fn labelled<X: Tensor>(
    device: &X::Device,
    classes: &[u32],
    count: usize,
) -> (ResidentSamples<X>, ResidentEpoch<X>) {
    let rows: Vec<u32> = (0..classes.len() as u32).collect();
    (resident_labels::<X>(device, classes, count), pass_over::<X>(device, &rows))
}

/// Gradient and tally columns of softmax cross-entropy after two batches.
fn cross_entropy<X: Tensor>(
    device: &X::Device,
    shape: Shape,
    logits: &[X::Elem],
    classes: &[u32],
) -> (Vec<X::Elem>, Vec<X::Elem>) {
    let logits: X = tensor(device, shape, Role::Activation, logits);
    let mut gradient: X = tensor(device, shape, Role::Activation, &numbers(1, shape.len()));
    let mut tally = X::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Activation).expect("memory");
    let factor = X::Elem::from_f64(1.0 / shape.rows as f64);
    let target = ClassTarget::plain(factor);
    let (labels, epoch) = labelled::<X>(device, classes, shape.columns);
    gradient.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
    gradient.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
    (gradient.to_vec(), tally.to_vec())
}

/// Gradient and tally columns of the squared error against one-hot targets.
fn squared_error<X: Tensor>(
    device: &X::Device,
    shape: Shape,
    output: &[X::Elem],
    classes: &[u32],
) -> (Vec<X::Elem>, Vec<X::Elem>) {
    let output: X = tensor(device, shape, Role::Activation, output);
    let mut target = X::zeros(device, shape, Role::Activation).expect("memory");
    let (labels, epoch) = labelled::<X>(device, classes, shape.columns);
    target.gather(&labels, &epoch);
    let mut gradient: X = tensor(device, shape, Role::Activation, &numbers(1, shape.len()));
    let mut tally = X::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Activation).expect("memory");
    let factor = X::Elem::from_f64(2.0 / shape.rows as f64);
    gradient.squared_error(&output, &target, factor, &mut tally);
    (gradient.to_vec(), tally.to_vec())
}

fn both_losses<T: Tensor>(
    device: &T::Device,
    case: &str,
    shape: Shape,
    output: &[T::Elem],
    classes: &[u32],
) {
    // As many roundings as there are numbers to add, whose sum is at least 1 a row. Huge logits make
    // no difference: where they are equal, the loss is the logarithm of their number.
    let scale = (16 + shape.columns) as f64 * shape.rows as f64;

    let (gradient, tally) = cross_entropy::<T>(device, shape, output, classes);
    let (expected, expected_tally) =
        cross_entropy::<ReferenceTensor<T::Elem>>(&(), shape, output, classes);
    expect_elements("softmax_cross_entropy", case, &gradient, &expected);
    compare_tallies("softmax_cross_entropy (tally)", case, scale, &tally, &expected_tally);

    let (gradient, tally) = squared_error::<T>(device, shape, output, classes);
    let (expected, expected_tally) =
        squared_error::<ReferenceTensor<T::Elem>>(&(), shape, output, classes);
    expect_elements("squared_error", case, &gradient, &expected);
    let largest = output.iter().map(|x| x.to_f64().abs()).fold(1.0, f64::max);
    compare_tallies("squared_error (tally)", case, scale * largest, &tally, &expected_tally);
}

/// Counts must agree exactly; sums of losses within one rounding of `scale` and of themselves.
fn compare_tallies<E: Element>(
    operation: &str,
    case: &str,
    scale: f64,
    actual: &[E],
    expected: &[E],
) {
    let (actual, expected) = (Tally::from_values(actual), Tally::from_values(expected));
    let bound = epsilon::<E>() * (scale + 16.0 * expected.loss.abs());
    expect_close(operation, &format!("{case}, loss"), &[actual.loss], &[expected.loss], |_| bound);
    let counts = |tally: Tally| [tally.correct as f64, tally.finite_batches as f64];
    expect_equal(operation, &format!("{case}, counts"), &counts(actual), &counts(expected));
}

/// The first of equal outputs is the prediction; a NaN makes the loss NaN and stops the count of
/// finite batches.
fn ties_and_not_a_number<T: Tensor>(device: &T::Device) {
    let shape = Shape::new(4, 3);
    let rows = [[0.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.0, 0.0, -1.0], [-1.0, -1.0, 5.0]];
    let outputs: Vec<T::Elem> = rows.concat().into_iter().map(T::Elem::from_f64).collect();
    for classes in [[1, 0, 0, 2], [2, 1, 1, 0]] {
        both_losses::<T>(device, &format!("ties against {classes:?}"), shape, &outputs, &classes);
    }
    for position in 0..3 {
        let mut outputs = outputs.clone();
        outputs[3 + position] = T::Elem::from_f64(f64::NAN);
        let (_, tally) = cross_entropy::<T>(device, shape, &outputs, &[1, 0, 0, 2]);
        not_finite::<T>("softmax_cross_entropy", position, &tally);
        let (_, tally) = squared_error::<T>(device, shape, &outputs, &[1, 0, 0, 2]);
        not_finite::<T>("squared_error", position, &tally);
    }
}

fn not_finite<T: Tensor>(operation: &str, position: usize, tally: &[T::Elem]) {
    let tally = Tally::from_values(tally);
    let case = format!("NaN at column {position}");
    assert!(!tally.loss.is_finite(), "conformance: {operation}, {case}: loss is {}", tally.loss);
    assert_eq!(tally.finite_batches, 0, "conformance: {operation}, {case}: finite batches");
}

fn tally<T: Tensor>(device: &T::Device) {
    fn filled<X: Tensor>(device: &X::Device, losses: &[f64]) -> Vec<X::Elem> {
        let mut tally =
            X::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Activation).expect("memory");
        for (index, &loss) in losses.iter().enumerate() {
            tally.add_batch(loss, index % 5);
        }
        tally.to_vec()
    }
    let many: Vec<f64> = (0..3000).map(|index| 0.1 + f64::from(index) * 1e-3).collect();
    let diverging = [1.0, 2.0, f64::NAN, 3.0, f64::INFINITY, 4.0];
    let infinite = [1.0, f64::INFINITY, f64::NEG_INFINITY];
    for losses in [&many[..], &diverging, &infinite] {
        let expected = filled::<ReferenceTensor<T::Elem>>(&(), losses);
        let case = format!("{} losses", losses.len());
        expect_equal("add_batch", &case, &filled::<T>(device, losses), &expected);
    }
}
