//! Settings of a training: one value, one TOML file, one table of all keys.
//!
//! - [`Settings`] holds every setting with its default; [`Settings::validate`] checks them, and
//!   [`Settings::training_config`], [`Settings::members`] and their like say what they amount to.
//! - [`Schema`] lists every key with its help, default and range. Error messages, `--set`, flags and the
//!   comments of a printed file all come from it.
//! - [`Layers`] merges a preset, a file and flags, each a [`Layer`], as tables. The later one wins.
//! - [`Preset`] is a recipe by name.
//!
//! ```
//! use nn_mlp::settings::Settings;
//! let settings = Settings::from_toml("training.optimizer = \"sgd\"\ntraining.epochs = 3")?;
//! assert_eq!(settings.training_config().epochs, 3);
//! assert_eq!(settings.learning_rate(), 0.4); // the rate that fits gradient descent
//! # Ok::<(), nn_mlp::settings::SettingsError>(())
//! ```

mod allowed;
mod check;
mod defaults;
mod error;
mod layer;
mod layers;
mod merge;
mod names;
mod off;
mod paths;
mod preset;
mod print;
mod resolve;
mod schema;
mod sections;
mod table;
mod transforms;
mod validate;

pub use allowed::{Allowed, Interval};
pub use defaults::{default_initializer, default_learning_rate};
pub use error::SettingsError;
pub use layer::{Assignment, Layer};
pub use layers::Layers;
pub use names::{OptimizerName, ScheduleName};
pub use preset::Preset;
pub use print::print;
pub use resolve::MemberSettings;
pub use schema::{DefaultValue, Key, Need, Schema, Section};
pub use sections::{LocalWindows, MemberOverlay, NetworkSettings, Settings, TrainingSettings};
