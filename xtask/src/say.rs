//! The one place that prints: results to stdout, everything else to stderr.

use std::io::Write;

/// Prints a line of the result to stdout. A reader that went away (`| head`) is no error.
pub fn result(line: &str) {
    // Nothing sensible is left to do when stdout is gone.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line about progress or trouble to stderr.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
