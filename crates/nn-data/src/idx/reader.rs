//! Reads IDX, plain or gzip, believing no header until the bytes are there.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::array::{IdxArray, IdxValues};
use super::element::ElementType;
use super::header::{Header, MAGIC_LENGTH};
use crate::error::DataError;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Bytes read from the file at once.
const INPUT_BUFFER: usize = 128 * 1024;

/// Bytes of the body taken at once; also the first memory asked for. A multiple of every element size.
const STEP: usize = 64 * 1024;

/// How much of a file that is not IDX is looked at to see whether it is a web page.
const SNIFF_LENGTH: usize = 512;

/// Reads an IDX file; gzip is recognised by its content, not by its name.
///
/// ```no_run
/// let images = nn_data::read_idx("data/mnist/train-images-idx3-ubyte.gz".as_ref())?;
/// assert_eq!(images.shape(), [60_000, 28, 28]);
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// If the file cannot be read, is not IDX, or is damaged, cut short or too long; the error names it.
pub fn read_idx(path: &Path) -> Result<IdxArray, DataError> {
    let name = path.display().to_string();
    let mut file = File::open(path).map_err(|cause| DataError::io(&*name, "open", cause))?;
    let metadata = file.metadata().map_err(|cause| DataError::io(&*name, "read", cause))?;
    let length = metadata.is_file().then_some(metadata.len());
    read_plain_or_gzip(&mut file, &name, length)
}

/// As [`read_idx`], from anything that can be read; `name` stands for it in messages.
///
/// ```
/// let bytes = [0, 0, 0x08, 1, 0, 0, 0, 3, 7, 8, 9];
/// let array = nn_data::read_idx_from(&bytes[..], "three labels")?;
/// assert_eq!(array.values(), &nn_data::IdxValues::U8(vec![7, 8, 9]));
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// As [`read_idx`].
pub fn read_idx_from(mut reader: impl Read, name: &str) -> Result<IdxArray, DataError> {
    read_plain_or_gzip(&mut reader, name, None)
}

/// `length`: bytes of the whole file, where that is known.
fn read_plain_or_gzip(
    reader: &mut dyn Read,
    name: &str,
    length: Option<u64>,
) -> Result<IdxArray, DataError> {
    let mut start = [0; GZIP_MAGIC.len()];
    let found = Source { reader, name, gzip: false, taken: 0 }.fill(&mut start)?;
    let rest = BufReader::with_capacity(INPUT_BUFFER, reader);
    let mut whole = start[..found].chain(rest);
    if start == GZIP_MAGIC {
        let mut unpacked = MultiGzDecoder::new(whole);
        read_array(Source { reader: &mut unpacked, name, gzip: true, taken: 0 }, None)
    } else {
        read_array(Source { reader: &mut whole, name, gzip: false, taken: 0 }, length)
    }
}

/// Reads header, body and end. A known `length` is compared with the header before any memory is taken.
fn read_array(mut source: Source<'_>, length: Option<u64>) -> Result<IdxArray, DataError> {
    let header = read_header(&mut source)?;
    let expected = header.file_length();
    match length {
        Some(actual) if actual < expected => return Err(source.truncated(expected, actual)),
        Some(actual) if actual > expected => return Err(source.trailing(expected, actual)),
        _ => {}
    }
    let body = Body { count: header.value_count(), file_length: expected };
    let values = match header.element() {
        ElementType::U8 => IdxValues::U8(read_bytes(&mut source, &body)?),
        ElementType::I8 => IdxValues::I8(read_elements(&mut source, &body, i8::from_be_bytes)?),
        ElementType::I16 => IdxValues::I16(read_elements(&mut source, &body, i16::from_be_bytes)?),
        ElementType::I32 => IdxValues::I32(read_elements(&mut source, &body, i32::from_be_bytes)?),
        ElementType::F32 => IdxValues::F32(read_elements(&mut source, &body, f32::from_be_bytes)?),
        ElementType::F64 => IdxValues::F64(read_elements(&mut source, &body, f64::from_be_bytes)?),
    };
    // One byte more: a plain file must end here, and gzip checks its sum only when asked past its end.
    if source.fill(&mut [0])? != 0 {
        return Err(source.trailing(expected, expected + 1));
    }
    IdxArray::new(header.into_shape(), values)
}

fn read_header(source: &mut Source<'_>) -> Result<Header, DataError> {
    let mut magic = [0; MAGIC_LENGTH];
    let found = source.fill(&mut magic)?;
    if found > 0 && magic[..2] != [0, 0] {
        return Err(not_idx(source, magic, found)?);
    }
    if found < MAGIC_LENGTH {
        return Err(source.truncated(MAGIC_LENGTH as u64, found as u64));
    }
    let (element, dimensions) = Header::parse_magic(source.name, magic)?;
    let mut sizes = vec![0; 4 * dimensions];
    source.fill_exactly(&mut sizes, (MAGIC_LENGTH + 4 * dimensions) as u64)?;
    let (sizes, _) = sizes.as_chunks::<4>();
    let shape = sizes.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
    Header::new(source.name, element, shape)
}

