//! The results of a topic for display: sentences, tables, figures and references to the code.

use nn_plot::Figure;

/// The results of a topic, independent of how they are displayed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Name of the topic.
    pub topic: &'static str,
    /// Title, one line.
    pub title: String,
    /// Findings, with the numbers that show them.
    pub claims: Vec<Claim>,
    /// The numbers in detail.
    pub tables: Vec<Table>,
    /// Figures, each with its file name without extension.
    pub figures: Vec<(String, Figure)>,
    /// The function of each equation.
    pub code: Vec<CodeReference>,
}

/// A measured statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The statement, with its numbers.
    pub sentence: String,
    /// The measured values, with their names.
    pub values: Vec<(String, String)>,
}

impl Claim {
    /// Creates a claim from a sentence and named values.
    pub fn new<const N: usize>(sentence: impl Into<String>, values: [(&str, String); N]) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { sentence: sentence.into(), values }
    }
}

/// A table with a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Title.
    pub title: String,
    /// Column names.
    pub header: Vec<String>,
    /// Rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table without rows.
    #[must_use]
    pub fn new(title: &str, header: &[&str]) -> Self {
        let header = header.iter().map(|&name| name.to_owned()).collect();
        Self { title: title.to_owned(), header, rows: Vec::new() }
    }

    /// Appends a row.
    #[must_use]
    pub fn row<const N: usize>(mut self, cells: [String; N]) -> Self {
        self.rows.push(cells.into());
        self
    }
}

/// A reference to the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeReference {
    /// Equation number in the lecture, such as `(119)`, or a name if it has none.
    pub equation: &'static str,
    /// The function.
    pub function: &'static str,
    /// Its file, relative to the repository.
    pub file: &'static str,
}
