//! Decides whether bytes are the file they are taken for, while they are unpacked and copied.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::datasets::DataFile;

/// How bytes differ from the file they were taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Nothing at all.
    Empty,
    /// A web page: a login of a network, an error page sent as success.
    HtmlPage,
    /// The gzip stream ends before its end.
    GzipCut,
    /// The gzip stream is damaged.
    GzipDamaged(String),
    /// Longer than the file can be.
    TooLong {
        /// Length of the true file in bytes.
        expected: u64,
    },
    /// Shorter than the file; told where no hash is pinned.
    TooShort {
        /// Length of the true file in bytes.
        expected: u64,
        /// Length found in bytes.
        actual: u64,
    },
    /// Not an IDX file of the expected kind and shape; told where no hash is pinned.
    Header {
        /// Sizes of the dimensions that the file should have.
        expected: Vec<u32>,
    },
    /// The payload's hash is another one.
    Hash {
        /// The pinned SHA-256.
        expected: String,
        /// The SHA-256 of what came.
        actual: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "empty"),
            Self::HtmlPage => write!(f, "a web page (HTML), not data"),
            Self::GzipCut => write!(f, "the gzip stream is cut short"),
            Self::GzipDamaged(cause) => write!(f, "the gzip stream is damaged ({cause})"),
            Self::TooLong { expected } => {
                write!(f, "unpacks to more than the {expected} bytes of the true file")
            }
            Self::TooShort { expected, actual } => {
                write!(f, "unpacks to {actual} bytes, the true file has {expected}")
            }
            Self::Header { expected } => {
                write!(f, "not an IDX file of unsigned bytes with dimensions {expected:?}")
            }
            Self::Hash { expected, actual } => {
                write!(f, "wrong checksum: SHA-256 is {actual}, expected {expected}")
            }
        }
    }
}

/// Why a copy did not come to its end.
#[derive(Debug)]
pub enum CopyError {
    /// The content is not the file.
    Mismatch(Mismatch),
    /// The input could not be read.
    Read(io::Error),
    /// The output could not be written.
    Write(io::Error),
}

/// Copies `input`, unpacked if it is gzip (told by its bytes), to `output` and checks it on the way.
///
/// Returns the SHA-256 of the payload in hexadecimal, and writes at most as many bytes as `file` has.
///
/// ```
/// use xtask::fetch::{CopyError, DataFile, Mismatch, copy_verified};
///
/// let file = DataFile { name: "three-labels", shape: &[3], sha256: None };
/// let mut unpacked = Vec::new();
/// copy_verified(&b"\0\0\x08\x01\0\0\0\x03abc"[..], &mut unpacked, &file).unwrap();
/// assert_eq!(&unpacked[8..], b"abc");
///
/// let page = copy_verified(&b"<html>"[..], &mut unpacked, &file);
/// assert!(matches!(page, Err(CopyError::Mismatch(Mismatch::HtmlPage))));
/// ```
///
/// # Errors
/// The mismatch, or which side of the copy failed. What was written by then is of no use.
pub fn copy_verified(
    input: impl Read,
    output: &mut impl Write,
    file: &DataFile,
) -> Result<String, CopyError> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let start = input.fill_buf().map_err(CopyError::Read)?;
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if start.is_empty() => return Err(CopyError::Mismatch(Mismatch::Empty)),
        Some(b'<') => return Err(CopyError::Mismatch(Mismatch::HtmlPage)),
        _ => {}
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        copy_payload(MultiGzDecoder::new(input), output, file)
    } else {
        copy_payload(input, output, file)
    }
}

/// The copy behind the unpacking: counts, hashes, compares.
fn copy_payload(
    mut payload: impl Read,
    output: &mut impl Write,
    file: &DataFile,
) -> Result<String, CopyError> {
    let expected = file.payload_bytes();
    let mut hasher = Sha256::new();
    let mut header = Vec::new();
    let mut actual = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match payload.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(read_error(error)),
        };
        actual += count as u64;
        if actual > expected {
            return Err(CopyError::Mismatch(Mismatch::TooLong { expected }));
        }
        let chunk = &buffer[..count];
        let header_rest = file.header().len() - header.len();
        header.extend_from_slice(&chunk[..header_rest.min(count)]);
        hasher.update(chunk);
        output.write_all(chunk).map_err(CopyError::Write)?;
    }
    let sha256 = hex(&hasher.finalize());
    judge(file, &header, actual, sha256).map_err(CopyError::Mismatch)
}

/// Compares what was read with what `file` says; gives the hash back when all is well.
fn judge(file: &DataFile, header: &[u8], actual: u64, sha256: String) -> Result<String, Mismatch> {
    if let Some(expected) = file.sha256 {
        if sha256 == expected {
            return Ok(sha256);
        }
        return Err(Mismatch::Hash { expected: expected.to_owned(), actual: sha256 });
    }
    let expected = file.payload_bytes();
    if header != file.header() {
        return Err(Mismatch::Header { expected: file.shape.to_vec() });
    }
    if actual != expected {
        return Err(Mismatch::TooShort { expected, actual });
    }
    Ok(sha256)
}

/// Tells damage of the gzip stream apart from a disk that cannot be read.
fn read_error(error: io::Error) -> CopyError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CopyError::Mismatch(Mismatch::GzipCut),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            CopyError::Mismatch(Mismatch::GzipDamaged(error.to_string()))
        }
        _ => CopyError::Read(error),
    }
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
