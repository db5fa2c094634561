//! Folders for output, and paths that name the same file.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use std::fs;
use std::os::unix::fs::symlink;

use nn_files::{create_folder, is_same_file, is_stdout};

#[test]
fn a_folder_is_created_behind_links() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::create_dir(path("there")).unwrap();
    symlink("there", path("link")).unwrap();
    symlink("not/yet", path("dangling")).unwrap();
    for name in ["link", "link/inside", "dangling", "dangling/inside", "a/b/../c", "d/"] {
        create_folder(&path(name)).unwrap();
        assert!(path(name).is_dir(), "{name}");
        create_folder(&path(name)).unwrap();
    }
    assert!(path("there/inside").is_dir() && path("not/yet/inside").is_dir());
    for link in ["link", "dangling"] {
        assert!(fs::symlink_metadata(path(link)).unwrap().is_symlink(), "{link}");
    }
}

#[test]
fn a_folder_is_refused_where_a_file_is() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("file"), "old").unwrap();
    symlink("file", path("link")).unwrap();
    for name in ["file", "file/inside", "file/in/side", "link", "link/inside"] {
        let text = create_folder(&path(name)).unwrap_err().to_string();
        let file = path("file").display().to_string();
        assert!(text.starts_with(&file) && text.ends_with("is a file, not a folder"), "{text}");
    }
    assert!(create_folder("".as_ref()).is_err());
    assert_eq!(fs::read_to_string(path("file")).unwrap(), "old");
}

#[test]
fn a_file_is_itself_under_any_name() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::create_dir(path("folder")).unwrap();
    fs::write(path("file"), "same").unwrap();
    fs::write(path("other"), "same").unwrap();
    symlink("file", path("link")).unwrap();
    fs::hard_link(path("file"), path("hard")).unwrap();
    for name in ["file", "./file", "folder/../file", "link", "hard"] {
        assert!(is_same_file(&path("file"), &path(name)), "{name}");
        assert!(is_same_file(&path(name), &path("file")), "{name}");
        assert!(!is_same_file(&path("other"), &path(name)), "{name}");
    }
    assert!(!is_same_file(&path("none"), &path("none")), "there is no such file");
}

#[cfg(target_os = "linux")]
#[test]
fn stdout_is_known_by_its_paths() {
    let place = tempfile::tempdir().unwrap();
    let link = place.path().join("link");
    symlink("/proc/self/fd/1", &link).unwrap();
    let paths = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"];
    for path in paths.map(AsRef::as_ref).into_iter().chain([link.as_path()]) {
        assert!(is_stdout(path), "{path:?}");
    }
    for path in ["/proc/self/fd/2", "/proc/self/1", "1", "/proc/1/fd/1"] {
        assert!(!is_stdout(path.as_ref()), "{path}");
    }
}
