//! Every setting of a run: the library's, where data is, and where it runs.

use crate::data_settings::DataSettings;
use crate::device_args::{Backend, DeviceArgs};
use crate::error::CliError;
use crate::schema::SCHEMA;
use crate::settings_file;
use nn_mlp::settings::{Layer, Layers, MemberOverlay, Preset, Settings, SettingsError, print};
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::{Table, Value};

/// A key that members may have of their own, and whether one has.
type OwnKey = (&'static str, fn(&MemberOverlay) -> bool);

/// Every setting of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RunSettings {
    pub(crate) data: DataSettings,
    /// Network, training, transforms, members and test.
    pub(crate) settings: Settings,
    pub(crate) machine: MachineSettings,
}

/// The section `[machine]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct MachineSettings {
    backend: Backend,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<usize>,
}

impl MachineSettings {
    pub(crate) fn device(self) -> DeviceArgs {
        DeviceArgs { backend: Some(self.backend), threads: self.threads }
    }
}

impl RunSettings {
    /// Merges a preset, a file and what was typed.
    pub(crate) fn merge(
        preset: Option<Preset>,
        file: Option<&Path>,
        typed: Layer,
    ) -> Result<Self, CliError> {
        let mut layers = Layers::new(SCHEMA);
        if let Some(preset) = preset {
            layers.push(preset.layer()?)?;
        }
        if let Some(file) = file {
            layers.push(settings_file::read(file)?)?;
        }
        layers.push(typed)?;
        Ok(Self::from_layers(&layers)?)
    }

    /// Reads the settings of a file.
    pub(crate) fn load(path: &Path) -> Result<Self, CliError> {
        Self::merge(None, Some(path), Layer::default())
    }

    fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let mut table = layers.merged()?;
        let data: DataSettings = take_section(&mut table, "data")?;
        data.source().map_err(|error| layers.located(error))?;
        let machine = take_section(&mut table, "machine")?;
        let settings = Settings::from_table(&table).map_err(|error| layers.located(error))?;
        Ok(Self { data, settings, machine })
    }

    /// Every setting that means something.
    pub(crate) fn to_table(&self) -> Result<Table, SettingsError> {
        let mut table = self.settings.to_table()?;
        let sections =
            [("data", Table::try_from(&self.data)), ("machine", Table::try_from(self.machine))];
        for (name, section) in sections {
            let section = section.map_err(|error| SettingsError::new(name, error.to_string()))?;
            table.insert(name.to_owned(), Value::Table(section));
        }
        Ok(table)
    }

    /// A TOML file with every key and its comment.
    pub(crate) fn to_toml(&self) -> Result<String, SettingsError> {
        Ok(print(&SCHEMA, &self.to_table()?))
    }

    /// These settings with what was typed over them, which may not change the run: another number of threads may, and
    /// data that has moved (its content is compared elsewhere).
    pub(crate) fn resumed_with(&self, typed: &Layer) -> Result<Self, CliError> {
        let mut layers = Layers::new(SCHEMA);
        layers.push(Layer::from_table(self.to_table()?))?;
        layers.push(typed.clone())?;
        let resumed = Self::from_layers(&layers)?;
        let (now, was) = (resumed.to_table()?, self.to_table()?);
        let value = |table: &Table, path: &str| {
            let keys = path.split('.').map(str::to_owned);
            let start = Some(Value::Table(table.clone()));
            keys.fold(start, |value, key| value?.as_table()?.get(&key).cloned())
        };
        let lists = ["transform", "member"];
        let keys = SCHEMA.keys().map(|key| key.path).filter(|path| !path.starts_with("transform."));
        let fixed = keys
            .chain(lists)
            .filter(|path| !path.starts_with("data.") && *path != "machine.threads");
        let mut changed = fixed.filter(|path| value(&now, path) != value(&was, path));
        let Some(path) = changed.find(|path| typed.place(path).is_some()) else {
            return Ok(resumed);
        };
        let in_words = |table: &Table| {
            value(table, path).map_or_else(|| "not set".to_owned(), |value| value.to_string())
        };
        let (now, was) = (in_words(&now), in_words(&was));
        let problem = format!(
            "{path} is {now}, but {was} in the run that goes on; a new run can have its own settings"
        );
        Err(layers.located(SettingsError::new(path, problem)).into())
    }

    /// What was typed and every member, or some of them, have of their own: an error where it changes nothing, a note where
    /// it changes a part.
    pub(crate) fn hidden_by_members(&self, typed: &Layer) -> Result<Option<String>, SettingsError> {
        let members = &self.settings.member;
        let own: [OwnKey; 3] = [
            ("network.hidden", |member| member.hidden.is_some()),
            ("network.local", |member| member.local.is_some()),
            ("transform", |member| member.transform.is_some()),
        ];
        for (path, has_own) in own {
            let Some(place) = typed.place(path).filter(|_| !members.is_empty()) else { continue };
            let name = path.trim_start_matches("network.");
            let numbers = (1..).zip(members).filter(|(_, member)| has_own(member));
            let numbers: Vec<String> = numbers.map(|(number, _)| number.to_string()).collect();
            if numbers.len() == members.len() {
                let problem = format!(
                    "every member has {name} of its own; change one with --set member.1.{name}..."
                );
                return Err(SettingsError::new(path, problem).at(place));
            }
            if !numbers.is_empty() {
                let which = numbers.join(" and ");
                return Ok(Some(format!(
                    "{place} changes the members that have no {name} of their own, not member {which}"
                )));
            }
        }
        Ok(None)
    }
}

