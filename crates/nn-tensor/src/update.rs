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
        smoothing: Smoothing<E>,
        /// ε.
        epsilon: E,
    },
    /// m ← β₁ m + (1 - β₁) g; s ← β₂ s + (1 - β₂) g²; at step t
    /// w ← w - λ / (1 - β₁ᵗ) · m / (√s / √(1 - β₂ᵗ) + ε), Kingma and Ba 2015, with both corrections in
    /// [`StepNumbers`](crate::StepNumbers).
    Adam {
        /// β₁.
        beta1: Smoothing<E>,
        /// β₂.
        beta2: Smoothing<E>,
        /// ε.
        epsilon: E,
    },
}

impl<E: Element> UpdateRule<E> {
    /// Returns RMSprop with the smoothing ρ.
    #[must_use]
    pub fn rms_prop(smoothing: f64, epsilon: f64) -> Self {
        Self::RmsProp { smoothing: Smoothing::new(smoothing), epsilon: E::from_f64(epsilon) }
    }

    /// Returns Adam with β₁ and β₂.
    #[must_use]
    pub fn adam(beta1: f64, beta2: f64, epsilon: f64) -> Self {
        let (beta1, beta2) = (Smoothing::new(beta1), Smoothing::new(beta2));
        Self::Adam { beta1, beta2, epsilon: E::from_f64(epsilon) }
    }
}

/// An exponential running mean, which keeps a share of itself in each step.
///
/// ```
/// let of_f32 = nn_tensor::Smoothing::<f32>::new(0.999_999);
/// assert_eq!(of_f32.take, 1e-6); // 1 - 0.999999 in f32 would be 1.01e-6
/// assert_eq!(nn_tensor::Smoothing::new(0.75).apply(4.0, 8.0), 5.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothing<E> {
    /// The share β that stays.
    pub keep: E,
    /// 1 - β, rounded from the exact difference.
    pub take: E,
}

impl<E: Element> Smoothing<E> {
    /// The mean that keeps the share `keep`.
    #[must_use]
    pub fn new(keep: f64) -> Self {
        Self { keep: E::from_f64(keep), take: E::from_f64(1.0 - keep) }
    }

    /// Returns β mean + (1 - β) value, or 0 where that is subnormal.
    #[must_use]
    pub fn apply(&self, mean: E, value: E) -> E {
        flushed(self.keep * mean + self.take * value)
    }
}

/// +0 for a subnormal number and for -0, else the number itself.
///
/// What decays from step to step ends among the subnormal numbers, with which many a CPU is far slower. Next to
/// what a step changes they are nothing: all of them are below 1.2e-38 in `f32`.
fn flushed<E: Element>(value: E) -> E {
    if value.abs() < E::min_positive_value() { E::ZERO } else { value }
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
        let StepNumbers { learning_rate, corrected_rate, root_correction } = *numbers;
        let gradient = gradient + self.penalty.gradient(weight);
        let weight = weight - learning_rate * self.decay * weight;
        match self.rule {
            UpdateRule::Descent => weight - learning_rate * gradient,
            UpdateRule::Momentum { momentum, nesterov } => {
                *first = flushed(momentum * *first + gradient);
                let direction = if nesterov { gradient + momentum * *first } else { *first };
                weight - learning_rate * direction
            }
            UpdateRule::RmsProp { smoothing, epsilon } => {
                *first = smoothing.apply(*first, gradient * gradient);
                weight - learning_rate * gradient / (first.sqrt() + epsilon)
            }
            UpdateRule::Adam { beta1, beta2, epsilon } => {
                *first = beta1.apply(*first, gradient);
                *second = beta2.apply(*second, gradient * gradient);
                weight - corrected_rate * *first / (second.sqrt() * root_correction + epsilon)
            }
        }
    }
}
