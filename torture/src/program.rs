//! The command `nn` as a process: started, waited for, never for ever.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::trial::Effort;

/// The longest that a training of this package may take on a busy machine: after that it hangs.
pub const LONGEST: Duration = Duration::from_secs(120);

/// How long to sleep before looking again whether a process has ended.
const PAUSE: Duration = Duration::from_micros(200);

/// Starts `nn` in `folder`.
///
/// # Errors
/// If it cannot be started.
pub fn start<'a>(
    effort: &Effort,
    folder: &Path,
    words: impl IntoIterator<Item = &'a str>,
) -> Result<Child, String> {
    spawn(Command::new(&effort.nn).args(words).current_dir(folder))
}

/// Starts a command without input and without a place to print to.
///
/// # Errors
/// If it cannot be started.
pub fn spawn(command: &mut Command) -> Result<Child, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))
}

/// What came of waiting for a process.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// Its exit code, -1 where a signal ended it; none where it still runs.
    pub code: Option<i32>,
    /// For how long it was waited for.
    pub took: Duration,
}

/// Waits until a process ends, for as long as `patience` at the most.
///
/// # Errors
/// If the system cannot say whether it has ended.
pub fn wait(child: &mut Child, patience: Duration) -> Result<Waited, String> {
    let mut took = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Waited { code: Some(status.code().unwrap_or(-1)), took });
        }
        if took >= patience {
            return Ok(Waited { code: None, took });
        }
        let before = Instant::now();
        thread::sleep(PAUSE);
        // Where this process was stopped meanwhile, so was the other: that is no time to count.
        took += before.elapsed().min(Duration::from_millis(100));
    }
}

/// Waits for the end and an exit code among `codes`; -1 is an end by a signal.
///
/// # Errors
/// Names another code, or says that the process hangs; then it is killed.
pub fn expect_code(child: &mut Child, codes: &[i32]) -> Result<i32, String> {
    match wait(child, LONGEST)?.code {
        Some(code) if codes.contains(&code) => Ok(code),
        Some(code) => Err(format!("exit code {code}, not one of {codes:?}")),
        None => {
            // It may have ended just now.
            let _ = child.kill();
            child.wait().map_err(|error| error.to_string())?;
            Err(format!("it had not ended after {} seconds", LONGEST.as_secs()))
        }
    }
}
