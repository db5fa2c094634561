//! Recipes by name: each a file of settings.

use crate::settings::error::SettingsError;
use crate::settings::layer::Layer;
use crate::settings::schema::Schema;
use crate::settings::sections::Settings;

/// A recipe: the settings that it makes; all others keep their defaults.
///
/// ```
/// use nn_mlp::settings::Preset;
/// let fast = Preset::find("fast").expect("it is one of Preset::ALL");
/// assert_eq!(fast.settings()?.training.epochs, 2);
/// # Ok::<(), nn_mlp::settings::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one line.
    pub help: &'static str,
    /// The file, whose sections may also be those of the program `nn`, such as `[data]`.
    pub text: &'static str,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 8] = [
        Self {
            name: "fast",
            help: "Reach 98 % on MNIST as soon as possible",
            text: include_str!("../../presets/fast.toml"),
        },
        Self {
            name: "99",
            help: "Reach 99 % on MNIST as soon as possible",
            text: include_str!("../../presets/99.toml"),
        },
        Self {
            name: "best",
            help: "The most accurate single network on MNIST: locally connected, on oriented gradient features",
            text: include_str!("../../presets/best.toml"),
        },
        Self {
            name: "joint",
            help: "The most accurate on MNIST: three jointly trained members that see images in different ways",
            text: include_str!("../../presets/joint.toml"),
        },
        Self {
            name: "nielsen",
            help: "The first network of Nielsen's book: 784-30-10, sigmoid, SGD",
            text: include_str!("../../presets/nielsen.toml"),
        },
        Self {
            name: "lecture",
            help: "Sigmoid, squared error and gradient descent, as in the lecture",
            text: include_str!("../../presets/lecture.toml"),
        },
        Self {
            name: "simard",
            help: "800 hidden neurons and elastic distortions, after Simard, Steinkraus and Platt",
            text: include_str!("../../presets/simard.toml"),
        },
        Self {
            name: "fashion",
            help: "Fashion-MNIST: wide, regularised, mildly augmented",
            text: include_str!("../../presets/fashion.toml"),
        },
    ];

    /// Returns the preset of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name == name)
    }

    /// Returns its settings as a layer.
    ///
    /// # Errors
    /// [`SettingsError`] where the file is broken.
    pub fn layer(&self) -> Result<Layer, SettingsError> {
        Layer::from_toml(&format!("preset {}", self.name), self.text)
    }

    /// Returns its settings, without the sections that are the program's.
    ///
    /// # Errors
    /// [`SettingsError`] where the file is broken.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let mut table = self.layer()?.table().clone();
        let is_ours = |name: &str| {
            name == "member" || Schema::library().sections().iter().any(|ours| ours.name == name)
        };
        table.retain(|section, _| is_ours(section));
        Settings::from_table(&table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the book says of the network: section "Implementing our network to classify digits".
    #[test]
    fn nielsens_is_the_books() {
        let settings = Preset::find("nielsen").unwrap().settings().unwrap();
        // 50,000 of 60,000 images are trained on.
        assert!((60_000.0 * settings.validation() - 10_000.0).abs() < 0.5);
        let config = settings.training_config();
        assert_eq!((config.learning_rate, config.batch, config.epochs), (3.0, 10, 30));
        assert_eq!(config.optimizer, nn_core::Optimizer::Sgd);
    }

    #[test]
    fn every_preset_is_sound() {
        for preset in Preset::ALL {
            assert!(preset.settings().unwrap().validate().is_ok(), "{}", preset.name);
        }
        let joint = Preset::find("joint").unwrap().settings().unwrap();
        assert_eq!(joint.members().len(), 3);
    }
}
