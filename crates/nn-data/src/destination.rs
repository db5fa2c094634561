//! What an output path names: a file that can be replaced, or something to write into.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{self, Path, PathBuf};

/// Links that are followed one after the other before they count as a circle, as in Linux.
const MOST_LINKS: usize = 40;

/// What is at the end of an output path, after its symbolic links.
#[derive(Debug)]
pub(crate) enum Destination {
    /// A regular file, or a name that is free.
    File(Target),
    /// Anything that is no regular file, which stays what it is.
    Stream(Stream),
}

impl Destination {
    /// Returns what `path` names. Nothing is opened: opening a FIFO waits for its reader.
    ///
    /// Symbolic links are followed to their end, which need not exist.
    ///
    /// # Errors
    /// If it is a folder or a socket, the folder that it should be in does not exist, or links lead in a circle.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let end = follow_links(path);
        Self::of_end(&end).map_err(|error| {
            if end == path {
                return error;
            }
            io::Error::new(error.kind(), format!("it is a link to {}: {error}", end.display()))
        })
    }

    /// Returns what `path` names, which is no link, or the link of a descriptor.
    fn of_end(path: &Path) -> io::Result<Self> {
        let descriptor = descriptor(path);
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if descriptor.is_some() => return Err(error),
            Err(error) if is_missing(&error) => return Target::free(path).map(Self::File),
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            let cause = "it is a folder; give the name of a file";
            return Err(io::Error::new(ErrorKind::IsADirectory, cause));
        }
        let path = path.to_owned();
        match descriptor {
            Some(descriptor) => {
                Ok(Self::Stream(Stream { path, descriptor, append: metadata.is_file() }))
            }
            None if metadata.is_file() => Ok(Self::File(Target::existing(path, metadata))),
            None if is_socket(&metadata) => {
                let cause = "it is a socket, into which no file can be written";
                Err(io::Error::new(ErrorKind::InvalidInput, cause))
            }
            None => {
                let descriptor = Descriptor::Other;
                Ok(Self::Stream(Stream { path, descriptor, append: false }))
            }
        }
    }
}

/// A file that can be replaced, or made.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where it lies; no symbolic link.
    pub(crate) path: PathBuf,
    /// What is there, if anything is.
    pub(crate) old: Option<Metadata>,
}

impl Target {
    fn existing(path: PathBuf, old: Metadata) -> Self {
        Self { path, old: Some(old) }
    }

    /// Returns a name at which nothing is.
    fn free(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        match fs::metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => {
                let cause = format!("{} is a file, not a folder", folder.display());
                Err(io::Error::new(ErrorKind::NotADirectory, cause))
            }
            Err(error) if is_missing(&error) => {
                let folder = folder.display();
                let cause = format!("the folder {folder} does not exist; create it first");
                Err(io::Error::new(ErrorKind::NotFound, cause))
            }
            Err(error) => Err(error),
            Ok(_) if path.file_name().is_none() => {
                Err(io::Error::new(ErrorKind::InvalidInput, "the path is empty"))
            }
            Ok(_) if names_a_folder(path) => {
                let cause = "its end names a folder; give the name of a file";
                Err(io::Error::new(ErrorKind::IsADirectory, cause))
            }
            Ok(_) => Ok(Self { path: path.to_owned(), old: None }),
        }
    }

    /// Returns the folder that it lies in.
    pub(crate) fn folder(&self) -> &Path {
        folder_of(&self.path)
    }

    /// Refuses a file that its owner has protected against writing: renaming would not ask.
    pub(crate) fn expect_writable(&self) -> io::Result<()> {
        match self.old {
            Some(_) => OpenOptions::new().write(true).open(&self.path).map(drop),
            None => Ok(()),
        }
    }
}

/// A device, a FIFO, or a descriptor of this process.
#[derive(Debug)]
pub(crate) struct Stream {
    path: PathBuf,
    descriptor: Descriptor,
    /// Whether it is a regular file behind a descriptor, to whose end bytes are added.
    append: bool,
}

/// What a path such as `/proc/self/fd/1` stands for.
#[derive(Clone, Copy, Debug)]
enum Descriptor {
    Stdout,
    Stderr,
    /// Another descriptor, or none.
    Other,
}

impl Stream {
    /// Opens it for writing; a FIFO waits for its reader here.
    pub(crate) fn open(&self) -> io::Result<File> {
        match self.descriptor {
            Descriptor::Stdout => {
                io::stdout().flush()?;
                duplicate(&io::stdout(), self)
            }
            Descriptor::Stderr => duplicate(&io::stderr(), self),
            Descriptor::Other => self.open_path(),
        }
    }

    fn open_path(&self) -> io::Result<File> {
        // A block device would take everything behind its end.
        OpenOptions::new().write(!self.append).append(self.append).open(&self.path)
    }
}

/// Returns a second handle of a standard stream: opened anew, a file would be written from its start.
#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd, _: &Stream) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn duplicate<S>(_: &S, stream: &Stream) -> io::Result<File> {
    stream.open_path()
}

/// Returns the path at the end of the links that begin at `path`, or the link of a descriptor among them.
fn follow_links(path: &Path) -> PathBuf {
    let mut end = path.to_owned();
    for _ in 0..MOST_LINKS {
        if descriptor(&end).is_some() {
            break;
        }
        let Ok(next) = fs::read_link(&end) else { break };
        end = folder_of(&end).join(next);
    }
    end
}

/// Returns which descriptor of this process `path` stands for, if it lies in the folder of them.
fn descriptor(path: &Path) -> Option<Descriptor> {
    let number = path.file_name()?.to_str()?;
    if !number.bytes().all(|sign| sign.is_ascii_digit()) {
        return None;
    }
    let folder = fs::canonicalize(folder_of(path)).ok()?;
    let is_own = match fs::canonicalize("/proc/self") {
        Ok(own) => {
            let of_thread = folder.starts_with(own.join("task")) && folder.ends_with("fd");
            folder == own.join("fd") || of_thread
        }
        Err(_) => folder == Path::new("/dev/fd"),
    };
    is_own.then_some(match number {
        "1" => Descriptor::Stdout,
        "2" => Descriptor::Stderr,
        _ => Descriptor::Other,
    })
}

/// Returns the folder that a path lies in; for a bare name the current one.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether a path can only be that of a folder, as `x/` and `x/.` can.
fn names_a_folder(path: &Path) -> bool {
    let mut bytes = path.as_os_str().as_encoded_bytes();
    if let [.., before, b'.'] = bytes
        && path::is_separator(char::from(*before))
    {
        bytes = &bytes[..bytes.len() - 1];
    }
    bytes.last().is_some_and(|&last| path::is_separator(char::from(last)))
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
