//! Whatever an output path names, it is replaced, written into or refused as a user expects.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use nn_files::{append_to_file, expect_writable, replace_file, watch_file_operations};
use tempfile::TempDir;

type Write = fn(&Path, &[u8]) -> io::Result<()>;

/// Both ways to write a file, and what becomes of `old` when `new` is written.
const WRITES: [(Write, &[u8]); 2] = [
    (|path, bytes| replace_file(path, |file| file.write_all(bytes)), b"new"),
    (append_to_file, b"oldnew"),
];

/// A temporary folder, and paths in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with the content `old`.
    fn file(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "old").unwrap();
        path
    }

    fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        path
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        symlink(target, &path).unwrap();
        path
    }

    fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    /// The names of everything in it or in one of its folders, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Why a write was refused; that it was, by each function, and that no temporary name is in the message.
#[track_caller]
fn refusal(path: &Path) -> io::Error {
    let errors = WRITES.map(|(write, _)| write(path, b"new").unwrap_err());
    let errors = [&errors[0], &errors[1], &expect_writable(path).unwrap_err()].map(|error| {
        let text = error.to_string();
        assert!(!text.contains(".nn-") && !text.contains(".partial"), "{text}");
        (error.kind(), text)
    });
    assert_eq!(errors[0], errors[1]);
    assert_eq!(errors[0], errors[2]);
    io::Error::new(errors[0].0, errors[0].1.clone())
}

#[track_caller]
fn assert_says(error: &io::Error, kind: ErrorKind, words: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "no {word:?} in: {error}");
    }
}

#[test]
fn permissions_of_a_file_are_kept() {
    for (write, expected) in WRITES {
        for kept in [0o600, 0o640, 0o644, 0o755, 0o4711] {
            let place = Place::new();
            let path = place.file("file");
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            write(&path, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), expected);
            assert_eq!(mode(&path), kept);
            assert_eq!(place.names("."), ["file"]);
        }
    }
}

#[test]
fn the_owner_of_a_file_is_kept_where_this_user_may_give_files_away() {
    for (write, _) in WRITES {
        let place = Place::new();
        let path = place.file("file");
        if std::os::unix::fs::chown(&path, Some(12345), Some(54321)).is_err() {
            eprintln!("skipped: only root may give files away");
            return;
        }
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write(&path, b"new").unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), mode(&path)), (12345, 54321, 0o640));
    }
}

