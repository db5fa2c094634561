//! How one step changes one weight: a closed list of rules, each a few scalars.

use crate::{Element, StepNumbers};

/// The rule of an optimizer; what changes from step to step is in [`StepNumbers`].
///
/// `w` is the weight, `g` its gradient with the penalty's part added, `λ` the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdateRule<E> {
    /// Gradient descent, eq. (103): w ← w - λ g.
    Descent,
    /// v ← μ v + g; w ← w - λ v, or with Nesterov's look-ahead w ← w - λ (g + μ v).
    Momentum {
        /// μ.
        momentum: E,
        /// Whether to look ahead.
        nesterov: bool,
    },
    /// s ← ρ s + (1 - ρ) g²; w ← w - λ g / (√s + ε).
    RmsProp {
        /// ρ.
        smoothing: E,
        /// ε.
        epsilon: E,
    },
    /// m ← β₁ m + (1 - β₁) g; s ← β₂ s + (1 - β₂) g²; w ← w - λ (m / c₁) / (√(s / c₂) + ε),
    /// Kingma and Ba 2015.
    Adam {
        /// β₁.
        beta1: E,
        /// β₂.
        beta2: E,
        /// ε.
        epsilon: E,
    },
}

/// Terms that are added to the loss: `l1 Σ|w| + l2/2 Σw²`, over weights, not biases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty<E> {
    /// Factor of Σ|w|.
    pub l1: E,
    /// Factor of Σw²/2 (the `weight_decay` of PyTorch's SGD).
    pub l2: E,
}

impl<E: Element> Penalty<E> {
    /// No penalty.
    pub const NONE: Self = Self { l1: E::ZERO, l2: E::ZERO };

    /// What the penalty adds to the gradient: `l1 sign(w) + l2 w`, with sign(0) = 0.
    #[must_use]
    pub fn gradient(&self, weight: E) -> E {
        let sign = if weight > E::ZERO {
            E::ONE
        } else if weight < E::ZERO {
            -E::ONE
        } else {
            E::ZERO
        };
        self.l1 * sign + self.l2 * weight
    }
}

/// How an optimizer changes one tensor, the same in all steps of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update<E> {
    /// The rule.
    pub rule: UpdateRule<E>,
    /// Penalty whose gradient is added to g.
    pub penalty: Penalty<E>,
    /// Decoupled decay (Loshchilov and Hutter 2019): w ← w - λ · decay · w, before the rule.
    pub decay: E,
}

impl<E: Element> Update<E> {
    /// The same for a bias, which is neither penalised nor decayed.
    #[must_use]
    pub fn for_bias(&self) -> Self {
        Self { penalty: Penalty::NONE, decay: E::ZERO, ..*self }
    }

    /// Returns the new value of one weight; `first` and `second` are its moments, which rules that have
    /// none leave alone.
    ///
    /// ```
    /// use nn_tensor::{Penalty, StepNumbers, Update, UpdateRule};
    /// let update = Update { rule: UpdateRule::Descent, penalty: Penalty::NONE, decay: 0.0 };
    /// let numbers = StepNumbers::with_learning_rate(0.5);
    /// assert_eq!(update.apply(&numbers, 1.0, 0.25, &mut 0.0, &mut 0.0), 0.875);
    /// ```
    #[must_use]
    pub fn apply(
        &self,
        numbers: &StepNumbers<E>,
        weight: E,
        gradient: E,
        first: &mut E,
        second: &mut E,
    ) -> E {
        let StepNumbers { learning_rate, correction1, correction2 } = *numbers;
        let gradient = gradient + self.penalty.gradient(weight);
        let weight = weight - learning_rate * self.decay * weight;
        match self.rule {
            UpdateRule::Descent => weight - learning_rate * gradient,
            UpdateRule::Momentum { momentum, nesterov } => {
                *first = momentum * *first + gradient;
                let direction = if nesterov { gradient + momentum * *first } else { *first };
                weight - learning_rate * direction
            }
            UpdateRule::RmsProp { smoothing, epsilon } => {
                *first = smoothing * *first + (E::ONE - smoothing) * gradient * gradient;
                weight - learning_rate * gradient / (first.sqrt() + epsilon)
            }
            UpdateRule::Adam { beta1, beta2, epsilon } => {
                *first = beta1 * *first + (E::ONE - beta1) * gradient;
                *second = beta2 * *second + (E::ONE - beta2) * gradient * gradient;
                let mean = *first / correction1;
                let root_mean_square = (*second / correction2).sqrt();
                weight - learning_rate * mean / (root_mean_square + epsilon)
            }
        }
    }
}
