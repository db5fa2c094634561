//! Networks of several branches, which see an image in different ways and answer together.

use crate::{Architecture, ConfigError, Loss, Preprocessing, ReceptiveFields, TrainingConfig};
use nn_data::Dataset;
use nn_images::Augment as Distortion;
use serde::{Deserialize, Serialize};

/// A further branch of a network: hidden layers and an output layer of its own, which no weight joins to those
/// of the others, and a way of its own to see images.
///
/// The logits of the network are the mean of those of its B branches: z = Σ z_b / B. All branches are trained at
/// once, on the same samples, by one loss, a fifth of which is that of z and the rest the mean of those of each z_b:
/// B · (C(z) / 5 + 4/5 · Σ C(z_b) / B). So each branch learns to answer, and, where the others do already, less.
/// Dutt, Pellerin and Quénot ("Coupled ensembles of neural networks", 2018) train branches through the mean of their
/// logarithms of probabilities, which is C(z); Szegedy and others ("Going deeper with convolutions", 2015) give inner
/// parts of a network losses of their own.
///
/// ```
/// use nn_core::{Branch, TrainingConfig};
/// let branch = Branch { hidden: vec![30], ..Branch::default() };
/// let config = TrainingConfig { branches: vec![branch], ..TrainingConfig::default() };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Branch {
    /// Widths of its hidden layers.
    pub hidden: Vec<usize>,
    /// As [`TrainingConfig::receptive_fields`].
    pub receptive_fields: Option<ReceptiveFields>,
    /// What becomes of images before it sees them.
    pub preprocessing: Preprocessing,
    /// How the images that it is trained on are distorted; each branch is shown a copy of its own.
    pub distortion: Option<Distortion>,
}

/// What is added to the seed for each branch, so that no two begin with the same weights: more than anybody
/// counts seeds up.
const BETWEEN_SEEDS: u64 = 1 << 40;

impl Branch {
    /// The branch between data and answers like the first's.
    #[must_use]
    pub fn architecture(&self, first: &Architecture, data: &Dataset) -> Architecture {
        let inputs = self.preprocessing.input_width(data);
        Architecture { inputs, hidden: self.hidden.clone(), ..first.clone() }
    }

    /// The settings of the network that this branch, number `index` after the first, is.
    pub(crate) fn config(&self, index: usize, all: &TrainingConfig) -> TrainingConfig {
        let Preprocessing { deskew, directions, root_directions, second_order_directions } =
            self.preprocessing;
        let number = index as u64 + 1; // fits: branches are counted in memory
        TrainingConfig {
            seed: all.seed.wrapping_add(number.wrapping_mul(BETWEEN_SEEDS)),
            receptive_fields: self.receptive_fields,
            deskew,
            directions,
            root_directions,
            second_order_directions,
            distortion: self.distortion,
            branches: Vec::new(),
            ..all.clone()
        }
    }
}

impl TrainingConfig {
    /// Most branches of a network, the first counted.
    const MOST_BRANCHES: usize = 16;

    /// The network between data and answers, and the others where it has several branches: those of the first,
    /// which is given, and of the [`branches`](Self::branches).
    #[must_use]
    pub fn architectures(&self, first: &Architecture, data: &Dataset) -> Vec<Architecture> {
        let others = self.branches.iter().map(|branch| branch.architecture(first, data));
        std::iter::once(first.clone()).chain(others).collect()
    }

    /// Whether each branch is sound, and all settings are some that branches can share.
    pub(crate) fn validate_branches(&self) -> Result<(), ConfigError> {
        if self.branches.is_empty() {
            return Ok(());
        }
        let count = self.branches.len() + 1;
        let allowed = format!("at most {}", Self::MOST_BRANCHES);
        ConfigError::check("branches", count, count <= Self::MOST_BRANCHES, &allowed)?;
        let fits = self.loss == Loss::CrossEntropy;
        ConfigError::check("loss", self.loss.name(), fits, "cross-entropy with branches")?;
        for (name, given) in
            [("clip norm", self.clip_norm.is_some()), ("patience", self.patience.is_some())]
        {
            ConfigError::check(name, "given", !given, "left out with branches")?;
        }
        for (index, branch) in self.branches.iter().enumerate() {
            let of_branch = |error: ConfigError| {
                error.with_detail(format!("branch {} of the network", index + 2))
            };
            branch.config(index, self).validate().map_err(of_branch)?;
            if let Some(fields) = branch.receptive_fields {
                let width = branch.hidden.first().copied().unwrap_or(0);
                fields.validate(width).map_err(of_branch)?;
            }
        }
        Ok(())
    }
}
