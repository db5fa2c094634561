//! What can go wrong in a chore: each message names the thing, the cause and the next step.

use std::io;
use std::path::{Path, PathBuf};

use crate::fetch::Mismatch;

/// Why a chore failed. `main` prints it once and ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The disk filled up while a file was written; what stood there before is untouched.
    #[error("{}: no space left while writing; free some space and run the same command again, it goes on where it stopped", path.display())]
    DiskFull {
        /// The file that could not be written to its end.
        path: PathBuf,
    },

    /// The disk has less free space than the data set needs.
    #[error("{}: needs {needed} bytes of free space, {free} are free; free some space or choose another folder with --dir", dir.display())]
    NoSpace {
        /// The folder that was to receive the files.
        dir: PathBuf,
        /// Bytes that the missing files and their downloads take.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },

    /// `--offline`, and not every file is there.
    #[error("{}: --offline, but missing or invalid: {}; run `cargo xtask fetch-data {set}` with a network, or bring the files and pass --from FOLDER", dir.display(), missing.join(", "))]
    Offline {
        /// Name of the data set.
        set: &'static str,
        /// The folder that was looked into.
        dir: PathBuf,
        /// Names of the missing files.
        missing: Vec<String>,
    },

    /// `--from`, but the folder lacks a file.
    #[error("{}: not found: {} (plain or with .gz); --from wants the folder that holds the files of {set}", from.display(), missing.join(", "))]
    FromLacks {
        /// Name of the data set.
        set: &'static str,
        /// The folder given with `--from`.
        from: PathBuf,
        /// Names of the missing files.
        missing: Vec<String>,
    },

    /// A file that was read is not the file of the data set.
    #[error("{}: {mismatch}; get the file anew", path.display())]
    WrongFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        mismatch: Mismatch,
    },

    /// No source could give the files.
    #[error("{set}: could not fetch {}: {}; run the command again later (it resumes), name another source with --mirror URL, or bring the files and pass --from FOLDER", missing.join(", "), reasons.join("; "))]
    NotFetched {
        /// Name of the data set.
        set: &'static str,
        /// Names of the files that are still missing.
        missing: Vec<String>,
        /// What each source answered.
        reasons: Vec<String>,
    },

    /// Another process is downloading the same file.
    #[error("{}: another fetch is writing this file; wait for it or stop it", path.display())]
    Busy {
        /// The partial file.
        path: PathBuf,
    },

    /// Plain HTTP and no hash: nothing would vouch for the bytes.
    #[error("{url}: {set} has no pinned hash, so a mirror must be https")]
    PlainHttp {
        /// The mirror.
        url: String,
        /// Name of the data set.
        set: &'static str,
    },

    /// Reading or writing a data set failed.
    #[error(transparent)]
    Data(#[from] nn_data::DataError),

    /// A program could not be started.
    #[error("cannot start `{command}`: {source}")]
    NotStarted {
        /// The command line.
        command: String,
        /// What the system said.
        source: io::Error,
    },

    /// A program ended with a failure.
    #[error("`{command}` failed: {status}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },

    /// A program printed something that its JSON contract does not allow.
    #[error("`{command}` printed what xtask cannot read: {problem}")]
    Output {
        /// The command line.
        command: String,
        /// Which line or value, and what is wrong with it.
        problem: String,
    },

    /// The trained network is below the bar.
    #[error(
        "test accuracy {accuracy:.2} % is below the floor of {floor:.2} %; the model is kept in {model}"
    )]
    BelowFloor {
        /// Accuracy on the test set in percent.
        accuracy: f64,
        /// The bar in percent.
        floor: f64,
        /// Where the model lies.
        model: String,
    },

    /// `compare` has nothing to train on.
    #[error("{}: no training images there; run `cargo xtask fetch-data`, or pass --data FOLDER", dir.display())]
    NoData {
        /// The folder that was looked into.
        dir: PathBuf,
    },

    /// A Python lacks what a peer of `compare` needs.
    #[error("{}: cannot import {module}: {cause}; run without --no-install, or set PEERS_PYTHON to a Python that has it", python.display())]
    NoModule {
        /// The Python that was asked.
        python: PathBuf,
        /// The module.
        module: &'static str,
        /// What Python said.
        cause: String,
    },

    /// The program of a peer of `compare` is not there.
    #[error("{}: not built; run without --no-install", path.display())]
    NotBuilt {
        /// Where it would be.
        path: PathBuf,
    },

    /// A step of `ci` failed.
    #[error("ci: step `{step}` failed; run it alone with `{command}`")]
    Step {
        /// Name of the step.
        step: &'static str,
        /// The command line to run it alone.
        command: String,
    },
}

impl Error {
    /// Wraps what the system said about `path`, telling a full disk apart from the rest.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { action, path, source },
        }
    }
}
