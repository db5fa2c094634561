//! Starting the command `nn` and waiting for it, with a time limit.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::trial::Effort;

/// Time limit of a training of this package on a busy machine; after it the process counts as hung.
pub const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Interval of polling a process.
const POLL_INTERVAL: Duration = Duration::from_micros(200);

/// Starts `nn` in `folder`.
///
/// # Errors
/// Returns an error if it cannot be started.
pub fn start<'a>(
    effort: &Effort,
    folder: &Path,
    words: impl IntoIterator<Item = &'a str>,
) -> Result<Child, String> {
    spawn(Command::new(&effort.nn).args(words).current_dir(folder))
}

/// Starts a command with stdin, stdout and stderr closed.
///
/// # Errors
/// Returns an error if it cannot be started.
pub fn spawn(command: &mut Command) -> Result<Child, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))
}

/// The result of waiting for a process.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// Exit code, -1 if a signal ended it, `None` if it still runs.
    pub code: Option<i32>,
    /// Time waited.
    pub took: Duration,
}

/// Waits at most `timeout` for a process to end.
///
/// # Errors
/// Returns an error if the state of the process is unknown.
pub fn wait(child: &mut Child, timeout: Duration) -> Result<Waited, String> {
    let mut took = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Waited { code: Some(status.code().unwrap_or(-1)), took });
        }
        if took >= timeout {
            return Ok(Waited { code: None, took });
        }
        let before = Instant::now();
        thread::sleep(POLL_INTERVAL);
        // If this process was suspended meanwhile, so was the other: do not count that time.
        took += before.elapsed().min(Duration::from_millis(100));
    }
}

/// Waits for an exit code among `codes`; -1 stands for an end by a signal.
///
/// # Errors
/// Returns an error for another code, or if the process hangs, which is then killed.
pub fn expect_code(child: &mut Child, codes: &[i32]) -> Result<i32, String> {
    match wait(child, TIME_LIMIT)?.code {
        Some(code) if codes.contains(&code) => Ok(code),
        Some(code) => Err(format!("exit code {code}, not one of {codes:?}")),
        None => {
            // It may have just ended.
            let _ = child.kill();
            child.wait().map_err(|error| error.to_string())?;
            Err(format!("it had not ended after {} seconds", TIME_LIMIT.as_secs()))
        }
    }
}
