//! Recipes by name: each a file of settings that `--print-config` prints.

use crate::error::CliError;
use crate::settings::Settings;
use clap::ValueEnum;

/// A recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// 98 % on MNIST as soon as possible
    Fast,
    /// The most accurate single network on MNIST: neurons see directions of edges in windows of the image
    Best,
    /// The most accurate network of several branches, each of which sees images in a way of its own
    Branches,
    /// The most accurate on pixels: neurons see windows of the image
    Windows,
    /// The most accurate whose neurons all see the whole image
    Pixels,
    /// The same, shown the directions of edges in place of pixels
    Directions,
    /// The first network of Nielsen's book: 784-30-10, sigmoid, SGD
    Nielsen,
    /// Sigmoid, squared error and gradient descent, as in the lecture
    Lecture,
    /// 800 hidden neurons and elastic distortions
    Simard,
    /// Fashion-MNIST
    Fashion,
}

impl Preset {
    fn text(self) -> &'static str {
        match self {
            Self::Fast => include_str!("../presets/fast.toml"),
            Self::Best => include_str!("../presets/best.toml"),
            Self::Branches => include_str!("../presets/branches.toml"),
            Self::Windows => include_str!("../presets/windows.toml"),
            Self::Pixels => include_str!("../presets/pixels.toml"),
            Self::Directions => include_str!("../presets/directions.toml"),
            Self::Nielsen => include_str!("../presets/nielsen.toml"),
            Self::Lecture => include_str!("../presets/lecture.toml"),
            Self::Simard => include_str!("../presets/simard.toml"),
            Self::Fashion => include_str!("../presets/fashion.toml"),
        }
    }

    /// The settings that it makes; the others keep their defaults.
    pub(crate) fn settings(self) -> Result<Settings, CliError> {
        let broken = |error: toml::de::Error| {
            CliError::Failed(format!("preset {self:?}: {}", error.message()))
        };
        toml::from_str(self.text()).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_sound_and_prints_back_to_itself() {
        for preset in Preset::value_variants() {
            let resolved = preset.settings().unwrap().resolve().unwrap();
            let printed = resolved.to_settings().to_toml().unwrap();
            let read: Settings = toml::from_str(&printed).unwrap();
            assert_eq!(read.resolve().unwrap().to_settings(), resolved.to_settings(), "{preset:?}");
        }
    }

    /// What the book says of the network: section "Implementing our network to classify digits".
    #[test]
    fn nielsens_is_the_books() {
        let resolved = Preset::Nielsen.settings().unwrap().resolve().unwrap();
        // 50,000 of 60,000 images are trained on.
        assert!((60_000.0 * resolved.validation - 10_000.0).abs() < 0.5);
        let config = resolved.config;
        assert_eq!((config.learning_rate, config.batch, config.epochs), (3.0, 10, 30));
        assert_eq!(config.optimizer, nn_core::Optimizer::Sgd);
    }
}
