//! Markdown tables.

/// A table with a heading.
pub struct Table {
    title: String,
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table without rows.
    #[must_use]
    pub fn new(title: impl Into<String>, heading: &[&'static str]) -> Self {
        Self { title: title.into(), heading: heading.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints title and table in Markdown, or nothing if there are no rows.
    #[allow(clippy::print_stdout, reason = "tables are the output of the programs here")]
    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        println!("\n{}\n", self.title);
        println!("{}", line(&self.heading.iter().map(ToString::to_string).collect::<Vec<_>>()));
        println!("|{}", "---|".repeat(self.heading.len()));
        for row in &self.rows {
            println!("{}", line(row));
        }
    }
}

/// Formats a rate in units of 10⁹: `93.4`.
#[must_use]
pub fn giga(rate: f64) -> String {
    format!("{:.1}", rate / 1e9)
}

/// Formats a fraction in whole percent: `87 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Formats a number with thousands separators: `1,234,567`.
#[must_use]
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted() {
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!((thousands(12.0), thousands(123_456.0)), ("12".into(), "123,456".into()));
        assert_eq!((giga(9.34e10), percent(0.866)), ("93.4".into(), "87 %".into()));
    }
}
