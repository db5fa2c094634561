//! The transforms of images in tables of settings.

use crate::settings::allowed::shown;
use crate::settings::error::SettingsError;
use nn_images::{ImageError, KINDS, Pipeline, Step};
use serde_json::Value as Json;
use toml::{Table, Value};

/// Returns the kind of a transform.
pub(super) fn kind_of(transform: &Table) -> Option<&str> {
    transform.get("kind").and_then(Value::as_str)
}

/// Returns the place of a kind in the registry; unknown ones come last.
pub(super) fn rank(kind: Option<&str>) -> usize {
    let place = KINDS.iter().position(|known| Some(known.name) == kind);
    place.unwrap_or(KINDS.len())
}

/// Checks the value at `path`: a list of transforms, or a table that changes those of its kinds.
pub(super) fn check(path: &str, value: &Value) -> Result<(), SettingsError> {
    match value {
        Value::Array(list) => list.iter().try_for_each(|entry| {
            let table = entry.as_table().ok_or_else(|| {
                let found = format!("a list with {}", shown(entry));
                SettingsError::value(path, found, "a list of tables with a kind each")
            })?;
            check_transform(path, table)
        }),
        Value::Table(kinds) => kinds.iter().try_for_each(|(kind, entry)| {
            let mut table = match entry {
                Value::Table(settings) => settings.clone(),
                Value::Boolean(_) => Table::new(),
                other => {
                    let allowed = "true, false or a table of its settings";
                    return Err(SettingsError::value(
                        &format!("{path}.{kind}"),
                        shown(other),
                        allowed,
                    ));
                }
            };
            table.insert("kind".to_owned(), Value::String(kind.clone()));
            check_transform(path, &table)
        }),
        other => Err(SettingsError::value(path, shown(other), "a list of transforms")),
    }
}

/// Checks kind, names, types and ranges of one transform.
fn check_transform(path: &str, transform: &Table) -> Result<(), SettingsError> {
    let kind = kind_of(transform).unwrap_or_default();
    let path = if kind.is_empty() { path.to_owned() } else { format!("{path}.{kind}") };
    let table = match serde_json::to_value(transform) {
        Ok(Json::Object(table)) => table,
        _ => return Err(SettingsError::value(&path, "no table", "a table")),
    };
    let pipeline = Step::from_table(table).map(|step| Pipeline::new([step]));
    let checked = pipeline.and_then(|pipeline| pipeline.validate());
    checked.map_err(|error| named(&path, &error))
}

/// Returns what is wrong with the transform at `path`, by the name of its key.
pub(super) fn named(path: &str, error: &ImageError) -> SettingsError {
    match error {
        ImageError::Setting { key, value, low, high, .. } => {
            let allowed = format!("a number from {low} to {high}");
            SettingsError::value(&format!("{path}.{key}"), value, allowed)
        }
        ImageError::SettingType { key, value, expected, .. } => {
            SettingsError::value(&format!("{path}.{key}"), value, expected)
        }
        ImageError::UnknownKey { transform, key, known } => {
            let key = format!("{path}.{key}");
            let problem = format!("unknown key {key}; {transform} has {known}");
            SettingsError::new(key, problem)
        }
        other => SettingsError::new(path, other.to_string()),
    }
}
