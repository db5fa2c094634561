//! Values in nested tables, by dotted paths such as `training.epochs`.

use toml::{Table, Value};

/// Returns the value at `path`.
pub(super) fn get<'t>(table: &'t Table, path: &str) -> Option<&'t Value> {
    let (section, rest) = match path.split_once('.') {
        Some((section, rest)) => (section, Some(rest)),
        None => (path, None),
    };
    let value = table.get(section)?;
    match rest {
        Some(rest) => get(value.as_table()?, rest),
        None => Some(value),
    }
}

/// Removes the value at `path`, and the tables that it leaves empty.
pub(super) fn remove(table: &mut Table, path: &str) {
    let Some((section, rest)) = path.split_once('.') else {
        table.remove(path);
        return;
    };
    if let Some(inner) = table.get_mut(section).and_then(Value::as_table_mut) {
        remove(inner, rest);
        if inner.is_empty() {
            table.remove(section);
        }
    }
}

/// Returns the path of every value that is no table, with the value.
pub(super) fn leaves(table: &Table) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                let inner = leaves(inner).into_iter();
                all.extend(inner.map(|(path, leaf)| (format!("{key}.{path}"), leaf)));
            }
            leaf => all.push((key.clone(), leaf)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_removed_with_the_tables_they_leave_empty() {
        let mut table: Table = toml::from_str("a.b.c = 1\na.d = 2").unwrap();
        assert_eq!(get(&table, "a.b.c"), Some(&Value::Integer(1)));
        assert_eq!(get(&table, "a.b.c.d"), None);
        let paths: Vec<String> = leaves(&table).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a.b.c", "a.d"]);
        remove(&mut table, "a.b.c");
        assert_eq!(table, toml::from_str("a.d = 2").unwrap());
    }
}
