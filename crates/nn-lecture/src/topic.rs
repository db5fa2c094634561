//! What a topic is: its name, its equations and its parameters.

/// A part of the lecture that can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Name on the command line.
    pub name: &'static str,
    /// Title, one line.
    pub title: &'static str,
    /// Numbers of its equations in the lecture.
    pub equations: &'static [u16],
    /// Its parameters.
    pub parameters: &'static [Parameter],
}

/// A parameter of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name on the command line.
    pub name: &'static str,
    /// Default value, as typed.
    pub default: &'static str,
    /// Meaning and range.
    pub meaning: &'static str,
}
