//! The table of all keys: help, allowed values, default, and what each key goes with.

use crate::settings::allowed::{Allowed, Interval};
use crate::settings::names::{OptimizerName, ScheduleName};
use nn_core::{Activation, Initializer, Loss};
use toml::Value;

/// A key of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Section and key, as `training.epochs`.
    pub path: &'static str,
    /// One line, in the imperative.
    pub help: &'static str,
    /// What it may be.
    pub allowed: Allowed,
    /// What it is where nothing is said.
    pub default: DefaultValue,
    /// What other settings must be for it to mean something.
    pub needs: &'static [Need],
}

/// What a setting is where nothing is said.
#[derive(Clone, Copy, Debug)]
pub enum DefaultValue {
    /// This value, in TOML.
    Is(&'static str),
    /// Off: nothing happens. `false` says so too.
    Off {
        /// A value that it might have, in TOML.
        example: &'static str,
    },
    /// A value that fits other settings. `false` asks for it too.
    Fitting {
        /// Which value fits which settings.
        words: &'static str,
        /// One of these values, in TOML.
        example: &'static str,
    },
}

/// What another setting must be.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// The optimizer takes steps on batches.
    Batches,
    /// The setting `key` is one of these names.
    OneOf {
        /// The other setting.
        key: &'static str,
        /// Its names.
        names: &'static [&'static str],
    },
    /// The setting `key` is above 0.
    Positive {
        /// The other setting.
        key: &'static str,
    },
    /// The setting `key` is given.
    Given {
        /// The other setting.
        key: &'static str,
    },
}

/// A section of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// One line about all of it.
    pub help: &'static str,
    /// Whether a layer that sets any of its keys hides all of them in the layers below.
    pub is_one_choice: bool,
    /// Its keys.
    pub keys: &'static [Key],
}

/// The sections that a program has, in the order in which they are printed.
///
/// ```
/// use nn_mlp::settings::Schema;
/// let schema = Schema::library();
/// assert_eq!(schema.find("training.epochs").map(|key| key.default_text()), Some("10"));
/// assert!(schema.find("training.bacth").is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    sections: &'static [&'static Section],
}

impl Schema {
    /// Returns the schema of [`Settings`](crate::settings::Settings).
    #[must_use]
    pub const fn library() -> Self {
        Self::new(&[&Section::NETWORK, &Section::TRAINING, &Section::TRANSFORM, &Section::TEST])
    }

    /// Returns a schema of these sections: those of the library, and a program's own.
    #[must_use]
    pub const fn new(sections: &'static [&'static Section]) -> Self {
        Self { sections }
    }

    /// Returns the sections.
    #[must_use]
    pub fn sections(&self) -> &'static [&'static Section] {
        self.sections
    }

    /// Returns every key.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.sections.iter().flat_map(|section| section.keys)
    }

    /// Returns the key at `path`. Keys of a member are those of the network: `member.2.hidden` is `network.hidden`. Those of
    /// transforms are not here.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&'static Key> {
        let path = plain_path(path);
        self.keys().find(|key| key.path == path)
    }

    /// Returns the keys of the table at `path`, such as `network` or `network.local`.
    pub fn keys_under(&self, path: &str) -> Vec<&'static Key> {
        let start = format!("{}.", plain_path(path));
        self.keys().filter(|key| key.path.starts_with(&start)).collect()
    }

    /// Returns whether `false` at `path` means something: that an optional setting is off.
    #[must_use]
    pub fn may_be_off(&self, path: &str) -> bool {
        match self.find(path) {
            Some(key) => !matches!(key.default, DefaultValue::Is(_)),
            None => self
                .keys_under(path)
                .iter()
                .any(|key| path.contains('.') && matches!(key.default, DefaultValue::Off { .. })),
        }
    }
}

/// `member.2.hidden` is `network.hidden`.
fn plain_path(path: &str) -> String {
    let Some((_, rest)) = path.strip_prefix("member.").and_then(|rest| rest.split_once('.')) else {
        return path.to_owned();
    };
    match rest.split('.').next() {
        Some("hidden" | "local") => format!("network.{rest}"),
        _ => path.to_owned(),
    }
}

impl Key {
    /// Returns its name within the section.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }

