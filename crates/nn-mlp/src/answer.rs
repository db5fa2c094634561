//! What a model says about a sample.

use crate::task::Task;
use std::sync::Arc;

/// What a model says about a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub(crate) values: Vec<f64>,
    kind: Arc<AnswerKind>,
}

/// What all answers of a model have in common.
#[derive(Debug, PartialEq)]
pub(crate) struct AnswerKind {
    task: Task,
    has_probabilities: bool,
    /// A name for each class; of a regression none.
    class_names: Vec<String>,
}

impl AnswerKind {
    /// Describes answers of `outputs` numbers.
    pub(crate) fn new(
        task: Task,
        has_probabilities: bool,
        outputs: usize,
        class_names: &[String],
    ) -> Self {
        let class_names = match (task, class_names) {
            (Task::Regression, _) => Vec::new(),
            (Task::Classification, []) => (0..outputs).map(|class| class.to_string()).collect(),
            (Task::Classification, names) => names.to_vec(),
        };
        Self { task, has_probabilities, class_names }
    }
}

impl Answer {
    pub(crate) fn new(kind: &Arc<AnswerKind>, outputs: usize) -> Self {
        Self { values: vec![0.0; outputs], kind: Arc::clone(kind) }
    }

    /// Returns the class: the one with the largest output, the first of equals. Of a regression it is 0.
    #[must_use]
    pub fn class(&self) -> usize {
        match self.kind.task {
            Task::Classification => nn_core::argmax(&self.values),
            Task::Regression => 0,
        }
    }

    /// Returns the name of the [`class`](Self::class), its number where it was given none. Of a regression it is empty.
    #[must_use]
    pub fn class_name(&self) -> &str {
        self.kind.class_names.get(self.class()).map_or("", String::as_str)
    }

    /// Returns the probability of the [`class`](Self::class); under another loss than cross-entropy its output, which is
    /// no probability (see [`has_probabilities`](Self::has_probabilities)).
    #[must_use]
    pub fn probability(&self) -> f64 {
        self.values.get(self.class()).copied().unwrap_or(f64::NAN)
    }

    /// Returns the probability of every class, class 0 first: the same numbers as [`values`](Self::values).
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.values
    }

    /// Returns whether the numbers are probabilities: they are under cross-entropy.
    #[must_use]
    pub fn has_probabilities(&self) -> bool {
        self.kind.has_probabilities
    }

    /// Returns the first value of a regression, which usually is the only one.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.values.first().copied().unwrap_or(f64::NAN)
    }

    /// Returns all numbers of the answer.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns every class with its number, the most probable first.
    #[must_use]
    pub fn ranking(&self) -> Vec<(usize, f64)> {
        let mut ranking: Vec<(usize, f64)> = self.values.iter().copied().enumerate().collect();
        ranking.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranking
    }
}
