//! The image transforms of a training, as settings hold them.

use toml::{Table, Value};

/// The transforms that each image goes through, first to last: a list of tables with a `kind` each.
pub type Pipeline = Vec<Table>;

/// Kinds of transforms, in the order in which images go through them.
pub const TRANSFORM_KINDS: [&str; 3] = ["deskew", "augment", "gradient-features"];

/// Strengths of the transform `augment`; without one of them it changes no image.
pub(super) const STRENGTHS: [&str; 5] = ["rotation", "scale", "shear", "shift", "elastic"];

/// Returns the transform of this kind, if the list has one.
#[must_use]
pub fn transform_of_kind<'p>(pipeline: &'p [Table], kind: &str) -> Option<&'p Table> {
    pipeline.iter().find(|transform| kind_of(transform) == Some(kind))
}

/// Returns the kind of a transform.
pub(super) fn kind_of(transform: &Table) -> Option<&str> {
    transform.get("kind").and_then(Value::as_str)
}

/// Returns the place of a kind among [`TRANSFORM_KINDS`]; unknown ones come last.
pub(super) fn rank(kind: Option<&str>) -> usize {
    let place = TRANSFORM_KINDS.iter().position(|known| Some(*known) == kind);
    place.unwrap_or(TRANSFORM_KINDS.len())
}
