//! What random transforms draw from.

/// What decides the random part of a transform: each output is a pure function of it.
///
/// So an augmented copy is the same at any number of threads, in any order, and after an interruption. Fixed
/// transforms ignore it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Draw {
    /// Seed of the training.
    pub seed: u64,
    /// Number of the epoch; the first is 0.
    pub epoch: u64,
    /// Number of epochs of the training, for schedules.
    pub epochs: u64,
    /// Number of the sample in its data set.
    pub sample: u32,
    /// Factor of every random amount. `None`: the schedule of the transform decides.
    pub strength: Option<f64>,
}
