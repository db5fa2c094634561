//! What several test files need. Each uses a part of it.
#![allow(dead_code)]
#![allow(clippy::unwrap_used)] // a step that fails must fail the test

use nn_data::{DataError, IdxArray, IdxValues, read_idx, read_idx_from};

/// The header of an IDX file, by hand: `code` is the element type.
pub(crate) fn header(code: u8, sizes: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes
}

/// An IDX file of bytes, by hand.
pub(crate) fn idx_bytes(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    [&header(0x08, sizes), values].concat()
}

/// What both ways of reading say of these bytes: as a file, and as a stream of unknown length.
pub(crate) fn read_both_ways(bytes: &[u8]) -> [Result<IdxArray, DataError>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("the-file");
    std::fs::write(&path, bytes).unwrap();
    [read_idx(&path), read_idx_from(bytes, "the-file")]
}

/// The error of both ways of reading, each seen to be one line that names the file.
pub(crate) fn errors_of(bytes: &[u8]) -> [DataError; 2] {
    read_both_ways(bytes).map(|result| {
        let error = result.expect_err("a fault must not read");
        let message = error.to_string();
        assert!(message.contains("the-file") && !message.contains('\n'), "{message}");
        error
    })
}

/// A hundred times this value.
pub(crate) fn array(value: u8) -> IdxArray {
    IdxArray::new(vec![100], IdxValues::U8(vec![value; 100])).unwrap()
}
