//! What the tests of the command share: running it, and small runs and pictures to run it on.
#![allow(dead_code, reason = "each test file uses its share of this")]
#![allow(clippy::unwrap_used, reason = "a test that fails says so by a panic")]

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Its events, one a line.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The last event.
    pub(crate) fn last_event(&self) -> Value {
        self.events().pop().expect("an event")
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn failed_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// One line on stderr, with each of `words` in it.
    #[track_caller]
    pub(crate) fn saying(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in: {}", self.stderr);
        }
        self
    }
}

/// The command, to be run in `folder`.
pub(crate) fn nn(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nn"));
    command.current_dir(folder).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Runs the command in `folder` to its end.
pub(crate) fn run<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Ran {
    let output = nn(folder).args(arguments).output().expect("the command starts");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// The words of a command line, parted at spaces.
pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// An empty folder of its own.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A folder with a run in `run/`: a small network, trained on the sample for two epochs.
pub(crate) fn trained() -> TempDir {
    let folder = folder();
    run(folder.path(), words("train --quiet --hidden 32 --epochs 2 --out run")).succeeded();
    folder
}

/// A folder `data/` with `train` and `test` digits of the sample, for runs that must be quick.
pub(crate) fn small_data(folder: &Path, train: u32, test: u32) -> PathBuf {
    let sample = nn_data::embedded_sample().unwrap();
    let first = |set: &nn_data::Dataset, count: u32| set.subset(&(0..count).collect::<Vec<_>>());
    let data = nn_data::TrainTest {
        train: first(&sample.train, train).unwrap(),
        test: first(&sample.test, test).unwrap(),
    };
    let path = folder.join("data-small");
    nn_data::write_folder(&path, &data, nn_data::Compression::None).unwrap();
    path
}

/// CRC-32 as PNG has it, bit by bit.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (0_u32.wrapping_sub(crc & 1)))
        })
    })
}
