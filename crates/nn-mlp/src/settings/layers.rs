//! Layers of settings, the upper over the lower.

use crate::settings::check::{check_needs, check_table};
use crate::settings::error::SettingsError;
use crate::settings::layer::Layer;
use crate::settings::merge::merge;
use crate::settings::schema::Schema;
use toml::{Table, Value};

/// Layers of settings, merged as tables: what an upper one says beats the lower ones.
///
/// ```
/// use nn_mlp::settings::{Layer, Layers, Schema, Settings};
/// let mut layers = Layers::new(Schema::library());
/// layers.push(Layer::from_toml("preset", "training = { optimizer = \"adam\", beta1 = 0.8, epochs = 5 }")?)?;
/// layers.push(Layer::from_toml("my.toml", "training.optimizer = \"sgd\"")?)?;
/// let settings = Settings::from_table(&layers.merged()?)?;
/// assert_eq!(settings.training.epochs, 5);
/// # Ok::<(), nn_mlp::settings::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Layers {
    schema: Schema,
    layers: Vec<Layer>,
    merged: Table,
}

impl Layers {
    /// Returns no layers: every setting is the default.
    #[must_use]
    pub fn new(schema: Schema) -> Self {
        Self { schema, layers: Vec::new(), merged: Table::new() }
    }

    /// Puts a layer on top of the others.
    ///
    /// # Errors
    /// [`SettingsError`] with the place of a key that is unknown or has a value that is not allowed.
    pub fn push(&mut self, layer: Layer) -> Result<(), SettingsError> {
        let mut merged = std::mem::take(&mut self.merged);
        let checked = check_table(&self.schema, layer.table())
            .and_then(|()| merge(&self.schema, &mut merged, layer.table()));
        self.layers.push(layer);
        self.merged = merged;
        checked.map_err(|error| self.located(error))
    }

    /// Returns the settings of all layers. SGD with a momentum is the momentum method, as in PyTorch.
    ///
    /// # Errors
    /// [`SettingsError`] with the place of a key that does not go with the others.
    pub fn merged(&self) -> Result<Table, SettingsError> {
        let mut table = self.merged.clone();
        if let Some(Value::Table(training)) = table.get_mut("training") {
            let is_sgd = training.get("optimizer").and_then(Value::as_str) == Some("sgd");
            if is_sgd && training.contains_key("momentum") {
                training.insert("optimizer".to_owned(), Value::String("momentum".to_owned()));
            }
        }
        check_needs(&self.schema, &table).map_err(|error| self.located(error))?;
        Ok(table)
    }

    /// Returns the same error with the place where its key was set last.
    #[must_use]
    pub fn located(&self, error: SettingsError) -> SettingsError {
        if error.place.is_some() {
            return error;
        }
        match self.layers.iter().rev().find_map(|layer| layer.place(&error.key)) {
            Some(place) => error.at(place),
            None => error,
        }
    }
}
