//! Data sets from pairs and folders of files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::common::{header, idx_bytes};
use nn_data::{
    Compression, DataError, Dataset, Inputs, TrainTest, folder_files, load_folder, load_pair,
    write_folder,
};
use nn_testing::gzip;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Three training and two test images of 2 x 1 pixels; class 4 is only in the test set.
fn write_small_set(
    folder: &Path,
    rename: impl Fn(&str) -> String,
    pack: impl Fn(&[u8]) -> Vec<u8>,
) {
    let files = [
        idx_bytes(&[3, 2, 1], &[1, 2, 3, 4, 5, 6]),
        idx_bytes(&[3], &[0, 1, 0]),
        idx_bytes(&[2, 2, 1], &[7, 8, 9, 10]),
        idx_bytes(&[2], &[4, 1]),
    ];
    for (name, bytes) in NAMES.iter().zip(files) {
        fs::write(folder.join(rename(name)), pack(&bytes)).unwrap();
    }
}

fn check_small_set(data: &TrainTest) {
    assert_eq!((data.train.len(), data.test.len()), (3, 2));
    assert_eq!((data.train.sample_shape(), data.test.sample_shape()), (&[2, 1][..], &[2, 1][..]));
    assert_eq!((data.train.classes(), data.test.classes()), (Some(5), Some(5)));
    assert_eq!(data.train.class_counts(), [2, 1, 0, 0, 0]);
    assert_eq!((data.test.image(1), data.test.label(0)), (Some(&[9, 10][..]), Some(4)));
}

/// Image and label file of one pair, loaded.
fn pair(images: &[u8], labels: &[u8]) -> Result<Dataset, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("the-images"), folder.path().join("the-labels")];
    fs::write(&paths[0], images).unwrap();
    fs::write(&paths[1], labels).unwrap();
    load_pair(&paths[0], &paths[1])
}

fn pair_error(images: &[u8], labels: &[u8]) -> (DataError, String) {
    let error = pair(images, labels).unwrap_err();
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message}");
    (error, message)
}

#[test]
fn the_four_files_load_under_all_their_names() {
    let dotted = |name: &str| name.replace("-idx", ".idx");
    let plain = |bytes: &[u8]| bytes.to_vec();
    let folders = [(); 4].map(|()| tempfile::tempdir().unwrap());
    write_small_set(folders[0].path(), str::to_owned, plain);
    write_small_set(folders[1].path(), dotted, plain);
    write_small_set(folders[2].path(), |name| format!("{name}.gz"), gzip);
    write_small_set(folders[3].path(), |name| format!("{}.gz", dotted(name)), gzip);
    for folder in folders {
        check_small_set(&load_folder(folder.path()).unwrap());
    }
}

#[test]
fn the_plain_file_is_preferred() {
    let folder = tempfile::tempdir().unwrap();
    write_small_set(folder.path(), |name| format!("{name}.gz"), |_| b"not to be read".to_vec());
    write_small_set(folder.path(), str::to_owned, <[u8]>::to_vec);
    assert_eq!(folder_files(folder.path()).unwrap(), NAMES.map(|name| folder.path().join(name)));
    check_small_set(&load_folder(folder.path()).unwrap());
}

#[test]
fn missing_files_are_listed_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    write_small_set(folder.path(), str::to_owned, <[u8]>::to_vec);
    fs::remove_file(folder.path().join(NAMES[1])).unwrap();
    fs::remove_file(folder.path().join(NAMES[2])).unwrap();
    let error = load_folder(folder.path()).unwrap_err();
    let DataError::FilesMissing { missing, .. } = &error else { panic!("{error}") };
    assert_eq!(missing, &[NAMES[1], NAMES[2]]);
    let message = error.to_string();
    for part in [NAMES[1], NAMES[2], "cargo xtask fetch-data", folder.path().to_str().unwrap()] {
        assert!(message.contains(part), "{message}");
    }
    for no_folder in [folder.path().join("missing"), folder.path().join(NAMES[0])] {
        let error = folder_files(&no_folder).unwrap_err();
        assert!(matches!(error, DataError::FilesMissing { missing, .. } if missing == NAMES));
    }
}

