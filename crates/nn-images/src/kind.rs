//! A kind of transform, as a registry lists it.

use crate::error::{ImageError, in_words};
use crate::transform::{Described, Key, Transform};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Settings of a transform by name.
pub type Table = Map<String, Value>;

/// A kind of transform: how it is called, what its settings are, and how it is made of them.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name, as in `kind = "deskew"`.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Its settings.
    pub keys: &'static [Key],
    defaults: fn() -> Table,
    build: fn(&Table) -> Result<Built, ImageError>,
}

/// A transform and all of its settings, those left out by default included.
type Built = (Table, Arc<dyn Transform>);

impl Kind {
    /// Describes the transforms whose settings are `T`.
    #[must_use]
    pub const fn of<T: Described>() -> Self {
        let (name, help, keys) = (T::KIND, T::HELP, T::KEYS);
        Self { name, help, keys, defaults: defaults::<T>, build: build::<T> }
    }

    /// Returns the value that every setting has where it is not given.
    #[must_use]
    pub fn defaults(&self) -> Table {
        (self.defaults)()
    }

    /// Makes a transform of the settings that are given.
    ///
    /// # Errors
    /// [`ImageError::UnknownKey`] or [`ImageError::SettingType`]. Ranges are not checked here.
    pub(crate) fn build(&self, given: &Table) -> Result<Built, ImageError> {
        (self.build)(given)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn defaults<T: Described>() -> Table {
    table_of(&T::default())
}

/// Returns the settings as a table. A number that is not finite is null in it.
pub(crate) fn table_of(settings: &impl Serialize) -> Table {
    match serde_json::to_value(settings) {
        Ok(Value::Object(table)) => table,
        _ => Table::new(),
    }
}

fn build<T: Described>(given: &Table) -> Result<Built, ImageError> {
    let transform = T::KIND;
    let mut built = T::default();
    for (key, value) in given {
        let mut settings = table_of(&built);
        let Some(place) = settings.get_mut(key) else {
            let known = in_words(T::KEYS.iter().map(|key| key.name));
            return Err(ImageError::UnknownKey { transform, key: key.clone(), known });
        };
        let expected = type_of(place);
        *place = value.clone();
        built = serde_json::from_value(Value::Object(settings)).map_err(|_| {
            let (key, value) = (key.clone(), value.to_string());
            ImageError::SettingType { transform, key, value, expected }
        })?;
    }
    Ok((table_of(&built), Arc::new(built)))
}

/// The type of a value, as an error asks for it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        _ => "of the type that its default has",
    }
}
