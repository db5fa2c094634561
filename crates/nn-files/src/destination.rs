//! What an output path names: a file that can be replaced, or something to write into.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::descriptor::Descriptor;
use crate::links::follow_links;
use crate::path_text::{folder_of, names_a_folder};

/// What is at the end of an output path, behind its symbolic links.
#[derive(Debug)]
pub(crate) enum Destination {
    /// A regular file, or a name that is free.
    File(Target),
    /// What is no regular file, and stays what it is.
    Stream(Stream),
}

impl Destination {
    /// Returns what `path` names. Nothing is opened: opening a FIFO waits for its reader.
    ///
    /// # Errors
    /// If it is a folder or a socket, the folder that it should be in does not exist, or links lead in
    /// a circle.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let end = follow_links(path);
        Self::of_end(&end).map_err(|error| {
            if end == path {
                return error;
            }
            io::Error::new(error.kind(), format!("it is a link to {}: {error}", end.display()))
        })
    }

    /// Returns what `path` names, which is no link but that of a descriptor.
    fn of_end(path: &Path) -> io::Result<Self> {
        let descriptor = Descriptor::of(path);
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if is_missing(&error) && descriptor.is_none() => {
                return Target::free(path).map(Self::File);
            }
            Err(error) => return Err(error),
        };
        let refused = |kind, cause| Err(io::Error::new(kind, cause));
        if metadata.is_dir() {
            refused(ErrorKind::IsADirectory, "it is a folder; give the name of a file")
        } else if let Some(descriptor) = descriptor {
            Ok(Self::Stream(Stream::Descriptor(descriptor)))
        } else if metadata.is_file() {
            Ok(Self::File(Target { path: path.to_owned(), old: Some(metadata) }))
        } else if is_socket(&metadata) {
            refused(ErrorKind::InvalidInput, "it is a socket, into which no file can be written")
        } else {
            Ok(Self::Stream(Stream::Node(path.to_owned())))
        }
    }
}

/// A file that can be replaced, or created.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where it lies; no symbolic link.
    pub(crate) path: PathBuf,
    /// What is there, if anything is.
    pub(crate) old: Option<Metadata>,
}

impl Target {
    /// Returns a name at which nothing is.
    fn free(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        let refused = |kind, cause: String| Err(io::Error::new(kind, cause));
        match fs::metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => refused(
                ErrorKind::NotADirectory,
                format!("{} is a file, not a folder", folder.display()),
            ),
            Err(error) if is_missing(&error) => refused(
                ErrorKind::NotFound,
                format!("the folder {} does not exist; create it first", folder.display()),
            ),
            Err(error) => Err(error),
            Ok(_) if path.file_name().is_none() => {
                refused(ErrorKind::InvalidInput, "the path is empty".to_owned())
            }
            Ok(_) if names_a_folder(path) => refused(
                ErrorKind::IsADirectory,
                "its end names a folder; give the name of a file".to_owned(),
            ),
            Ok(_) => Ok(Self { path: path.to_owned(), old: None }),
        }
    }

    /// Returns the folder that it lies in.
    pub(crate) fn folder(&self) -> &Path {
        folder_of(&self.path)
    }

    /// Refuses a file that its owner has protected against writing: renaming would not ask.
    pub(crate) fn expect_unprotected(&self) -> io::Result<()> {
        match self.old {
            Some(_) => OpenOptions::new().write(true).open(&self.path).map(drop),
            None => Ok(()),
        }
    }
}

/// What bytes are written straight into.
#[derive(Debug)]
pub(crate) enum Stream {
    /// A device or a FIFO.
    Node(PathBuf),
    /// What this process has open already.
    Descriptor(Descriptor),
}

impl Stream {
    /// Opens it for writing; a FIFO waits for its reader here.
    pub(crate) fn open(&self) -> io::Result<File> {
        match self {
            // Not to append: at the end of a block device there is no room.
            Self::Node(path) => OpenOptions::new().write(true).open(path),
            Self::Descriptor(descriptor) => descriptor.open(),
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn is_socket(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_socket()
}

#[cfg(not(unix))]
fn is_socket(_: &Metadata) -> bool {
    false
}
