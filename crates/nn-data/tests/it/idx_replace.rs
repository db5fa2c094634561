//! A file is replaced whole or not at all, and nothing is left behind.

use std::fs;

use crate::common::array;
use nn_data::{Compression, DataError, IdxArray, IdxValues, read_idx, write_idx, write_idx_to};
use nn_testing::names_in;

#[test]
fn the_new_file_takes_the_place_of_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for value in [1, 2] {
        write_idx(&path, &array(value), Compression::None).unwrap();
        assert_eq!(read_idx(&path).unwrap(), array(value));
    }
    assert_eq!(names_in(folder.path()), ["file"]);
}

#[test]
fn a_failed_write_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    // A folder that is not empty cannot be replaced: the last step, the renaming, fails.
    let path = folder.path().join("taken");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("old"), "old").unwrap();
    let error = write_idx(&path, &array(1), Compression::Gzip).unwrap_err();
    assert!(matches!(error, DataError::Io { action: "write", .. }), "{error}");
    assert!(error.to_string().contains("taken"), "{error}");
    assert_eq!(names_in(folder.path()), ["taken"]);
    assert_eq!(names_in(&path), ["old"]);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("file");
    let error = write_idx(&path, &array(1), Compression::None).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

/// A disk with room for so many bytes and no more.
struct FullDisk(usize);

impl std::io::Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_at_every_byte() {
    let noise: Vec<u8> = nn_data::epoch_order(0, 0, 256).iter().map(|&value| value as u8).collect();
    let array = IdxArray::new(vec![256], IdxValues::U8(noise)).unwrap();
    for compression in [Compression::None, Compression::Gzip] {
        let mut whole = Vec::new();
        write_idx_to(&mut whole, &array, compression, "memory").unwrap();
        for room in 0..whole.len() {
            let error = write_idx_to(&mut FullDisk(room), &array, compression, "full").unwrap_err();
            assert!(matches!(error, DataError::Io { action: "write", .. }), "{room}: {error}");
        }
        write_idx_to(&mut FullDisk(whole.len()), &array, compression, "full").unwrap();
    }
}
