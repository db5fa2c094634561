//! What a topic found, laid out for a person: sentences, tables, figures, places in the code.

use nn_plot::Figure;

/// Everything a topic has to say. Whoever shows it decides how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Name of the topic.
    pub topic: &'static str,
    /// One line.
    pub title: String,
    /// What was found, with the numbers that show it.
    pub claims: Vec<Claim>,
    /// The numbers in full.
    pub tables: Vec<Table>,
    /// File name without ending, and the figure.
    pub figures: Vec<(String, Figure)>,
    /// Where each equation stands in the code.
    pub code: Vec<CodeReference>,
}

/// A sentence that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Says it in words, with its numbers.
    pub sentence: String,
    /// What was measured, by name.
    pub values: Vec<(String, String)>,
}

impl Claim {
    /// A sentence with named values.
    pub fn new<const N: usize>(sentence: impl Into<String>, values: [(&str, String); N]) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { sentence: sentence.into(), values }
    }
}

/// Rows under a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Stands above.
    pub title: String,
    /// One a column.
    pub header: Vec<String>,
    /// As wide as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows yet.
    #[must_use]
    pub fn new(title: &str, header: &[&str]) -> Self {
        let header = header.iter().map(|&name| name.to_owned()).collect();
        Self { title: title.to_owned(), header, rows: Vec::new() }
    }

    /// The same table with one row more.
    #[must_use]
    pub fn row<const N: usize>(mut self, cells: [String; N]) -> Self {
        self.rows.push(cells.into());
        self
    }
}

/// A place in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeReference {
    /// Number in the lecture, such as `(119)`; a name where the lecture gives none.
    pub equation: &'static str,
    /// The function.
    pub function: &'static str,
    /// Its file, from the root of the repository.
    pub file: &'static str,
}
