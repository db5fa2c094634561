//! Reading one JSON object a line: each message says what is wrong with which line.

use serde_json::Value;

/// The object that a line holds.
pub(crate) fn object(line: &str) -> Result<Value, String> {
    match serde_json::from_str(line) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(format!("not a JSON object: {:?}", shortened(line))),
    }
}

/// Enough of a line to recognise it.
fn shortened(line: &str) -> String {
    line.chars().take(120).collect()
}

/// A number that must be there.
pub(crate) fn number(event: &Value, name: &str) -> Result<f64, String> {
    let value = event.get(name).and_then(Value::as_f64);
    value.ok_or_else(|| format!("{name:?} is missing or no number in {event}"))
}

/// A share that must be there, 0 to 1.
pub(crate) fn fraction(event: &Value, name: &str) -> Result<f64, String> {
    let value = number(event, name)?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(format!("{name:?} is {value}, not between 0 and 1"))
}

/// A whole number that must be there.
pub(crate) fn count(event: &Value, name: &str) -> Result<u64, String> {
    let value = event.get(name).and_then(Value::as_u64);
    value.ok_or_else(|| format!("{name:?} is missing or no count in {event}"))
}

/// A text that must be there.
pub(crate) fn string(event: &Value, name: &str) -> Result<String, String> {
    let value = event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    value.map(str::to_owned).ok_or_else(|| format!("{name:?} is missing or no text in {event}"))
}
