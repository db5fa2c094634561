//! Counts of right and wrong answers, and what is derived from them.

use std::collections::BTreeMap;

/// How often each class was taken for which.
///
/// Shares are `None` where they are undefined (0/0), never NaN. Only pairs that occurred take
/// memory, so that 65,536 classes need no table of four thousand million counts.
///
/// ```
/// use nn_data::ConfusionMatrix;
/// let mut confusion = ConfusionMatrix::new(3);
/// for (actual, predicted) in [(0, 0), (0, 1), (1, 1), (1, 1)] {
///     confusion.add(actual, predicted);
/// }
/// assert_eq!(confusion.count(0, 1), 1);
/// assert_eq!(confusion.accuracy(), Some(0.75));
/// assert_eq!(confusion.precision(1), Some(2.0 / 3.0));
/// assert_eq!(confusion.recall(0), Some(0.5));
/// assert_eq!(confusion.recall(2), None); // class 2 did not occur
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    /// By (actual, predicted).
    counts: BTreeMap<(usize, usize), usize>,
    /// By actual class.
    actual: Vec<usize>,
    /// By predicted class.
    predicted: Vec<usize>,
}

impl ConfusionMatrix {
    /// A table of zeros for classes 0 to `classes` - 1.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        let (actual, predicted) = (vec![0; classes], vec![0; classes]);
        Self { counts: BTreeMap::new(), actual, predicted }
    }

    /// Counts one sample of class `actual` that was taken for `predicted`.
    ///
    /// # Panics
    /// When either is not below [`classes`](Self::classes).
    pub fn add(&mut self, actual: usize, predicted: usize) {
        self.actual[actual] += 1;
        self.predicted[predicted] += 1;
        *self.counts.entry((actual, predicted)).or_default() += 1;
    }

    /// Samples of class `actual` that were taken for `predicted`.
    #[must_use]
    pub fn count(&self, actual: usize, predicted: usize) -> usize {
        self.counts.get(&(actual, predicted)).copied().unwrap_or(0)
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.actual.len()
    }

    /// Samples of class `class`.
    ///
    /// # Panics
    /// When `class` is not below [`classes`](Self::classes).
    #[must_use]
    pub fn support(&self, class: usize) -> usize {
        self.actual[class]
    }

    /// Samples counted.
    #[must_use]
    pub fn total(&self) -> usize {
        self.actual.iter().sum()
    }

    /// Samples that were taken for what they are.
    #[must_use]
    pub fn correct(&self) -> usize {
        (0..self.classes()).map(|class| self.count(class, class)).sum()
    }

    /// Share of samples that were taken for what they are; `None` without samples.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        share(self.correct(), self.total())
    }

    /// Of the samples that were taken for `class`, the share that are it.
    ///
    /// # Panics
    /// When `class` is not below [`classes`](Self::classes).
    #[must_use]
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.predicted[class])
    }

    /// Of the samples that are `class`, the share that were taken for it.
    ///
    /// # Panics
    /// When `class` is not below [`classes`](Self::classes).
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.actual[class])
    }

    /// Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); `None` for a class that
    /// neither occurred nor was predicted.
    ///
    /// # Panics
    /// When `class` is not below [`classes`](Self::classes).
    #[must_use]
    pub fn f1(&self, class: usize) -> Option<f64> {
        share(2 * self.count(class, class), self.actual[class] + self.predicted[class])
    }
}

/// `part / whole`, where that is defined.
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
