//! Models as safetensors files, with the names and layout of PyTorch.
//!
//! Layer l of a network is `{2l}.weight` (outputs x inputs) and `{2l}.bias`, as
//! `torch.nn.Sequential(Linear(..), ReLU(), Linear(..))` names them: the odd numbers are the
//! activations. So `model.load_state_dict(safetensors.torch.load_file(path))` takes an exported file
//! as it is. What tensors cannot say is in the file's metadata, as JSON under the key `nn`.

mod layers;
mod order;

use crate::error::MlpError;
use crate::file::{FileError, FileFault, MAX_BYTES, write_whole};
use crate::input_range::InputRange;
use crate::model::{Model, ModelMember, ModelParts};
use crate::safetensors::layers::{Layer, read_layers};
use crate::scaler::Scaler;
use crate::task::Task;
use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors};
use nn_core::{Activation, Architecture, Loss, NetworkValues, Values};
use nn_files::BoundedFile;
use nn_images::{Pipeline, TestViews};
use nn_tensor::Linear;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Key of the metadata that [`export`] writes. One key, since the order of several is random.
const METADATA_KEY: &str = "nn";

/// What a file of bare tensors does not say. What is given here takes precedence over what the file says, and that over the
/// default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// Activation of the hidden layers; ReLU by default.
    pub activation: Option<Activation>,
    /// Activation of the last layer; identity by default.
    pub output_activation: Option<Activation>,
    /// The loss it was trained for; cross-entropy by default.
    pub loss: Option<Loss>,
    /// Dimensions of a sample; by default 28 x 28 for 784 inputs, otherwise a row.
    pub sample_shape: Option<Vec<usize>>,
    /// Names of the layers (`fc1` for `fc1.weight`), first layer first, where the file does not say their order.
    pub order: Option<Vec<String>>,
}

/// What the metadata say.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Description {
    architecture: Architecture,
    loss: Loss,
    task: Task,
    sample_shape: Vec<usize>,
    input_range: InputRange,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scaler: Option<Scaler>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    class_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Pipeline::is_empty")]
    transforms: Pipeline,
    #[serde(default)]
    views: TestViews,
}

/// Writes a model to `path`. What was there before stays until the new file is safely on disk.
///
/// ```
/// # use nn_mlp::Mlp;
/// use nn_mlp::safetensors::{ImportOptions, export, import};
/// # let data = nn_data::Dataset::classification(vec![0.0, 0.2, 0.9, 1.0], 1, vec![0, 0, 1, 1], 2)?;
/// let model = Mlp::classifier().hidden([4]).epochs(1).fit(&data)?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// export(&model, &path)?;
/// assert_eq!(import(&path, &ImportOptions::default())?, model);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FileFault::NotExportable`] for a model of several networks or with batch normalisation, [`FileFault::Io`] where the
/// folder or the disk does not take the file.
pub fn export(model: &Model, path: impl AsRef<Path>) -> Result<(), FileError> {
    let path = path.as_ref();
    let bytes = to_bytes(model).map_err(|fault| FileError::new(path, fault))?;
    write_whole(path, &bytes)
}

/// Reads a model that [`export`] or PyTorch wrote.
///
/// Where names differ in their numbers alone (`2.weight` before `10.weight`; `layers.0.weight`, `fc1.weight` and the like),
/// these are the order of the layers; otherwise their shapes must leave one order, or [`ImportOptions::order`] gives it.
/// Widths are those of the shapes. `f16` and `bf16` become `f32`, exactly. The model takes inputs as they are: a file of
/// bare tensors does not say which range they had in training.
///
/// # Errors
/// [`FileFault::NotSafetensors`] for other files, [`FileFault::Tensor`] for tensors that do not make a chain of fully
/// connected layers, [`FileFault::AmbiguousOrder`] where several orders of them would, [`FileFault::Inconsistent`] where
/// metadata, `options` and tensors disagree, [`FileFault::TooLarge`] beyond 16 GiB, [`FileFault::Io`] where the system
/// refuses.
pub fn import(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Model, FileError> {
    let path = path.as_ref();
    let read = || from_bytes(&BoundedFile::open(path, MAX_BYTES)?.into_bytes()?, options);
    read().map_err(|fault| FileError::new(path, fault))
}

/// Returns the bytes of the file that [`export`] writes. Equal models give equal bytes.
///
/// # Errors
/// [`FileFault::NotExportable`] for a model of several networks or with batch normalisation.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, FileFault> {
    let member = only_member(model)?;
    let unsound = |cause: String| FileFault::NotSafetensors { cause };
    let json = serde_json::to_string(&describe(model, member));
    let json = json.map_err(|error| unsound(error.to_string()))?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
    let shapes = member.architecture.weight_shapes();
    let mut tensors = Vec::new();
    for (index, (layer, shape)) in member.values.layers.iter().zip(shapes).enumerate() {
        let Linear { weight, bias } = layer;
        let prefix = 2 * index;
        let rows_and_columns = vec![shape.rows, shape.columns];
        tensors.push((format!("{prefix}.weight"), rows_and_columns, bytes_of(weight)));
        tensors.push((format!("{prefix}.bias"), vec![shape.rows], bytes_of(bias)));
    }
    let dtype = if model.element_name() == "f64" { Dtype::F64 } else { Dtype::F32 };
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(dtype, shape.clone(), bytes)?)))
        .collect();
    let bytes = views.and_then(|views| ::safetensors::serialize(views, Some(metadata)));
    bytes.map_err(|error| unsound(error.to_string()))
}

