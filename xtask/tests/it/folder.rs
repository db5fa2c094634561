//! The data folder before and after: valid files, invalid files, a full disk, files from another folder.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::common::server::{Reply, Server};
use crate::common::{IMAGES, Place, TINY, packed, payload};
use xtask::Error;
use xtask::fetch::{CopyError, Fetched, InstallError, Request, copy_verified, install};

#[test]
fn valid_files_mean_no_request_with_or_without_offline() {
    let place = Place::lacking_images();
    // One of them is packed, as a user may have put it there.
    fs::write(place.dir().join("train-images-idx3-ubyte.gz"), packed(IMAGES)).unwrap();
    let server = Server::start(vec![]);
    let mirrors = [server.url()];
    for offline in [false, true] {
        let request = Request {
            set: &TINY,
            dir: place.dir(),
            from: None,
            mirrors: &mirrors,
            offline,
            note: |_| {},
        };
        let fetched = place.ask(&request).unwrap();
        assert!(fetched.iter().all(|one| one.source.is_none()));
        let names: Vec<_> = fetched.iter().map(|one| one.valid.path.file_name().unwrap()).collect();
        assert_eq!(names[0], "train-images-idx3-ubyte.gz");
        assert_eq!(names[3], "t10k-labels-idx1-ubyte");
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn offline_without_the_files_says_what_to_do() {
    let place = Place::lacking_images();
    let request = Request {
        set: &TINY,
        dir: place.dir(),
        from: None,
        mirrors: &[],
        offline: true,
        note: |_| {},
    };
    let message = place.ask(&request).unwrap_err().to_string();
    assert!(message.contains(&place.dir().display().to_string()), "{message}");
    assert!(message.contains("train-images-idx3-ubyte"), "{message}");
    assert!(message.contains("cargo xtask fetch-data tiny") && message.contains("--from"));
}

#[test]
fn an_invalid_file_is_kept_until_the_new_one_is_complete_and_as_a_backup_then() {
    let place = Place::lacking_images();
    fs::write(place.images(), b"something of my own").unwrap();
    let whole = packed(IMAGES);
    let server = Server::start(vec![Reply::ok(&whole[..50]), Reply::ok(&whole)]);
    place.fetch(&[server.url()]).unwrap_err();
    assert_eq!(fs::read(place.images()).unwrap(), b"something of my own");

    place.fetch(&[server.url()]).unwrap();
    assert_eq!(fs::read(place.images()).unwrap(), payload(IMAGES));
    let aside = place.dir().join("train-images-idx3-ubyte.invalid");
    assert_eq!(fs::read(aside).unwrap(), b"something of my own");
}

#[test]
fn files_of_a_killed_process_are_removed_and_those_of_a_running_one_are_not() {
    let place = Place::lacking_images();
    let dead = place.dir().join(".nn-aaaaaa.partial");
    let alive = place.dir().join(".nn-bbbbbb.partial");
    fs::write(&dead, "half").unwrap();
    let writer = fs::File::create(&alive).unwrap();
    writer.lock().unwrap();
    let server = Server::start(vec![Reply::ok(&packed(IMAGES))]);
    place.fetch(&[server.url()]).unwrap();
    assert!(!dead.exists() && alive.exists());
}

/// A folder with the whole data set.
fn source() -> tempfile::TempDir {
    let from = tempfile::tempdir().unwrap();
    for file in &TINY.files {
        fs::write(from.path().join(file.name), payload(file)).unwrap();
    }
    from
}

fn copy_from(from: &Path, place: &Place) -> Result<Vec<Fetched>, Error> {
    let request = Request {
        set: &TINY,
        dir: place.dir(),
        from: Some(from),
        mirrors: &[],
        offline: false,
        note: |_| {},
    };
    place.ask(&request)
}

#[test]
fn concurrent_copies_into_one_folder_back_up_the_invalid_file_only() {
    let from = source();
    for _ in 0..10 {
        let place = Place::empty();
        fs::write(place.images(), "something of my own").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| copy_from(from.path(), &place).unwrap());
            }
        });
        assert_eq!(place.leftovers(), ["train-images-idx3-ubyte.invalid"]);
        let aside = place.dir().join("train-images-idx3-ubyte.invalid");
        assert_eq!(fs::read_to_string(aside).unwrap(), "something of my own");
        for file in &TINY.files {
            assert!(fs::read(place.dir().join(file.name)).unwrap() == payload(file));
        }
    }
}

