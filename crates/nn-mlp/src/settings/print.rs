//! Settings as a TOML file in which every key has its comment.

use crate::settings::allowed::in_toml;
use crate::settings::paths;
use crate::settings::schema::{Key, Schema, Section};
use crate::settings::transforms::kind_of;
use nn_images::{KINDS, Kind};
use std::fmt::Write as _;
use toml::{Table, Value};

/// Longest line of a comment.
const WIDTH: usize = 100;

const MEMBERS: &str = "Members that are trained jointly and answer together, each a table [[member]]: \
                       what it has instead of network.hidden, network.local and the list of transforms";

/// Returns `table` as a TOML file with every key of `schema`: those that are not set are commented out, with their default
/// or an example.
///
/// ```
/// use nn_mlp::settings::{Schema, Settings, print};
/// let text = print(&Schema::library(), &Settings::default().to_table()?);
/// assert!(text.contains("\nepochs = 10\n") && text.contains("\n#patience = 5\n"));
/// assert_eq!(Settings::from_toml(&text)?, Settings::default());
/// # Ok::<(), nn_mlp::settings::SettingsError>(())
/// ```
#[must_use]
pub fn print(schema: &Schema, table: &Table) -> String {
    let mut text = String::new();
    for section in schema.sections() {
        if section.name == "transform" {
            print_transforms(&mut text, section, table);
            print_members(&mut text, table);
        } else {
            print_section(&mut text, section, table);
        }
    }
    text
}

fn print_section(text: &mut String, section: &Section, table: &Table) {
    comment(text, section.help);
    line(text, &format!("[{}]", section.name));
    for key in section.keys {
        explain(text, key);
        let value = paths::get(table, key.path).map(in_toml);
        let mark = if value.is_some() { "" } else { "#" };
        let value = value.unwrap_or_else(|| key.default_text().to_owned());
        line(text, &format!("{mark}{} = {value}", key.name()));
    }
    line(text, "");
}

/// The help, what is allowed, and the default.
fn explain(text: &mut String, key: &Key) {
    let default = match key.default_in_words() {
        off if off == "off" => "off by default".to_owned(),
        words => format!("default {words}"),
    };
    let allowed = key.allowed.to_string();
    let (first, rest) = allowed.split_at(1);
    comment(text, &format!("{}. {}{rest}; {default}.", key.help, first.to_uppercase()));
}

/// Those that are there in their order, then the others, commented out.
fn print_transforms(text: &mut String, section: &Section, table: &Table) {
    comment(text, section.help);
    let list = table.get("transform").and_then(Value::as_array);
    let there: Vec<&Table> = list.into_iter().flatten().filter_map(Value::as_table).collect();
    let is_kind = |transform: &Table, kind: &Kind| kind_of(transform) == Some(kind.name);
    for transform in &there {
        if let Some(kind) = KINDS.iter().find(|kind| is_kind(transform, kind)) {
            print_transform(text, kind, Some(transform));
        }
    }
    for kind in KINDS.iter().filter(|kind| !there.iter().any(|there| is_kind(there, kind))) {
        print_transform(text, kind, None);
    }
    line(text, "");
}

fn print_transform(text: &mut String, kind: &Kind, transform: Option<&Table>) {
    let mark = if transform.is_some() { "" } else { "#" };
    comment(text, &format!("{}.", kind.help));
    line(text, &format!("{mark}[[transform]]"));
    line(text, &format!("{mark}kind = \"{}\"", kind.name));
    let defaults = kind.defaults();
    for key in kind.keys {
        let default = defaults.get(key.name).map(ToString::to_string).unwrap_or_default();
        let in_words = default.strip_suffix(".0").unwrap_or(&default);
        comment(text, &format!("{}; default {in_words}.", key.help));
        let given = transform.and_then(|transform| transform.get(key.name)).map(in_toml);
        let mark = if given.is_some() { "" } else { "#" };
        line(text, &format!("{mark}{} = {}", key.name, given.unwrap_or(default)));
    }
}

