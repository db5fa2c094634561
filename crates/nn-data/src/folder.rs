//! A data set as a folder of four files with standard names.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;

use nn_files::{create_folder, sweep_partial_files};

use crate::error::DataError;
use crate::idx::{Compression, write_idx};
use crate::pair::{image_array, label_array, load_pair};
use crate::train_test::TrainTest;

/// Names that MNIST and every data set in its form use: training images and labels, test images and labels.
const STANDARD_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The same names as some unpackers leave them.
const DOTTED_NAMES: [&str; 4] = [
    "train-images.idx3-ubyte",
    "train-labels.idx1-ubyte",
    "t10k-images.idx3-ubyte",
    "t10k-labels.idx1-ubyte",
];

/// Loads the data set in a folder: the four standard files of MNIST, Fashion-MNIST, KMNIST and others.
///
/// Both sets get the same number of classes: the highest label of the two, plus 1.
///
/// ```no_run
/// let mnist = nn_data::load_folder("data/mnist".as_ref())?;
/// assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// If a file is missing, damaged or no IDX, images and labels differ in number, or the two sets
/// differ in sample shape.
pub fn load_folder(dir: &Path) -> Result<TrainTest, DataError> {
    let [train_images, train_labels, test_images, test_labels] = folder_files(dir)?;
    let (train, test) = thread::scope(|scope| {
        let test = scope.spawn(|| load_pair(&test_images, &test_labels));
        let train = load_pair(&train_images, &train_labels);
        let test = test.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (train, test)
    });
    TrainTest::matched(train?, test?)
}

/// Which files [`load_folder`] would read: training images, training labels, test images, test labels.
///
/// Each may be plain or end in `.gz`, and be called `train-images-idx3-ubyte` or, with a dot,
/// `train-images.idx3-ubyte`. Where several are there, plain goes before gzip, then dash before dot.
///
/// # Errors
/// If files are missing, with their names, or the folder cannot be searched.
pub fn folder_files(dir: &Path) -> Result<[PathBuf; 4], DataError> {
    let mut files = [const { PathBuf::new() }; 4];
    let mut missing = Vec::new();
    for (role, file) in files.iter_mut().enumerate() {
        match first_existing(forms(dir, role))? {
            Some(path) => *file = path,
            None => missing.push(STANDARD_NAMES[role]),
        }
    }
    if missing.is_empty() {
        return Ok(files);
    }
    Err(DataError::FilesMissing { dir: dir.into(), missing })
}

/// All paths that the file of this role may have, the preferred one first.
fn forms(dir: &Path, role: usize) -> [PathBuf; 4] {
    let (dash, dot) = (STANDARD_NAMES[role], DOTTED_NAMES[role]);
    [dir.join(dash), dir.join(dot), dir.join(format!("{dash}.gz")), dir.join(format!("{dot}.gz"))]
}

fn first_existing(paths: impl IntoIterator<Item = PathBuf>) -> Result<Option<PathBuf>, DataError> {
    for path in paths {
        match fs::metadata(&path) {
            Ok(_) => return Ok(Some(path)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) if cause.kind() == ErrorKind::NotADirectory => {}
            Err(cause) => return Err(DataError::io(path.display().to_string(), "look for", cause)),
        }
    }
    Ok(None)
}

/// Writes a data set under the four standard names, so that [`load_folder`] reads it back.
///
/// Bytes are written as bytes, numbers as 64-bit floats; labels as bytes up to 256 classes, above
/// that as 32-bit integers. The folder is made if need be. Each file is replaced whole or not at all.
///
/// # Errors
/// If the data has no labels, a file cannot be written, or another form of one of the files (such as
/// a plain one beside the `.gz` to be written) is in the folder already.
pub fn write_folder(
    dir: &Path,
    data: &TrainTest,
    compression: Compression,
) -> Result<(), DataError> {
    let packed = compression == Compression::Gzip;
    let targets: [PathBuf; 4] = STANDARD_NAMES
        .map(|name| if packed { dir.join(format!("{name}.gz")) } else { dir.join(name) });
    for (role, target) in targets.iter().enumerate() {
        let others = forms(dir, role).into_iter().filter(|form| form != target);
        if let Some(existing) = first_existing(others)? {
            return Err(DataError::WouldStandBeside { target: target.clone(), existing });
        }
    }
    create_folder(dir)
        .map_err(|cause| DataError::io(dir.display().to_string(), "create", cause))?;
    sweep_partial_files(dir);
    let [train_images, train_labels, test_images, test_labels] = targets;
    write_idx(&train_images, &image_array(&data.train)?, compression)?;
    write_idx(&train_labels, &label_array(&data.train)?, compression)?;
    write_idx(&test_images, &image_array(&data.test)?, compression)?;
    write_idx(&test_labels, &label_array(&data.test)?, compression)
}
