//! The disk fails at every operation of a write in turn, or the process dies there: the old file or
//! the new one is there, whole.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use nn_files::{
    FileOperation, append_to_file, replace_file, sweep_partial_files, watch_file_operations,
};

/// Writes a file in several pieces that all hold `value`.
fn write(path: &Path, value: u8) -> io::Result<()> {
    replace_file(path, |file| (0..3).try_for_each(|_| file.write_all(&[value; 40])))
}

/// The value of which a file is full.
fn read(path: &Path) -> u8 {
    let bytes = fs::read(path).unwrap();
    assert_eq!(bytes, vec![bytes[0]; 120]);
    bytes[0]
}

/// The names of everything in a folder, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The operations of a write that nothing disturbs.
fn operations_of(write: impl FnOnce()) -> Vec<FileOperation> {
    let seen = Rc::new(std::cell::RefCell::new(Vec::new()));
    let watcher = {
        let seen = Rc::clone(&seen);
        move |operation| {
            seen.borrow_mut().push(operation);
            Ok(())
        }
    };
    watch_file_operations(watcher, write);
    seen.take()
}

#[test]
fn a_write_is_forced_to_disk_before_it_gets_its_name() {
    use FileOperation::{Create, Rename, Sync, SyncFolder, Write};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let seen = operations_of(|| replace_file(&path, |file| file.write_all(b"abcd")).unwrap());
    // Four bytes in halves: two, one, one.
    assert_eq!(seen, [Create, Write, Write, Write, Sync, Rename, SyncFolder]);
    assert_eq!(fs::read(&path).unwrap(), b"abcd");
    assert_eq!(operations_of(|| replace_file(&path, |_| Ok(())).unwrap()).len(), 4);
    assert_eq!(operations_of(|| append_to_file(&path, b"e").unwrap()), [Create, Write]);
}

#[test]
fn each_operation_fails_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let operations = operations_of(|| write(&path, 1).unwrap());
    assert!(operations.len() >= 10, "{operations:?}");
    for (number, &operation) in operations.iter().enumerate() {
        let counter = Cell::new(0);
        let fail = move |_| {
            counter.set(counter.get() + 1);
            if counter.get() == number + 1 { Err(io::Error::other("as planned")) } else { Ok(()) }
        };
        let error = watch_file_operations(fail, || write(&path, 2)).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("as planned"), "{message}");
        // Only after the last step does the new file stand there, and the error says so.
        let expected = if operation == FileOperation::SyncFolder { 2 } else { 1 };
        assert_eq!(message.contains("in place"), expected == 2, "{message}");
        assert_eq!(read(&path), expected, "{number}: {operation:?}");
        assert_eq!(names_in(folder.path()), ["file"], "{number}: {operation:?}");
        write(&path, 1).unwrap();
    }
}

/// Set in the process that is to die: the file, and at which operation.
const CHILD: &str = "NN_TEST_DIES_WRITING";

/// In the child: dies at the operation it is told. Otherwise nothing.
#[test]
fn child_that_dies_at_an_operation() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let last: usize = std::env::var("NN_TEST_DIES_AT").unwrap().parse().unwrap();
    let mut operation = 0;
    let die = move |_| {
        if operation == last {
            std::process::abort();
        }
        operation += 1;
        Ok(())
    };
    watch_file_operations(die, || write(&path, 2).unwrap());
}

#[test]
fn killed_at_each_operation_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let operations = operations_of(|| write(&path, 1).unwrap());
    for (number, &operation) in operations.iter().enumerate() {
        write(&path, 1).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_dies_at_an_operation"])
            .env(CHILD, &path)
            .env("NN_TEST_DIES_AT", number.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!child.success(), "it did not die at {number}: {operation:?}");
        let expected = if operation == FileOperation::SyncFolder { 2 } else { 1 };
        assert_eq!(read(&path), expected, "{number}: {operation:?}");
        sweep_partial_files(folder.path());
        assert_eq!(names_in(folder.path()), ["file"], "{number}: {operation:?}");
    }
}

#[test]
fn a_file_that_is_being_written_is_not_swept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for name in [".nn-x1.partial", ".nn-x1", "x1.partial"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    fs::create_dir(folder.path().join(".nn-folder.partial")).unwrap();
    replace_file(&path, |file| {
        file.write_all(b"whole")?;
        sweep_partial_files(folder.path());
        Ok(())
    })
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert_eq!(names_in(folder.path()), [".nn-folder.partial", ".nn-x1", "file", "x1.partial"]);
}

#[test]
fn an_open_reader_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write(&path, 1).unwrap();
    let old = fs::File::open(&path).unwrap();
    write(&path, 2).unwrap();
    assert_eq!(io::read_to_string(old).unwrap(), "\u{1}".repeat(120));
    assert_eq!(read(&path), 2);
}
