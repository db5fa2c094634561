//! How several answers to one sample become one.

use crate::Loss;
use nn_tensor::Element;

/// Pools the answers of several networks, each to one or several views of a sample.
///
/// Under cross-entropy an answer is the **logarithm** of a probability for each class, so that no
/// small one is lost. A network's is that of the mean of its probabilities over the views; that of
/// several networks is the mean of theirs, made a distribution again: a logarithmic opinion pool
/// (Heskes 1998), whose loss is never above the mean of theirs. Under other losses the outputs are
/// averaged.
///
/// ```
/// use nn_core::{AnswerPool, Loss};
/// let mut pool = AnswerPool::new(Loss::CrossEntropy, 1, 2);
/// let mut means = vec![0.0; 4]; // two networks, two classes
/// pool.add_view(&mut means[..2], &[2.0_f64, 0.0]);
/// pool.add_view(&mut means[2..], &[0.0_f64, 0.0]);
/// // The softmax of the mean of the logits, (1, 0).
/// let answer = pool.answer(&mut means);
/// assert!((answer[0] - answer[1] - 1.0).abs() < 1e-12);
/// assert!((answer[0].exp() + answer[1].exp() - 1.0).abs() < 1e-12);
/// ```
#[derive(Debug)]
pub struct AnswerPool {
    loss: Loss,
    views: f64,
    /// Of one network and view: an answer, or with several views the probabilities.
    row: Vec<f64>,
    /// Of all.
    answer: Vec<f64>,
}

impl AnswerPool {
    /// Creates a pool of answers of `outputs` numbers, for so many views of each sample.
    #[must_use]
    pub fn new(loss: Loss, views: usize, outputs: usize) -> Self {
        Self { loss, views: views as f64, row: vec![0.0; outputs], answer: vec![0.0; outputs] }
    }

    /// Whether views are averaged as probabilities: a single one is not taken there and back.
    fn of_probabilities(&self) -> bool {
        self.loss == Loss::CrossEntropy && self.views > 1.0
    }

    /// Adds a network's output for one view to `mean`, its mean over the views, which begins at 0.
    pub fn add_view<E: Element>(&mut self, mean: &mut [f64], output: &[E]) {
        if self.loss == Loss::CrossEntropy {
            log_softmax(output, &mut self.row);
        } else {
            self.row.iter_mut().zip(output).for_each(|(value, &output)| *value = output.to_f64());
        }
        let probabilities = self.of_probabilities();
        for (mean, &value) in mean.iter_mut().zip(&self.row) {
            *mean += if probabilities { value.exp() } else { value } / self.views;
        }
    }

    /// Returns the answer of all networks from the mean of each, networks x outputs.
    pub fn answer(&mut self, means: &mut [f64]) -> &[f64] {
        if self.of_probabilities() {
            means.iter_mut().for_each(|mean| *mean = mean.max(f64::MIN_POSITIVE).ln());
        }
        let networks = means.len() / self.answer.len();
        self.answer.fill(0.0);
        for mean in means.chunks_exact(self.answer.len()) {
            for (answer, mean) in self.answer.iter_mut().zip(mean) {
                *answer += mean / networks as f64;
            }
        }
        if self.loss == Loss::CrossEntropy && networks > 1 {
            self.row.copy_from_slice(&self.answer);
            log_softmax(&self.row, &mut self.answer);
        }
        &self.answer
    }
}

/// Computes the logarithms of the softmax of `logits`, in `f64`.
fn log_softmax<E: Element>(logits: &[E], result: &mut [f64]) {
    let numbers = || logits.iter().map(|&logit| Element::to_f64(logit));
    let largest = numbers().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = numbers().map(|logit| (logit - largest).exp()).sum();
    for (value, logit) in result.iter_mut().zip(numbers()) {
        *value = logit - largest - sum.ln();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_of_probabilities_do_not_overflow() {
        let mut result = [0.0; 3];
        log_softmax(&[1e30_f64, 0.0, 1e30], &mut result);
        assert!((result[0] + std::f64::consts::LN_2).abs() < 1e-12);
        log_softmax(&[0.0_f32, 0.0, 0.0], &mut result);
        assert!(result.iter().all(|x| (x + 3.0_f64.ln()).abs() < 1e-12));
    }
}
