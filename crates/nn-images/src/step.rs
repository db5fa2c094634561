//! A step of a pipeline: a transform that knows its kind and its settings.

use crate::error::{ImageError, in_words};
use crate::kind::{Kind, Table, table_of};
use crate::kinds::{all_in_words, kind_named};
use crate::transform::{Described, Transform};
use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// Name of the entry of a table that says which transform it is.
const KIND: &str = "kind";

/// A transform as a step of a [`Pipeline`](crate::Pipeline).
///
/// It serialises to a table of its kind and **all** of its settings, so that a file keeps its meaning should a
/// default change. Settings that are left out have their default when it is read.
#[derive(Clone, Debug)]
pub struct Step {
    kind: Kind,
    settings: Table,
    transform: Arc<dyn Transform>,
}

impl Step {
    /// Makes a step of a table such as `{"kind": "augment", "rotation": 10.0}`.
    ///
    /// # Errors
    /// [`ImageError::NoKind`], [`ImageError::UnknownKind`], [`ImageError::UnknownKey`] or
    /// [`ImageError::SettingType`]. Ranges are not checked here, but by
    /// [`Pipeline::validate`](crate::Pipeline::validate).
    pub fn from_table(mut table: Table) -> Result<Self, ImageError> {
        let Some(Value::String(name)) = table.remove(KIND) else {
            return Err(ImageError::NoKind { known: all_in_words() });
        };
        Self::of_kind(kind_named(&name)?, &table)
    }

    fn of_kind(kind: Kind, given: &Table) -> Result<Self, ImageError> {
        let (settings, transform) = kind.build(given)?;
        Ok(Self { kind, settings, transform })
    }

    /// Returns the same step with one setting changed.
    ///
    /// # Errors
    /// [`ImageError::UnknownKey`] or [`ImageError::SettingType`].
    pub fn with(&self, key: &str, value: &Value) -> Result<Self, ImageError> {
        let mut settings = self.settings.clone();
        if settings.insert(key.to_owned(), value.clone()).is_none() {
            let known = in_words(self.kind.keys.iter().map(|key| key.name));
            let (transform, key) = (self.kind.name, key.to_owned());
            return Err(ImageError::UnknownKey { transform, key, known });
        }
        Self::of_kind(self.kind, &settings)
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// All of its settings.
    #[must_use]
    pub fn settings(&self) -> &Table {
        &self.settings
    }

    /// What it does.
    #[must_use]
    pub fn transform(&self) -> &dyn Transform {
        &*self.transform
    }

    /// Returns whether it is random and does anything.
    pub(crate) fn is_random(&self) -> bool {
        self.transform.is_random() && !self.transform.is_identity()
    }
}

impl<T: Described> From<T> for Step {
    fn from(settings: T) -> Self {
        let table = table_of(&settings);
        Self { kind: Kind::of::<T>(), settings: table, transform: Arc::new(settings) }
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.settings == other.settings
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_map(None)?;
        table.serialize_entry(KIND, self.kind.name)?;
        for key in self.kind.keys {
            match self.settings.get(key.name) {
                None | Some(Value::Null) => {} // TOML has no null
                Some(value) => table.serialize_entry(key.name, value)?,
            }
        }
        table.end()
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_table(Table::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