#[test]
fn training_and_test_images_of_different_shape() {
    let folder = tempfile::tempdir().unwrap();
    write_small_set(folder.path(), str::to_owned, <[u8]>::to_vec);
    fs::write(folder.path().join(NAMES[2]), idx_bytes(&[2, 1, 2], &[0; 4])).unwrap();
    let error = load_folder(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::TrainTestMismatch { what: "sample shape", .. }), "{error}");
    assert!(error.to_string().contains("[2, 1] against [1, 2]"), "{error}");
}

#[test]
fn a_damaged_file_of_the_four_is_named() {
    for name in NAMES {
        let folder = tempfile::tempdir().unwrap();
        write_small_set(folder.path(), str::to_owned, <[u8]>::to_vec);
        fs::write(folder.path().join(name), "<html>").unwrap();
        let error = load_folder(folder.path()).unwrap_err();
        assert!(matches!(error, DataError::HtmlPage { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn counts_that_differ_are_both_given() {
    let (error, message) = pair_error(&idx_bytes(&[2, 1, 1], &[0; 2]), &idx_bytes(&[3], &[0; 3]));
    assert!(matches!(error, DataError::CountMismatch { image_count: 2, label_count: 3, .. }));
    for part in ["the-images", "2 images", "the-labels", "3 labels"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn images_of_one_to_three_dimensions_need_not_be_square() {
    for sizes in [&[2, 12][..], &[2, 3, 4], &[2, 3, 2, 2]] {
        let data = pair(&idx_bytes(sizes, &[0; 24]), &idx_bytes(&[2], &[0, 1])).unwrap();
        let shape: Vec<usize> = sizes[1..].iter().map(|&size| size as usize).collect();
        assert_eq!((data.sample_shape(), data.input_width()), (&shape[..], 12));
    }
}

#[test]
fn images_and_labels_swapped() {
    let (images, labels) = (idx_bytes(&[2, 1, 1], &[0; 2]), idx_bytes(&[2], &[0; 2]));
    let (error, message) = pair_error(&labels, &images);
    assert!(matches!(error, DataError::UnusableShape { .. }), "{message}");
    assert!(message.contains("the-images") && message.contains("swapped"), "{message}");
    let (error, message) = pair_error(&images, &images);
    assert!(matches!(error, DataError::UnusableShape { .. }), "{message}");
    assert!(message.contains("the-labels"), "{message}");
}

#[test]
fn a_known_element_type_that_labels_cannot_have() {
    let images = idx_bytes(&[1, 1], &[0]);
    for (code, body) in [(0x0d, vec![0; 4]), (0x0e, vec![0; 8])] {
        let (error, message) = pair_error(&images, &[header(code, &[1]), body].concat());
        assert!(matches!(error, DataError::UnusableElementType { .. }), "{message}");
        assert!(message.contains("the-labels") && message.contains("floats"), "{message}");
    }
}

#[test]
fn labels_of_all_integer_types() {
    let images = idx_bytes(&[2, 1], &[0, 0]);
    let files = [
        [header(0x08, &[2]), vec![1, 200]].concat(),
        [header(0x09, &[2]), vec![1, 100]].concat(),
        [header(0x0b, &[2]), vec![0, 1, 1, 44]].concat(),
        [header(0x0c, &[2]), vec![0, 0, 0, 1, 0, 0, 255, 255]].concat(),
    ];
    for (labels, highest) in files.iter().zip([200, 100, 300, 65_535]) {
        let data = pair(&images, labels).unwrap();
        assert_eq!((data.label(0), data.label(1)), (Some(1), Some(highest)));
        assert_eq!(data.classes(), Some(highest as usize + 1));
    }
}

#[test]
fn negative_and_absurd_labels() {
    let images = idx_bytes(&[2, 1], &[0, 0]);
    let (error, message) = pair_error(&images, &[header(0x09, &[2]), vec![1, 0xff]].concat());
    assert!(matches!(error, DataError::NegativeLabel { index: 1, label: -1, .. }), "{message}");
    assert!(message.contains("the-labels: label 1 is -1"), "{message}");
    let huge = [header(0x0c, &[2]), vec![0, 0, 0, 1, 0x7f, 255, 255, 255]].concat();
    let (error, message) = pair_error(&images, &huge);
    assert!(matches!(error, DataError::InFile { .. }), "{message}");
    assert!(message.contains("the-labels: 2147483648 classes"), "{message}");
}

#[test]
fn images_of_numbers_stay_as_they_are() {
    let labels = idx_bytes(&[2], &[0, 1]);
    let half = 0.5_f32.to_be_bytes();
    let floats = [header(0x0d, &[2, 1]), half.to_vec(), (-2.0_f32).to_be_bytes().to_vec()].concat();
    assert_eq!(
        pair(&floats, &labels).unwrap().inputs(),
        &Inputs::Values(Arc::new(vec![0.5, -2.0]))
    );
    let integers = [header(0x0b, &[2, 1]), vec![0xff, 0xff, 1, 0]].concat();
    assert_eq!(
        pair(&integers, &labels).unwrap().inputs(),
        &Inputs::Values(Arc::new(vec![-1.0, 256.0]))
    );
    let nan = [header(0x0d, &[2, 1]), half.to_vec(), f32::NAN.to_be_bytes().to_vec()].concat();
    let (_, message) = pair_error(&nan, &labels);
    assert!(message.contains("the-images: inputs: value 1 is NaN"), "{message}");
}

#[test]
fn empty_sets_load() {
    let data = pair(&idx_bytes(&[0, 28, 28], &[]), &idx_bytes(&[0], &[])).unwrap();
    assert_eq!((data.len(), data.input_width(), data.classes()), (0, 784, Some(0)));
    let (_, message) = pair_error(&idx_bytes(&[2, 0, 28], &[]), &idx_bytes(&[2], &[0, 0]));
    assert!(message.contains("the-images: inputs have no values"), "{message}");
}

#[test]
fn a_written_folder_reads_back() {
    let pixels: Vec<u8> = (0..24).collect();
    let all = Dataset::from_images(pixels, &[3, 2], vec![0, 300, 2, 1], 301).unwrap();
    let data = TrainTest { train: all.subset(&[3, 0]).unwrap(), test: all.subset(&[1]).unwrap() };
    for compression in [Compression::None, Compression::Gzip] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("made").join("new");
        write_folder(&dir, &data, compression).unwrap();
        let read = load_folder(&dir).unwrap();
        assert_eq!(
            read.train.inputs(),
            &Inputs::Bytes(Arc::new([18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5].into()))
        );
        assert_eq!((read.train.label(0), read.train.label(1)), (Some(1), Some(0)));
        assert_eq!(
            (read.test.image(0), read.test.label(0)),
            (Some(&[6, 7, 8, 9, 10, 11][..]), Some(300))
        );
        assert_eq!(read.train.sample_shape(), [3, 2]);
    }
}

#[test]
fn a_written_folder_of_numbers_reads_back() {
    let train = Dataset::classification(vec![0.1, -7.5, 1e300, 0.0], 2, vec![1, 0], 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = TrainTest { test: train.clone(), train };
    write_folder(folder.path(), &data, Compression::Gzip).unwrap();
    let read = load_folder(folder.path()).unwrap();
    assert_eq!(read.test.inputs(), &Inputs::Values(Arc::new(vec![0.1, -7.5, 1e300, 0.0])));
}

#[test]
fn a_folder_is_not_written_beside_files_that_would_be_read_instead() {
    let folder = tempfile::tempdir().unwrap();
    write_small_set(folder.path(), str::to_owned, <[u8]>::to_vec);
    let data = load_folder(folder.path()).unwrap();
    let error = write_folder(folder.path(), &data, Compression::Gzip).unwrap_err();
    assert!(matches!(error, DataError::WouldStandBeside { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    write_folder(folder.path(), &data, Compression::None).unwrap();
    check_small_set(&load_folder(folder.path()).unwrap());
}
