//! The only place that writes to stderr by itself: diagnostics, one line each.
//!
//! Where stderr is closed there is nobody to tell, so a failure to write is passed over.

use crate::printable::printable;
use std::io::{IsTerminal, Write, stderr};

/// Something to know, in the command's own words: of control characters only line ends pass.
pub(crate) fn note(text: impl AsRef<str>) {
    let lines: Vec<String> = text.as_ref().split('\n').map(printable).collect();
    let _ = writeln!(stderr(), "{}", lines.join("\n"));
}

/// Something to mind.
pub(crate) fn warning(text: impl AsRef<str>) {
    note(printable(&format!("warning: {}", text.as_ref())));
}

/// What went wrong.
pub(crate) fn error(text: impl AsRef<str>) {
    note(printable(&format!("error: {}", text.as_ref())));
}

/// Whether a person is likely to look at it now.
pub(crate) fn is_terminal() -> bool {
    stderr().is_terminal()
}
