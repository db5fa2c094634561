//! The IDX format: a header that gives element type and dimensions, then the values, big-endian.
//!
//! ```text
//! 00 00 | element type | number of dimensions | each dimension as u32 | values, row-major
//! ```

mod array;
mod element;
mod header;
mod reader;
mod writer;

pub use array::{IdxArray, IdxValues};
pub use element::ElementType;
pub use reader::{read_idx, read_idx_from};
pub use writer::{Compression, write_idx, write_idx_to};

/// The most dimensions that are read or written: samples of up to three dimensions.
pub const MAX_DIMENSIONS: usize = 4;