    /// Returns the default, or an example, in TOML.
    #[must_use]
    pub fn default_text(&self) -> &'static str {
        match self.default {
            DefaultValue::Is(text) => text,
            DefaultValue::Off { example } | DefaultValue::Fitting { example, .. } => example,
        }
    }

    /// Returns the default in words.
    #[must_use]
    pub fn default_in_words(&self) -> String {
        match self.default {
            DefaultValue::Is(text) => {
                let text = text.trim_matches('"');
                text.strip_suffix(".0").unwrap_or(text).to_owned()
            }
            DefaultValue::Off { .. } => "off".to_owned(),
            DefaultValue::Fitting { words, .. } => words.to_owned(),
        }
    }
}

impl Need {
    /// The setting that it is about.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Batches => "training.optimizer",
            Self::OneOf { key, .. } | Self::Positive { key } | Self::Given { key } => key,
        }
    }

    /// Returns whether that setting, where it is `value`, is as it must be.
    pub(super) fn is_met_by(&self, value: Option<&Value>) -> bool {
        let name = value.and_then(Value::as_str);
        match self {
            Self::Batches => !name.is_some_and(|name| OptimizerName::FULL_BATCH.contains(&name)),
            Self::OneOf { names, .. } => name.is_some_and(|name| names.contains(&name)),
            Self::Positive { .. } => value.and_then(Value::as_integer).is_some_and(|n| n > 0),
            Self::Given { .. } => value.is_some_and(|value| value != &Value::Boolean(false)),
        }
    }
}

const fn key(
    path: &'static str,
    help: &'static str,
    allowed: Allowed,
    default: DefaultValue,
    needs: &'static [Need],
) -> Key {
    Key { path, help, allowed, default, needs }
}

const fn is(value: &'static str) -> DefaultValue {
    DefaultValue::Is(value)
}

const fn fitting(words: &'static str, example: &'static str) -> DefaultValue {
    DefaultValue::Fitting { words, example }
}

const fn off(example: &'static str) -> DefaultValue {
    DefaultValue::Off { example }
}

/// Whole numbers that can count something.
const COUNT: Allowed = Allowed::Whole { least: 1, most: i64::MAX };
const POSITIVE: Allowed = Allowed::Number(Interval::POSITIVE);
const NOT_NEGATIVE: Allowed = Allowed::Number(Interval::NOT_NEGATIVE);
const FRACTION: Allowed = Allowed::Number(Interval::FRACTION);
const BELOW_ONE: Allowed = Allowed::Number(Interval::BELOW_ONE);
const AT_MOST_ONE: Allowed = Allowed::Number(Interval { above_low: true, ..Interval::FRACTION });
const ACTIVATION: Allowed = Allowed::OneOf(|| Activation::ALL.map(Activation::name).to_vec());

const BATCHES: &[Need] = &[Need::Batches];
const MOMENTUM: &[Need] =
    &[Need::OneOf { key: "training.optimizer", names: &["momentum", "nesterov"] }];
const RMS_PROP: &[Need] = &[Need::OneOf { key: "training.optimizer", names: &["rms-prop"] }];
const ADAM: &[Need] = &[Need::OneOf { key: "training.optimizer", names: &["adam", "adamw"] }];
const EPSILON: &[Need] =
    &[Need::OneOf { key: "training.optimizer", names: &["rms-prop", "adam", "adamw"] }];
const STEPS: &[Need] = &[Need::Batches, Need::OneOf { key: "training.schedule", names: &["step"] }];

impl Section {
    /// `[network]`.
    pub const NETWORK: Self = Self {
        name: "network",
        help: "The network between inputs and outputs",
        is_one_choice: false,
        keys: NETWORK,
    };
    /// `[training]`.
    pub const TRAINING: Self =
        Self { name: "training", help: "How it is trained", is_one_choice: false, keys: TRAINING };
    /// `[[transform]]`, whose keys are those of the transforms in `nn_images::KINDS`.
    pub const TRANSFORM: Self = Self {
        name: "transform",
        help: "What images go through before the network sees them, first to last",
        is_one_choice: false,
        keys: &[],
    };
    /// `[test]`.
    pub const TEST: Self = Self {
        name: "test",
        help: "Test-time augmentation: the answers to all copies of an image are averaged",
        is_one_choice: false,
        keys: TEST,
    };
}

