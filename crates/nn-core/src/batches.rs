//! From a data set to the batches of a step.

use crate::backpropagation::{Target, Workspace};
use crate::checkpoint::DataFingerprint;
use crate::{Architecture, Loss, NetworkError, Preprocessing};
use nn_data::{Dataset, Inputs, Targets};
use nn_tensor::{Element, Tensor};

/// A byte of an image becomes this times itself: 255, black, becomes 1.
pub(crate) const BYTE_SCALE: f64 = 1.0 / 255.0;

/// Whether a network of this form takes samples of this width.
pub(crate) fn check_inputs(
    architecture: &Architecture,
    data: &Dataset,
) -> Result<(), NetworkError> {
    expect_inputs(architecture, data.input_width(), shape_in_words(data))
}

/// Whether the samples of the data are of this shape.
pub(crate) fn expect_shape(shape: &[usize], data: &Dataset) -> Result<(), NetworkError> {
    if data.sample_shape() == shape {
        return Ok(());
    }
    let (expected, actual) = (shape.iter().product(), data.input_width());
    Err(NetworkError::InputWidth { expected, actual, sample: shape_in_words(data) })
}

fn shape_in_words(data: &Dataset) -> String {
    data.sample_shape().iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

fn expect_inputs(
    architecture: &Architecture,
    actual: usize,
    sample: String,
) -> Result<(), NetworkError> {
    let expected = architecture.inputs;
    let fits = expected == actual;
    if fits { Ok(()) } else { Err(NetworkError::InputWidth { expected, actual, sample }) }
}

/// Whether a network of this form can be trained or tested on this data under this loss.
pub(crate) fn check_data(
    architecture: &Architecture,
    loss: Loss,
    data: &Dataset,
) -> Result<(), NetworkError> {
    check_inputs(architecture, data)?;
    check_targets(architecture, loss, data)
}

/// Whether a network of this form takes the samples of data that is yet to be described by directions, where
/// `preprocessing` says so.
pub(crate) fn check_undescribed(
    architecture: &Architecture,
    data: &Dataset,
    preprocessing: Preprocessing,
) -> Result<(), NetworkError> {
    match preprocessing.description_width() {
        Some(width) => {
            expect_inputs(architecture, width, "an image described by directions".to_owned())
        }
        None => check_inputs(architecture, data),
    }
}

/// Whether classes or values of the data are what the network gives and the loss compares.
pub(crate) fn check_targets(
    architecture: &Architecture,
    loss: Loss,
    data: &Dataset,
) -> Result<(), NetworkError> {
    let (expected, actual) = (architecture.outputs, data.output_width());
    // A part of a data set may lack its last classes; it may not have more than the network.
    let fits = if data.classes().is_some() { actual <= expected } else { actual == expected };
    if !fits {
        return Err(NetworkError::OutputWidth { expected, actual });
    }
    if loss == Loss::CrossEntropy && data.classes().is_none() {
        let (needs, has) = ("classes", "values; use a squared error");
        return Err(NetworkError::Targets { loss: loss.name(), needs, has });
    }
    Ok(())
}

/// Fills `input` (batch x width) with the samples of `data` whose shared rows are `rows`.
pub(crate) fn load_inputs<T: Tensor>(input: &mut T, data: &Dataset, rows: &[u32]) {
    match data.inputs() {
        Inputs::Bytes(bytes) => input.gather_bytes(bytes, rows, T::Elem::from_f64(BYTE_SCALE)),
        Inputs::Values(values) => input.gather_values(values, rows),
    }
}

/// Fills a workspace with a batch: `samples` are positions in the view that `data` is. `pixels`,
/// where given, are the images to take in their place (samples x width). `scratch` is scratch space.
pub(crate) fn load_batch<T: Tensor>(
    workspace: &mut Workspace<T>,
    scratch: &mut Scratch,
    data: &Dataset,
    samples: &[u32],
    pixels: Option<&[u8]>,
) {
    let Scratch { rows, classes } = scratch;
    rows.clear();
    if let Some(pixels) = pixels {
        rows.extend(0..samples.len() as u32); // fits: samples are counted in u32
        workspace.input.gather_bytes(pixels, rows, T::Elem::from_f64(BYTE_SCALE));
        rows.clear();
    }
    rows.extend(samples.iter().map(|&sample| data.rows()[sample as usize]));
    if pixels.is_none() {
        load_inputs(&mut workspace.input, data, rows);
    }
    match (&mut workspace.target, data.targets()) {
        (Target::Classes(classes), Targets::Classes { labels, .. }) => {
            gather_labels(classes, labels, rows);
        }
        (Target::Values(target), Targets::Classes { labels, .. }) => {
            gather_labels(classes, labels, rows);
            target.write_one_hot(classes);
        }
        (Target::Values(target), Targets::Values { values, .. }) => {
            target.gather_values(values, rows);
        }
        (Target::Classes(_), Targets::Values { .. }) => {
            unreachable!("check_data refuses values under cross-entropy")
        }
    }
}

fn gather_labels(classes: &mut Vec<u32>, labels: &[u32], rows: &[u32]) {
    classes.clear();
    classes.extend(rows.iter().map(|&row| labels[row as usize]));
}

/// Host space that a step reuses.
#[derive(Default)]
pub(crate) struct Scratch {
    rows: Vec<u32>,
    classes: Vec<u32>,
}

impl Scratch {
    pub(crate) fn new(batch: usize) -> Self {
        Self { rows: Vec::with_capacity(batch), classes: Vec::with_capacity(batch) }
    }
}

/// Enough of a data set to notice another one.
pub(crate) fn fingerprint(data: &Dataset) -> DataFingerprint {
    let mut hasher = crc32fast::Hasher::new();
    match data.inputs() {
        Inputs::Bytes(bytes) => hasher.update(bytes),
        Inputs::Values(values) => update_each(&mut hasher, values, |v| v.to_le_bytes()),
    }
    match data.targets() {
        Targets::Classes { labels, .. } => update_each(&mut hasher, labels, |v| v.to_le_bytes()),
        Targets::Values { values, .. } => update_each(&mut hasher, values, |v| v.to_le_bytes()),
    }
    update_each(&mut hasher, data.rows(), |v| v.to_le_bytes());
    let checksum = hasher.finalize();
    DataFingerprint { samples: data.len(), width: data.input_width(), checksum }
}

fn update_each<V: Copy, const N: usize>(
    hasher: &mut crc32fast::Hasher,
    values: &[V],
    bytes: impl Fn(V) -> [u8; N],
) {
    for &value in values {
        hasher.update(&bytes(value));
    }
}