/// Says what a file that does not start as IDX is: a web page, or something unknown.
fn not_idx(
    source: &mut Source<'_>,
    magic: [u8; MAGIC_LENGTH],
    found: usize,
) -> Result<DataError, DataError> {
    let mut start = [0; SNIFF_LENGTH];
    start[..found].copy_from_slice(&magic[..found]);
    let length = found + source.fill(&mut start[found..])?;
    let text = start[..length].strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start[..length]);
    let name = source.name.into();
    Ok(match text.trim_ascii_start().first() {
        Some(b'<') => DataError::HtmlPage { name },
        _ => DataError::BadMagic { name, found: magic },
    })
}

/// What the header says of the body.
struct Body {
    /// Number of values.
    count: usize,
    /// Bytes of header and body together, for messages.
    file_length: u64,
}

/// Bytes go straight to where they stay.
fn read_bytes(source: &mut Source<'_>, body: &Body) -> Result<Vec<u8>, DataError> {
    let mut values = Vec::new();
    while values.len() < body.count {
        let start = values.len();
        let end = body.count.min(start + STEP);
        grow(&mut values, end, body.count, source.name)?;
        values.resize(end, 0);
        source.fill_exactly(&mut values[start..], body.file_length)?;
    }
    Ok(values)
}

/// Values of `SIZE` bytes, big-endian, through a small buffer.
fn read_elements<const SIZE: usize, T>(
    source: &mut Source<'_>,
    body: &Body,
    decode: fn([u8; SIZE]) -> T,
) -> Result<Vec<T>, DataError> {
    let mut values = Vec::new();
    let mut buffer = vec![0; STEP.min(body.count.saturating_mul(SIZE))];
    while values.len() < body.count {
        let batch = (STEP / SIZE).min(body.count - values.len());
        let bytes = &mut buffer[..batch * SIZE];
        source.fill_exactly(bytes, body.file_length)?;
        let needed = values.len() + batch;
        grow(&mut values, needed, body.count, source.name)?;
        let (elements, _) = bytes.as_chunks::<SIZE>();
        values.extend(elements.iter().map(|&element| decode(element)));
    }
    Ok(values)
}

/// Makes room for `needed` values: at most twice what has really arrived, and never more than `count`.
fn grow<T>(values: &mut Vec<T>, needed: usize, count: usize, name: &str) -> Result<(), DataError> {
    if values.capacity() >= needed {
        return Ok(());
    }
    let capacity = needed.max(2 * values.len()).min(count);
    values.try_reserve_exact(capacity - values.len()).map_err(|_| DataError::OutOfMemory {
        name: name.into(),
        bytes: capacity as u64 * size_of::<T>() as u64,
    })
}

/// A reader that knows its name, counts what it gave and turns failures into errors that say all that.
struct Source<'a> {
    reader: &'a mut dyn Read,
    name: &'a str,
    gzip: bool,
    /// Bytes given so far, unpacked.
    taken: u64,
}

impl Source<'_> {
    /// Reads until `buffer` is full or the source ends; the number of bytes read.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DataError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.failed(cause, filled)),
            }
        }
        self.taken += filled as u64;
        Ok(filled)
    }

    /// Fills all of `buffer`, or says that the file of `file_length` bytes is cut short.
    fn fill_exactly(&mut self, buffer: &mut [u8], file_length: u64) -> Result<(), DataError> {
        if self.fill(buffer)? == buffer.len() {
            return Ok(());
        }
        Err(self.truncated(file_length, self.taken))
    }

    /// The error for a failed read: of the gzip stream, or of the system below it.
    fn failed(&self, cause: std::io::Error, filled: usize) -> DataError {
        let name = self.name.to_owned();
        let unpacked = self.taken + filled as u64;
        match cause.kind() {
            ErrorKind::UnexpectedEof if self.gzip => DataError::GzipTruncated { name, unpacked },
            ErrorKind::InvalidInput | ErrorKind::InvalidData if self.gzip => {
                DataError::GzipCorrupt { name, cause }
            }
            _ => DataError::io(name, "read", cause),
        }
    }

    fn truncated(&self, expected: u64, actual: u64) -> DataError {
        DataError::Truncated { name: self.name.into(), expected, actual }
    }

    fn trailing(&self, expected: u64, actual: u64) -> DataError {
        DataError::TrailingBytes { name: self.name.into(), expected, actual }
    }
}
