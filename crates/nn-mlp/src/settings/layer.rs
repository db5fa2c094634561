//! One source of settings: a preset, a file, or what was typed.

use crate::settings::allowed::as_toml;
use crate::settings::error::SettingsError;
use crate::settings::schema::Schema;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// Settings from one source, with the place of each.
///
/// A list replaces the list of the layer below. A table changes it: `transform.augment.rotation = 10` the transform of
/// that kind, `member.2.hidden = [30]` the second member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    table: Table,
    places: BTreeMap<String, String>,
}

/// A setting that was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Where, as `--epochs`.
    pub place: String,
    /// The key, as `training.epochs`.
    pub path: String,
    /// The value.
    pub value: Value,
}

impl Assignment {
    /// Returns the setting of `path` to what was typed as `text`.
    ///
    /// ```
    /// use nn_mlp::settings::{Assignment, Schema};
    /// let typed = Assignment::parse(&Schema::library(), "--hidden", "network.hidden", "256,128");
    /// assert_eq!(typed.value.to_string(), "[256, 128]");
    /// ```
    #[must_use]
    pub fn parse(schema: &Schema, place: &str, path: &str, text: &str) -> Self {
        let value = match schema.find(path) {
            Some(_) if text == "false" && schema.may_be_off(path) => Value::Boolean(false),
            Some(key) => key.allowed.parse(text),
            None => as_toml(text).unwrap_or_else(|| Value::String(text.to_owned())),
        };
        Self { place: place.to_owned(), path: path.to_owned(), value }
    }
}

impl Layer {
    /// Reads a TOML file, which messages call `name`.
    ///
    /// # Errors
    /// [`SettingsError`] with the line that is no TOML.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SettingsError> {
        let line = |start: usize| text[..start].matches('\n').count() + 1;
        let not_toml = |error: &toml::de::Error| {
            let line = error.span().map_or(1, |span| line(span.start));
            let problem = error.message().replace('\n', ", ");
            SettingsError::new("", problem).at(format!("{name}, line {line}"))
        };
        let spanned = DeTable::parse(text).map_err(|error| not_toml(&error))?;
        let table = toml::from_str(text).map_err(|error| not_toml(&error))?;
        let mut layer = Self { table, places: BTreeMap::new() };
        layer.note_places(spanned.get_ref(), "", &|start| format!("{name}, line {}", line(start)));
        Ok(layer)
    }

    /// Notes the places of all keys in `table`, whose path is `path`.
    fn note_places(&mut self, table: &DeTable<'_>, path: &str, place: &dyn Fn(usize) -> String) {
        for (key, value) in table {
            let path = match path {
                "" => key.get_ref().to_string(),
                _ => format!("{path}.{}", key.get_ref()),
            };
            self.places.insert(path.clone(), place(key.span().start));
            match value.get_ref() {
                DeValue::Table(inner) => self.note_places(inner, &path, place),
                DeValue::Array(list) => self.note_list(list, &path, place),
                _ => {}
            }
        }
    }

    /// Transforms are called by their kind, members by their number.
    fn note_list(
        &mut self,
        list: &[Spanned<DeValue<'_>>],
        path: &str,
        place: &dyn Fn(usize) -> String,
    ) {
        for (index, entry) in list.iter().enumerate() {
            let DeValue::Table(table) = entry.get_ref() else { continue };
            let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str());
            let name = kind.map_or_else(|| (index + 1).to_string(), str::to_owned);
            let path = format!("{path}.{name}");
            self.places.insert(path.clone(), place(entry.span().start));
            self.note_places(table, &path, place);
        }
    }

    /// Returns a layer that knows no places.
    #[must_use]
    pub fn from_table(table: Table) -> Self {
        Self { table, places: BTreeMap::new() }
    }

    /// Returns a layer of single settings.
    ///
    /// # Errors
    /// [`SettingsError`] where two of them contradict each other.
    pub fn from_assignments(
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Result<Self, SettingsError> {
        let mut layer = Self::default();
        for Assignment { place, path, value } in assignments {
            let twice = |layer: &Self| {
                let first = layer.place(&path).unwrap_or("an earlier setting");
                let problem = format!("{path} is already set by {first}; give one of them");
                SettingsError::new(path.clone(), problem).at(place.clone())
            };
            if !insert(&mut layer.table, &path, value) {
                return Err(twice(&layer));
            }
            layer.places.insert(path, place);
        }
        Ok(layer)
    }

    /// Returns where `path`, or the table that it is in, is set in this layer.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<&str> {
        let below = || {
            let start = format!("{path}.");
            self.places.iter().find(|(key, _)| key.starts_with(&start)).map(|(_, place)| place)
        };
        let above = || {
            let (table, _) = path.rsplit_once('.')?;
            self.places.get(table)
        };
        self.places.get(path).or_else(below).or_else(above).map(String::as_str)
    }

    /// Returns the settings.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }
}

/// Sets `path`, and says whether nothing was there that contradicts it. A transform that is asked for by `true` may have
/// settings besides.
fn insert(table: &mut Table, path: &str, value: Value) -> bool {
    let Some((name, rest)) = path.split_once('.') else {
        return match (table.get(path), &value) {
            (None, _) => {
                table.insert(path.to_owned(), value);
                true
            }
            (Some(Value::Table(_)), Value::Boolean(true)) => true,
            _ => false,
        };
    };
    let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
    if inner == &Value::Boolean(true) {
        *inner = Value::Table(Table::new());
    }
    inner.as_table_mut().is_some_and(|inner| insert(inner, rest, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(settings: &[(&str, &str)]) -> Result<Layer, SettingsError> {
        let schema = Schema::library();
        Layer::from_assignments(
            settings.iter().map(|(path, text)| Assignment::parse(&schema, "--set", path, text)),
        )
    }

    #[test]
    fn a_file_knows_the_line_of_each_key() {
        let text = "[training]\nepochs = 3\n\n[[transform]]\nkind = \"augment\"\nshift = 1\n";
        let layer = Layer::from_toml("my.toml", text).unwrap();
        assert_eq!(layer.place("training.epochs"), Some("my.toml, line 2"));
        assert_eq!(layer.place("transform.augment.shift"), Some("my.toml, line 6"));
        let error = Layer::from_toml("my.toml", "a = 1\nb = [1,\n\n\"").unwrap_err().to_string();
        assert!(error.starts_with("my.toml, line ") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn typed_settings_nest_and_do_not_contradict_each_other() {
        let layer = typed(&[
            ("training.epochs", "3"),
            ("transform.augment", "true"),
            ("transform.augment.shift", "1"),
            ("network.local", "false"),
        ]);
        let expected = "training.epochs = 3\ntransform.augment.shift = 1\nnetwork.local = false";
        assert_eq!(layer.unwrap().table, toml::from_str(expected).unwrap());
        let twice = typed(&[("training.epochs", "3"), ("training.epochs", "4")]).unwrap_err();
        assert!(twice.to_string().contains("already set"), "{twice}");
        let both = [("transform.augment", "false"), ("transform.augment.shift", "1")];
        assert!(typed(&both).is_err());
    }
}
