//! A data set as two IDX files, one of images and one of labels.

use std::path::Path;
use std::sync::Arc;

use crate::dataset::{Dataset, Inputs, MAX_CLASSES};
use crate::error::DataError;
use crate::idx::{IdxArray, IdxValues, read_idx};

/// Loads any image file with the label file that belongs to it.
///
/// Images: 2 to 4 dimensions, the first counting samples; bytes stay bytes, all other elements
/// become `f64` as they are. Labels: 1 dimension of integers from 0. The number of classes is the
/// highest label plus 1; [`Dataset::with_classes`] raises it.
///
/// # Errors
/// If a file is damaged or does not suit its role, or the two differ in number.
pub fn load_pair(images: &Path, labels: &Path) -> Result<Dataset, DataError> {
    pair_of(images, read_idx(images)?, labels, read_idx(labels)?)
}

/// Puts two arrays together; the paths are for messages.
pub(crate) fn pair_of(
    images: &Path,
    image_array: IdxArray,
    labels: &Path,
    label_array: IdxArray,
) -> Result<Dataset, DataError> {
    let (shape, inputs) = inputs_from(images, image_array)?;
    let label_values = labels_from(labels, label_array)?;
    let (image_count, label_count) = (shape[0], label_values.len());
    if image_count != label_count {
        let (images, labels) = (images.display().to_string(), labels.display().to_string());
        return Err(DataError::CountMismatch { images, image_count, labels, label_count });
    }
    let classes = label_values.iter().max().map_or(0, |&highest| u64::from(highest) + 1);
    if classes > MAX_CLASSES as u64 {
        return Err(DataError::TooManyClasses { classes, limit: MAX_CLASSES }.in_file(labels));
    }
    Dataset::labelled(inputs, &shape[1..], label_values, classes as usize)
        .map_err(|error| error.in_file(images))
}

/// Shape (2 to 4 dimensions, the first counting samples) and values of an image file.
fn inputs_from(path: &Path, array: IdxArray) -> Result<(Vec<usize>, Inputs), DataError> {
    let (shape, values) = array.into_parts();
    if shape.len() < 2 {
        let usage = "images need 2 to 4 dimensions, the first counting them";
        return Err(DataError::UnusableShape { name: path.display().to_string(), shape, usage });
    }
    let inputs = match values {
        IdxValues::U8(bytes) => Inputs::Bytes(Arc::new(bytes)),
        IdxValues::I8(values) => Inputs::Values(Arc::new(as_numbers(&values))),
        IdxValues::I16(values) => Inputs::Values(Arc::new(as_numbers(&values))),
        IdxValues::I32(values) => Inputs::Values(Arc::new(as_numbers(&values))),
        IdxValues::F32(values) => Inputs::Values(Arc::new(as_numbers(&values))),
        IdxValues::F64(values) => Inputs::Values(Arc::new(values)),
    };
    Ok((shape, inputs))
}

fn as_numbers<T: Copy + Into<f64>>(values: &[T]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// The labels of a label file: one dimension of integers from 0.
fn labels_from(path: &Path, array: IdxArray) -> Result<Vec<u32>, DataError> {
    let name = || path.display().to_string();
    let (shape, values) = array.into_parts();
    if shape.len() != 1 {
        let usage = "labels need 1 dimension";
        return Err(DataError::UnusableShape { name: name(), shape, usage });
    }
    let found = values.element_type();
    match values {
        IdxValues::U8(labels) => Ok(labels.into_iter().map(u32::from).collect()),
        IdxValues::I8(labels) => non_negative(path, &labels),
        IdxValues::I16(labels) => non_negative(path, &labels),
        IdxValues::I32(labels) => non_negative(path, &labels),
        IdxValues::F32(_) | IdxValues::F64(_) => {
            let usage = "labels must be integers";
            Err(DataError::UnusableElementType { name: name(), found, usage })
        }
    }
}

fn non_negative<T: Copy + Into<i64>>(path: &Path, labels: &[T]) -> Result<Vec<u32>, DataError> {
    let checked = |(index, &label): (usize, &T)| {
        let label: i64 = label.into();
        let name = || path.display().to_string();
        u32::try_from(label).map_err(|_| DataError::NegativeLabel { name: name(), index, label })
    };
    labels.iter().enumerate().map(checked).collect()
}

/// The samples of a view as an array of bytes or of 64-bit floats: samples x sample shape.
pub(crate) fn image_array(data: &Dataset) -> Result<IdxArray, DataError> {
    let shape = [&[data.len()], data.sample_shape()].concat();
    let samples = 0..data.len();
    let values = match data.inputs() {
        Inputs::Bytes(_) => {
            let images: Vec<&[u8]> = samples.filter_map(|sample| data.image(sample)).collect();
            IdxValues::U8(images.concat())
        }
        Inputs::Values(_) => {
            let rows: Vec<&[f64]> = samples.filter_map(|sample| data.values(sample)).collect();
            IdxValues::F64(rows.concat())
        }
    };
    IdxArray::new(shape, values)
}

/// The labels of a view as an array: of bytes up to 256 classes, above that of 32-bit integers.
pub(crate) fn label_array(data: &Dataset) -> Result<IdxArray, DataError> {
    let classes = data.classes().ok_or(DataError::NotClassification)?;
    let labels = (0..data.len()).filter_map(|sample| data.label(sample));
    // Neither cast cuts: labels are below `classes`, which is below 2^31.
    let values = if classes <= 256 {
        IdxValues::U8(labels.map(|label| label as u8).collect())
    } else {
        IdxValues::I32(labels.map(|label| label as i32).collect())
    };
    IdxArray::new(vec![data.len()], values)
}
