//! How the learning rate moves through a training.

use crate::ConfigError;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The form of the curve after the warm-up; `base` is the configured learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "name")]
pub enum Curve {
    /// `base` throughout.
    Constant,
    /// `base` times `factor` after every `epochs` epochs, counted from the end of the warm-up.
    Step {
        /// Epochs between two drops.
        epochs: usize,
        /// What each drop multiplies by.
        factor: f64,
    },
    /// Half a cosine from `base` to 0.
    Cosine,
    /// Up from base/25 to `base` in the first 30 % and down to base/250,000, both along half a
    /// cosine (Smith 2018, with the constants of PyTorch's `OneCycleLR`); takes no other warm-up.
    OneCycle,
}

/// A curve, with an optional linear warm-up before it; the curve begins when the warm-up ends, as in PyTorch's
/// `SequentialLR`.
///
/// ```
/// use nn_core::{Curve, Schedule};
/// let schedule = Schedule { curve: Curve::Cosine, warm_up: 0.0 };
/// // base rate 0.1, step 50 of 100, 10 steps an epoch: half way down.
/// assert!((schedule.learning_rate(0.1, 50, 100, 10) - 0.05).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Schedule {
    /// What follows the warm-up.
    pub curve: Curve,
    /// Share of all steps over which the rate first rises from 0 in a straight line.
    #[serde(default)]
    pub warm_up: f64,
}

const ONE_CYCLE_RISE: f64 = 0.3;
const ONE_CYCLE_START: f64 = 1.0 / 25.0;
const ONE_CYCLE_END: f64 = 1.0 / 250_000.0;

impl Schedule {
    /// The same rate throughout.
    pub const CONSTANT: Self = Self { curve: Curve::Constant, warm_up: 0.0 };

    /// The name in configuration files and on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.curve {
            Curve::Constant => "constant",
            Curve::Step { .. } => "step",
            Curve::Cosine => "cosine",
            Curve::OneCycle => "one-cycle",
        }
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the setting.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let warm_up = self.warm_up;
        ConfigError::check("warm-up", warm_up, (0.0..1.0).contains(&warm_up), "from 0 to below 1")?;
        let allowed = "0 with one-cycle, which has a warm-up of its own";
        let warmed_twice = self.curve == Curve::OneCycle && warm_up != 0.0;
        ConfigError::check("warm-up", warm_up, !warmed_twice, allowed)?;
        if let Curve::Step { epochs, factor } = self.curve {
            ConfigError::check("epochs of a step", epochs, epochs > 0, "at least 1")?;
            let allowed = factor > 0.0 && factor <= 1.0;
            ConfigError::check("factor of a step", factor, allowed, "above 0, at most 1")?;
        }
        Ok(())
    }

    /// The rate of step `step` (the first is 0) of `steps`, with `steps_per_epoch` in an epoch.
    #[must_use]
    pub fn learning_rate(&self, base: f64, step: u64, steps: u64, steps_per_epoch: u64) -> f64 {
        let warm_up = self.warm_up * steps as f64;
        let position = step as f64;
        if position < warm_up {
            return base * (position + 1.0) / (warm_up + 1.0);
        }
        let progress = (position - warm_up) / (steps as f64 - warm_up).max(1.0);
        match self.curve {
            Curve::Constant => base,
            Curve::Step { epochs, factor } => {
                let since_warm_up = step - warm_up.ceil() as u64; // this step is not below it
                let drops = since_warm_up / steps_per_epoch.max(1) / epochs.max(1) as u64;
                base * factor.powf(drops as f64)
            }
            Curve::Cosine => half_cosine(base, 0.0, progress),
            Curve::OneCycle => one_cycle(base, position, steps as f64),
        }
    }
}

/// From `start` at progress 0 to `end` at 1.
fn half_cosine(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (PI * progress.min(1.0)).cos())
}

/// Step `step` of `steps`; the peak and the end lie on whole steps as PyTorch counts them.
fn one_cycle(peak: f64, step: f64, steps: f64) -> f64 {
    let last = (steps - 1.0).max(1.0);
    let summit = (ONE_CYCLE_RISE * steps - 1.0).max(0.0);
    if step <= summit && summit > 0.0 {
        half_cosine(peak * ONE_CYCLE_START, peak, step / summit)
    } else {
        half_cosine(peak, peak * ONE_CYCLE_END, (step - summit) / (last - summit).max(1.0))
    }
}
