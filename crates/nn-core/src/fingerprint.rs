//! A checksum by which a resumed training notices other data.

use nn_data::{Dataset, Inputs, Targets};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Enough of a data set to notice that another one is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFingerprint {
    /// Number of samples.
    pub samples: usize,
    /// Width of a sample.
    pub width: usize,
    /// CRC-32 over inputs, targets and the choice of samples.
    pub checksum: u32,
}

impl DataFingerprint {
    /// Computes the fingerprint, for which it reads all of the data.
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        match data.inputs() {
            Inputs::Bytes(bytes) => hasher.update(bytes),
            Inputs::Values(values) => update_each(&mut hasher, values, |v| v.to_le_bytes()),
        }
        match data.targets() {
            Targets::Classes { labels, .. } => {
                update_each(&mut hasher, labels, |v| v.to_le_bytes());
            }
            Targets::Values { values, .. } => {
                update_each(&mut hasher, values, |v| v.to_le_bytes());
            }
        }
        update_each(&mut hasher, data.rows(), |v| v.to_le_bytes());
        let checksum = hasher.finalize();
        Self { samples: data.len(), width: data.input_width(), checksum }
    }
}

impl fmt::Display for DataFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, width, checksum } = self;
        write!(formatter, "{samples} samples of {width} values, checksum {checksum:08x}")
    }
}

fn update_each<V: Copy, const N: usize>(
    hasher: &mut crc32fast::Hasher,
    values: &[V],
    bytes: impl Fn(V) -> [u8; N],
) {
    for &value in values {
        hasher.update(&bytes(value));
    }
}
