//! What works against overfitting: smoothed targets, weighted classes, limited norms, averages, masked
//! weights.

use super::compare::{epsilon, expect_close, expect_elements};
use super::samples::{classes, numbers, pass_over, resident_labels, tensor};
use crate::{ClassTarget, Element, ReferenceTensor, Role, Shape, TALLY_WIDTH, Tensor};

/// Holds these operations to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for shape in [Shape::new(1, 1), Shape::new(3, 5), Shape::new(128, 10), Shape::new(65, 33)] {
        for (smoothing, weighted) in [(0.0, false), (0.1, false), (0.0, true), (0.3, true)] {
            cross_entropy::<T>(device, shape, smoothing, weighted);
        }
    }
    for shape in [Shape::new(1, 9), Shape::new(10, 1), Shape::new(30, 784), Shape::new(129, 65)] {
        moving::<T>(device, shape);
        masked::<T>(device, shape);
        norms::<T>(device, shape);
    }
}

fn cross_entropy<T: Tensor>(device: &T::Device, shape: Shape, smoothing: f64, weighted: bool) {
    fn pass<X: Tensor>(
        device: &X::Device,
        shape: Shape,
        smoothing: f64,
        weighted: bool,
    ) -> (Vec<X::Elem>, Vec<X::Elem>) {
        let logits: Vec<X::Elem> =
            numbers::<f64>(81, shape.len()).iter().map(|x| X::Elem::from_f64(6.0 * x)).collect();
        let weights: Vec<X::Elem> =
            numbers::<f64>(82, shape.columns).iter().map(|x| X::Elem::from_f64(x + 1.5)).collect();
        let weights: X = tensor(device, Shape::new(1, shape.columns), Role::Weight, &weights);
        let logits: X = tensor(device, shape, Role::Activation, &logits);
        let mut gradient: X = tensor(device, shape, Role::Activation, &numbers(83, shape.len()));
        let mut tally =
            X::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Activation).expect("memory");
        let factor = X::Elem::from_f64(1.0 / shape.rows as f64);
        let classes = classes(84, shape.rows, shape.columns);
        let rows: Vec<u32> = (0..shape.rows as u32).collect();
        let labels = resident_labels::<X>(device, &classes, shape.columns);
        let class_weights = weighted.then_some(&weights);
        let target = ClassTarget { factor, smoothing: X::Elem::from_f64(smoothing), class_weights };
        let epoch = pass_over::<X>(device, &rows);
        gradient.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
        (gradient.to_vec(), tally.to_vec())
    }
    let case = format!("{shape}, smoothing {smoothing}, weights: {weighted}");
    let (gradient, tally) = pass::<T>(device, shape, smoothing, weighted);
    let (expected, sums) = pass::<ReferenceTensor<T::Elem>>(&(), shape, smoothing, weighted);
    expect_elements("softmax_cross_entropy", &case, &gradient, &expected);
    let bound = 64.0 * shape.len() as f64 * epsilon::<T::Elem>();
    expect_close("softmax_cross_entropy (tally)", &case, &tally, &sums, |_| bound);
}

fn moving<T: Tensor>(device: &T::Device, shape: Shape) {
    fn moved<X: Tensor>(device: &X::Device, shape: Shape, share: f64) -> Vec<X::Elem> {
        let target: X = tensor(device, shape, Role::Weight, &numbers(85, shape.len()));
        let mut place: X = tensor(device, shape, Role::Weight, &numbers(86, shape.len()));
        place.move_towards(&target, X::Elem::from_f64(share));
        place.to_vec()
    }
    for share in [0.0, 0.001, 0.1, 1.0] {
        let expected = moved::<ReferenceTensor<T::Elem>>(&(), shape, share);
        let case = format!("{shape}, share {share}");
        expect_elements("move_towards", &case, &moved::<T>(device, shape, share), &expected);
    }
}

/// Each third factor is 0, so that what is put to 0 is told from what is left.
fn masked<T: Tensor>(device: &T::Device, shape: Shape) {
    fn product<X: Tensor>(device: &X::Device, shape: Shape) -> Vec<X::Elem> {
        let mut factors: Vec<X::Elem> = numbers(88, shape.len());
        factors.iter_mut().step_by(3).for_each(|factor| *factor = X::Elem::ZERO);
        let factors: X = tensor(device, shape, Role::Weight, &factors);
        let mut weight: X = tensor(device, shape, Role::Weight, &numbers(89, shape.len()));
        weight.multiply_elements(&factors);
        weight.to_vec()
    }
    let expected = product::<ReferenceTensor<T::Elem>>(&(), shape);
    let actual = product::<T>(device, shape);
    expect_elements("multiply_elements", &shape.to_string(), &actual, &expected);
}

/// Some rows are too long and some are not.
fn norms<T: Tensor>(device: &T::Device, shape: Shape) {
    fn limited<X: Tensor>(device: &X::Device, shape: Shape) -> Vec<X::Elem> {
        let values: Vec<X::Elem> = numbers::<f64>(87, shape.len())
            .iter()
            .enumerate()
            .map(|(index, x)| {
                let row = (index / shape.columns) as f64;
                X::Elem::from_f64(x * (1.0 + row / shape.rows as f64))
            })
            .collect();
        let mut weight: X = tensor(device, shape, Role::Weight, &values);
        // Rows are about 0.58 to 1.15 √columns long.
        weight.limit_row_norms(X::Elem::from_f64(0.85 * (shape.columns as f64).sqrt()));
        weight.to_vec()
    }
    let expected = limited::<ReferenceTensor<T::Elem>>(&(), shape);
    let actual = limited::<T>(device, shape);
    let bound = (shape.columns + 32) as f64 * epsilon::<T::Elem>();
    expect_close("limit_row_norms", &shape.to_string(), &actual, &expected, |_| bound);
}