#[rustfmt::skip]
const NETWORK: &[Key] = &[
    key("network.hidden", "Set the widths of the hidden layers; an empty list is a linear classifier", Allowed::Widths, is("[256, 128]"), &[]),
    key("network.activation", "Apply this activation to the hidden layers", ACTIVATION, is("\"relu\""), &[]),
    key("network.output-activation", "Apply this activation to the output layer", ACTIVATION, is("\"identity\""), &[]),
    key("network.initializer", "Draw the initial weights from this distribution", Allowed::OneOf(|| Initializer::ALL.map(Initializer::name).to_vec()),
        fitting("glorot-uniform for sigmoid and tanh, otherwise he-uniform", "\"he-uniform\""), &[]),
    key("network.batch-norm", "Normalise each hidden layer over its batch, before its activation", Allowed::Switch, is("false"), BATCHES),
    key("network.local.window", "Connect each neuron of the first layer to a window of this many pixels along each side only", COUNT, off("9"), BATCHES),
    key("network.local.grid", "Spread the windows over the image on a grid with this many along each side", Allowed::Whole { least: 1, most: 4096 },
        is("14"), &[Need::Batches, Need::Given { key: "network.local.window" }]),
];

#[rustfmt::skip]
const TRAINING: &[Key] = &[
    key("training.loss", "Minimise this loss; a squared error compares with one-hot targets, and half-sum-of-squares is a sum over the samples, not their mean", Allowed::OneOf(|| Loss::ALL.map(Loss::name).to_vec()),
        is("\"cross-entropy\""), &[]),
    key("training.optimizer", "Train by this optimizer; the last four take the whole training set at each step, and an epoch is one of their iterations",
        Allowed::OneOf(|| OptimizerName::ALL.map(OptimizerName::name).to_vec()), is("\"adam\""), &[]),
    key("training.learning-rate", "Set the peak learning rate", POSITIVE,
        fitting("0.004 for adam and adamw, 0.002 for rms-prop, 0.4 for sgd, 0.08 for momentum and nesterov (the last three scaled to the loss)", "0.004"), BATCHES),
    key("training.schedule", "Change the learning rate along this schedule; the momentum stays as it is", Allowed::OneOf(|| ScheduleName::ALL.map(ScheduleName::name).to_vec()),
        is("\"one-cycle\""), BATCHES),
    key("training.warm-up", "Raise the learning rate from 0 over this fraction of all steps first; the schedule begins after it, one-cycle takes none", BELOW_ONE, is("0.0"), BATCHES),
    key("training.epochs", "Pass through the training set this many times", Allowed::Whole { least: 1, most: u32::MAX as i64 }, is("10"), &[]),
    key("training.batch", "Use this many samples in each step", COUNT, is("128"), BATCHES),
    key("training.seed", "Seed the initial weights, shuffling, augmentation, dropout and the validation split",
        Allowed::Whole { least: 0, most: i64::MAX }, is("1"), &[]),
    key("training.validation", "Hold out this fraction of the training set for validation", BELOW_ONE,
        fitting("0, with patience 0.1", "0.1"), &[]),
    key("training.patience", "Stop after this many epochs without a lower validation loss, and restore the best weights", COUNT, off("5"), BATCHES),
    key("training.weight-decay", "Add an L2 penalty λ/2 Σw² of this strength in each step, over weights, not biases; with adamw, decay them by it", NOT_NEGATIVE, is("0.0"), &[]),
    key("training.l1", "Add an L1 penalty λ Σ|w| of this strength in each step, over weights, not biases", NOT_NEGATIVE, is("0.0"), &[]),
    key("training.dropout", "Drop this fraction of the hidden neurons in each step", BELOW_ONE, is("0.0"), BATCHES),
    key("training.clip-norm", "Clip the gradients of weights and biases, without penalties, to this global norm", POSITIVE, off("5.0"), BATCHES),
    key("training.max-norm", "Limit the norm of the weights into each neuron of every layer after each step", POSITIVE, off("3.0"), BATCHES),
    key("training.label-smoothing", "Spread this fraction of each target evenly over all classes in training", BELOW_ONE, is("0.0"), BATCHES),
    key("training.class-weights", "Weigh the samples of each class by these factors: a batch's loss is their weighted mean; an empty list is 1 for all", Allowed::Factors, is("[]"), BATCHES),
    key("training.average", "Use as the result an average of the weights and batch-normalisation statistics, of which each step keeps this fraction: a ← β a + (1 - β) w", BELOW_ONE, off("0.999"), BATCHES),
    key("training.average-warm-up", "Begin with a short average: after n steps, β is at most (1 + n) / (10 + n)", Allowed::Switch, is("false"), &[Need::Batches, Need::Given { key: "training.average" }]),
    key("training.momentum", "Keep this fraction of the velocity in each step", BELOW_ONE, is("0.9"), MOMENTUM),
    key("training.smoothing", "Keep this fraction of the running mean square in each step", BELOW_ONE, is("0.99"), RMS_PROP),
    key("training.beta1", "Keep this fraction of the running mean in each step", BELOW_ONE, is("0.9"), ADAM),
    key("training.beta2", "Keep this fraction of the running mean square in each step", BELOW_ONE, is("0.999"), ADAM),
    key("training.epsilon", "Add this to the root that steps are divided by", POSITIVE, is("1e-8"), EPSILON),
    key("training.step-epochs", "Lower the learning rate after every so many epochs", COUNT, is("10"), STEPS),
    key("training.step-factor", "Multiply the learning rate by this factor then", AT_MOST_ONE, is("0.1"), STEPS),
];

