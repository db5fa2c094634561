//! Flags of `nn train` that set a setting: each is one line in a table.

use crate::saved_path::SavedPath;
use crate::schema::SCHEMA;
use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use nn_mlp::settings::{Allowed, Assignment, DefaultValue, Key, Layer, SettingsError};
use std::ffi::OsString;
use toml::Value;

/// A flag, the setting that it sets, and what its value is called in the help.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    value_name: &'static str,
}

const fn flag(name: &'static str, path: &'static str, value_name: &'static str) -> Flag {
    Flag { name, path, value_name }
}

/// The settings that people reach for; all others are set by `--set`.
pub(crate) const FLAGS: [Flag; 21] = [
    flag("data", "data.path", "DIR"),
    flag("images", "data.images", "FILE"),
    flag("labels", "data.labels", "FILE"),
    flag("test-images", "data.test-images", "FILE"),
    flag("test-labels", "data.test-labels", "FILE"),
    flag("hidden", "network.hidden", "N,N,..."),
    flag("activation", "network.activation", "NAME"),
    flag("batch-norm", "network.batch-norm", "BOOL"),
    flag("loss", "training.loss", "NAME"),
    flag("optimizer", "training.optimizer", "NAME"),
    flag("lr", "training.learning-rate", "X"),
    flag("schedule", "training.schedule", "NAME"),
    flag("epochs", "training.epochs", "N"),
    flag("batch", "training.batch", "N"),
    flag("seed", "training.seed", "N"),
    flag("validation", "training.validation", "FRACTION"),
    flag("patience", "training.patience", "N"),
    flag("weight-decay", "training.weight-decay", "X"),
    flag("dropout", "training.dropout", "FRACTION"),
    flag("backend", "machine.backend", "NAME"),
    flag("threads", "machine.threads", "N"),
];

impl Flag {
    /// Its definition, made from the schema.
    fn definition(&self) -> Arg {
        let arg = Arg::new(self.name).long(self.name).value_name(self.value_name);
        let (section, _) = self.path.split_once('.').unwrap_or_default();
        let heading = match section {
            "data" => "Data",
            "network" => "Network",
            "training" => "Training",
            _ => "Machine",
        };
        let arg = arg.help_heading(heading);
        // A test holds that every path is in the schema.
        let Some(key) = SCHEMA.find(self.path) else { return arg };
        let arg = arg.help(help(key)).allow_negative_numbers(true);
        match key.allowed {
            Allowed::OneOf(names) => arg.value_parser(PossibleValuesParser::new(names())),
            Allowed::Switch => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(PossibleValuesParser::new(["true", "false"])),
            _ => arg.value_parser(ValueParser::os_string()),
        }
    }

    /// What was typed behind it.
    fn assignment(&self, typed: &OsString) -> Assignment {
        let place = format!("--{}", self.name);
        let is_path =
            SCHEMA.find(self.path).is_some_and(|key| matches!(key.allowed, Allowed::Path));
        if is_path {
            let value = Value::try_from(SavedPath(typed.into()));
            let value = value.unwrap_or_else(|_| Value::String(String::new()));
            return Assignment { place, path: self.path.to_owned(), value };
        }
        Assignment::parse(&SCHEMA, &place, self.path, &typed.to_string_lossy())
    }
}

/// What it does, and its default as it would be typed.
fn help(key: &Key) -> String {
    let default = match (key.allowed, key.default) {
        (Allowed::Path, DefaultValue::Off { .. }) => return key.help.to_owned(),
        (Allowed::Widths, _) => key.default_in_words().replace(['[', ']', ' '], ""),
        _ => key.default_in_words(),
    };
    format!("{} [default: {default}]", key.help)
}

/// The flags of settings that were typed, and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(Vec<(usize, OsString)>);

impl Typed {
    /// These flags, and `sets` of the form `section.key=value`, as a layer of settings.
    pub(crate) fn layer(&self, sets: &[String]) -> Result<Layer, SettingsError> {
        let flags = self.0.iter().map(|(index, typed)| Ok(FLAGS[*index].assignment(typed)));
        let sets = sets.iter().map(|text| {
            let (path, value) = text.split_once('=').ok_or_else(|| {
                let problem = format!("{text} is not of the form section.key=value");
                SettingsError::new("", problem).at("--set")
            })?;
            Ok(Assignment::parse(&SCHEMA, "--set", path.trim(), value))
        });
        Layer::from_assignments(flags.chain(sets).collect::<Result<Vec<_>, SettingsError>>()?)
    }
}

impl Args for Typed {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.iter().map(Flag::definition))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |(index, flag): (usize, &Flag)| {
            let value = matches.get_raw(flag.name)?.next()?.to_owned();
            Some((index, value))
        };
        Ok(Self(FLAGS.iter().enumerate().filter_map(typed).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(words: &[&str], sets: &[&str]) -> Result<Layer, SettingsError> {
        let command = Typed::augment_args(Command::new("nn"));
        let matches = command.get_matches_from(["nn"].iter().chain(words));
        let sets: Vec<String> = sets.iter().map(|&text| text.to_owned()).collect();
        Typed::from_arg_matches(&matches).unwrap().layer(&sets)
    }

    #[test]
    fn every_flag_sets_a_setting_of_the_schema() {
        for flag in FLAGS {
            assert!(SCHEMA.find(flag.path).is_some(), "{}", flag.path);
        }
    }

    #[test]
    fn flags_and_sets_make_one_layer_of_what_was_typed() {
        let flags = ["--hidden", "9,8", "--batch-norm", "--lr", "1e-3", "--data", "7", "--seed=3"];
        let sets = ["training.average=0.99", "transform.deskew=true", "network.local={window=3}"];
        let expected = "network = { hidden = [9, 8], batch-norm = true, local = { window = 3 } }\n\
                        training = { learning-rate = 1e-3, average = 0.99, seed = 3 }\n\
                        transform.deskew = true\ndata.path = '7'";
        let layer = layer(&flags, &sets).unwrap();
        assert_eq!(layer.table(), &toml::from_str::<toml::Table>(expected).unwrap());
        assert_eq!(layer.place("network.hidden"), Some("--hidden"));
    }

    #[test]
    fn a_setting_is_set_once() {
        let error = layer(&["--epochs", "3"], &["training.epochs=4"]).unwrap_err().to_string();
        assert!(error.contains("--set") && error.contains("--epochs"), "{error}");
        assert!(layer(&[], &["epochs"]).unwrap_err().to_string().contains("section.key=value"));
    }
}
