//! The envelope of a checkpoint: from values to bytes that reveal any damage, and back. All of bincode is here.
//!
//! | bytes | content                                                                  |
//! |-------|--------------------------------------------------------------------------|
//! | 8     | magic; its line ends and the byte above 127 reveal transfers as text      |
//! | 4     | format, little-endian like all that follows                               |
//! | 8     | length of the payload                                                    |
//! | 4     | CRC-32 over the 20 bytes before it and the payload                        |
//! | rest  | payload: bincode with fixed-width integers                               |
//!
//! The envelope is the same in every format, so that an old build can name a newer one. Nothing is
//! decoded before the checksum is right, which finds every error of one bit, anywhere.
//!
//! bincode's serde path reserves at most 1 MiB for a length it reads, except for strings and byte
//! strings, which it reserves whole. So nothing in a payload may be a `String`; see [`json_bytes`].

use crate::file::error::FileFault;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// First bytes of every checkpoint.
const MAGIC: [u8; 8] = *b"\x89nnc\r\n\x1a\n";
/// The format that this build reads and writes.
const FORMAT: u32 = 1;
/// Bytes before the payload.
pub(crate) const HEADER_LENGTH: usize = 24;
/// Bytes of the header that the checksum covers.
const CHECKED_LENGTH: usize = 20;
/// Most bytes of a file: a network of 500 million weights with Adam's moments, in double precision.
pub(crate) const MAX_BYTES: u64 = 1 << 34;
/// The same for the decoder, on machines that cannot count so far.
const DECODE_LIMIT: usize =
    if MAX_BYTES < isize::MAX as u64 { MAX_BYTES as usize } else { isize::MAX as usize };

/// The fields of a header, before anything else is read.
#[derive(Clone, Copy)]
struct Header {
    format: u32,
    payload_length: u64,
    checksum: u32,
}

impl Header {
    /// Reads the first bytes of a file, which need not be all of a header.
    fn parse(bytes: &[u8]) -> Result<Self, FileFault> {
        let shared = bytes.len().min(MAGIC.len());
        if bytes[..shared] != MAGIC[..shared] {
            return Err(FileFault::NotACheckpoint);
        }
        let Some(header) = bytes.first_chunk::<HEADER_LENGTH>() else {
            let (expected, actual) = (HEADER_LENGTH as u64, bytes.len() as u64);
            return Err(FileFault::Truncated { expected, actual });
        };
        let [.., f0, f1, f2, f3, l0, l1, l2, l3, l4, l5, l6, l7, c0, c1, c2, c3] = *header;
        Ok(Self {
            format: u32::from_le_bytes([f0, f1, f2, f3]),
            payload_length: u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        })
    }

