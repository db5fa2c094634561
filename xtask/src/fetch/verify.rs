//! Verifies files while they are unpacked and copied.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::datasets::DataFile;

/// How content differs from the expected file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// No bytes.
    Empty,
    /// A web page, such as the login page of a network.
    HtmlPage,
    /// The gzip stream is truncated.
    GzipCut,
    /// The gzip stream is damaged.
    GzipDamaged(String),
    /// Longer than the file.
    TooLong {
        /// Size of the file in bytes.
        expected: u64,
    },
    /// Shorter than the file; only if no checksum is pinned.
    TooShort {
        /// Size of the file in bytes.
        expected: u64,
        /// Actual size in bytes.
        actual: u64,
    },
    /// Not an IDX file of the expected type and shape; only if no checksum is pinned.
    Header {
        /// Dimensions of the file.
        expected: Vec<u32>,
    },
    /// The checksum differs.
    Hash {
        /// The pinned SHA-256.
        expected: String,
        /// The actual SHA-256.
        actual: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "empty"),
            Self::HtmlPage => write!(f, "a web page (HTML), not data"),
            Self::GzipCut => write!(f, "the gzip stream is truncated"),
            Self::GzipDamaged(cause) => write!(f, "the gzip stream is damaged ({cause})"),
            Self::TooLong { expected } => {
                write!(f, "unpacks to more than the {expected} bytes of the file")
            }
            Self::TooShort { expected, actual } => {
                write!(f, "unpacks to {actual} bytes, but the file has {expected}")
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

/// Why a copy failed.
#[derive(Debug)]
pub enum CopyError {
    /// The content is not the file.
    Mismatch(Mismatch),
    /// The input could not be read.
    Read(io::Error),
    /// The output could not be written.
    Write(io::Error),
}

/// Copies `input` to `output`, unpacks it if its bytes are gzip, and verifies it.
///
/// Returns the SHA-256 of the unpacked content in hexadecimal. Writes at most as many bytes as `file` has.
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
/// The mismatch, or which side of the copy failed. The output is then of no use.
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

/// Copies unpacked content while it computes size, header and checksum, and compares these with `file`.
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
    compare(file, &header, actual, sha256).map_err(CopyError::Mismatch)
}

/// Compares header, size and checksum with those of `file`; returns the checksum.
fn compare(
    file: &DataFile,
    header: &[u8],
    actual: u64,
    sha256: String,
) -> Result<String, Mismatch> {
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

/// Distinguishes a damaged gzip stream from a file that cannot be read.
fn read_error(error: io::Error) -> CopyError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CopyError::Mismatch(Mismatch::GzipCut),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            CopyError::Mismatch(Mismatch::GzipDamaged(error.to_string()))
        }
        _ => CopyError::Read(error),
    }
}

/// Formats bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
