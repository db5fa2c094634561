//! Settings from tables and files, and back.

use crate::settings::check::{default_value, unmet};
use crate::settings::error::SettingsError;
use crate::settings::layer::Layer;
use crate::settings::layers::Layers;
use crate::settings::paths;
use crate::settings::schema::Schema;
use crate::settings::sections::Settings;
use toml::{Table, Value};

impl Settings {
    /// Returns the settings of a table; what it does not say is the default.
    ///
    /// # Errors
    /// [`SettingsError`] naming the key, its value and what is allowed.
    pub fn from_table(table: &Table) -> Result<Self, SettingsError> {
        let mut layers = Layers::new(Schema::library());
        layers.push(Layer::from_table(table.clone()))?;
        Self::from_layers(&layers)
    }

    /// Returns the settings of a TOML file.
    ///
    /// # Errors
    /// [`SettingsError`] with the line.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let mut layers = Layers::new(Schema::library());
        layers.push(Layer::from_toml("settings", text)?)?;
        Self::from_layers(&layers)
    }

    fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let settings = Self::of_checked(layers.merged()?)?;
        settings.validate_combinations().map_err(|error| layers.located(error))?;
        Ok(settings)
    }

    /// Reads what has been checked key by key.
    fn of_checked(table: Table) -> Result<Self, SettingsError> {
        table.try_into().map_err(|error: toml::de::Error| {
            SettingsError::new("", error.message().replace('\n', ", "))
        })
    }

    /// Returns every setting that means something: keys of other optimizers and what is off are left out.
    ///
    /// # Errors
    /// [`SettingsError`] for a seed that TOML cannot hold.
    pub fn to_table(&self) -> Result<Table, SettingsError> {
        let mut table = Table::try_from(self).map_err(|_| {
            let most = "a whole number from 0 to 9223372036854775807";
            SettingsError::value("training.seed", self.training.seed, most)
        })?;
        let schema = Schema::library();
        let complete = table.clone();
        for key in schema.keys().filter(|key| unmet(&schema, &complete, key).is_some()) {
            if paths::get(&complete, key.path) == default_value(key).as_ref() {
                paths::remove(&mut table, key.path);
            }
        }
        if table.get("transform").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            table.remove("transform");
        }
        Ok(table)
    }
}
