//! Prints: results to stdout, everything else to stderr.

use std::io::Write;

/// Prints a line of the result to stdout. A reader that has closed the pipe (`| head`) is not an error.
pub fn result(line: &str) {
    // There is nothing sensible to do when stdout is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line of progress, a warning or an error to stderr.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
