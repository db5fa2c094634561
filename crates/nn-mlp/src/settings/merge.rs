//! Merges one table of settings into another: the upper one wins.

use crate::settings::error::SettingsError;
use crate::settings::paths;
use crate::settings::schema::Schema;
use crate::settings::transforms::{kind_of, rank};
use toml::{Table, Value};

/// Merges `upper` into `base`, whose transforms and members are lists.
///
/// Tables are merged, everything else replaces. Keys of `base` that no longer mean anything, such as `momentum` once
/// `upper` asks for Adam, are dropped.
pub(super) fn merge(schema: &Schema, base: &mut Table, upper: &Table) -> Result<(), SettingsError> {
    drop_hidden_sections(schema, base, upper);
    drop_meaningless(schema, base, upper);
    for (section, value) in upper {
        if !matches!(section.as_str(), "transform" | "member") {
            merge_value(base, section, value);
        }
    }
    if let Some(value) = upper.get("transform") {
        let list = base.entry("transform").or_insert_with(|| Value::Array(Vec::new()));
        merge_transforms(list, value);
    }
    if let Some(value) = upper.get("member") {
        merge_members(base, value)?;
    }
    Ok(())
}

/// Of a section that is one choice, such as where data lies, the upper layer's keys hide all others.
fn drop_hidden_sections(schema: &Schema, base: &mut Table, upper: &Table) {
    for section in schema.sections() {
        if section.is_one_choice && upper.contains_key(section.name) {
            base.remove(section.name);
        }
    }
}

/// Drops the keys of `base` that do not go with what `upper` sets.
fn drop_meaningless(schema: &Schema, base: &mut Table, upper: &Table) {
    for key in schema.keys() {
        let against = |need: &&crate::settings::schema::Need| {
            let now = paths::get(upper, need.key());
            now.is_some() && !need.is_met_by(now)
        };
        if key.needs.iter().any(|need| against(&need)) {
            paths::remove(base, key.path);
        }
    }
}

fn merge_value(base: &mut Table, name: &str, value: &Value) {
    match (base.get_mut(name), value) {
        (Some(Value::Table(below)), Value::Table(above)) => {
            above.iter().for_each(|(name, value)| merge_value(below, name, value));
        }
        _ => {
            base.insert(name.to_owned(), value.clone());
        }
    }
}

/// A list replaces `list`; a table changes, adds (by a table or `true`) and removes (by `false`) transforms of its kinds.
fn merge_transforms(list: &mut Value, upper: &Value) {
    let Value::Table(kinds) = upper else {
        *list = upper.clone();
        return;
    };
    let Value::Array(list) = list else { return };
    for (kind, entry) in kinds {
        let is_kind = |one: &Value| one.as_table().and_then(kind_of) == Some(kind.as_str());
        if entry == &Value::Boolean(false) {
            list.retain(|one| !is_kind(one));
            continue;
        }
        if !list.iter().any(is_kind) {
            let is_later =
                |one: &Value| rank(one.as_table().and_then(kind_of)) > rank(Some(kind.as_str()));
            let place = list.iter().position(is_later).unwrap_or(list.len());
            let new = Table::from_iter([("kind".to_owned(), Value::String(kind.clone()))]);
            list.insert(place, Value::Table(new));
        }
        let settings = entry.as_table().into_iter().flatten();
        if let Some(Value::Table(place)) = list.iter_mut().find(|one| is_kind(one)) {
            place.extend(settings.map(|(name, value)| (name.clone(), value.clone())));
        }
    }
}

