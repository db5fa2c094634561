//! The only place that writes to stderr by itself: diagnostics, one line each.
//!
//! Where stderr is closed there is nobody to tell, so a failure to write is passed over.

use std::io::{IsTerminal, Write, stderr};

/// Something to know.
pub(crate) fn note(text: impl AsRef<str>) {
    let _ = writeln!(stderr(), "{}", text.as_ref());
}

/// Something to mind.
pub(crate) fn warning(text: impl AsRef<str>) {
    note(format!("warning: {}", text.as_ref()));
}

/// What went wrong.
pub(crate) fn error(text: impl AsRef<str>) {
    note(format!("error: {}", text.as_ref()));
}

/// Whether a person is likely to look at it now.
pub(crate) fn is_terminal() -> bool {
    stderr().is_terminal()
}
