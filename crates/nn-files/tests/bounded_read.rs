//! No more is read than a limit allows, whatever the file is.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use nn_files::{BoundedFile, BoundedReadError, read_at_most};

#[test]
fn a_size_at_the_limit_is_read_and_one_byte_more_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for limit in [0, 1, 100] {
        fs::write(&path, vec![7; limit]).unwrap();
        assert_eq!(read_at_most(&path, limit as u64).unwrap(), vec![7; limit]);
        let file = BoundedFile::open(&path, limit as u64).unwrap();
        assert_eq!(file.into_bytes().unwrap(), vec![7; limit]);
        fs::write(&path, vec![7; limit + 1]).unwrap();
        for error in [
            read_at_most(&path, limit as u64).unwrap_err(),
            BoundedFile::open(&path, limit as u64).unwrap_err(),
        ] {
            let BoundedReadError::TooLarge { bytes, limit: stated } = error else {
                panic!("{error}")
            };
            assert_eq!((bytes, stated), (limit as u64 + 1, limit as u64));
        }
    }
}

#[test]
fn a_device_without_an_end_is_refused() {
    let endless = Path::new("/dev/zero");
    let error = read_at_most(endless, 1 << 16).unwrap_err();
    assert!(matches!(error, BoundedReadError::TooLarge { .. }), "{error}");
    let error = BoundedFile::open(endless, 1 << 16).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn a_fifo_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    thread::scope(|scope| {
        scope.spawn(|| fs::write(&path, "epochs = 3").unwrap());
        assert_eq!(read_at_most(&path, 100).unwrap(), b"epochs = 3");
    });
    // Nobody writes, so whoever opened it would wait for ever.
    let error = BoundedFile::open(&path, 100).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn a_file_that_grows_meanwhile_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "1234").unwrap();
    let mut file = BoundedFile::open(&path, 4).unwrap();
    assert_eq!((file.length(), file.first_bytes(2).unwrap()), (4, &b"12"[..]));
    fs::write(&path, "12345678").unwrap();
    assert_eq!(file.first_bytes(1).unwrap(), b"12");
    assert_eq!(file.into_bytes().unwrap(), b"1234");
}
