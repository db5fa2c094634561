//! Checks tables of settings against the schema, key by key.

use crate::settings::allowed::{Allowed, shown};
use crate::settings::error::SettingsError;
use crate::settings::paths;
use crate::settings::schema::{DefaultValue, Key, Need, Schema};
use crate::settings::transforms;
use toml::{Table, Value};

/// What a member may have of its own.
const OF_MEMBERS: [&str; 3] = ["hidden", "local", "transform"];

/// Checks that every key of `table` is known and its value allowed. Lists of transforms and members may be lists, or
/// tables that change single entries.
pub(super) fn check_table(schema: &Schema, table: &Table) -> Result<(), SettingsError> {
    for (section, value) in table {
        match section.as_str() {
            "transform" => transforms::check("transform", value)?,
            "member" => check_members(schema, value)?,
            _ => check_value(schema, section, value)?,
        }
    }
    Ok(())
}

/// Checks a value, or all in a table.
fn check_value(schema: &Schema, path: &str, value: &Value) -> Result<(), SettingsError> {
    if let Some(key) = schema.find(path) {
        return check_key(schema, key, path, value);
    }
    let inside = schema.keys_under(path);
    match value {
        _ if inside.is_empty() => Err(unknown(schema, path)),
        Value::Table(table) => table
            .iter()
            .try_for_each(|(name, value)| check_value(schema, &format!("{path}.{name}"), value)),
        Value::Boolean(false) if schema.may_be_off(path) => Ok(()),
        other => Err(SettingsError::value(
            path,
            shown(other),
            format!("a table of {}", names(&inside, path)),
        )),
    }
}

fn check_key(schema: &Schema, key: &Key, path: &str, value: &Value) -> Result<(), SettingsError> {
    let may_be_off = schema.may_be_off(path);
    if key.allowed.allows(value) || (may_be_off && value == &Value::Boolean(false)) {
        return Ok(());
    }
    let or_off = if may_be_off { ", or false for off" } else { "" };
    let default = match (key.allowed, value) {
        (Allowed::Path, Value::String(text)) if text.is_empty() => "; leave it out for the default",
        _ => "",
    };
    Err(SettingsError::value(path, shown(value), format!("{}{or_off}{default}", key.allowed)))
}

/// Checks members: a list of tables, or a table that changes some of them by their number.
fn check_members(schema: &Schema, value: &Value) -> Result<(), SettingsError> {
    let check = |number: &str, member: &Value| {
        let path = format!("member.{number}");
        let table = member.as_table().ok_or_else(|| {
            SettingsError::value(
                &path,
                shown(member),
                format!("a table of {}", OF_MEMBERS.join(", ")),
            )
        })?;
        table.iter().try_for_each(|(name, value)| {
            let path = format!("{path}.{name}");
            match name.as_str() {
                "transform" => transforms::check(&path, value),
                "hidden" | "local" => check_value(schema, &path, value),
                _ => Err(not_of_members(schema, &path, name)),
            }
        })
    };
    match value {
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered
                .into_iter()
                .try_for_each(|(index, member)| check(&(index + 1).to_string(), member))
        }
        Value::Table(by_number) => {
            by_number.iter().try_for_each(|(number, member)| check(number, member))
        }
        other => Err(SettingsError::value("member", shown(other), "a list of tables")),
    }
}

fn not_of_members(schema: &Schema, path: &str, name: &str) -> SettingsError {
    let of_all = schema.keys().find(|key| key.name() == name);
    let own = OF_MEMBERS.join(", ");
    let hint = of_all.map_or_else(String::new, |key| format!("; all members share {}", key.path));
    SettingsError::new(
        path,
        format!("{path}: a member has {own} of its own and nothing else{hint}"),
    )
}

/// Says what an unknown key might have been.
fn unknown(schema: &Schema, path: &str) -> SettingsError {
    let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
    let same_name = schema.keys().find(|key| key.path.rsplit('.').next() == Some(name));
    let inside = schema.keys_under(table);
    let hint = match same_name {
        Some(key) => format!("did you mean {}?", key.path),
        None if inside.is_empty() => {
            let sections: Vec<&str> =
                schema.sections().iter().map(|section| section.name).collect();
            format!("the sections are {} and member", sections.join(", "))
        }
        None => format!("{table} has {}", names(&inside, table)),
    };
    SettingsError::new(path, format!("unknown key {path}; {hint}"))
}

/// The names of `keys` within the table at `path`.
fn names(keys: &[&'static Key], path: &str) -> String {
    let depth = path.split('.').count();
    let mut names: Vec<&str> =
        keys.iter().filter_map(|key| key.path.split('.').nth(depth)).collect();
    names.dedup();
    names.join(", ")
}

/// Checks that every key that is given goes with the others.
pub(super) fn check_needs(schema: &Schema, table: &Table) -> Result<(), SettingsError> {
    let given = |key: &&Key| match paths::get(table, key.path) {
        None => false,
        Some(Value::Boolean(false)) => !schema.may_be_off(key.path),
        Some(_) => true,
    };
    for key in schema.keys().filter(given) {
        if let Some(need) = unmet(schema, table, key) {
            return Err(SettingsError::new(key.path, unmet_in_words(schema, table, key, need)));
        }
    }
    Ok(())
}

/// Returns what `key` needs and does not have in `table`.
pub(super) fn unmet(schema: &Schema, table: &Table, key: &Key) -> Option<&'static Need> {
    key.needs.iter().find(|need| !need.is_met_by(governing(schema, table, need).as_ref()))
}

/// The setting that `need` is about, or its default.
fn governing(schema: &Schema, table: &Table, need: &Need) -> Option<Value> {
    let given = paths::get(table, need.key()).cloned();
    given.or_else(|| schema.find(need.key()).and_then(default_value))
}

/// The value that a key has where nothing is said, if there is one for all cases.
pub(super) fn default_value(key: &Key) -> Option<Value> {
    match key.default {
        DefaultValue::Is(text) => crate::settings::allowed::as_toml(text),
        _ => None,
    }
}

fn unmet_in_words(schema: &Schema, table: &Table, key: &Key, need: &Need) -> String {
    let (path, name) = (key.path, key.name());
    let governing_name = need.key().rsplit('.').next().unwrap_or_default();
    let is = governing(schema, table, need).as_ref().map(shown).unwrap_or_default();
    match need {
        Need::Batches => format!(
            "{path} does not go with optimizer {is}, which takes the whole training set at each step; leave it out"
        ),
        Need::OneOf { names, .. } => {
            format!("{governing_name} {is} has no {name}: {path} is for {}", names.join(", "))
        }
        Need::Positive { key } => {
            format!("{path} is given, but {key} is {is}; set {key} above 0, or leave {name} out")
        }
        Need::Given { key } => format!("{path} is given without {key}; give both, or neither"),
    }
}
