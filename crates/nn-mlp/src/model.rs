//! A trained model: its networks, with all that must be known to use them.

use crate::error::MlpError;
use crate::input_range::InputRange;
use crate::predict::Predict;
use crate::scaler::Scaler;
use crate::task::Task;
use nn_core::{Architecture, ConfigError, Loss, Network, NetworkError, NetworkValues};
use nn_images::{Pipeline, TestViews};
use nn_tensor::{Activation, Tensor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One network of a model, with what samples go through before it sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelMember {
    /// Layers and activations.
    pub architecture: Architecture,
    /// The transforms of images, in training and in use; random ones are left out in use, except for test views.
    pub transforms: Pipeline,
    /// Weights, biases and batch normalisation.
    pub values: NetworkValues,
}

/// All that a model is. [`Model::from_parts`] checks that the parts fit each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelParts {
    /// Classes or values.
    pub task: Task,
    /// What the networks were trained for; under cross-entropy their outputs are logits of a softmax.
    pub loss: Loss,
    /// Dimensions of a sample as it is given, such as `[28, 28]`.
    pub sample_shape: Vec<usize>,
    /// The numbers that samples had in training.
    pub input_range: InputRange,
    /// How numbers are scaled before the networks see them.
    pub scaler: Option<Scaler>,
    /// A name for each class, class 0 first; empty where classes have none.
    pub class_names: Vec<String>,
    /// The views of each sample whose answers are averaged; by default the sample as it is.
    pub views: TestViews,
    /// The networks, at least one; the answer is the pool of all of theirs.
    pub members: Vec<ModelMember>,
}

/// A trained model: one network, or several that answer together, with everything that they must be used with.
///
/// Samples are given as they were in training; the model applies its own scaling and transforms, and knows its loss. There
/// is no way to get an answer or an evaluation without them, except through the bare networks, which
/// [`to_raw_networks`](Self::to_raw_networks) returns by name:
///
/// ```compile_fail,E0308
/// use nn_core::{Evaluation, Loss, NetworkError, evaluate};
/// use nn_data::Dataset;
/// use nn_mlp::Model;
/// use nn_tensor::ReferenceTensor;
///
/// // A model is no network, so what evaluates a bare network does not take it.
/// fn wrong(model: &Model, data: &Dataset) -> Result<Evaluation, NetworkError> {
///     evaluate::<ReferenceTensor<f64>>(model, data, Loss::CrossEntropy)
/// }
/// ```
///
/// With a bare network the same lines compile:
///
/// ```
/// use nn_core::{Evaluation, Loss, Network, NetworkError, evaluate};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// type Bare = Network<ReferenceTensor<f64>>;
///
/// fn right(network: &Bare, data: &Dataset) -> Result<Evaluation, NetworkError> {
///     evaluate::<ReferenceTensor<f64>>(network, data, Loss::CrossEntropy)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    parts: Arc<ModelParts>,
    cache: Cache,
}

/// The model as it stands ready to predict, made at the first prediction. It is no part of what the model is.
#[derive(Default)]
struct Cache(Mutex<Option<Box<dyn Predict>>>);

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Cache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("..")
    }
}

impl Serialize for Model {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = ModelParts::deserialize(deserializer)?;
        Self::from_parts(parts).map_err(serde::de::Error::custom)
    }
}

impl Model {
    /// Makes a model of its parts.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first part that does not fit the others, or [`nn_images::ImageError`] for a transform.
    pub fn from_parts(parts: ModelParts) -> Result<Self, MlpError> {
        parts.validate()?;
        Ok(Self { parts: Arc::new(parts), cache: Cache::default() })
    }

    /// Returns its parts, to look at.
    #[must_use]
    pub fn parts(&self) -> &ModelParts {
        &self.parts
    }

    /// Returns its parts, to be changed and made a model again.
    #[must_use]
    pub fn into_parts(self) -> ModelParts {
        Arc::unwrap_or_clone(self.parts)
    }

    /// Returns its parts, shared.
    pub(crate) fn shared_parts(&self) -> Arc<ModelParts> {
        Arc::clone(&self.parts)
    }

    /// Calls `ask` with the model as it stands ready to predict, which `prepare` makes where it has not been needed yet.
    pub(crate) fn with_cached<R>(
        &self,
        prepare: impl FnOnce() -> Result<Box<dyn Predict>, MlpError>,
        ask: impl FnOnce(&mut dyn Predict) -> Result<R, MlpError>,
    ) -> Result<R, MlpError> {
        let Cache(cache) = &self.cache;
        // A panic while it was held left no answer half given: every call begins anew.
        let mut cached = cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &mut *cached {
            return ask(ready.as_mut());
        }
        ask(cached.insert(prepare()?).as_mut())
    }

