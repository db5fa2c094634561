//! What a setting may be.

use std::fmt;
use toml::Value;

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// A whole number.
    Whole {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// A number.
    Number(Interval),
    /// True or false.
    Switch,
    /// One of these names.
    OneOf(fn() -> Vec<&'static str>),
    /// A list of whole numbers, each at least 1.
    Widths,
    /// A list of numbers, each above 0.
    Factors,
    /// A path: text, or the list of its bytes where it is not UTF-8.
    Path,
}

/// The numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end; infinity for none (an infinite number is never inside).
    pub high: f64,
    /// Whether `low` is outside.
    pub above_low: bool,
    /// Whether `high` is outside.
    pub below_high: bool,
}

impl Interval {
    /// 0 and all above.
    pub const NOT_NEGATIVE: Self = Self::from(0.0, f64::INFINITY);
    /// All above 0.
    pub const POSITIVE: Self = Self { above_low: true, ..Self::NOT_NEGATIVE };
    /// From 0 to 1.
    pub const FRACTION: Self = Self::from(0.0, 1.0);
    /// From 0 to below 1.
    pub const BELOW_ONE: Self = Self { below_high: true, ..Self::FRACTION };

    /// Returns the numbers from `low` to `high`, both included.
    #[must_use]
    pub const fn from(low: f64, high: f64) -> Self {
        Self { low, high, above_low: false, below_high: false }
    }

    /// Returns whether `number` is inside.
    ///
    /// ```
    /// use nn_mlp::settings::Interval;
    /// assert!(Interval::BELOW_ONE.contains(0.0) && !Interval::BELOW_ONE.contains(1.0));
    /// assert!(!Interval::POSITIVE.contains(f64::INFINITY) && !Interval::POSITIVE.contains(f64::NAN));
    /// ```
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        let low = if self.above_low { number > self.low } else { number >= self.low };
        let high = if self.below_high { number < self.high } else { number <= self.high };
        low && high && number.is_finite()
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high, above_low, below_high } = *self;
        match (high.is_finite(), above_low) {
            (false, false) => return write!(formatter, "a number of {low} or more"),
            (false, true) => return write!(formatter, "a number above {low}"),
            (true, false) => write!(formatter, "a number from {low} ")?,
            (true, true) => write!(formatter, "a number above {low}, ")?,
        }
        match (above_low, below_high) {
            (_, true) => write!(formatter, "to below {high}"),
            (true, false) => write!(formatter, "at most {high}"),
            (false, false) => write!(formatter, "to {high}"),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { least, most: i64::MAX } => {
                write!(formatter, "a whole number of {least} or more")
            }
            Self::Whole { least, most } => {
                write!(formatter, "a whole number from {least} to {most}")
            }
            Self::Number(interval) => interval.fmt(formatter),
            Self::Switch => formatter.write_str("true or false"),
            Self::OneOf(names) => write!(formatter, "one of {}", names().join(", ")),
            Self::Widths => formatter.write_str("a list of whole numbers of 1 or more"),
            Self::Factors => formatter.write_str("a list of numbers above 0"),
            Self::Path => formatter.write_str("a path in quotes"),
        }
    }
}

impl Allowed {
    /// Returns whether `value` is allowed.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        let all = |test: &dyn Fn(&Value) -> bool| {
            value.as_array().is_some_and(|list| list.iter().all(test))
        };
        match self {
            Self::Whole { least, most } => {
                value.as_integer().is_some_and(|number| (*least..=*most).contains(&number))
            }
            Self::Number(interval) => number(value).is_some_and(|n| interval.contains(n)),
            Self::Switch => value.is_bool(),
            Self::OneOf(names) => value.as_str().is_some_and(|name| names().contains(&name)),
            Self::Widths => all(&|width| width.as_integer().is_some_and(|width| width >= 1)),
            Self::Factors => all(&|factor| {
                number(factor).is_some_and(|factor| Interval::POSITIVE.contains(factor))
            }),
            Self::Path => match value {
                Value::String(path) => !path.is_empty(),
                Value::Array(bytes) => {
                    let is_byte = |byte: &Value| {
                        byte.as_integer().is_some_and(|byte| (0..=255).contains(&byte))
                    };
                    !bytes.is_empty() && bytes.iter().all(is_byte)
                }
                _ => false,
            },
        }
    }

    /// Returns the value that was typed as `text`; where it is none, the text itself, which is not allowed then.
    ///
    /// Text in quotes is TOML, and so are lists in brackets and tables in braces. Otherwise names and paths need no quotes,
    /// and lists no brackets.
    #[must_use]
    pub fn parse(&self, text: &str) -> Value {
        let text = text.trim();
        let as_text = || Value::String(text.to_owned());
        if text.starts_with(['"', '\'', '[', '{']) && !matches!(self, Self::Path | Self::OneOf(_)) {
            return as_toml(text).unwrap_or_else(as_text);
        }
        match self {
            Self::Whole { .. } => text.parse().map_or_else(|_| as_text(), Value::Integer),
            Self::Number(_) => text.parse().map_or_else(|_| as_text(), Value::Float),
            Self::Switch => text.parse().map_or_else(|_| as_text(), Value::Boolean),
            Self::OneOf(_) | Self::Path => {
                let quoted = text.starts_with(['"', '\'']);
                let unquoted = quoted.then(|| as_toml(text)).flatten();
                unquoted.filter(Value::is_str).unwrap_or_else(as_text)
            }
            Self::Widths => list(text, |word| word.parse().ok().map(Value::Integer)),
            Self::Factors => list(text, |word| word.parse().ok().map(Value::Float)),
        }
    }
}

