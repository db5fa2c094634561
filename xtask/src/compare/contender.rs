//! A program that trains: `nn` or a peer. All take the same flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measurement::{Lines, Measurement};
use super::{Network, Peer};
use crate::error::Error;
use crate::run_lines::run_lines;
use crate::workspace::line;

/// Makes glibc keep freed memory instead of returning it to the system after each batch, which costs peers up to
/// 40 % of their time. `nn` allocates nothing in a step.
const KEEP_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// Variables that make OpenBLAS, with which NumPy and so scikit-learn multiply, take slower kernels or smaller blocks
/// than the CPU allows.
const THROTTLES: [&str; 2] = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

/// What to train and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) network: &'static Network,
    pub(super) data: &'a Path,
    pub(super) epochs: usize,
    pub(super) threads: usize,
    pub(super) seed: usize,
}

/// A program and how to call it.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: &'static str,
    program: PathBuf,
    /// Arguments before the flags that all programs share.
    arguments: Vec<OsString>,
    /// Whether it is `nn`, which saves the trained network and so needs a folder.
    ours: bool,
}

impl Contender {
    pub(super) fn ours(program: PathBuf) -> Self {
        let arguments = "train --format json --quiet --optimizer sgd --schedule constant";
        let arguments = arguments.split(' ').map(OsString::from).collect();
        Self { name: "ours", program, arguments, ours: true }
    }

    pub(super) fn peer(peer: Peer, program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self { name: peer.name(), program, arguments, ours: false }
    }

    /// Trains once in a new process.
    pub(super) fn train(&self, task: &Task<'_>) -> Result<Measurement, Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg("--data").arg(task.data);
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
        // Deleted after the training.
        let scratch = self.ours.then(tempfile::tempdir).transpose();
        let scratch =
            scratch.map_err(|source| Error::io("create", &std::env::temp_dir(), source))?;
        if let Some(scratch) = &scratch {
            command.arg("--out").arg(scratch.path().join("run"));
        } else {
            command.envs(KEEP_MEMORY);
            THROTTLES.iter().for_each(|name| _ = command.env_remove(name));
        }
        let mut lines = Lines::default();
        run_lines(&mut command, |text| lines.read(text))?;
        let finished = lines.finished(task.epochs);
        finished.map_err(|problem| Error::Output { command: line(&command), problem })
    }
}