/// While it is written, the new content is not open to more users than the old one.
#[test]
fn a_private_file_is_private_from_the_first_byte() {
    let place = Place::new();
    let path = place.file("file");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    replace_file(&path, |file| {
        file.write_all(b"new")?;
        for name in place.names(".") {
            assert_eq!(mode(&place.path(&name)), 0o600, "{name}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_new_file_has_the_permissions_of_any_new_file() {
    for (write, _) in WRITES {
        let place = Place::new();
        let (plain, ours) = (place.file("plain"), place.path("ours"));
        write(&ours, b"new").unwrap();
        assert_eq!(mode(&ours), mode(&plain));
        assert_eq!(fs::read(&ours).unwrap(), b"new");
    }
}

#[test]
fn links_are_followed_to_a_file_that_is_replaced() {
    for (write, expected) in WRITES {
        let place = Place::new();
        place.folder("elsewhere");
        let file = place.file("elsewhere/file");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let links = [
            place.link("absolute", &file),
            place.link("relative", "elsewhere/file"),
            place.link("chain", "relative"),
            place.link("through-a-folder", "elsewhere/../elsewhere/up"),
        ];
        place.link("elsewhere/up", "../chain");
        for link in links {
            fs::write(&file, "old").unwrap();
            write(&link, b"new").unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{link:?}");
            assert_eq!(fs::read(&file).unwrap(), expected, "{link:?}");
            assert_eq!(mode(&file), 0o600);
        }
        assert!(fs::symlink_metadata(&file).unwrap().is_file());
        assert_eq!(place.names("elsewhere"), ["file", "up"]);
        assert_eq!(place.names(".").len(), 5, "{:?}", place.names("."));
    }
}

#[test]
fn the_target_of_a_dangling_link_is_made() {
    for (write, _) in WRITES {
        let place = Place::new();
        place.folder("elsewhere");
        let links = [
            (place.link("absolute", place.path("elsewhere/one")), "one"),
            (place.link("relative", "elsewhere/two"), "two"),
            (place.link("chain", "elsewhere/next"), "three"),
        ];
        place.link("elsewhere/next", "three");
        for (link, target) in links {
            expect_writable(&link).unwrap();
            write(&link, b"new").unwrap();
            let target = place.path("elsewhere").join(target);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{link:?}");
            assert!(fs::symlink_metadata(&target).unwrap().is_file(), "{target:?}");
            assert_eq!(fs::read(&target).unwrap(), b"new");
        }
        let error = refusal(&place.link("nowhere", place.path("no/such/file")));
        let folder = place.path("no/such").display().to_string();
        assert_says(&error, ErrorKind::NotFound, &["it is a link to", &folder, "does not exist"]);
    }
}

#[test]
fn links_in_a_circle_are_refused() {
    let place = Place::new();
    let path = place.link("one", "two");
    place.link("two", "one");
    refusal(&path);
    assert_eq!(place.names("."), ["one", "two"]);
}

#[test]
fn a_fifo_is_written_into_also_behind_a_link() {
    for (write, _) in WRITES {
        let place = Place::new();
        let fifo = place.fifo("fifo");
        for path in [fifo.clone(), place.link("link", "fifo")] {
            let reader = {
                let fifo = fifo.clone();
                thread::spawn(move || {
                    let mut bytes = Vec::new();
                    File::open(fifo).unwrap().read_to_end(&mut bytes).unwrap();
                    bytes
                })
            };
            write(&path, b"new").unwrap();
            assert_eq!(reader.join().unwrap(), b"new");
            assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
        }
        assert!(fs::symlink_metadata(place.path("link")).unwrap().is_symlink());
        assert_eq!(place.names("."), ["fifo", "link"]);
    }
}

/// Nobody reads, so whoever opened the FIFO would wait for ever.
#[test]
fn whether_a_fifo_is_writable_is_found_out_without_opening_it() {
    let place = Place::new();
    expect_writable(&place.fifo("fifo")).unwrap();
}

#[test]
fn a_device_is_written_into_and_stays_a_device() {
    for (write, _) in WRITES {
        let place = Place::new();
        let device = place.path("null");
        // The null device, under a name of its own.
        let made = Command::new("mknod").arg(&device).args(["c", "1", "3"]).output().unwrap();
        if !made.status.success() || OpenOptions::new().write(true).open(&device).is_err() {
            eprintln!("skipped: this user may not make or open devices here");
            return;
        }
        for path in [device.clone(), place.link("link", "null")] {
            expect_writable(&path).unwrap();
            write(&path, b"new").unwrap();
            let metadata = fs::symlink_metadata(&device).unwrap();
            assert!(metadata.file_type().is_char_device());
            assert_eq!(metadata.rdev(), fs::metadata("/dev/null").unwrap().rdev());
        }
        assert_eq!(place.names("."), ["link", "null"]);
    }
}

#[test]
fn a_socket_is_refused_and_stays_a_socket() {
    let place = Place::new();
    let path = place.path("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    assert_says(&refusal(&path), ErrorKind::InvalidInput, &["socket"]);
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
}

#[test]
fn a_folder_is_refused() {
    let place = Place::new();
    place.folder("folder");
    place.link("link", "folder");
    for name in ["folder", "folder/", "link", ".", "free/", "free/."] {
        assert_says(&refusal(&place.path(name)), ErrorKind::IsADirectory, &["folder", "name"]);
    }
    refusal(Path::new(""));
    refusal(Path::new("/"));
    place.file("file");
    assert_says(&refusal(&place.path("file/")), ErrorKind::IsADirectory, &["folder"]);
    assert_eq!(place.names("."), ["file", "folder", "link"]);
    assert_eq!(place.names("folder"), [""; 0]);
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let place = Place::new();
    let folder = place.path("no/such/folder");
    let error = refusal(&folder.join("file"));
    assert_says(&error, ErrorKind::NotFound, &[&folder.display().to_string(), "does not exist"]);
    let file = place.file("file");
    let error = refusal(&file.join("new"));
    assert_says(&error, ErrorKind::NotADirectory, &[&file.display().to_string(), "not a folder"]);
    assert_eq!(place.names("."), ["file"]);
}

/// Nobody can make a file in `/proc`, not even root.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_named_and_the_temporary_file_is_not() {
    let path = Path::new("/proc/file");
    for result in [replace_file(path, |_| Ok(())), expect_writable(path)] {
        let text = result.unwrap_err().to_string();
        assert!(text.contains("no file can be created in the folder /proc"), "{text}");
        assert!(!text.contains(".nn-") && !text.contains(".partial"), "{text}");
    }
}

/// What a shell makes of `3>> file`, written to as `/dev/fd/3`.
#[cfg(target_os = "linux")]
#[test]
fn a_descriptor_is_written_into() {
    for (write, _) in WRITES {
        let place = Place::new();
        let path = place.file("file");
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        let node = fs::metadata(&path).unwrap().ino();
        let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        let paths = [
            PathBuf::from(&descriptor),
            place.link("link", &descriptor),
            PathBuf::from(descriptor.replace("self", "thread-self")),
        ];
        for path in paths {
            expect_writable(&path).unwrap();
            write(&path, b"new").unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"oldnewnewnew");
        assert_eq!(fs::metadata(&path).unwrap().ino(), node, "the file is the same");
        assert_eq!(place.names("."), ["file", "link"]);
    }
    refusal(Path::new("/proc/self/fd/1234567"));
}

/// A pipe, as behind `>(command)`.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_behind_a_descriptor_is_written_into() {
    for (write, _) in WRITES {
        let (mut reader, writer) = io::pipe().unwrap();
        write(Path::new(&format!("/proc/self/fd/{}", writer.as_raw_fd())), b"new").unwrap();
        drop(writer);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"new");
    }
}

#[test]
fn a_failure_at_any_operation_leaves_the_old_file_behind_a_link() {
    for failing in 0..7 {
        let place = Place::new();
        place.folder("elsewhere");
        let file = place.file("elsewhere/file");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let link = place.link("link", "elsewhere/file");
        let mut count = 0;
        let fail = move |_| {
            count += 1;
            if count == failing + 1 { Err(io::Error::other("as planned")) } else { Ok(()) }
        };
        let write = || replace_file(&link, |file| file.write_all(b"news"));
        let error = watch_file_operations(fail, write).unwrap_err();
        // Making the name last is the seventh and last operation, after which the new file is there.
        let expected = if failing == 6 { "news" } else { "old" };
        assert!(error.to_string().contains("as planned"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), expected);
        assert_eq!(mode(&file), 0o600);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(place.names("elsewhere"), ["file"]);
    }
}
