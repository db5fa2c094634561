//! A damaged checkpoint is refused, whatever the damage; a failed write leaves the old file.

use nn_core::{TrainingState, Values};
use nn_mlp::{Checkpoint, FileError, FileFault};
use std::path::{Path, PathBuf};

pub(crate) const CHECKPOINT: &[u8] = include_bytes!("golden/checkpoint.nn");
const MODEL: &[u8] = include_bytes!("golden/numbers.nn");
const HEADER: usize = 24;

fn fault_of(bytes: &[u8]) -> FileFault {
    Checkpoint::from_bytes(bytes).unwrap_err()
}

/// Puts the right checksum over changed bytes.
pub(crate) fn seal(bytes: &mut [u8]) {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..HEADER - 4]);
    hasher.update(&bytes[HEADER..]);
    bytes[HEADER - 4..HEADER].copy_from_slice(&hasher.finalize().to_le_bytes());
}

fn in_folder(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn cut_at_any_length() {
    for length in 0..CHECKPOINT.len() {
        let (expected, actual) = match fault_of(&CHECKPOINT[..length]) {
            FileFault::Truncated { expected, actual } => (expected, actual),
            other => panic!("{length}: {other}"),
        };
        let whole = if length < HEADER { HEADER } else { CHECKPOINT.len() };
        assert_eq!((expected, actual), (whole as u64, length as u64));
    }
}

/// The same of files: empty, in the header, after it, one byte short.
#[test]
fn cut_files_are_named() {
    for length in [0, 7, 8, HEADER - 1, HEADER, CHECKPOINT.len() - 1] {
        let (_folder, path) = in_folder("cut.nn", &CHECKPOINT[..length]);
        let FileError { path: named, fault } = Checkpoint::load(&path).unwrap_err();
        assert_eq!(named, path);
        assert!(matches!(fault, FileFault::Truncated { .. }), "{length}: {fault}");
    }
}

#[test]
fn any_single_bit_flipped() {
    for whole in [CHECKPOINT, MODEL] {
        let mut bytes = whole.to_vec();
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let fault = fault_of(&bytes);
            let as_expected = match bit / 8 {
                0..8 => matches!(fault, FileFault::NotACheckpoint),
                12..20 => {
                    matches!(fault, FileFault::Truncated { .. } | FileFault::TrailingBytes { .. })
                }
                _ => matches!(fault, FileFault::Corrupt { .. }),
            };
            assert!(as_expected, "bit {bit}: {fault}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(Checkpoint::from_bytes(&bytes).is_ok());
    }
}

#[test]
fn bytes_after_the_end() {
    let (_folder, path) = in_folder("long.nn", &[CHECKPOINT, b"x"].concat());
    let fault = Checkpoint::load(&path).unwrap_err().fault;
    assert!(matches!(fault, FileFault::TrailingBytes { .. }), "{fault}");
}

#[test]
fn other_files_are_called_that() {
    for other in [b"<html>".as_slice(), b"\x00\x00\x08\x03\x00\x00\xea\x60", &[b'{'; 100]] {
        let (_folder, path) = in_folder("other.nn", other);
        let message = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(message.starts_with(&path.display().to_string()), "{message}");
        assert!(message.contains("not a model or checkpoint"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn a_newer_format_is_named_with_the_path() {
    let mut newer = CHECKPOINT.to_vec();
    newer[8] = 9;
    seal(&mut newer);
    let (_folder, path) = in_folder("new.nn", &newer);
    let message = Checkpoint::load(&path).unwrap_err().to_string();
    let expected = format!("{}: format 9, this build reads up to 1", path.display());
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (path, word) in [
        (folder.path().to_owned(), "not a regular file"),
        (folder.path().join("none.nn"), "cannot open"),
    ] {
        let message = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}

/// A file of 16 GiB and a byte, all hole: refused by its size, without being read.
#[cfg(unix)]
#[test]
fn a_giant_is_refused_unread() {
    let (_folder, path) = in_folder("giant.nn", CHECKPOINT);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len((1 << 34) + 1).unwrap();
    let fault = Checkpoint::load(&path).unwrap_err().fault;
    assert!(matches!(fault, FileFault::TooLarge { limit, .. } if limit == 1 << 34), "{fault}");
}

/// Decodable content that is no state of any training.
#[test]
fn parts_that_do_not_fit_are_refused() {
    type Change = fn(&mut TrainingState);
    let changes: [(&str, Change); 13] = [
        ("a layer too few", |s| drop(s.members[0].values.layers.pop())),
        ("a weight too few", |s| s.members[0].values.layers[0].weight = Values::F32(vec![0.0; 5])),
        ("a NaN", |s| s.members[0].values.layers[1].bias = Values::F32(vec![f32::NAN])),
        ("a double among singles", |s| s.members[0].values.layers[1].bias = Values::F64(vec![0.0])),
        ("a moment too few", |s| drop(s.members[0].moments.pop())),
        ("no second moment", |s| s.members[0].moments[0].bias.second = None),
        ("a longer moment", |s| {
            s.members[0].moments[0].bias.first = Some(Values::F32(vec![0.0; 4]));
        }),
        ("an infinite tally", |s| s.tally[0] = f64::INFINITY),
        ("a narrow tally", |s| s.tally.truncate(3)),
        ("a position beyond the end", |s| s.position.epoch = 6),
        ("a step that does not agree", |s| s.position.step = 8),
        ("data of no samples", |s| s.data.samples = 0),
        ("best weights of another network", |s| s.early_stopping.as_mut().unwrap().best.clear()),
    ];
    for (what, change) in changes {
        let mut checkpoint = Checkpoint::from_bytes(CHECKPOINT).unwrap();
        change(&mut checkpoint.training.as_mut().unwrap().state);
        let fault = checkpoint.to_bytes().expect_err(what);
        assert!(matches!(fault, FileFault::Inconsistent { .. }), "{what}: {fault}");
    }
}

/// The same on reading: each field of the file overwritten in turn by values that do not fit, behind a right checksum.
#[test]
fn nonsense_behind_a_right_checksum_never_panics() {
    for start in HEADER..=CHECKPOINT.len() - 8 {
        for value in [0, 1, 5, u64::from(u32::MAX), 1 << 40, i64::MAX as u64, u64::MAX] {
            let mut changed = CHECKPOINT.to_vec();
            changed[start..start + 8].copy_from_slice(&value.to_le_bytes());
            seal(&mut changed);
            // Most are refused; where a weight becomes another number, what is read fits together.
            if let Ok(checkpoint) = Checkpoint::from_bytes(&changed) {
                checkpoint.to_bytes().unwrap();
            }
        }
    }
}

#[test]
fn save_replaces_the_old_file_and_leaves_nothing_beside_it() {
    let (folder, path) = in_folder("model.nn", b"old");
    let checkpoint = Checkpoint::from_bytes(CHECKPOINT).unwrap();
    checkpoint.save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let (folder, path) = in_folder("model.nn", CHECKPOINT);
    let mut broken = Checkpoint::from_bytes(CHECKPOINT).unwrap();
    broken.training.as_mut().unwrap().state.members.clear();
    assert!(broken.save(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), CHECKPOINT);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let nowhere = Path::new("no such folder").join("model.nn");
    let message = Checkpoint::from_bytes(CHECKPOINT).unwrap().save(&nowhere).unwrap_err();
    assert!(message.to_string().contains("cannot write"), "{message}");
}
