//! The registry: every kind of transform that settings can name.

use crate::augment::Augment;
use crate::deskew::Deskew;
use crate::error::{ImageError, in_words};
use crate::gradient_features::GradientFeatures;
use crate::halve::Halve;
use crate::kind::Kind;
use crate::transpose::Transpose;

/// Every kind of transform. A new one takes a file of its own and a line here.
pub const KINDS: &[Kind] = &[
    Kind::of::<Deskew>(),
    Kind::of::<Augment>(),
    Kind::of::<GradientFeatures>(),
    Kind::of::<Transpose>(),
    Kind::of::<Halve>(),
];

/// Finds a kind by its name.
///
/// # Errors
/// [`ImageError::UnknownKind`], which lists those there are.
pub fn kind_named(name: &str) -> Result<Kind, ImageError> {
    let found = KINDS.iter().find(|kind| kind.name == name).copied();
    found.ok_or_else(|| ImageError::UnknownKind { name: name.to_owned(), known: all_in_words() })
}

/// The names of all kinds, for an error.
pub(crate) fn all_in_words() -> String {
    in_words(KINDS.iter().map(|kind| kind.name))
}
