//! Parameters as typed on a command line.

use crate::LectureError;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// Names and values of parameters as text.
///
/// ```
/// use nn_lecture::Parameters;
/// let typed = Parameters::from_pairs([("epochs", "3")]);
/// assert_eq!(typed.get("epochs", 5_usize, "a whole number")?, 3);
/// assert_eq!(typed.get("seed", 1_u64, "a whole number")?, 1);
/// let error = typed.get("epochs", true, "true or false").unwrap_err();
/// assert_eq!(error.to_string(), "parameter epochs is 3, must be true or false");
/// # Ok::<(), nn_lecture::LectureError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Collects names and values; a later value of the same name replaces an earlier one.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// Returns the value of `name`, or `default` if it was not given.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] if the text does not parse; `allowed` describes valid
    /// values.
    pub fn get<V: FromStr>(
        &self,
        name: &'static str,
        default: V,
        allowed: impl Display,
    ) -> Result<V, LectureError> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        text.trim().parse().map_err(|_| LectureError::parameter(name, text, allowed))
    }

    /// Returns the text of `name` as typed.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Iterates over all names given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
