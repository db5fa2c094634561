//! Models as safetensors files, with the names and layout of PyTorch.
//!
//! Layer l of a network is `{2l}.weight` (outputs x inputs) and `{2l}.bias`, as
//! `torch.nn.Sequential(Linear(..), ReLU(), Linear(..))` names them: the odd numbers are the
//! activations. So `model.load_state_dict(safetensors.torch.load_file(path))` takes an exported file
//! as it is. What tensors cannot say stands in the file's metadata, as JSON under the key `nn`.

use crate::checkpoint_error::{CheckpointError, CheckpointFault};
use crate::checkpoint_file::write_whole;
use crate::codec::MAX_BYTES;
use crate::model::Values;
use crate::safetensors_layers::{Layer, read_layers};
use crate::{Activation, Architecture, Loss, Model, Preprocessing};
use nn_files::BoundedFile;
use nn_tensor::Linear;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Key of the metadata that [`export`] writes. One key, since the order of several is random.
const METADATA_KEY: &str = "nn";

/// What a file of bare tensors does not say. What is given here beats what the file says, and that
/// beats the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// σ of the hidden layers; ReLU by default.
    pub activation: Option<Activation>,
    /// σ of the last layer; identity by default.
    pub output_activation: Option<Activation>,
    /// What it was trained for; cross-entropy by default.
    pub loss: Option<Loss>,
    /// Shape of a sample; by default 28 x 28 for 784 inputs, otherwise a row.
    pub sample_shape: Option<Vec<usize>>,
}

/// What stands in the metadata.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Description {
    architecture: Architecture,
    loss: Loss,
    sample_shape: Vec<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deskew: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    directions: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    root_directions: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    second_order_directions: bool,
}

/// Writes a model to `path`. What was there before stays until the new file is safely on disk.
///
/// ```
/// # use nn_core::{Activation, Architecture, Initializer, Loss, Model, Network};
/// # use nn_tensor::ReferenceTensor;
/// use nn_core::safetensors::{ImportOptions, export, import};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let architecture = Architecture {
/// #     inputs: 4,
/// #     hidden: vec![3],
/// #     outputs: 2,
/// #     activation: Activation::Relu,
/// #     output_activation: Activation::Identity,
/// # };
/// # let network =
/// #     Network::<ReferenceTensor<f32>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
/// let model = Model::from_network(&network, Loss::CrossEntropy, &[2, 2]);
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.safetensors");
/// export(&model, &path)?;
/// assert_eq!(import(&path, &ImportOptions::default())?, model);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`CheckpointFault::Inconsistent`] where the model's parts do not fit each other,
/// [`CheckpointFault::Io`] if the folder or the disk does not take the file.
pub fn export(model: &Model, path: &Path) -> Result<(), CheckpointError> {
    let bytes = to_bytes(model).map_err(|fault| CheckpointError::new(path, fault))?;
    write_whole(path, &bytes)
}

/// Reads a model that [`export`] or PyTorch wrote.
///
/// Weights and biases are taken in the natural order of their prefixes (`2.weight` before
/// `10.weight`; `layers.0.weight`, `fc1.weight` and the like are known too), and the widths from
/// their shapes. `f16` and `bf16` become `f32`, exactly.
///
/// # Errors
/// [`CheckpointFault::NotSafetensors`] for other files, [`CheckpointFault::Tensor`] for tensors that
/// do not make a chain of fully connected layers, [`CheckpointFault::Inconsistent`] where metadata,
/// `options` and tensors disagree, [`CheckpointFault::TooLarge`] beyond 16 GiB,
/// [`CheckpointFault::Io`] if the system refuses.
pub fn import(path: &Path, options: &ImportOptions) -> Result<Model, CheckpointError> {
    let read = || from_bytes(&BoundedFile::open(path, MAX_BYTES)?.into_bytes()?, options);
    read().map_err(|fault| CheckpointError::new(path, fault))
}

