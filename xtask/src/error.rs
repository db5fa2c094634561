//! The errors of all commands. Each message names the thing, the cause and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use crate::fetch::Mismatch;

/// Why a command failed. `main` prints it once and exits with 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The operation, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },

    /// The disk became full while a file was written. The old file is untouched.
    #[error("{}: no space left on the disk; free some space and run the same command again, which resumes", path.display())]
    DiskFull {
        /// The file that could not be written.
        path: PathBuf,
    },

    /// The disk has too little free space for the data set.
    #[error("{}: needs {needed} bytes of free space, {free} are free; free some space or choose another folder with --dir", dir.display())]
    NoSpace {
        /// The destination folder.
        dir: PathBuf,
        /// Bytes that the missing files and their downloads need.
        needed: u64,
        /// Free bytes.
        free: u64,
    },

    /// `--offline`, but a file is missing or invalid.
    #[error("{}: missing or invalid, and --offline forbids fetching: {}; run `cargo xtask fetch-data {set}` with a network, or copy the files here and pass --from FOLDER", dir.display(), missing.join(", "))]
    Offline {
        /// Name of the data set.
        set: &'static str,
        /// The folder that was searched.
        dir: PathBuf,
        /// Names of the missing files.
        missing: Vec<String>,
    },

    /// The folder given with `--from` lacks a file.
    #[error("{}: not found: {} (plain or .gz); pass the folder with the files of {set} to --from", from.display(), missing.join(", "))]
    FromLacks {
        /// Name of the data set.
        set: &'static str,
        /// The folder given with `--from`.
        from: PathBuf,
        /// Names of the missing files.
        missing: Vec<String>,
    },

    /// A file is not the one of the data set.
    #[error("{}: {mismatch}; fetch the file again", path.display())]
    WrongFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        mismatch: Mismatch,
    },

    /// No source has all files.
    #[error("{set}: could not fetch {}: {}; run the command again later, which resumes, name another source with --mirror URL, or copy the files here and pass --from FOLDER", missing.join(", "), reasons.join("; "))]
    NotFetched {
        /// Name of the data set.
        set: &'static str,
        /// Names of the files that are still missing.
        missing: Vec<String>,
        /// Why each source failed.
        reasons: Vec<String>,
    },

    /// Another process is downloading the same file.
    #[error("{}: another fetch is writing this file; wait until it ends, or stop it", path.display())]
    Busy {
        /// The partial file.
        path: PathBuf,
    },

    /// Plain HTTP for a data set without a checksum: nothing would authenticate the files.
    #[error("{url}: {set} has no pinned checksum, so the mirror must use https")]
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
        /// The error of the operating system.
        source: io::Error,
    },

    /// A program failed.
    #[error("`{command}` failed: {status}")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: std::process::ExitStatus,
    },

    /// A program printed unexpected JSON lines.
    #[error("cannot parse the output of `{command}`: {problem}")]
    Output {
        /// The command line.
        command: String,
        /// What is wrong with which line or value.
        problem: String,
    },

    /// The test accuracy is below the floor.
    #[error(
        "test accuracy {accuracy:.2} % is below the floor of {floor:.2} %; the model is in {model}"
    )]
    BelowFloor {
        /// Accuracy on the test set in percent.
        accuracy: f64,
        /// The floor in percent.
        floor: f64,
        /// Path of the model.
        model: String,
    },

    /// `compare` found no data.
    #[error("{}: no training images found; run `cargo xtask fetch-data`, or pass --data FOLDER", dir.display())]
    NoData {
        /// The folder that was searched.
        dir: PathBuf,
    },

    /// A Python interpreter lacks a module that a peer of `compare` needs.
    #[error("{}: cannot import {module}: {cause}; run without --no-install, or set PEERS_PYTHON to a Python that has it", python.display())]
    NoModule {
        /// The interpreter.
        python: PathBuf,
        /// The module.
        module: &'static str,
        /// The last line of Python's error.
        cause: String,
    },

    /// The program of a peer of `compare` is not built.
    #[error("{}: not built; run without --no-install", path.display())]
    NotBuilt {
        /// Its path.
        path: PathBuf,
    },

    /// A step of `ci` failed.
    #[error("ci: step `{step}` failed; run it alone with `{command}`")]
    Step {
        /// Name of the step.
        step: &'static str,
        /// The command line that runs it alone.
        command: String,
    },
}

impl Error {
    /// Wraps an error about `path`; a full disk is an error of its own.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { action, path, source },
        }
    }
}