fn print_members(text: &mut String, table: &Table) {
    comment(text, MEMBERS);
    let list = table.get("member").and_then(Value::as_array);
    if list.is_none_or(Vec::is_empty) {
        line(text, "#[[member]]\n#hidden = [256, 128]\n");
        return;
    }
    for member in list.into_iter().flatten().filter_map(Value::as_table) {
        line(text, "[[member]]");
        let transforms = member.get("transform").and_then(Value::as_array);
        let is_empty = transforms.is_some_and(Vec::is_empty);
        for (name, value) in member.iter().filter(|(name, _)| *name != "transform" || is_empty) {
            match value {
                Value::Table(inner) => {
                    for (path, value) in paths::leaves(inner) {
                        line(text, &format!("{name}.{path} = {}", in_toml(value)));
                    }
                }
                value => line(text, &format!("{name} = {}", in_toml(value))),
            }
        }
        for transform in transforms.into_iter().flatten().filter_map(Value::as_table) {
            print_member_transform(text, transform);
        }
        line(text, "");
    }
}

fn print_member_transform(text: &mut String, transform: &Table) {
    let kind = kind_of(transform).unwrap_or_default();
    line(text, &format!("[[member.transform]]\nkind = \"{kind}\""));
    let keys = KINDS.iter().filter(|known| known.name == kind).flat_map(|known| known.keys);
    for key in keys {
        if let Some(value) = transform.get(key.name) {
            line(text, &format!("{} = {}", key.name, in_toml(value)));
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "{line}");
}

/// Writes a comment, in lines of at most [`WIDTH`] characters.
fn comment(text: &mut String, words: &str) {
    let mut current = String::from("#");
    for word in words.split_whitespace() {
        if current.chars().count() + 1 + word.chars().count() > WIDTH {
            line(text, &current);
            current = String::from("#");
        }
        current.push(' ');
        current.push_str(word);
    }
    line(text, &current);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layer, Layers, OptimizerName, Preset, Settings};

    fn read_back(settings: &Settings) -> Settings {
        let text = print(&Schema::library(), &settings.to_table().unwrap());
        Settings::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn what_is_printed_reads_back_to_the_same() {
        for preset in Preset::ALL {
            let settings = preset.settings().unwrap();
            assert_eq!(read_back(&settings), settings, "{}", preset.name);
            assert_eq!(read_back(&settings.pinned()), settings.pinned(), "{}", preset.name);
        }
        for optimizer in OptimizerName::ALL {
            let mut settings = Settings::default();
            settings.training.optimizer = optimizer;
            assert_eq!(read_back(&settings), settings, "{optimizer:?}");
            assert_eq!(read_back(&settings.pinned()), settings.pinned(), "{optimizer:?}");
        }
        let text = "[[member]]\ntransform = []\nlocal = false\n[[member]]\nlocal = { window = 3, grid = 2 }\nhidden = [8]";
        let members = Settings::from_toml(text).unwrap();
        assert_eq!(read_back(&members), members);
    }

    #[test]
    fn every_key_is_printed_and_what_is_commented_out_is_sound() {
        let schema = Schema::library();
        let text = print(&schema, &Table::new());
        for key in schema.keys() {
            let name = key.path.rsplit('.').next().unwrap();
            let is_printed = |line: &str| {
                let line = line.trim_start_matches('#');
                line.split(" = ").next().is_some_and(|start| start.ends_with(name))
            };
            assert!(text.lines().any(is_printed), "{}", key.path);
        }
        for kind in KINDS {
            for key in kind.keys {
                let start = format!("#{} = ", key.name);
                assert!(text.lines().any(|line| line.starts_with(&start)), "{}", key.name);
            }
        }
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(Settings::from_toml(&text).unwrap(), Settings::default());
        // The examples of transforms are sound too.
        let entries: Vec<&str> = text.split("[[transform]]").skip(1).collect();
        assert_eq!(entries.len(), KINDS.len());
        for entry in entries {
            let keys = entry.lines().filter(|line| !line.starts_with("# "));
            let keys: Vec<&str> = keys.map(|line| line.trim_start_matches('#')).collect();
            let entry = keys.join("\n");
            let entry = entry.split("[[member]]").next().unwrap().split("[test]").next().unwrap();
            let layer = Layer::from_toml("printed", &format!("[[transform]]{entry}")).unwrap();
            assert!(Layers::new(schema).push(layer).is_ok(), "{entry}");
        }
    }
}
