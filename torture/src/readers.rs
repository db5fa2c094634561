//! Properties of every reader for arbitrary bytes: it accepts or refuses them, and what it has read
//! is the same after writing and reading it again. A violation panics. The fuzz targets call these
//! functions, the tests replay the corpus, and `cargo xtask torture` feeds them noise.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use nn_data::{Compression, IdxArray, read_idx_from, write_idx_to};
use nn_mlp::safetensors::{self, ImportOptions};
use nn_mlp::{Checkpoint, Model};
use tempfile::{NamedTempFile, TempDir};
use xtask::fetch::{DataFile, unpack_archive};

/// A reader and its name, which is also that of its fuzz target and its corpus.
pub type Reader = (&'static str, fn(&[u8]));

/// Every reader of outside bytes.
pub const READERS: [Reader; 7] = [
    ("idx", idx),
    ("gzip", gzip),
    ("checkpoint", checkpoint),
    ("safetensors", safetensors_file),
    ("picture", picture),
    ("settings", settings),
    ("archive", archive),
];

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Checks an IDX file: a plain file that is accepted has the same bytes when written again.
pub fn idx(bytes: &[u8]) {
    if let Ok(array) = read_idx_from(bytes, "bytes") {
        let written = idx_bytes(&array);
        if bytes.starts_with(&GZIP_MAGIC) {
            let again = read_idx_from(&written[..], "bytes").expect("written files are accepted");
            assert_eq!(idx_bytes(&again), written);
        } else {
            assert_eq!(written, bytes);
        }
    }
}

/// Checks a gzip stream, and that a correctly compressed file reads like the plain one.
pub fn gzip(bytes: &[u8]) {
    idx(&[&GZIP_MAGIC, bytes].concat());
    let packed = nn_testing::gzip(bytes);
    // What is packed twice is unpacked once, so it is refused where the inner file reads.
    if !bytes.starts_with(&GZIP_MAGIC) {
        let [plain, packed] = [bytes, &packed].map(|bytes| read_idx_from(bytes, "bytes").ok());
        let [plain, packed] = [plain, packed].map(|array| array.as_ref().map(idx_bytes));
        assert_eq!(plain, packed);
    }
}

fn idx_bytes(array: &IdxArray) -> Vec<u8> {
    let mut written = Vec::new();
    write_idx_to(&mut written, array, Compression::None, "memory")
        .expect("writing to memory succeeds");
    written
}

/// Checks a checkpoint: the bytes as a file, and as a payload with a correct checksum.
pub fn checkpoint(bytes: &[u8]) {
    for file in [bytes.to_vec(), sealed(bytes)] {
        if let Ok(checkpoint) = Checkpoint::from_bytes(&file) {
            let written = checkpoint.to_bytes().expect("accepted files can be written");
            let again = Checkpoint::from_bytes(&written).expect("written files are accepted");
            // Compared as bytes, since a recorded speed may be NaN.
            assert_eq!(again.to_bytes().ok(), Some(written));
        }
    }
}

/// Returns a checkpoint file with this payload and its checksum.
#[must_use]
pub fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut file = b"\x89nnc\r\n\x1a\n\x01\0\0\0".to_vec();
    file.extend((payload.len() as u64).to_le_bytes());
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&file);
    checksum.update(payload);
    file.extend(checksum.finalize().to_le_bytes());
    file.extend(payload);
    file
}

/// Checks a safetensors file.
pub fn safetensors_file(bytes: &[u8]) {
    let read = |bytes: &[u8]| safetensors::from_bytes(bytes, &ImportOptions::default());
    if let Ok(model) = read(bytes) {
        let written = safetensors::to_bytes(&model).expect("accepted files can be written");
        let again: Model = read(&written).expect("written files are accepted");
        assert_eq!(again, model);
    }
}

/// Checks a PNG or JPEG image, prepared as by `nn predict`.
pub fn picture(bytes: &[u8]) {
    match nn_cli::intake::picture(file_with(bytes).path()) {
        Ok(Some(sample)) => assert_eq!(sample.len(), 28 * 28),
        Ok(None) => {}
        Err(message) => assert_one_line(&message),
    }
}

/// Checks a settings file: printed settings read back unchanged.
pub fn settings(bytes: &[u8]) {
    match nn_cli::intake::settings(file_with(bytes).path()) {
        Ok(printed) => {
            let again = nn_cli::intake::settings(file_with(printed.as_bytes()).path());
            assert_eq!(again.as_ref(), Ok(&printed));
        }
        Err(message) => assert_one_line(&message),
    }
}

/// The only file that [`archive`] may extract.
const WANTED: DataFile = DataFile { name: "labels", shape: &[3], sha256: None };

/// Checks a package archive, plain or gzip: only the wanted file may be extracted, with valid
/// content.
pub fn archive(bytes: &[u8]) {
    let folder = TempDir::new_in(fast_folder()).expect("a temporary folder");
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).expect("the folder is new");
    let unpacked: Box<dyn Read> = match bytes.starts_with(&GZIP_MAGIC) {
        true => Box::new(GzDecoder::new(bytes)),
        false => Box::new(bytes),
    };
    // Whether it was refused or not, the extracted files must be valid.
    let _ = unpack_archive(unpacked, "package", &inside, &[&WANTED]);
    let names = |path: &PathBuf| -> Vec<String> {
        let entries = fs::read_dir(path).expect("the folder is there");
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names(&folder.path().to_owned()), ["inside"], "an entry escaped the folder");
    for name in names(&inside) {
        assert!(name == "labels" || name == "labels.invalid", "{name}");
        let content = fs::read(inside.join(&name)).expect("the file is there");
        assert!(content.starts_with(&WANTED.header()) && content.len() == 11, "{content:?}");
    }
}

fn assert_one_line(message: &str) {
    assert!(!message.is_empty() && !message.contains('\n'), "{message:?}");
}

fn file_with(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new_in(fast_folder()).expect("a temporary file");
    file.write_all(bytes).expect("writing a temporary file succeeds");
    file
}

/// Returns a folder in memory if there is one.
fn fast_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}
