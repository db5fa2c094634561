//! The program, a small data set, a folder that lacks one file of it, and limits that take milliseconds.

pub(crate) mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nn_testing::{gzip, names_in};
use tempfile::TempDir;
use xtask::Error;
use xtask::fetch::{DataFile, DataSet, Fetched, Limits, Request, fetch};

/// Returns a command that runs the program without proxies and without clients of registries.
pub(crate) fn xtask(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(words).env("PATH", "");
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}

/// Writes a shell script that can be run, and the folders on the way to it.
#[cfg(unix)]
pub(crate) fn write_script(path: &Path, lines: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Forty training and five test images. The checksums are those of `sha256sum` of files that a Python script wrote by
/// the rule of [`payload`].
pub(crate) const TINY: DataSet = DataSet {
    name: "tiny",
    credit: "made up for the tests",
    files: [
        DataFile {
            name: "train-images-idx3-ubyte",
            shape: &[40, 28, 28],
            sha256: Some("20701ffb6e36a4fb312a81f838ffeffe9801107138698b43976e6e3649be5c77"),
        },
        DataFile {
            name: "train-labels-idx1-ubyte",
            shape: &[40],
            sha256: Some("8e4f6aef7c14a1c62776a71703eb9ce09d8e1f86568c2fe154fe7185760e7c8a"),
        },
        DataFile {
            name: "t10k-images-idx3-ubyte",
            shape: &[5, 28, 28],
            sha256: Some("b5d37ec6e0f9a75da334a1f8d785f47cafafaca43b66ab59a66d97f75390a061"),
        },
        DataFile {
            name: "t10k-labels-idx1-ubyte",
            shape: &[5],
            sha256: Some("57874d10b45d56e87eb22e35057bcbed7f8d39c86e014fb2f84387ab5679d53b"),
        },
    ],
    mirrors: &[],
    package: None,
};

/// Returns the content of a file of [`TINY`].
pub(crate) fn payload(file: &DataFile) -> Vec<u8> {
    let count = file.payload_bytes() as usize - file.header().len();
    let images = file.shape.len() == 3;
    let value = |i: usize| if images { (i * 7 + i / 256) % 251 } else { i % 10 };
    let mut payload = file.header();
    payload.extend((0..count).map(|i| value(i) as u8));
    payload
}

/// Returns the file as it is on a mirror.
pub(crate) fn packed(file: &DataFile) -> Vec<u8> {
    gzip(&payload(file))
}

/// The file that [`Place::lacking_images`] lacks.
pub(crate) const IMAGES: &DataFile = &TINY.files[0];

/// A destination folder and limits.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) limits: Limits,
}

impl Place {
    /// Returns an empty folder.
    pub(crate) fn empty() -> Self {
        let limits = Limits {
            connect: Duration::from_secs(5),
            response: Duration::from_millis(200),
            silence: Duration::from_millis(200),
            body: Duration::from_secs(20),
            attempts: 3,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(4),
            longest_retry_after: Duration::from_secs(2),
            redirects: 3,
            proxy: None,
            free_space: |_| None,
        };
        Self { folder: tempfile::tempdir().unwrap(), limits }
    }

    /// Returns a folder in which only the training images are missing, so that each request is for them.
    pub(crate) fn lacking_images() -> Self {
        let place = Self::empty();
        for file in &TINY.files[1..] {
            fs::write(place.dir().join(file.name), payload(file)).unwrap();
        }
        place
    }

    pub(crate) fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path of the training images.
    pub(crate) fn images(&self) -> PathBuf {
        self.dir().join(IMAGES.name)
    }

    /// Fetches from these mirrors.
    pub(crate) fn fetch(&self, mirrors: &[String]) -> Result<Vec<Fetched>, Error> {
        self.ask(&Request {
            set: &TINY,
            dir: self.dir(),
            from: None,
            mirrors,
            offline: false,
            note: |_| {},
        })
    }

    /// Fetches as the request says.
    pub(crate) fn ask(&self, request: &Request<'_>) -> Result<Vec<Fetched>, Error> {
        fetch(request, &self.limits)
    }

    /// Returns the names in the folder other than those of the four files.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut names = names_in(self.dir());
        names.retain(|name| TINY.files.iter().all(|file| file.name != name));
        names
    }

    /// Returns the only partial file.
    pub(crate) fn partial(&self) -> PathBuf {
        let leftovers = self.leftovers();
        assert_eq!(leftovers.len(), 1, "{leftovers:?}");
        assert!(leftovers[0].ends_with(".partial"), "{leftovers:?}");
        self.dir().join(&leftovers[0])
    }

    /// Asserts that all four files are complete and nothing else is there.
    pub(crate) fn assert_complete(&self) {
        for file in &TINY.files {
            assert!(
                fs::read(self.dir().join(file.name)).unwrap() == payload(file),
                "{}",
                file.name
            );
        }
        assert_eq!(self.leftovers(), [""; 0]);
    }

    /// Asserts that there are no training images.
    pub(crate) fn assert_no_images(&self) {
        assert!(!self.images().exists());
    }
}