fn describe(model: &Model, member: &ModelMember) -> Description {
    let parts = model.parts();
    Description {
        architecture: member.architecture.clone(),
        loss: parts.loss,
        task: parts.task,
        sample_shape: parts.sample_shape.clone(),
        input_range: parts.input_range,
        scaler: parts.scaler.clone(),
        class_names: parts.class_names.clone(),
        transforms: member.transforms.clone(),
        views: parts.views,
    }
}

/// Returns the model in the bytes of a safetensors file: see [`import`].
///
/// # Errors
/// As [`import`], apart from what concerns files.
pub fn from_bytes(bytes: &[u8], options: &ImportOptions) -> Result<Model, FileFault> {
    let unsound = |cause: String| FileFault::NotSafetensors { cause };
    let file = SafeTensors::deserialize(bytes).map_err(|error| unsound(error.to_string()))?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| unsound(e.to_string()))?;
    let description = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
    let description: Option<Description> = description
        .map(|json| serde_json::from_str(json))
        .transpose()
        .map_err(|error| unsound(format!("its metadata: {error}")))?;
    let layers = read_layers(&file, options.order.as_deref())?;
    assemble(layers, description, options)
}

/// Makes a model of `layers`, of which there is at least one.
fn assemble(
    layers: Vec<Layer>,
    description: Option<Description>,
    options: &ImportOptions,
) -> Result<Model, FileFault> {
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
        return Err(FileFault::NoLayers);
    };
    let said = description.as_ref().map(|description| &description.architecture);
    let activation = options.activation.or(said.map(|said| said.activation));
    let output_activation = options.output_activation.or(said.map(|said| said.output_activation));
    let architecture = Architecture {
        inputs: first.shape.columns,
        hidden: layers[1..].iter().map(|layer| layer.shape.columns).collect(),
        outputs: last.shape.rows,
        activation: activation.unwrap_or(Activation::Relu),
        output_activation: output_activation.unwrap_or(Activation::Identity),
    };
    if let Some(said) = said.filter(|said| said.widths() != architecture.widths()) {
        let cause = format!("the metadata says {said}, the tensors are {architecture}");
        return Err(FileFault::Inconsistent { cause });
    }
    let layers = layers.into_iter().map(|layer| layer.values).collect();
    let values = NetworkValues { layers, norms: Vec::new() };
    let parts = match description {
        Some(said) => described(said, architecture, values, options),
        None => undescribed(architecture, values, options),
    };
    let inconsistent = |error: MlpError| FileFault::Inconsistent { cause: error.to_string() };
    Model::from_parts(parts).map_err(inconsistent)
}

/// Returns the parts of a model that the metadata describe.
fn described(
    said: Description,
    architecture: Architecture,
    values: NetworkValues,
    options: &ImportOptions,
) -> ModelParts {
    ModelParts {
        task: said.task,
        loss: options.loss.unwrap_or(said.loss),
        sample_shape: options.sample_shape.clone().unwrap_or(said.sample_shape),
        input_range: said.input_range,
        scaler: said.scaler,
        class_names: said.class_names,
        views: said.views,
        members: vec![ModelMember { architecture, transforms: said.transforms, values }],
    }
}

/// Returns the parts of a model of bare tensors.
fn undescribed(
    architecture: Architecture,
    values: NetworkValues,
    options: &ImportOptions,
) -> ModelParts {
    let loss = options.loss.unwrap_or(Loss::CrossEntropy);
    // Several outputs under a squared error are classes as often as values; one is a value.
    let regression = loss != Loss::CrossEntropy && architecture.outputs == 1;
    let shape = options.sample_shape.clone();
    ModelParts {
        task: if regression { Task::Regression } else { Task::Classification },
        loss,
        sample_shape: shape.unwrap_or_else(|| usual_shape(architecture.inputs)),
        input_range: InputRange::Unknown,
        scaler: None,
        class_names: Vec::new(),
        views: TestViews::default(),
        members: vec![ModelMember { architecture, transforms: Pipeline::default(), values }],
    }
}

/// MNIST and its relatives are 28 x 28; of other samples nothing is known.
fn usual_shape(inputs: usize) -> Vec<usize> {
    if inputs == 784 { vec![28, 28] } else { vec![inputs] }
}

/// Returns the only network of a model, which the format has a place for.
fn only_member(model: &Model) -> Result<&ModelMember, FileFault> {
    let cause = match model.members() {
        [member] if member.values.norms.is_empty() => return Ok(member),
        [_] => {
            "the network has batch normalisation, which must be folded in first (nn export --fold, \
                Model::folded)"
                .to_owned()
        }
        members => format!(
            "it has {} networks, and the format holds one: export those that it was made of, where they are \
             kept",
            members.len()
        ),
    };
    Err(FileFault::NotExportable { cause })
}

/// Returns the elements as bytes, little-endian, as the format wants them.
fn bytes_of(values: &Values) -> Vec<u8> {
    match values {
        Values::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Values::F64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}
