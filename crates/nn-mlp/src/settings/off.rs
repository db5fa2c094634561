//! Optional settings in files: a value, or `false` for off.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum OrOff<T> {
    Off(bool),
    On(T),
}

/// Reads a value, or `false` as `None`.
pub(super) fn value<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    match OrOff::deserialize(deserializer)? {
        OrOff::On(value) => Ok(Some(value)),
        OrOff::Off(false) => Ok(None),
        OrOff::Off(true) => Err(D::Error::custom("true is no value; give one, or false for off")),
    }
}

/// Reads what overlays another setting: a value, or `false` as `Some(None)`.
pub(super) fn overlay<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    value(deserializer).map(Some)
}

/// Writes what [`overlay`] reads.
pub(super) fn write_overlay<S, T>(
    overlay: &Option<Option<T>>,
    serializer: S,
) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize,
{
    match overlay {
        Some(Some(value)) => value.serialize(serializer),
        _ => serializer.serialize_bool(false),
    }
}