/// The bytes of the file that [`export`] writes. Equal models give equal bytes.
///
/// # Errors
/// [`CheckpointFault::Inconsistent`] where the model's parts do not fit each other.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, CheckpointFault> {
    check(model)?;
    check_plain(model)?;
    let description = Description {
        architecture: model.architecture.clone(),
        loss: model.loss,
        sample_shape: model.sample_shape.clone(),
        deskew: model.preprocessing.deskew,
        directions: model.preprocessing.directions,
        root_directions: model.preprocessing.root_directions,
        second_order_directions: model.preprocessing.second_order_directions,
    };
    let unsound = |cause: String| CheckpointFault::NotSafetensors { cause };
    let json = serde_json::to_string(&description).map_err(|error| unsound(error.to_string()))?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
    let shapes = model.architecture.weight_shapes();
    let mut tensors = Vec::new();
    for (index, (layer, shape)) in model.layers.iter().zip(shapes).enumerate() {
        let Linear { weight, bias } = layer;
        let prefix = 2 * index;
        tensors.push((
            format!("{prefix}.weight"),
            vec![shape.rows, shape.columns],
            bytes_of(weight),
        ));
        tensors.push((format!("{prefix}.bias"), vec![shape.rows], bytes_of(bias)));
    }
    let dtype = match model.layers[0].weight {
        Values::F32(_) => Dtype::F32,
        Values::F64(_) => Dtype::F64,
    };
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(dtype, shape.clone(), bytes)?)))
        .collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, Some(metadata)));
    bytes.map_err(|error| unsound(error.to_string()))
}

/// The model in the bytes of a safetensors file: see [`import`].
///
/// # Errors
/// As [`import`], but for what concerns files.
pub fn from_bytes(bytes: &[u8], options: &ImportOptions) -> Result<Model, CheckpointFault> {
    let unsound = |cause: String| CheckpointFault::NotSafetensors { cause };
    let file = SafeTensors::deserialize(bytes).map_err(|error| unsound(error.to_string()))?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| unsound(e.to_string()))?;
    let description = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
    let description: Option<Description> = description
        .map(|json| serde_json::from_str(json))
        .transpose()
        .map_err(|error| unsound(format!("its metadata: {error}")))?;
    let layers = read_layers(&file)?;
    let model = assemble(layers, description, options)?;
    check(&model)?;
    Ok(model)
}

/// A model of `layers`, of which there is at least one.
fn assemble(
    layers: Vec<Layer>,
    description: Option<Description>,
    options: &ImportOptions,
) -> Result<Model, CheckpointFault> {
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
        return Err(CheckpointFault::NoLayers);
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
        return Err(CheckpointFault::Inconsistent { cause });
    }
    let loss = options.loss.or(description.as_ref().map(|description| description.loss));
    let preprocessing = description.as_ref().map(|description| Preprocessing {
        deskew: description.deskew,
        directions: description.directions,
        root_directions: description.root_directions,
        second_order_directions: description.second_order_directions,
    });
    let sample_shape = options.sample_shape.clone();
    let sample_shape = sample_shape.or(description.map(|description| description.sample_shape));
    Ok(Model {
        loss: loss.unwrap_or(Loss::CrossEntropy),
        sample_shape: sample_shape.unwrap_or_else(|| usual_shape(architecture.inputs)),
        preprocessing: preprocessing.unwrap_or_default(),
        architecture,
        layers: layers.into_iter().map(|layer| layer.values).collect(),
        norms: Vec::new(),
        companions: Vec::new(),
    })
}

/// MNIST and its relatives are 28 x 28; of other samples nothing is known.
fn usual_shape(inputs: usize) -> Vec<usize> {
    if inputs == 784 { vec![28, 28] } else { vec![inputs] }
}

/// The format holds one chain of fully connected layers.
fn check_plain(model: &Model) -> Result<(), CheckpointFault> {
    let cause = match (model.companions.len(), model.norms.len()) {
        (0, 0) => return Ok(()),
        (0, _) => {
            "the network has batch normalisation, which must be folded in first (nn export --fold)"
                .to_owned()
        }
        (others, _) => format!(
            "it is a committee of {} networks, or has as many branches, and the format holds one network: \
             export those that it was made of, where they are kept",
            others + 1
        ),
    };
    Err(CheckpointFault::NotExportable { cause })
}

/// Parts fit each other, numbers are finite, and the loss suits the output.
fn check(model: &Model) -> Result<(), CheckpointFault> {
    model.check_consistency()?;
    let activation = model.architecture.output_activation;
    if model.loss == Loss::CrossEntropy && activation != Activation::Identity {
        let cause = crate::ConfigError::SoftmaxTwice { activation: activation.name() }.to_string();
        return Err(CheckpointFault::Inconsistent { cause });
    }
    Ok(())
}

/// The elements as bytes, little-endian, as the format wants them.
fn bytes_of(values: &Values) -> Vec<u8> {
    match values {
        Values::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Values::F64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}
