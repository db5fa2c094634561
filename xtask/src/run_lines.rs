//! Runs a program and reads its stdout line by line.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::workspace::line;

/// Runs a command and calls `read` with each line of its stdout; its stderr is passed through.
pub(crate) fn run_lines(
    command: &mut Command,
    mut read: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), Error> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Error::NotStarted { command: line(command), source })?;
    let mut problem = None;
    if let Some(stdout) = child.stdout.take() {
        for text in BufReader::new(stdout).lines() {
            match text {
                // A failed exit code matters more than a bad line, so keep reading.
                Ok(text) => problem = problem.or(read(&text).err()),
                Err(error) => {
                    problem = problem.or(Some(error.to_string()));
                    break;
                }
            }
        }
    }
    let status =
        child.wait().map_err(|source| Error::NotStarted { command: line(command), source })?;
    if !status.success() {
        return Err(Error::Failed { command: line(command), status });
    }
    match problem {
        None => Ok(()),
        Some(problem) => Err(Error::Output { command: line(command), problem }),
    }
}
