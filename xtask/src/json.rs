//! Reads JSON lines, one object a line. Each message says what is wrong with which line.

use serde_json::Value;

/// Parses a line as a JSON object.
pub(crate) fn object(line: &str) -> Result<Value, String> {
    match serde_json::from_str(line) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(format!("not a JSON object: {:?}", shortened(line))),
    }
}

/// Returns enough of a line to recognise it.
fn shortened(line: &str) -> String {
    line.chars().take(120).collect()
}

/// Returns a required number.
pub(crate) fn number(event: &Value, name: &str) -> Result<f64, String> {
    let value = event.get(name).and_then(Value::as_f64);
    value.ok_or_else(|| format!("{name:?} is missing or not a number in {event}"))
}

/// Returns a required number between 0 and 1.
pub(crate) fn fraction(event: &Value, name: &str) -> Result<f64, String> {
    let value = number(event, name)?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(format!("{name:?} is {value}, not between 0 and 1"))
}

/// Returns a required non-negative integer.
pub(crate) fn count(event: &Value, name: &str) -> Result<u64, String> {
    let value = event.get(name).and_then(Value::as_u64);
    value.ok_or_else(|| format!("{name:?} is missing or not a non-negative integer in {event}"))
}

/// Returns a required string that is not empty.
pub(crate) fn string(event: &Value, name: &str) -> Result<String, String> {
    let value = event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    value
        .map(str::to_owned)
        .ok_or_else(|| format!("{name:?} is missing or not a non-empty string in {event}"))
}
