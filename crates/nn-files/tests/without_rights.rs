//! What an ordinary user may not write is refused, or written as far as that user may. Root, who may
//! write anything, runs this as another user.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nn_files::{append_to_file, expect_writable, replace_file};

/// Set in the process of the other user: the folder of the test.
const CHILD: &str = "NN_TEST_WITHOUT_RIGHTS";
/// A user and a group that own nothing.
const NOBODY: u32 = 65534;

#[test]
fn child_without_rights() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    a_protected_file_is_not_replaced(&folder.join("open/protected"));
    a_folder_that_takes_no_file_is_named(&folder.join("closed"));
    what_cannot_be_kept_is_narrowed(&folder.join("open/of-root"));
}

fn a_protected_file_is_not_replaced(path: &Path) {
    let new = |file: &mut dyn std::io::Write| file.write_all(b"new");
    for result in [replace_file(path, new), append_to_file(path, b"new"), expect_writable(path)] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    assert_eq!(fs::read_to_string(path).unwrap(), "old");
}

fn a_folder_that_takes_no_file_is_named(folder: &Path) {
    let path = folder.join("file");
    for result in [replace_file(&path, |file| file.write_all(b"new")), expect_writable(&path)] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let text = error.to_string();
        assert!(text.contains(&folder.display().to_string()), "{text}");
        assert!(!text.contains(".nn-") && !text.contains(".partial"), "{text}");
    }
    append_to_file(&path, b"new").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "oldnew");
}

/// The file of another user, open to all: the new one is of this user, runs as nobody else, and is open to
/// another group no further than it was to anyone.
fn what_cannot_be_kept_is_narrowed(path: &Path) {
    replace_file(path, |file| file.write_all(b"new")).unwrap();
    let metadata = fs::metadata(path).unwrap();
    assert_eq!(metadata.uid(), fs::metadata("/proc/self").unwrap().uid());
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o666);
}

#[test]
fn what_a_user_may_not_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
    let [protected, of_root, in_closed] =
        [open.join("protected"), open.join("of-root"), closed.join("file")];
    for folder in [&open, &closed] {
        fs::create_dir(folder).unwrap();
    }
    for file in [&protected, &of_root, &in_closed] {
        fs::write(file, "old").unwrap();
    }
    if chown(&open, Some(NOBODY), Some(NOBODY)).is_err() {
        eprintln!("skipped: only root may become another user");
        return;
    }
    for path in [&protected, &in_closed] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let modes = [(folder.path(), 0o755), (&protected, 0o444), (&of_root, 0o4676), (&closed, 0o555)];
    for (path, mode) in modes {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    // The program may lie where another user may not go.
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new(&program)
        .args(["--exact", "child_without_rights"])
        .env(CHILD, folder.path())
        .current_dir(&open)
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