    /// Returns its networks and what belongs to each.
    #[must_use]
    pub fn members(&self) -> &[ModelMember] {
        &self.parts.members
    }

    /// Returns what it answers with.
    #[must_use]
    pub fn task(&self) -> Task {
        self.parts.task
    }

    /// Returns the loss that it was trained for.
    #[must_use]
    pub fn loss(&self) -> Loss {
        self.parts.loss
    }

    /// Returns the dimensions of a sample as it is given.
    #[must_use]
    pub fn sample_shape(&self) -> &[usize] {
        &self.parts.sample_shape
    }

    /// Returns the number of classes, or of values in an answer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.parts.outputs()
    }

    /// Returns the name of a class: the one it was given, or else its number.
    #[must_use]
    pub fn class_name(&self, class: usize) -> String {
        self.parts.class_names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    /// Returns `"f32"` or `"f64"`: the type of its numbers.
    #[must_use]
    pub fn element_name(&self) -> &'static str {
        self.parts.members.first().map_or("f32", |member| member.values.element_name())
    }

    /// Returns the number of weights and biases of all its networks.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.members().iter().map(|member| member.architecture.parameter_count()).sum()
    }

    /// Returns its networks in words, such as `784-64-10` or `784-64-10 + 784-30-10`.
    #[must_use]
    pub fn networks_in_words(&self) -> String {
        let networks = self.members().iter().map(|member| member.architecture.to_string());
        networks.collect::<Vec<_>>().join(" + ")
    }

    /// Returns the same model with these views of each sample, whose answers are averaged.
    ///
    /// # Errors
    /// [`nn_images::ImageError`] for settings out of range, or copies where a member has no random transform.
    pub fn with_views(self, views: TestViews) -> Result<Self, MlpError> {
        Self::from_parts(ModelParts { views, ..self.into_parts() })
    }

    /// Returns the same model that takes numbers of any range.
    #[must_use]
    pub fn without_range_check(self) -> Self {
        let mut parts = self.into_parts();
        if matches!(parts.input_range, InputRange::Numbers { .. }) {
            parts.input_range = InputRange::Unknown;
        }
        Self { parts: Arc::new(parts), cache: Cache::default() }
    }

    /// Returns one model of several, which answers with the pool of their answers. They may have other architectures and
    /// transforms each.
    ///
    /// ```no_run
    /// use nn_mlp::Model;
    /// let both = Model::ensemble([Model::load("first.nn")?, Model::load("second.nn")?])?;
    /// # Ok::<(), nn_mlp::MlpError>(())
    /// ```
    ///
    /// # Errors
    /// [`MlpError::Ensemble`] without a model, or where one differs from the first in task, loss, outputs, element type,
    /// or what samples are.
    pub fn ensemble(models: impl IntoIterator<Item = Self>) -> Result<Self, MlpError> {
        let mut models = models.into_iter();
        let refuse = |cause: String| Err(MlpError::Ensemble { cause });
        let Some(first) = models.next() else { return refuse("there is none".to_owned()) };
        let mut parts = first.into_parts();
        for (index, model) in models.enumerate() {
            if let Some(difference) = parts.cannot_answer_with(&model.parts) {
                return refuse(format!("model {} has another {difference}", index + 2));
            }
            parts.input_range = parts.input_range.joined(model.parts.input_range);
            parts.members.extend(model.into_parts().members);
        }
        Self::from_parts(parts)
    }

    /// Puts the bare networks onto a device, for those who want the mathematics. They know nothing of the model's scaling,
    /// transforms and loss: what they are shown must have gone through [`members`](Self::members)' transforms, and what is
    /// evaluated with them is not the model.
    ///
    /// # Errors
    /// [`NetworkError::Precision`] where the device computes in a shorter type, [`NetworkError::Tensor`] where it refuses.
    pub fn to_raw_networks<T: Tensor>(
        &self,
        device: &T::Device,
    ) -> Result<Vec<Network<T>>, NetworkError> {
        let network = |member: &ModelMember| {
            Network::from_values(device, &member.architecture, &member.values)
        };
        self.members().iter().map(network).collect()
    }

    /// Returns the same model with batch normalisation folded into the layers before it; answers are equal up to rounding.
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut parts = self.clone().into_parts();
        for member in &mut parts.members {
            member.values = member.values.folded();
        }
        Self { parts: Arc::new(parts), cache: Cache::default() }
    }

    /// Returns the same model in single precision: weights in double are rounded, and nothing else is said about it.
    #[must_use]
    pub fn rounded_to_f32(self) -> Self {
        let mut parts = self.into_parts();
        for member in &mut parts.members {
            member.values = member.values.rounded_to_f32();
        }
        Self { parts: Arc::new(parts), cache: Cache::default() }
    }
}