/// Takes one of this program's sections out of a table that has been checked. `false` is as if the key were not there.
fn take_section<T: for<'de> Deserialize<'de> + Default>(
    table: &mut Table,
    name: &str,
) -> Result<T, SettingsError> {
    let Some(Value::Table(mut section)) = table.remove(name) else { return Ok(T::default()) };
    section.retain(|_, value| value != &Value::Boolean(false));
    section.try_into().map_err(|error: toml::de::Error| SettingsError::new(name, error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Layer {
        Layer::from_toml("typed", text).unwrap()
    }

    fn settings(text: &str) -> RunSettings {
        RunSettings::merge(None, None, layer(text)).unwrap()
    }

    #[test]
    fn what_is_printed_reads_back_to_the_same() {
        for text in [
            "",
            "data.path = 'sample'\nmachine = { backend = 'reference', threads = 3 }",
            "data = { images = 'a', labels = 'b' }\nnetwork.local = { window = 9, grid = 8 }",
            "training.optimizer = 'lbfgs'",
        ] {
            let settings = settings(text);
            let read = RunSettings::merge(None, None, layer(&settings.to_toml().unwrap())).unwrap();
            assert_eq!(read, settings, "{text}");
        }
        for preset in Preset::ALL {
            let settings = RunSettings::merge(Some(preset), None, Layer::default()).unwrap();
            let printed = settings.to_toml().unwrap();
            let read = RunSettings::merge(None, None, layer(&printed)).unwrap();
            assert_eq!(read, settings, "{}", preset.name);
        }
    }

    #[test]
    fn who_names_data_does_not_get_data_of_the_layer_below() {
        let mut layers = Layers::new(SCHEMA);
        layers.push(layer("data = { images = 'a', labels = 'b' }")).unwrap();
        layers.push(layer("data.path = 'x'")).unwrap();
        let merged = RunSettings::from_layers(&layers).unwrap();
        assert_eq!(merged, settings("data.path = 'x'"));
    }

    #[test]
    fn a_resumed_run_may_not_be_contradicted() {
        let run = settings("training.batch = 128\n[[transform]]\nkind = 'deskew'");
        assert!(run.resumed_with(&layer("training.epochs = 10\nmachine.threads = 2")).is_ok());
        assert!(run.resumed_with(&layer("transform.deskew = true")).is_ok());
        for (text, words) in [
            ("training.batch = 64", "training.batch is 64, but 128"),
            ("training.patience = 3", "training.patience is 3, but not set"),
            ("training.optimizer = 'lbfgs'\ntransform = []", "training.optimizer is \"lbfgs\""),
            ("transform.deskew = false", "transform is not set, but ["),
        ] {
            let error = run.resumed_with(&layer(text)).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn what_members_hide_is_said() {
        let two = "[[member]]\nhidden = [8]\n[[member]]\n";
        let one_hidden = settings(two).hidden_by_members(&layer("network.hidden = [9]")).unwrap();
        assert!(one_hidden.unwrap().contains("not member 1"));
        let all = settings(&format!("{two}hidden = [7]"));
        let error = all.hidden_by_members(&layer("network.hidden = [9]")).unwrap_err();
        assert!(error.to_string().contains("--set member.1.hidden"), "{error}");
        assert_eq!(all.hidden_by_members(&layer("training.epochs = 3")), Ok(None));
    }
}