#[rustfmt::skip]
const TEST: &[Key] = &[
    key("test.shifts", "Average over copies shifted by up to this many pixels along each axis", Allowed::Whole { least: 0, most: 4 }, is("0"), BATCHES),
    key("test.copies", "Average over this many augmented copies", Allowed::Whole { least: 0, most: 1000 }, is("0"), BATCHES),
    key("test.strength", "Augment the copies with this fraction of the training's strength", FRACTION, is("0.25"), &[Need::Positive { key: "test.copies" }]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::paths;
    use crate::settings::sections::{LocalWindows, Settings};
    use toml::Table;

    /// Every optional setting is on, so that all keys of the structures are there.
    fn complete() -> Table {
        let mut settings = Settings::default();
        settings.network.initializer = Some(Initializer::HeUniform);
        settings.network.local = Some(LocalWindows { window: 9, grid: 14 });
        let training = &mut settings.training;
        (training.patience, training.learning_rate) = (Some(5), Some(0.004));
        for optional in [
            &mut training.validation,
            &mut training.clip_norm,
            &mut training.max_norm,
            &mut training.average,
        ] {
            *optional = Some(0.5);
        }
        Table::try_from(settings).unwrap()
    }

    #[test]
    fn schema_and_structures_have_the_same_keys() {
        let mut structures: Vec<String> = paths::leaves(&complete())
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| path != "transform") // its keys are those of the transforms
            .collect();
        let mut schema: Vec<String> =
            Schema::library().keys().map(|key| key.path.to_owned()).collect();
        structures.sort();
        schema.sort();
        assert_eq!(structures, schema);
    }

    #[test]
    fn the_defaults_of_the_schema_are_those_of_the_structures() {
        let defaults = Table::try_from(Settings::default()).unwrap();
        for key in Schema::library().keys() {
            let text = format!("value = {}", key.default_text());
            let value = toml::from_str::<Table>(&text).unwrap()["value"].clone();
            assert!(key.allowed.allows(&value), "{}: {value}", key.path);
            let inside = key.path == "network.local.grid";
            match key.default {
                DefaultValue::Is(_) if inside => {}
                DefaultValue::Is(_) => {
                    assert_eq!(paths::get(&defaults, key.path), Some(&value), "{}", key.path);
                }
                _ => assert_eq!(paths::get(&defaults, key.path), None, "{}", key.path),
            }
        }
    }

    #[test]
    fn every_help_is_one_imperative_sentence_without_a_full_stop() {
        for key in Schema::library().keys() {
            let first = key.help.chars().next().unwrap();
            assert!(first.is_uppercase() && !key.help.ends_with('.'), "{}", key.path);
            assert!(!key.help.contains('\n'), "{}", key.path);
        }
    }

    #[test]
    fn keys_of_members_are_those_of_the_network() {
        let schema = Schema::library();
        let path = |path: &str| schema.find(path).map(|key| key.path);
        assert_eq!(path("member.2.hidden"), Some("network.hidden"));
        assert_eq!(path("member.2.local.grid"), Some("network.local.grid"));
        assert_eq!(path("member.2.epochs"), None);
        assert!(schema.may_be_off("network.local") && schema.may_be_off("training.average"));
        assert!(!schema.may_be_off("training") && !schema.may_be_off("training.epochs"));
    }
}
