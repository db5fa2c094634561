//! Activation functions σ and their derivatives σ'.

use crate::Element;
use serde::{Deserialize, Serialize};

/// A function σ applied to each weighted sum `z`, eq. (104): `a = σ(z)`.
///
/// A closed list rather than a closure, so that a GPU can implement each one.
///
/// ```
/// use nn_tensor::Activation;
/// assert_eq!(Activation::Relu.apply(-2.0_f64), 0.0);
/// assert_eq!(Activation::Sigmoid.apply(0.0_f64), 0.5);
/// assert_eq!(Activation::Sigmoid.derivative(0.0_f64), 0.25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// σ(z) = z.
    Identity,
    /// The step function, eq. (94): 1 where z > 0, else 0. Its derivative is 0 wherever it exists,
    /// so a network with it can be used but not trained by descent.
    Heaviside,
    /// σ(z) = 1 / (1 + exp(-z)).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// Rectifier, eq. (96): max(0, z). σ'(0) is taken as 0.
    Relu,
    /// z where z > 0, else 0.01 z. σ'(0) is taken as 0.01.
    LeakyRelu,
    /// z Φ(z) with the normal distribution function Φ, in its exact form with erf.
    Gelu,
    /// ln(1 + exp(z)), the smooth rectifier.
    Softplus,
}

/// Slope of the leaky rectifier below zero.
const LEAK: f64 = 0.01;

impl Activation {
    /// Every activation, in the order in which help texts and tables list them.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Heaviside,
        Self::Sigmoid,
        Self::Tanh,
        Self::Relu,
        Self::LeakyRelu,
        Self::Gelu,
        Self::Softplus,
    ];

    /// The name in configuration files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Heaviside => "heaviside",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
            Self::Gelu => "gelu",
            Self::Softplus => "softplus",
        }
    }

    /// σ(z).
    #[must_use]
    pub fn apply<E: Element>(self, z: E) -> E {
        match self {
            Self::Identity => z,
            Self::Heaviside => {
                if z > E::ZERO {
                    E::ONE
                } else {
                    E::ZERO
                }
            }
            Self::Sigmoid => sigmoid(z),
            Self::Tanh => z.tanh(),
            // Not max(): a NaN must stay a NaN, so that divergence is seen.
            Self::Relu => {
                if z <= E::ZERO {
                    E::ZERO
                } else {
                    z
                }
            }
            Self::LeakyRelu => {
                if z <= E::ZERO {
                    E::from_f64(LEAK) * z
                } else {
                    z
                }
            }
            Self::Gelu => z * normal_distribution(z),
            // ln(1 + eᶻ) = max(z, 0) + ln(1 + e^-|z|), which never overflows.
            Self::Softplus => z.max(E::ZERO) + (-z.abs()).exp().ln_1p(),
        }
    }

    /// σ'(z) from the weighted sum z.
    #[must_use]
    pub fn derivative<E: Element>(self, z: E) -> E {
        match self {
            Self::Gelu => normal_distribution(z) + z * normal_density(z),
            _ => self.derivative_from_output(self.apply(z)),
        }
    }

    /// σ' from the activation a = σ(z) itself, which saves keeping z.
    ///
    /// # Panics
    /// For [`Activation::Gelu`], whose value does not determine its slope: see
    /// [`Self::needs_weighted_sum`].
    #[must_use]
    #[expect(clippy::panic, reason = "a documented programming error")]
    pub fn derivative_from_output<E: Element>(self, a: E) -> E {
        match self {
            Self::Identity => E::ONE,
            Self::Heaviside => E::ZERO,
            Self::Sigmoid => a * (E::ONE - a),
            Self::Tanh => E::ONE - a * a,
            Self::Relu => {
                if a > E::ZERO {
                    E::ONE
                } else {
                    E::ZERO
                }
            }
            Self::LeakyRelu => {
                if a > E::ZERO {
                    E::ONE
                } else {
                    E::from_f64(LEAK)
                }
            }
            // a = ln(1 + eᶻ), so σ(z) = eᶻ / (1 + eᶻ) = 1 - e⁻ᵃ.
            Self::Softplus => -(-a).exp_m1(),
            Self::Gelu => panic!("derivative_from_output: gelu needs the weighted sum z"),
        }
    }

    /// Whether σ' can only be had from z, so that z must be kept beside a.
    #[must_use]
    pub fn needs_weighted_sum(self) -> bool {
        self == Self::Gelu
    }

    /// Whether descent can train through it: everything but the step function.
    #[must_use]
    pub fn is_trainable(self) -> bool {
        self != Self::Heaviside
    }
}

/// 1 / (1 + exp(-z)), computed from exp(-|z|) so that nothing overflows.
fn sigmoid<E: Element>(z: E) -> E {
    let decay = (-z.abs()).exp();
    if z < E::ZERO { decay / (E::ONE + decay) } else { E::ONE / (E::ONE + decay) }
}

/// Φ(z) = (1 + erf(z/√2)) / 2.
fn normal_distribution<E: Element>(z: E) -> E {
    E::from_f64(0.5)
        * (E::ONE + (z * E::from_f64(std::f64::consts::FRAC_1_SQRT_2)).error_function())
}

/// φ(z) = exp(-z²/2) / √(2π).
fn normal_density<E: Element>(z: E) -> E {
    let root_of_two_pi = E::from_f64((2.0 * std::f64::consts::PI).sqrt());
    (E::from_f64(-0.5) * z * z).exp() / root_of_two_pi
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_central_differences() {
        let h = 1e-6;
        for activation in Activation::ALL {
            for z in [-3.0, -1.0, -0.3, 0.2, 0.9, 2.5_f64] {
                let numeric = (activation.apply(z + h) - activation.apply(z - h)) / (2.0 * h);
                let exact = activation.derivative(z);
                assert!((numeric - exact).abs() < 1e-8, "{activation:?} at {z}: {numeric} {exact}");
            }
        }
    }

    #[test]
    fn nothing_overflows_at_the_edges() {
        for activation in Activation::ALL {
            for z in [-1e30_f32, -100.0, 100.0, 1e30] {
                assert!(activation.apply(z).is_finite(), "{activation:?} at {z}");
                assert!(activation.derivative(z).is_finite(), "{activation:?}' at {z}");
            }
        }
    }

    #[test]
    fn divergence_is_not_hidden() {
        for activation in Activation::ALL {
            if activation.is_trainable() {
                assert!(activation.apply(f32::NAN).is_nan(), "{activation:?}");
            }
        }
    }
}
