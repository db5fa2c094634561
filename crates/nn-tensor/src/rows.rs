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

/// Replaces logits by probabilities and returns ln Σ exp(logit - largest) and the largest logit, which
/// is taken out so that nothing overflows.
pub(crate) fn softmax_row<E: Element>(row: &mut [E]) -> (E, E) {
    let largest = row.iter().copied().fold(E::neg_infinity(), E::max);
    let mut sum = E::ZERO;
    for value in row.iter_mut() {
        *value = (*value - largest).exp();
        sum += *value;
    }
    for value in row.iter_mut() {
        *value = *value / sum;
    }
    (sum.ln(), largest)
}

/// One row of [`Tensor::weighted_cross_entropy`](crate::Tensor::weighted_cross_entropy): replaces logits by `factor` · `weight` ·
/// (softmax(logits) - q), q being the one-hot vector of `class`, smoothed, and returns `weight` ·
/// Σ -q ln p.
///
/// ```
/// let mut row = [0.0_f64, 0.0];
/// // Two classes that are equally likely: ln 2, however the target is smoothed.
/// let loss = nn_tensor::smoothed_entropy_row(&mut row, 1, 0.2, 1.0, 3.0);
/// assert!((loss - 3.0 * 2.0_f64.ln()).abs() < 1e-12);
/// assert!((row[0] - 3.0 * 0.4).abs() < 1e-12 && (row[1] + 3.0 * 0.4).abs() < 1e-12);
/// ```
///
/// # Panics
/// Where there is no column `class`.
pub fn smoothed_entropy_row<E: Element>(
    row: &mut [E],
    class: usize,
    smoothing: E,
    factor: E,
    weight: E,
) -> E {
    let elsewhere = smoothing / E::from_f64(row.len() as f64);
    // Each -ln p is ln Σ exp(logit - largest) - (logit - largest); the targets add up to 1.
    let largest = row[argmax(row)];
    let logit = row[class] - largest;
    let sum: E = row.iter().map(|&value| value - largest).sum();
    let (log_of_sum, _) = softmax_row(row);
    let expected = (E::ONE - smoothing) * logit + sum * elsewhere;
    row[class] = row[class] - (E::ONE - smoothing);
    for value in row {
        *value = (*value - elsewhere) * (factor * weight);
    }
    weight * (log_of_sum - expected)
}
