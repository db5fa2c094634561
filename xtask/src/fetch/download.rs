//! Downloads one file from one mirror into a partial file, with retries.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest, Sha256};
use ureq::Body;
use ureq::http::{Response, header};

use super::backoff;
use super::datasets::DataFile;
use super::failure::Failure;
use super::http::{Client, text};
use super::limits::Limits;
use super::progress::Meter;
use super::verify::hex;
use crate::error::Error;

/// New bytes with which a failed attempt counts as progress.
const PROGRESS: u64 = 1 << 16;

/// A finished download.
#[derive(Debug)]
pub(crate) struct Downloaded {
    /// Whether its beginning came from an earlier connection, possibly of an earlier run.
    pub(crate) resumed: bool,
}

/// Returns the path of the partial download.
///
/// The name depends on the URL: mirrors may compress the same data differently, and parts of two different gzip files
/// do not make one.
pub(crate) fn partial_path(dir: &Path, file: &DataFile, url: &str) -> PathBuf {
    let mirror = hex(&Sha256::digest(url.as_bytes())[..4]);
    dir.join(format!("{}.{mirror}.partial", file.gz_name()))
}

/// Downloads `url` into `partial`, which resumes an earlier download.
///
/// Retries, after growing pauses, until `limits.attempts` attempts in a row made no progress.
pub(crate) fn download(
    client: &Client,
    url: &str,
    file: &DataFile,
    partial: &Path,
    limits: &Limits,
) -> Result<Downloaded, Failure> {
    let meter = Meter::new(file.name);
    let mut failures = 0;
    let mut resumed = false;
    let mut longest = length(partial);
    loop {
        let failure = match attempt(client, url, file, partial, &meter) {
            Ok(start) => return Ok(Downloaded { resumed: resumed || start > 0 }),
            Err(failure) => failure,
        };
        let Failure::Again { why, retry_after } = failure else {
            return Err(failure);
        };
        resumed = true;
        // Compared with the longest so far: a server that always starts again makes no progress.
        let progress = length(partial) >= longest + PROGRESS;
        longest = longest.max(length(partial));
        failures = if progress { 0 } else { failures + 1 };
        if failures >= limits.attempts {
            return Err(Failure::SourceDown(format!("{why} ({failures} attempts in a row)")));
        }
        if let Some(wait) = retry_after.filter(|wait| *wait > limits.longest_retry_after) {
            let seconds = wait.as_secs();
            return Err(Failure::SourceDown(format!("{why}, retry after {seconds} s")));
        }
        let chance = backoff::chance();
        let pause = backoff::pause(failures, limits.first_pause, limits.longest_pause, chance);
        thread::sleep(pause.max(retry_after.unwrap_or_default()));
    }
}

/// Returns the size of the partial file; 0 if there is none.
fn length(partial: &Path) -> u64 {
    fs::metadata(partial).map_or(0, |data| data.len())
}

/// Makes one request. Returns the offset at which the body began, once the file is complete.
fn attempt(
    client: &Client,
    url: &str,
    file: &DataFile,
    partial: &Path,
    meter: &Meter,
) -> Result<u64, Failure> {
    let mut output = open_locked(partial).map_err(Failure::Local)?;
    let have = length(partial);
    let response = client.get(url, have)?;
    let start = match response.status().as_u16() {
        206 if range_start(&response) == Some(have) => have,
        // The server does not have this range or sent another one: start again.
        206 | 416 if have > 0 => {
            empty(&output, partial)?;
            return Err(Failure::again(format!("answered {}", response.status())));
        }
        200 => {
            empty(&output, partial)?;
            0
        }
        _ => return Err(Failure::NotHere(format!("answered {}", response.status()))),
    };
    let rest = content_length(&response);
    let limit = file.download_limit();
    let too_big =
        || Failure::NotHere(format!("sends more than {limit} bytes, so it is another file"));
    let total = rest.map(|rest| start.saturating_add(rest));
    if total.is_some_and(|total| total > limit) {
        return Err(too_big());
    }
    meter.start(start, total);
    let mut body = response.into_body().into_reader();
    let received = copy(&mut body, &mut output, limit - start, partial, meter)?;
    match rest {
        _ if received > limit - start => {
            empty(&output, partial)?;
            Err(too_big())
        }
        Some(rest) if received < rest => Err(Failure::again("the connection was closed early")),
        _ => Ok(start),
    }
}

/// Opens the partial file for appending and locks it against other processes.
fn open_locked(partial: &Path) -> Result<File, Error> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(partial)
        .map_err(|error| Error::io("write", partial, error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::Busy { path: partial.to_path_buf() }),
        // Some network file systems have no locks; the checksum would reveal a file with two writers.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Empties the partial file.
fn empty(file: &File, partial: &Path) -> Result<(), Failure> {
    if length(partial) == 0 {
        return Ok(());
    }
    file.set_len(0).map_err(|error| Failure::Local(Error::io("write", partial, error)))
}

/// Copies the body, at most one read beyond `limit` bytes; returns the number of bytes.
fn copy(
    body: &mut impl Read,
    output: &mut File,
    limit: u64,
    partial: &Path,
    meter: &Meter,
) -> Result<u64, Failure> {
    let mut buffer = vec![0; 1 << 16];
    let mut received = 0;
    while received <= limit {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::again(format!("the connection failed: {error}"))),
        };
        output
            .write_all(&buffer[..count])
            .map_err(|error| Failure::Local(Error::io("write", partial, error)))?;
        received += count as u64;
        meter.add(count as u64);
    }
    Ok(received)
}

/// Returns the first byte of a `Content-Range: bytes 5-9/10`.
fn range_start(response: &Response<Body>) -> Option<u64> {
    let range = text(response.headers(), header::CONTENT_RANGE.as_str())?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// Returns the size of the body if the header has it.
fn content_length(response: &Response<Body>) -> Option<u64> {
    text(response.headers(), header::CONTENT_LENGTH.as_str())?.parse().ok()
}
