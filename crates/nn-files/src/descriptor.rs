//! Paths that stand for an open descriptor of this process: `/dev/stdout`, `/dev/fd/3`, `/proc/self/fd/3`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::path_text::folder_of;

/// An open descriptor of this process, named by a path.
#[derive(Debug)]
pub(crate) struct Descriptor {
    path: PathBuf,
    standard: Option<Standard>,
}

/// A descriptor that the standard library knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standard {
    Output,
    Error,
}

impl Descriptor {
    /// Returns the descriptor that `path` stands for, if it lies in the folder of them.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let number = path.file_name()?.to_str()?;
        let is_number = number.bytes().all(|sign| sign.is_ascii_digit());
        if !is_number || !is_folder_of_descriptors(folder_of(path)) {
            return None;
        }
        let standard = match number {
            "1" => Some(Standard::Output),
            "2" => Some(Standard::Error),
            _ => None,
        };
        Some(Self { path: path.to_owned(), standard })
    }

    pub(crate) fn is_stdout(&self) -> bool {
        self.standard == Some(Standard::Output)
    }

    /// Returns a handle that writes where the descriptor does, behind what has been written through it.
    pub(crate) fn open(&self) -> io::Result<File> {
        match self.standard {
            Some(Standard::Output) => {
                io::stdout().flush()?;
                duplicate(&io::stdout(), &self.path)
            }
            Some(Standard::Error) => duplicate(&io::stderr(), &self.path),
            None => open_anew(&self.path),
        }
    }
}

/// Opens the path of a descriptor. A file would be written from its start, over what is there, so bytes
/// are added to its end.
fn open_anew(path: &Path) -> io::Result<File> {
    let is_file = fs::metadata(path)?.is_file();
    OpenOptions::new().write(!is_file).append(is_file).open(path)
}

#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd, _: &Path) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn duplicate<S>(_: &S, path: &Path) -> io::Result<File> {
    open_anew(path)
}

/// Whether the descriptors of this process lie in `folder`.
fn is_folder_of_descriptors(folder: &Path) -> bool {
    let Ok(folder) = fs::canonicalize(folder) else { return false };
    match fs::canonicalize("/proc/self") {
        Ok(own) => {
            let of_thread = folder.starts_with(own.join("task")) && folder.ends_with("fd");
            folder == own.join("fd") || of_thread
        }
        Err(_) => folder == Path::new("/dev/fd"),
    }
}