/// Each file operation fails in turn: the invalid old file is in place, or the valid new one with the old one as a
/// backup.
#[test]
fn no_failing_file_operation_loses_a_file() {
    let from = source();
    for faulty in 0.. {
        let place = Place::lacking_images();
        fs::write(place.images(), "something of my own").unwrap();
        let mut operation = 0;
        let fail = move |_| {
            operation += 1;
            if operation == faulty + 1 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        };
        let result = nn_files::watch_file_operations(fail, || copy_from(from.path(), &place));
        let there = fs::read(place.images()).unwrap();
        let aside = fs::read(place.dir().join("train-images-idx3-ubyte.invalid"));
        let is_new = there == payload(IMAGES);
        let kept = if is_new { aside.unwrap() } else { there };
        assert_eq!(kept, b"something of my own", "operation {faulty}");
        assert!(place.leftovers().iter().all(|name| !name.ends_with(".partial")), "{faulty}");
        match result {
            Err(error) => assert!(error.to_string().contains("no space left"), "{error}"),
            Ok(_) => {
                assert!(is_new && faulty > 10, "{faulty} operations");
                return;
            }
        }
    }
}

#[test]
fn a_valid_packed_file_replaces_an_invalid_one_without_a_request() {
    let place = Place::lacking_images();
    fs::write(place.images(), b"cut").unwrap();
    fs::write(place.dir().join("train-images-idx3-ubyte.gz"), packed(IMAGES)).unwrap();
    let server = Server::start(vec![]);
    place.fetch(&[server.url()]).unwrap();
    assert_eq!(fs::read(place.images()).unwrap(), payload(IMAGES));
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn too_little_space_is_reported_before_the_first_request() {
    let mut place = Place::lacking_images();
    place.limits.free_space = |_| Some(31_376);
    let server = Server::start(vec![]);
    let message = place.fetch(&[server.url()]).unwrap_err().to_string();
    assert!(message.contains("31376 are free"), "{message}");
    assert!(message.contains(&place.dir().display().to_string()), "{message}");
    assert_eq!(server.requests(), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_during_a_download_loses_nothing() {
    let mut place = Place::lacking_images();
    place.limits.attempts = 1;
    fs::write(place.images(), b"old").unwrap();
    let whole = packed(IMAGES);
    let server = Server::start(vec![Reply::cut("200 OK", &[], &whole[..100], whole.len())]);
    place.fetch(&[server.url()]).unwrap_err();
    // The partial file is a link to /dev/full: every write finds the disk full.
    let partial = place.partial();
    fs::remove_file(&partial).unwrap();
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    server.push(&[Reply::ok(&whole)]);
    let message = place.fetch(&[server.url()]).unwrap_err().to_string();
    assert!(message.contains("no space left") && message.contains(".partial"), "{message}");
    assert_eq!(fs::read(place.images()).unwrap(), b"old");

    fs::remove_file(&partial).unwrap();
    server.push(&[Reply::ok(&whole)]);
    place.fetch(&[server.url()]).unwrap();
    assert_eq!(fs::read(place.images()).unwrap(), payload(IMAGES));
}

/// A disk with this many free bytes.
struct SmallDisk(usize);

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.0);
        self.0 -= fits;
        if fits == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_while_unpacking_is_distinguished_from_bad_data() {
    let result = copy_verified(&packed(IMAGES)[..], &mut SmallDisk(20_000), IMAGES);
    let Err(CopyError::Write(error)) = result else { unreachable!("{result:?}") };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    copy_verified(&packed(IMAGES)[..], &mut SmallDisk(31_376), IMAGES).unwrap();
}

#[test]
fn a_file_truncated_anywhere_is_refused_and_leaves_nothing() {
    let place = Place::lacking_images();
    let labels = &TINY.files[3];
    let path = place.dir().join(labels.name);
    fs::remove_file(&path).unwrap();
    for whole in [payload(labels), packed(labels)] {
        for length in 0..whole.len() {
            let result = install(&whole[..length], place.dir(), labels);
            assert!(matches!(result, Err(InstallError::Mismatch(_))), "{length}: {result:?}");
            assert!(!path.exists());
        }
    }
    assert_eq!(place.leftovers(), [""; 0]);
}

#[test]
fn files_are_copied_from_a_folder_plain_or_packed() {
    let from = Place::empty();
    for (file, plain) in TINY.files.iter().zip([true, false, true, false]) {
        let name = if plain { file.name.to_owned() } else { file.gz_name() };
        let bytes = if plain { payload(file) } else { packed(file) };
        fs::write(from.dir().join(name), bytes).unwrap();
    }
    let place = Place::empty();
    let request = Request {
        set: &TINY,
        dir: &place.dir().join("made/on/the/way"),
        from: Some(from.dir()),
        mirrors: &[],
        offline: false,
        note: |_| {},
    };
    let fetched = place.ask(&request).unwrap();
    assert_eq!(fetched.len(), 4);
    for (file, one) in TINY.files.iter().zip(fetched) {
        assert_eq!(fs::read(one.valid.path).unwrap(), payload(file));
    }
}

#[test]
fn a_folder_with_a_missing_or_invalid_file_is_refused() {
    let from = Place::lacking_images();
    let place = Place::lacking_images();
    let request = Request {
        set: &TINY,
        dir: place.dir(),
        from: Some(from.dir()),
        mirrors: &[],
        offline: false,
        note: |_| {},
    };
    let message = place.ask(&request).unwrap_err().to_string();
    assert!(message.contains("train-images-idx3-ubyte (plain or .gz)"), "{message}");

    fs::write(from.images(), b"<html>").unwrap();
    let message = place.ask(&request).unwrap_err().to_string();
    assert!(message.contains(&from.images().display().to_string()), "{message}");
    assert!(message.contains("a web page"), "{message}");
    place.assert_no_images();
    assert_eq!(place.leftovers(), [""; 0]);
}

#[test]
fn without_a_pinned_checksum_the_shape_is_checked() {
    let from = Place::empty();
    let mut set = TINY;
    for file in &mut set.files {
        fs::write(from.dir().join(file.name), payload(file)).unwrap();
        file.sha256 = None;
    }
    let place = Place::empty();
    let request = Request {
        set: &set,
        dir: place.dir(),
        from: Some(from.dir()),
        mirrors: &[],
        offline: false,
        note: |_| {},
    };
    let mut short = payload(IMAGES);
    short.pop();
    let mut other = payload(IMAGES);
    other[7] = 41;
    let mut long = payload(IMAGES);
    long.push(0);
    for (bytes, expected) in
        [(short, "31375 bytes"), (other, "dimensions [40, 28, 28]"), (long, "more than the 31376")]
    {
        fs::write(from.images(), bytes).unwrap();
        let error = place.ask(&request).unwrap_err();
        assert!(matches!(error, Error::WrongFile { .. }) && error.to_string().contains(expected));
        place.assert_no_images();
    }
    fs::write(from.images(), payload(IMAGES)).unwrap();
    let fetched = place.ask(&request).unwrap();
    assert!(fetched.iter().all(|one| !one.pinned));
    assert_eq!(Some(fetched[0].valid.sha256.as_str()), IMAGES.sha256);
}
