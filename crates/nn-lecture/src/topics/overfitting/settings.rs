//! The parameters and settings of the topic.

use crate::range::{Positive, Whole};
use crate::topic::Parameter;
use crate::{LectureError, Parameters, Topic};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "overfitting",
    title: "Overfitting y = x² + noise, and remedies",
    equations: &[106],
    parameters: &[
        Parameter { name: "samples", default: "10", meaning: "training samples, 3 to 1000" },
        Parameter { name: "width", default: "20", meaning: "tanh neurons, 1 to 200" },
        Parameter {
            name: "noise",
            default: "0.2",
            meaning: "standard deviation of the noise, 0 to 10",
        },
        Parameter { name: "steps", default: "3000", meaning: "training steps, 10 to 50000" },
        Parameter { name: "learning-rate", default: "0.02", meaning: "λ of Adam, above 0, to 1" },
        Parameter { name: "l2", default: "0.01", meaning: "weight of the L2 penalty, 0 to 10" },
        Parameter { name: "l1", default: "0.003", meaning: "weight of the L1 penalty, 0 to 10" },
        Parameter { name: "dropout", default: "0.2", meaning: "dropout rate, 0 to below 1" },
        Parameter { name: "ensemble", default: "8", meaning: "networks in the ensemble, 2 to 50" },
        Parameter { name: "seed", default: "1", meaning: "seed of the noise and the weights" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Training samples.
    pub samples: usize,
    /// Number of tanh neurons.
    pub width: usize,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Training steps, full-batch.
    pub steps: usize,
    /// λ of Adam.
    pub learning_rate: f64,
    /// Factor of Σw²/2.
    pub l2: f64,
    /// Factor of Σ|w|.
    pub l1: f64,
    /// Dropout rate.
    pub dropout: f64,
    /// Networks in the ensemble.
    pub ensemble: usize,
    /// Seed of the noise and the weights.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            samples: 10,
            width: 20,
            noise: 0.2,
            steps: 3000,
            learning_rate: 0.02,
            l2: 0.01,
            l1: 0.003,
            dropout: 0.2,
            ensemble: 8,
            seed: 1,
        }
    }
}

const SAMPLES: Whole = Whole(3, 1000);
const WIDTH: Whole = Whole(1, 200);
const NOISE: &str = "a number from 0 to 10";
const STEPS: Whole = Whole(10, 50_000);
const RATE: Positive = Positive(1.0);
const DROPOUT: &str = "a number from 0 to below 1";
const ENSEMBLE: Whole = Whole(2, 50);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            samples: typed.get("samples", default.samples, SAMPLES)?,
            width: typed.get("width", default.width, WIDTH)?,
            noise: typed.get("noise", default.noise, NOISE)?,
            steps: typed.get("steps", default.steps, STEPS)?,
            learning_rate: typed.get("learning-rate", default.learning_rate, RATE)?,
            l2: typed.get("l2", default.l2, NOISE)?,
            l1: typed.get("l1", default.l1, NOISE)?,
            dropout: typed.get("dropout", default.dropout, DROPOUT)?,
            ensemble: typed.get("ensemble", default.ensemble, ENSEMBLE)?,
            seed: typed.get("seed", default.seed, "a whole number")?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        SAMPLES.check("samples", self.samples)?;
        WIDTH.check("width", self.width)?;
        LectureError::check("noise", self.noise, (0.0..=10.0).contains(&self.noise), NOISE)?;
        STEPS.check("steps", self.steps)?;
        RATE.check("learning-rate", self.learning_rate)?;
        LectureError::check("l2", self.l2, (0.0..=10.0).contains(&self.l2), NOISE)?;
        LectureError::check("l1", self.l1, (0.0..=10.0).contains(&self.l1), NOISE)?;
        LectureError::check("dropout", self.dropout, (0.0..1.0).contains(&self.dropout), DROPOUT)?;
        ENSEMBLE.check("ensemble", self.ensemble)
    }
}
