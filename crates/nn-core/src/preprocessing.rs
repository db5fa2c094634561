//! What becomes of images before a network sees them.

use crate::{ConfigError, NetworkError};
use nn_data::Dataset;
use nn_images::GradientEncoder;
use serde::{Deserialize, Serialize};

/// What becomes of images before a network sees them, in training and in every later use.
///
/// ```
/// use nn_core::Preprocessing;
/// let data = nn_data::Dataset::from_images(vec![0, 9, 9, 0], &[2, 2], vec![0], 1)?;
/// let as_they_are = Preprocessing::default();
/// assert_eq!(as_they_are.shown(&data)?.image(0), data.image(0));
/// let described = Preprocessing { directions: true, ..as_they_are };
/// assert_eq!(described.input_width(&data), 769);
/// # Ok::<(), nn_core::NetworkError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Preprocessing {
    /// Whether they are put [upright](nn_images::deskew) and to one size.
    pub deskew: bool,
    /// Whether they are then, and after all distortion, [described](nn_images::GradientFeatures) by the directions of
    /// their edges.
    pub directions: bool,
    /// Whether these descriptions are the [square roots](GradientEncoder::with_sqrt) of the usual ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub root_directions: bool,
    /// Whether they have the [second order](GradientEncoder::with_second_order) besides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_order_directions: bool,
}

impl Preprocessing {
    /// The data as the network is shown it.
    ///
    /// # Errors
    /// [`NetworkError::Image`] where samples that are no images should be put upright or described.
    pub fn shown(self, data: &Dataset) -> Result<Dataset, NetworkError> {
        self.described(&self.upright(data)?)
    }

    /// The data with images upright where they are to be, but not described yet: what is shifted and
    /// distorted, and what [`Views`](crate::Views) look at.
    ///
    /// # Errors
    /// [`NetworkError::Image`] where samples that are no images should be put upright.
    pub fn upright(self, data: &Dataset) -> Result<Dataset, NetworkError> {
        if self.deskew { Ok(nn_images::deskewed(data)?) } else { Ok(data.clone()) }
    }

    /// What is [`upright`](Self::upright), perhaps distorted since, described where it is to be.
    pub(crate) fn described(self, data: &Dataset) -> Result<Dataset, NetworkError> {
        match self.encoder(data)? {
            Some(mut encoder) => Ok(encoder.encode_all(data)?),
            None => Ok(data.clone()),
        }
    }

    /// Whether its parts go together.
    pub(crate) fn validate(self) -> Result<(), ConfigError> {
        for (name, on) in [
            ("root directions", self.root_directions),
            ("second-order directions", self.second_order_directions),
        ] {
            let allowed = "false without directions: ask for these too, or for neither";
            ConfigError::check(name, on, self.directions || !on, allowed)?;
        }
        Ok(())
    }

    /// What describes the images of `data`, where they are to be described.
    pub(crate) fn encoder(self, data: &Dataset) -> Result<Option<GradientEncoder>, NetworkError> {
        if !self.directions {
            return Ok(None);
        }
        let encoder = GradientEncoder::for_dataset(data)?.with_sqrt(self.root_directions);
        Ok(Some(encoder.with_second_order(self.second_order_directions)))
    }

    /// Inputs of a network that is shown the samples of `data` so.
    #[must_use]
    pub fn input_width(self, data: &Dataset) -> usize {
        self.description_width().unwrap_or_else(|| data.input_width())
    }

    /// Numbers in a description, where images are described.
    pub(crate) fn description_width(self) -> Option<usize> {
        self.directions.then(|| GradientEncoder::width_of(self.second_order_directions))
    }
}