    /// Checks that a file of `actual` bytes is as long as this header says.
    fn check_length(self, actual: u64) -> Result<(), FileFault> {
        let expected = self.payload_length.saturating_add(HEADER_LENGTH as u64);
        match actual.cmp(&expected) {
            std::cmp::Ordering::Less => Err(FileFault::Truncated { expected, actual }),
            std::cmp::Ordering::Greater => Err(FileFault::TrailingBytes { expected, actual }),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

/// Checks that the first bytes of a file (all of a header, or the whole file) are those of a checkpoint
/// of `file_length` bytes.
pub(crate) fn check_header(first_bytes: &[u8], file_length: u64) -> Result<(), FileFault> {
    Header::parse(first_bytes)?.check_length(file_length)
}

/// Returns two values, one after the other, in an envelope.
pub(crate) fn encode<H: Serialize, B: Serialize>(head: &H, body: &B) -> Result<Vec<u8>, FileFault> {
    let mut bytes = vec![0; HEADER_LENGTH];
    let config = bincode::config::standard().with_fixed_int_encoding();
    let undecodable = |cause: String| FileFault::Undecodable { cause };
    bincode::serde::encode_into_std_write(head, &mut bytes, config)
        .and_then(|_| bincode::serde::encode_into_std_write(body, &mut bytes, config))
        .map_err(|error| undecodable(error.to_string()))?;
    let length = bytes.len() as u64;
    if length > MAX_BYTES {
        return Err(FileFault::TooLarge { bytes: length, limit: MAX_BYTES });
    }
    let payload_length = length - HEADER_LENGTH as u64;
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[12..20].copy_from_slice(&payload_length.to_le_bytes());
    let checksum = checksum(&bytes);
    bytes[CHECKED_LENGTH..HEADER_LENGTH].copy_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// Returns the payload of an envelope of which every bit is as it was written.
pub(crate) fn open(bytes: &[u8]) -> Result<&[u8], FileFault> {
    let header = Header::parse(bytes)?;
    header.check_length(bytes.len() as u64)?;
    let actual = checksum(bytes);
    if actual != header.checksum {
        return Err(FileFault::Corrupt { expected: header.checksum, actual });
    }
    match header.format {
        FORMAT => Ok(&bytes[HEADER_LENGTH..]),
        0 => Err(FileFault::Undecodable { cause: "there is no format 0".to_owned() }),
        format => Err(FileFault::NewerFormat { format, supported: FORMAT }),
    }
}

/// Returns the value at the beginning of a payload, and what follows it.
pub(crate) fn decode_head<T: DeserializeOwned>(payload: &[u8]) -> Result<(T, &[u8]), FileFault> {
    let config = bincode::config::standard().with_fixed_int_encoding().with_limit::<DECODE_LIMIT>();
    let (value, used) = bincode::serde::decode_from_slice(payload, config)
        .map_err(|error| FileFault::Undecodable { cause: error.to_string() })?;
    Ok((value, &payload[used..]))
}

/// Returns the value that is all of a payload, or of the rest of one.
pub(crate) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, FileFault> {
    let (value, rest) = decode_head(payload)?;
    if rest.is_empty() {
        return Ok(value);
    }
    Err(FileFault::Undecodable { cause: format!("{} bytes are left over", rest.len()) })
}

/// Returns the CRC-32 (that of gzip and PNG) of everything but the checksum itself. `bytes` has a header.
fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..CHECKED_LENGTH]);
    hasher.update(&bytes[HEADER_LENGTH..]);
    hasher.finalize()
}

/// For `#[serde(with)]`: a value inside a payload as the bytes of its JSON, which names its fields.
pub(crate) mod json_bytes {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serde_json::to_vec(value).map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let json: Vec<u8> = Vec::deserialize(deserializer)?;
        serde_json::from_slice(&json).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An envelope of any format around any payload, as its table above describes it.
    fn envelope(format: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x89nnc\r\n\x1a\n".to_vec();
        bytes.extend(format.to_le_bytes());
        bytes.extend((payload.len() as u64).to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&bytes);
        hasher.update(payload);
        bytes.extend(hasher.finalize().to_le_bytes());
        bytes.extend(payload);
        bytes
    }

    fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FileFault> {
        decode(open(bytes)?)
    }

    #[test]
    fn bytes_are_those_of_the_description() {
        let payload = [[7, 0, 0, 0].as_slice(), &[1], &[2, 0, 0, 0, 0, 0, 0, 0], b"ab"].concat();
        let value = (7_u32, Some(vec![b'a', b'b']));
        assert_eq!(encode(&value.0, &value.1).unwrap(), envelope(1, &payload));
        assert_eq!(unpack::<(u32, Option<Vec<u8>>)>(&envelope(1, &payload)).unwrap(), value);
    }

    #[test]
    fn a_newer_format_is_named() {
        let fault = unpack::<u32>(&envelope(9, &[0; 9])).unwrap_err();
        assert!(fault.to_string().starts_with("format 9, this build reads up to 1"), "{fault}");
        let fault = unpack::<u32>(&envelope(0, &[0; 4])).unwrap_err();
        assert!(matches!(fault, FileFault::Undecodable { .. }), "{fault}");
    }

    #[test]
    fn every_byte_is_consumed() {
        let fault = unpack::<u32>(&envelope(1, &[0; 5])).unwrap_err();
        assert!(fault.to_string().contains("1 bytes are left over"), "{fault}");
        let fault = unpack::<u32>(&envelope(1, &[0; 3])).unwrap_err();
        assert!(matches!(fault, FileFault::Undecodable { .. }), "{fault}");
    }

    #[test]
    fn a_length_beyond_counting_is_a_short_file() {
        let mut bytes = envelope(1, &[0; 4]);
        bytes[12..20].fill(0xff);
        let fault = unpack::<u32>(&bytes).unwrap_err();
        assert!(matches!(fault, FileFault::Truncated { expected: u64::MAX, .. }), "{fault}");
    }
}
