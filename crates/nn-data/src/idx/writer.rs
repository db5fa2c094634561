//! Writes IDX, plain or gzip; a file is replaced whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::GzBuilder;
use nn_files::replace_file;

use super::array::{IdxArray, IdxValues};
use super::header::Header;
use crate::error::DataError;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Values as they are.
    None,
    /// Gzip at its best level. Without a time stamp, so equal arrays give equal files.
    Gzip,
}

/// Writes `array` to `path`. The old file stays until the new one is safely on disk.
///
/// ```
/// use nn_data::{Compression, IdxArray, IdxValues, read_idx, write_idx};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("labels-idx1-ubyte.gz");
/// let labels = IdxArray::new(vec![3], IdxValues::U8(vec![7, 2, 1]))?;
/// write_idx(&path, &labels, Compression::Gzip)?;
/// assert_eq!(read_idx(&path)?, labels);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder or the disk does not take the file; what was there before is then unchanged.
pub fn write_idx(path: &Path, array: &IdxArray, compression: Compression) -> Result<(), DataError> {
    let name = path.display().to_string();
    let failed = |cause| DataError::io(&*name, "write", cause);
    let header = header_of(array)?;
    replace_file(path, |file| write_packed(file, &header, array, compression)).map_err(failed)
}

/// Writes the same bytes as [`write_idx`] to anything that can be written; `name` stands for it in messages.
///
/// # Errors
/// If `writer` fails.
pub fn write_idx_to(
    writer: &mut dyn Write,
    array: &IdxArray,
    compression: Compression,
    name: &str,
) -> Result<(), DataError> {
    let header = header_of(array)?;
    write_packed(writer, &header, array, compression)
        .map_err(|cause| DataError::io(name, "write", cause))
}

fn header_of(array: &IdxArray) -> Result<Header, DataError> {
    Header::new("IDX array", array.values().element_type(), array.shape().to_vec())
}

fn write_packed(
    writer: &mut dyn Write,
    header: &Header,
    array: &IdxArray,
    compression: Compression,
) -> io::Result<()> {
    match compression {
        Compression::None => {
            let mut plain = BufWriter::new(writer);
            write_plain(&mut plain, header, array)?;
            plain.flush()
        }
        Compression::Gzip => {
            let packed = GzBuilder::new().mtime(0).write(writer, flate2::Compression::best());
            let mut plain = BufWriter::new(packed);
            write_plain(&mut plain, header, array)?;
            plain.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?.flush()
        }
    }
}

fn write_plain(writer: &mut dyn Write, header: &Header, array: &IdxArray) -> io::Result<()> {
    writer.write_all(&header.to_bytes())?;
    match array.values() {
        IdxValues::U8(values) => writer.write_all(values),
        IdxValues::I8(values) => write_elements(writer, values, i8::to_be_bytes),
        IdxValues::I16(values) => write_elements(writer, values, i16::to_be_bytes),
        IdxValues::I32(values) => write_elements(writer, values, i32::to_be_bytes),
        IdxValues::F32(values) => write_elements(writer, values, f32::to_be_bytes),
        IdxValues::F64(values) => write_elements(writer, values, f64::to_be_bytes),
    }
}

/// Values of `SIZE` bytes, big-endian.
fn write_elements<const SIZE: usize, T: Copy>(
    writer: &mut dyn Write,
    values: &[T],
    encode: fn(T) -> [u8; SIZE],
) -> io::Result<()> {
    values.iter().try_for_each(|&value| writer.write_all(&encode(value)))
}