/// A list replaces the members; a table changes some of them by their number. What a member has of the settings of all is
/// copied before it is changed.
fn merge_members(base: &mut Table, upper: &Value) -> Result<(), SettingsError> {
    let Value::Table(by_number) = upper else {
        base.insert("member".to_owned(), upper.clone());
        return Ok(());
    };
    let of_all = |path: &str| paths::get(base, path).cloned();
    let (transform, local) = (of_all("transform"), of_all("network.local"));
    let members = base.entry("member").or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(members) = members else { return Ok(()) };
    for (number, changes) in by_number {
        let path = format!("member.{number}");
        let count = members.len();
        let index = number.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
        let member = index.and_then(|number| members[number - 1].as_table_mut());
        let (Some(member), Some(changes)) = (member, changes.as_table()) else {
            let problem = match count {
                0 => "there is one member, which network and transform describe".to_owned(),
                _ => format!("the members are numbered from 1 to {count}"),
            };
            return Err(SettingsError::new(path.clone(), format!("no {path}: {problem}")));
        };
        for (name, change) in changes {
            let inherited = match name.as_str() {
                "transform" => transform.clone().or_else(|| Some(Value::Array(Vec::new()))),
                "local" => local.clone(),
                _ => None,
            };
            if let (None, Some(inherited), Value::Table(_)) = (member.get(name), inherited, change)
            {
                member.insert(name.clone(), inherited);
            }
            match (name.as_str(), member.get_mut(name)) {
                ("transform", Some(list)) => merge_transforms(list, change),
                _ => merge_value(member, name, change),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, upper: &str) -> Table {
        let mut base: Table = toml::from_str(base).unwrap();
        merge(&Schema::library(), &mut base, &toml::from_str(upper).unwrap()).unwrap();
        base
    }

    fn expect(base: &str, upper: &str, result: &str) {
        assert_eq!(merged(base, upper), toml::from_str(result).unwrap(), "{base} + {upper}");
    }

    #[test]
    fn tables_are_merged_and_the_rest_replaces() {
        expect(
            "training.epochs = 3\ntraining.batch = 7\nnetwork.hidden = [9, 8]",
            "training.epochs = 5\nnetwork.hidden = [4]",
            "training.epochs = 5\ntraining.batch = 7\nnetwork.hidden = [4]",
        );
        expect(
            "network.local = { window = 9, grid = 14 }",
            "network.local.window = 5",
            "network.local = { window = 5, grid = 14 }",
        );
        expect("network.local = { window = 9 }", "network.local = false", "network.local = false");
    }

    #[test]
    fn another_optimizer_or_schedule_drops_the_keys_of_the_old_one() {
        expect(
            "training = { optimizer = 'adam', beta1 = 0.8, epsilon = 1e-7, epochs = 3 }",
            "training.optimizer = 'rms-prop'",
            "training = { optimizer = 'rms-prop', epsilon = 1e-7, epochs = 3 }",
        );
        expect(
            "training = { schedule = 'step', step-epochs = 3 }",
            "training.schedule = 'cosine'",
            "training.schedule = 'cosine'",
        );
        expect(
            "training = { batch = 5, schedule = 'step', step-epochs = 3, l1 = 1e-5 }",
            "training.optimizer = 'lbfgs'",
            "training = { optimizer = 'lbfgs', l1 = 1e-5 }",
        );
        expect("test = { copies = 3, strength = 0.5 }", "test.copies = 0", "test.copies = 0");
        // Within one layer nothing is dropped, and the check refuses it.
        let both = "training = { optimizer = 'sgd', beta1 = 0.5 }";
        expect("", both, both);
    }

    const TWO: &str = "[[transform]]\nkind = 'deskew'\n[[transform]]\nkind = 'gradient-features'\n";

    #[test]
    fn transforms_are_changed_by_their_kind_and_keep_their_order() {
        let kinds = |upper: &str| -> Vec<String> {
            let table = merged(TWO, upper);
            let list = table["transform"].as_array().unwrap().clone();
            list.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
        };
        let all = ["deskew", "augment", "gradient-features"];
        assert_eq!(kinds("transform.augment.rotation = 10"), all);
        assert_eq!(kinds("transform.augment = true\ntransform.deskew = true"), all);
        assert_eq!(kinds("transform.deskew = false"), ["gradient-features"]);
        assert_eq!(kinds("transform = []"), [""; 0]);
        assert_eq!(kinds("[[transform]]\nkind = 'augment'"), ["augment"]);
        expect(
            "[[transform]]\nkind = 'augment'\nshift = 1\nscale = 0.1",
            "transform.augment.shift = 2",
            "[[transform]]\nkind = 'augment'\nshift = 2\nscale = 0.1",
        );
    }

    #[test]
    fn members_are_changed_by_their_number() {
        let base = format!("network.local.window = 9\n[[member]]\n[[member]]\nhidden = [8]\n{TWO}");
        let table = merged(
            &base,
            "member.1.transform.deskew = false\nmember.2 = { hidden = [7], local.grid = 3 }",
        );
        let members = table["member"].as_array().unwrap();
        assert_eq!(members[0]["transform"].as_array().unwrap().len(), 1);
        assert_eq!(members[0].get("hidden"), None);
        assert_eq!(
            members[1],
            toml::from_str("hidden = [7]\nlocal = { window = 9, grid = 3 }").unwrap()
        );
        let mut table: Table = toml::from_str(&base).unwrap();
        let three = toml::from_str("member.3.hidden = [1]").unwrap();
        let error = merge(&Schema::library(), &mut table, &three).unwrap_err().to_string();
        assert!(error.contains("member.3") && error.contains("1 to 2"), "{error}");
    }
}
