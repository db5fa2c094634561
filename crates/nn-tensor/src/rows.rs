//! What is computed of one row of outputs: the largest, softmax, cross-entropy.

use crate::Element;

/// Column of the largest value; the first of equals; 0 where nothing compares (all NaN, empty).
///
/// ```
/// assert_eq!(nn_tensor::argmax(&[0.1, 0.7, 0.7]), 1);
/// ```
#[must_use]
pub fn argmax<E: Element>(row: &[E]) -> usize {
    let mut best = 0;
    for (column, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = column;
        }
    }
    best
}

/// Replaces logits by probabilities and returns ln Σ exp(logit - largest); the largest logit is taken out
/// so that nothing overflows.
pub(crate) fn softmax_row<E: Element>(row: &mut [E]) -> E {
    let largest = row.iter().copied().fold(E::neg_infinity(), E::max);
    let mut sum = E::ZERO;
    for value in row.iter_mut() {
        *value = (*value - largest).exp();
        sum += *value;
    }
    for value in row.iter_mut() {
        *value = *value / sum;
    }
    sum.ln()
}

/// One row of [`Tensor::softmax_cross_entropy`](crate::Tensor::softmax_cross_entropy): replaces logits by
/// `factor` · (Σ t · softmax(logits) - t), and returns Σ -t ln p. The target t of class c is
/// (1 - smoothing) `w[class]` at c = `class`, plus smoothing / classes · `w[c]`, with w = 1 without weights.
///
/// ```
/// let mut row = [0.0_f64, 0.0];
/// // Two classes that are equally likely: each part of the target costs ln 2.
/// let weights = [1.0, 3.0];
/// let loss = nn_tensor::weighted_entropy_row(&mut row, 1, 0.2, 1.0, Some(&weights));
/// // t = (0.1, 0.8 · 3 + 0.3), Σ t = 2.8
/// assert!((loss - 2.8 * 2.0_f64.ln()).abs() < 1e-12);
/// assert!((row[0] - (1.4 - 0.1)).abs() < 1e-12 && (row[1] - (1.4 - 2.7)).abs() < 1e-12);
/// ```
///
/// # Panics
/// Where there is no column `class`, or a class has no weight.
pub fn weighted_entropy_row<E: Element>(
    row: &mut [E],
    class: usize,
    smoothing: E,
    factor: E,
    weights: Option<&[E]>,
) -> E {
    let weight = |column: usize| weights.map_or(E::ONE, |weights| weights[column]);
    let everywhere = smoothing / E::from_f64(row.len() as f64);
    let here = (E::ONE - smoothing) * weight(class);
    // Each -ln p is ln Σ exp(logit - largest) - (logit - largest).
    let largest = row[argmax(row)];
    let (mut total, mut expected) = (here, here * (row[class] - largest));
    // Without smoothing, a logit that overflows elsewhere does not matter.
    if smoothing > E::ZERO {
        for (column, &logit) in row.iter().enumerate() {
            total += everywhere * weight(column);
            expected += everywhere * weight(column) * (logit - largest);
        }
    }
    let log_of_sum = softmax_row(row);
    for (column, value) in row.iter_mut().enumerate() {
        let target = everywhere * weight(column) + if column == class { here } else { E::ZERO };
        *value = (total * *value - target) * factor;
    }
    total * log_of_sum - expected
}

/// N / Σ w of the classes of a batch of N samples: what makes a weighted sum of their losses N times
/// their weighted mean.
///
/// ```
/// assert_eq!(nn_tensor::class_weight_scale(&[1.0, 3.0], [1, 1, 0, 0].into_iter()), 0.5);
/// ```
///
/// # Panics
/// Where a class has no weight.
pub fn class_weight_scale<E: Element>(
    weights: &[E],
    classes: impl ExactSizeIterator<Item = usize>,
) -> E {
    let count = classes.len() as f64;
    let sum: f64 = classes.map(|class| weights[class].to_f64()).sum();
    E::from_f64(if sum > 0.0 { count / sum } else { 1.0 })
}
