//! The only place that writes to stdout: results, and nothing else.
//!
//! A reader that has gone away (`nn ... | head`) is no error: what follows is dropped, and the work
//! goes on, so that a training behind a closed pipe still leaves its model.

use crate::error::CliError;
use std::io::{ErrorKind, IsTerminal, Write, stdout};

/// Writes `text` and a line end.
pub(crate) fn line(text: impl AsRef<str>) -> Result<(), CliError> {
    bytes(format!("{}\n", text.as_ref()).as_bytes())
}

/// Writes bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(CliError::Stdout(cause)),
        _ => Ok(()),
    }
}

/// Whether a person is likely to look at it now.
pub(crate) fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// Characters in a line of the terminal.
pub(crate) fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}
