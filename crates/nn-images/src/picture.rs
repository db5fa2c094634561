//! Numbers laid out as a picture.

/// Numbers to be drawn as grey or coloured squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// height x width numbers, row-major.
    pub values: Vec<f64>,
}