impl ModelParts {
    /// Checks that the parts fit each other: numbers of weights, shapes, classes, transforms.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first part that does not, or [`nn_images::ImageError`] for a transform.
    pub fn validate(&self) -> Result<(), MlpError> {
        let count = self.members.len();
        ConfigError::check("number of networks", count, count > 0, "at least 1")?;
        for (index, member) in self.members.iter().enumerate() {
            self.validate_member(member).map_err(|error| match (count, error) {
                (2.., MlpError::Network(NetworkError::Config(error))) => {
                    error.with_detail(format!("network {}", index + 1)).into()
                }
                (_, error) => error,
            })?;
        }
        self.validate_classes()?;
        self.input_range.validate()?;
        match &self.scaler {
            Some(scaler) => Ok(scaler.validate(self.inputs())?),
            None => Ok(()),
        }
    }

    fn validate_member(&self, member: &ModelMember) -> Result<(), MlpError> {
        let ModelMember { architecture, transforms, values } = member;
        values.validate(architecture)?;
        let (element, first) = (values.element_name(), &self.members[0]);
        let of_first = first.values.element_name();
        ConfigError::check("element type", element, element == of_first, of_first)?;
        let (outputs, activation) = (architecture.outputs, architecture.output_activation);
        let of_first = first.architecture.outputs;
        ConfigError::check("outputs", outputs, outputs == of_first, &of_first.to_string())?;
        let of_first = first.architecture.output_activation;
        let (name, fits) = (activation.name(), activation == of_first);
        ConfigError::check("activation of the outputs", name, fits, of_first.name())?;
        if self.loss == Loss::CrossEntropy && activation != Activation::Identity {
            return Err(ConfigError::SoftmaxTwice { activation: name }.into());
        }
        transforms.validate()?;
        self.views.validate(transforms)?;
        let seen = transforms.fixed().output_shape(&self.sample_shape)?;
        let width = seen.iter().try_fold(1_usize, |all, &size| all.checked_mul(size));
        let (inputs, allowed) = (architecture.inputs, format!("{seen:?} multiplied"));
        ConfigError::check("inputs", inputs, width == Some(inputs), &allowed)?;
        let on_numbers = matches!(self.input_range, InputRange::Numbers { .. });
        let fits = transforms.is_empty() || !(on_numbers || self.scaler.is_some());
        let allowed = "left out for a model of numbers";
        Ok(ConfigError::check("transforms of images", "given", fits, allowed)?)
    }

    fn validate_classes(&self) -> Result<(), ConfigError> {
        let classes = self.task == Task::Classification;
        let (loss, fits) = (self.loss, classes || self.loss != Loss::CrossEntropy);
        ConfigError::check("loss", loss.name(), fits, "a squared error for a regression")?;
        let (has, outputs) = (self.class_names.len(), self.outputs());
        let fits = has == 0 || (classes && has == outputs);
        let allowed = if classes { format!("0 or {outputs}") } else { "0".to_owned() };
        ConfigError::check("number of class names", has, fits, &allowed)
    }

    /// Returns the number of classes, or of values in an answer.
    pub(crate) fn outputs(&self) -> usize {
        self.members.first().map_or(0, |member| member.architecture.outputs)
    }

    /// Returns the number of inputs in a sample as it is given.
    pub(crate) fn inputs(&self) -> usize {
        self.sample_shape.iter().product()
    }

    /// Returns in what the answers of `other` cannot be pooled with these.
    fn cannot_answer_with(&self, other: &Self) -> Option<String> {
        let known = |range: InputRange| range != InputRange::Unknown;
        let both_known = known(self.input_range) && known(other.input_range);
        let kind = |range: InputRange| if both_known { range.name() } else { "any" }.to_owned();
        let of = |parts: &Self| {
            let first = &parts.members[0]; // there is one: see `validate`
            let classes = match parts.class_names.as_slice() {
                [] => "numbers".to_owned(),
                names => names.join(", "),
            };
            [
                ("number of outputs", parts.outputs().to_string()),
                ("task", parts.task.answers().to_owned()),
                (
                    "activation of the outputs",
                    first.architecture.output_activation.name().to_owned(),
                ),
                ("loss", parts.loss.name().to_owned()),
                ("shape of a sample", format!("{:?}", parts.sample_shape)),
                ("kind of inputs", kind(parts.input_range)),
                ("scaler", if parts.scaler == self.scaler { "same" } else { "other" }.to_owned()),
                ("list of class names", classes),
                ("element type", first.values.element_name().to_owned()),
                ("list of test views", format!("{:?}", parts.views)),
            ]
        };
        let pairs = of(self).into_iter().zip(of(other));
        let differing = pairs.into_iter().find(|(here, there)| here.1 != there.1);
        differing.map(|((what, here), (_, there))| format!("{what}: {there}, not {here}"))
    }
}
