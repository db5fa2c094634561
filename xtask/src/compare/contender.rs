//! A program that trains: ours or a peer's. All take the same flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measurement::{Lines, Measurement};
use super::{Network, Peer};
use crate::error::Error;
use crate::run_lines::run_lines;
use crate::workspace::line;

/// Tells glibc to keep freed memory instead of giving it back to the system and asking again for each batch:
/// up to 40 % of a peer's time went there. Ours allocates nothing in a step.
const KEEP_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// What is to be trained, and with what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) network: &'static Network,
    pub(super) data: &'a Path,
    pub(super) epochs: usize,
    pub(super) threads: usize,
    pub(super) seed: usize,
}

/// A program, and how it is called.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: &'static str,
    program: PathBuf,
    /// Words before the flags that all share.
    words: Vec<OsString>,
    /// Is it ours? Ours saves the trained network, so it needs a folder for that.
    ours: bool,
}

impl Contender {
    pub(super) fn ours(program: PathBuf) -> Self {
        let words = "train --format json --quiet --optimizer sgd --schedule constant";
        let words = words.split(' ').map(OsString::from).collect();
        Self { name: "ours", program, words, ours: true }
    }

    pub(super) fn peer(peer: Peer, program: PathBuf, words: Vec<OsString>) -> Self {
        Self { name: peer.name(), program, words, ours: false }
    }

    /// Trains once, in a process of its own.
    pub(super) fn train(&self, task: &Task<'_>) -> Result<Measurement, Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.words).arg("--data").arg(task.data);
        command.args(["--hidden", task.network.hidden]);
        for (flag, value) in [
            ("--batch", task.network.batch),
            ("--epochs", task.epochs),
            ("--threads", task.threads),
            ("--seed", task.seed),
        ] {
            command.arg(flag).arg(value.to_string());
        }
        command.arg("--lr").arg(task.network.learning_rate.to_string());
        // Kept until the training is over, then gone with all that is in it.
        let scratch = self.ours.then(tempfile::tempdir).transpose();
        let scratch =
            scratch.map_err(|source| Error::io("create", &std::env::temp_dir(), source))?;
        if let Some(scratch) = &scratch {
            command.arg("--out").arg(scratch.path().join("run"));
        } else {
            command.envs(KEEP_MEMORY);
        }
        let mut lines = Lines::default();
        run_lines(&mut command, |text| lines.read(text))?;
        let finished = lines.finished(task.epochs);
        finished.map_err(|problem| Error::Output { command: line(&command), problem })
    }
}