/// Returns an integer or a float as a float.
fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64))
}

/// Reads a comma-separated list; where an item cannot be read, the text is the value.
fn list(text: &str, item: impl Fn(&str) -> Option<Value>) -> Value {
    if text.is_empty() {
        return Value::Array(Vec::new());
    }
    let items: Option<Vec<Value>> = text.split(',').map(|word| item(word.trim())).collect();
    items.map_or_else(|| Value::String(text.to_owned()), Value::Array)
}

/// Reads one TOML value.
pub(super) fn as_toml(text: &str) -> Option<Value> {
    let table: toml::Table = toml::from_str(&format!("value = {text}")).ok()?;
    if table.len() == 1 { table.into_iter().next().map(|(_, value)| value) } else { None }
}

/// Returns a value as TOML, small numbers with an exponent.
pub(super) fn in_toml(value: &Value) -> String {
    match value {
        Value::Float(number) if number.is_finite() => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// Returns a value as messages show it: text bare, unless it is empty.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => in_toml(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(allowed: Allowed, text: &str) -> (Value, bool) {
        let value = allowed.parse(text);
        let allows = allowed.allows(&value);
        (value, allows)
    }

    #[test]
    fn whole_numbers_are_whole_and_in_range() {
        let seed = Allowed::Whole { least: 0, most: i64::MAX };
        assert_eq!(typed(seed, "7"), (Value::Integer(7), true));
        for wrong in ["-1", "1e3", "1.0", "x", "", "99999999999999999999"] {
            assert!(!typed(seed, wrong).1, "{wrong}");
        }
        assert_eq!(shown(&seed.parse("1e3")), "1e3");
        assert_eq!(seed.to_string(), "a whole number of 0 or more");
    }

    #[test]
    fn intervals_are_described_as_they_are() {
        let factor = Interval { above_low: true, ..Interval::FRACTION };
        for (interval, words) in [
            (Interval::NOT_NEGATIVE, "a number of 0 or more"),
            (Interval::POSITIVE, "a number above 0"),
            (Interval::FRACTION, "a number from 0 to 1"),
            (Interval::BELOW_ONE, "a number from 0 to below 1"),
            (factor, "a number above 0, at most 1"),
        ] {
            assert_eq!(interval.to_string(), words);
        }
        assert!(factor.contains(1.0) && !factor.contains(0.0));
    }

    #[test]
    fn lists_need_no_brackets_and_names_no_quotes() {
        let two = Value::Array(vec![Value::Integer(256), Value::Integer(128)]);
        for text in ["256,128", " 256, 128 ", "[256, 128]"] {
            assert_eq!(typed(Allowed::Widths, text), (two.clone(), true), "{text}");
        }
        assert_eq!(typed(Allowed::Widths, ""), (Value::Array(Vec::new()), true));
        for wrong in ["30,0", "x", "30,,1", "3.5", "[1"] {
            assert!(!typed(Allowed::Widths, wrong).1, "{wrong}");
        }
        let path = |text: &str| typed(Allowed::Path, text);
        assert_eq!(path("7"), (Value::String("7".into()), true));
        assert_eq!(path("'a b'"), (Value::String("a b".into()), true));
        assert!(!path("").1);
        assert!(typed(Allowed::Factors, "1,2.5").1 && !typed(Allowed::Factors, "1,0").1);
        assert!(!typed(Allowed::Number(Interval::POSITIVE), "NaN").1);
    }
}
