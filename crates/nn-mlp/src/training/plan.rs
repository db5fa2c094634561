//! A training that has not begun: settings and data, put together.

use crate::error::MlpError;
use crate::evaluation::Evaluation;
use crate::file::{Checkpoint, FileFault, SavedTraining};
use crate::input_range::{InputRange, ends_of};
use crate::model::{Model, ModelMember, ModelParts};
use crate::predictor::Predictor;
use crate::scaler::{Scaler, TargetScale};
use crate::settings::{LocalWindows, MemberSettings, Settings};
use crate::task::Task;
use crate::training::augmented_source::AugmentedSource;
use crate::training::local_connections::LocalConnections;
use nn_core::{
    Activation, Architecture, BatchSource, ConfigError, DatasetRows, Hook, MaxNorm, Member,
    MovingAverage, Network, NetworkError, NetworkValues, Trainer, TrainingConfig, check_targets,
    evaluate_jointly,
};
use nn_data::{Dataset, Inputs};
use nn_images::{Pipeline, TestViews};
use nn_tensor::Tensor;

/// From this many whole numbers of a byte's range on, samples are taken for images.
const INPUTS_OF_IMAGES: usize = 64;

/// What a training may be given besides settings and data.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanOptions<'o> {
    /// The validation set; without one, the settings' share of the training set is held out.
    pub validation: Option<&'o Dataset>,
    /// Whether each input, and each target of a regression, is given mean 0 and standard deviation 1.
    pub standardise: bool,
    /// A model to begin from, in place of newly drawn weights.
    pub warm_start: Option<&'o Model>,
}

/// A training that is ready to begin on any backend: settings and data, put together and checked.
///
/// It makes the [`Trainer`], and from a trainer the [`Model`] and the [`Checkpoint`], with everything that a model must be
/// used with.
///
/// ```
/// use nn_mlp::settings::Settings;
/// use nn_mlp::{TrainingPlan, Checkpoint};
/// use nn_tensor::ReferenceTensor;
///
/// # let data = nn_data::Dataset::classification(vec![0.0, 0.2, 0.9, 1.0], 1, vec![0, 0, 1, 1], 2)?;
/// let settings = Settings::from_toml("network.hidden = [4]\ntraining.epochs = 2")?;
/// let plan = TrainingPlan::new(&settings, &data)?;
/// let mut trainer = plan.begin::<ReferenceTensor<f64>>(&())?;
/// trainer.run(&mut ())?;
/// let model = plan.model(&trainer)?;
/// // Between two steps, all that is needed to resume:
/// let checkpoint: Checkpoint = plan.checkpoint(&trainer)?;
/// let again = TrainingPlan::of_checkpoint(&checkpoint, &data)?;
/// let trainer = again.resume::<ReferenceTensor<f64>>(&(), &checkpoint)?;
/// # assert_eq!(again.model(&trainer)?, model);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrainingPlan {
    settings: Settings,
    config: TrainingConfig,
    /// Scaled, as the members' transforms take it.
    train: Dataset,
    /// The same of the validation set.
    validation: Option<Dataset>,
    members: Vec<PlannedMember>,
    /// The model that comes of it, but for its members.
    frame: ModelParts,
    /// The scale of the targets in training, of a regression with standardised inputs.
    targets: Option<TargetScale>,
}

/// One network that is to be trained.
#[derive(Clone, Debug)]
struct PlannedMember {
    architecture: Architecture,
    transforms: Pipeline,
    local: Option<LocalWindows>,
    initial: Option<NetworkValues>,
}

/// A test set as the networks of a training see it, transformed once.
#[derive(Clone, Debug)]
pub struct TestSet {
    given: Dataset,
    /// As each member sees it.
    seen: Vec<Dataset>,
}

impl TrainingPlan {
    /// Puts settings and data together; the settings say how much of the data is held out for validation.
    ///
    /// # Errors
    /// [`MlpError`] naming what does not fit.
    pub fn new(settings: &Settings, data: &Dataset) -> Result<Self, MlpError> {
        Self::with_options(settings, data, &PlanOptions::default())
    }

    /// The same with a validation set of its own, standardised inputs, or a model to begin from.
    ///
    /// # Errors
    /// [`MlpError`] naming what does not fit.
    pub fn with_options(
        settings: &Settings,
        data: &Dataset,
        options: &PlanOptions<'_>,
    ) -> Result<Self, MlpError> {
        settings.validate()?;
        let (train, validation) = split(settings, data, options.validation)?;
        let scaler = match options.warm_start {
            Some(model) => model.parts().scaler.clone(),
            None if matches!(train.inputs(), Inputs::Bytes(_)) => None, // bytes have a scale
            None if options.standardise => Some(Scaler::standardise(&train)?),
            None => range_of_images(&train),
        };
        let names = data.class_names().to_vec();
        let mut plan =
            Self::assemble(settings.pinned(), (&train, validation.as_ref()), scaler, names)?;
        if let Some(model) = options.warm_start {
            plan.begin_from(model)?;
        }
        Ok(plan)
    }

    /// Puts a training that is to be resumed together again: `data` must be what it was begun on.
    ///
    /// # Errors
    /// [`FileFault::NoTraining`] in a [`MlpError::Unsupported`] for the file of a model, otherwise as
    /// [`new`](Self::new).
    pub fn of_checkpoint(checkpoint: &Checkpoint, data: &Dataset) -> Result<Self, MlpError> {
        Self::of_checkpoint_with(checkpoint, data, None)
    }

    /// The same for a training that was given a validation set of its own.
    ///
    /// # Errors
    /// As [`of_checkpoint`](Self::of_checkpoint).
    pub fn of_checkpoint_with(
        checkpoint: &Checkpoint,
        data: &Dataset,
        validation: Option<&Dataset>,
    ) -> Result<Self, MlpError> {
        let saved = saved_training(checkpoint)?;
        let (train, validation) = split(&saved.settings, data, validation)?;
        let parts = checkpoint.model.parts();
        let (scaler, names) = (parts.scaler.clone(), parts.class_names.clone());
        Self::assemble(saved.settings.clone(), (&train, validation.as_ref()), scaler, names)
    }

    /// `scaler` and `class_names` are the model's.
    fn assemble(
        settings: Settings,
        (train, validation): (&Dataset, Option<&Dataset>),
        scaler: Option<Scaler>,
        class_names: Vec<String>,
    ) -> Result<Self, MlpError> {
        let scaled = |data: &Dataset| match (&scaler, data.inputs()) {
            (Some(scaler), Inputs::Values(_)) => scaler.apply(data),
            _ => Ok(data.clone()),
        };
        let seen = scaled(train)?;
        let member = |member: MemberSettings| PlannedMember::new(&settings, &member, &seen);
        let members = settings.members().into_iter().map(member);
        let members = members.collect::<Result<Vec<_>, MlpError>>()?;
        let test = &settings.test;
        let views = TestViews { shifts: test.shifts, copies: test.copies, strength: test.strength };
        let frame = ModelParts {
            task: Task::of(train),
            loss: settings.training.loss,
            sample_shape: train.sample_shape().to_vec(),
            input_range: InputRange::of(&seen),
            scaler,
            class_names,
            views,
            members: Vec::new(),
        };
        let config = settings.training_config();
        for member in &members {
            config.validate_with(&member.architecture)?;
            check_targets(&member.architecture, config.loss, train)?;
            views.validate(&member.transforms)?;
        }
        let targets = target_scale(&frame, &members, train)?;
        let scaled = |data: Dataset| match &targets {
            Some(targets) => targets.apply(&data),
            None => Ok(data),
        };
        let validation = match validation {
            Some(validation) => Some(frame.prepared(&frame.with_own_targets(validation)?)?),
            None => None,
        };
        let (train, validation) = (scaled(seen)?, validation.map(scaled).transpose()?);
        Ok(Self { settings, config, train, validation, members, frame, targets })
    }

    /// Begins from the weights of `model`.
    fn begin_from(&mut self, model: &Model) -> Result<(), MlpError> {
        let (has, needs) = (model.members().len(), self.members.len());
        ConfigError::check("networks to begin from", has, has == needs, &needs.to_string())?;
        for (member, from) in self.members.iter_mut().zip(model.members()) {
            if let Some(difference) = from.architecture.difference(&member.architecture) {
                let message =
                    format!("the model to begin from is of another network: {difference}");
                return Err(MlpError::Unsupported(message));
            }
            if from.transforms.fixed() != member.transforms.fixed() {
                let message = "the model to begin from sees images after other fixed transforms; give the \
                               settings the same";
                return Err(MlpError::Unsupported(message.to_owned()));
            }
            member.initial = Some(match &self.targets {
                Some(targets) => targets.done_in(from.values.clone()),
                None => from.values.clone(),
            });
        }
        let (own, names) = (&model.parts().class_names, &self.frame.class_names);
        if !(own.is_empty() || names.is_empty() || own == names) {
            let message = format!(
                "the model to begin from knows the classes {}, the data has {}; give data of the same",
                own.join(", "),
                names.join(", ")
            );
            return Err(MlpError::Unsupported(message));
        }
        if names.is_empty() {
            self.frame.class_names.clone_from(own);
        }
        self.frame.input_range = model.parts().input_range.joined(self.frame.input_range);
        Ok(())
    }

    /// Begins the training on a device.
    ///
    /// # Errors
    /// [`MlpError::Unsupported`] for a full-batch solver, [`NetworkError`] where data and networks do not fit or the device
    /// has not got the memory, [`nn_images::ImageError`] where samples are no images that the transforms take.
    pub fn begin<T: Tensor>(&self, device: &T::Device) -> Result<Trainer<T>, MlpError> {
        let members = self.networks::<T>()?;
        Ok(Trainer::with_members(device, &self.config, &self.train, members)?)
    }

    /// Resumes the training of a checkpoint, to the same bytes as if it had never stopped.
    ///
    /// # Errors
    /// [`nn_core::TrainError::Resume`] for other data, networks or hooks, or another element type; otherwise as
    /// [`begin`](Self::begin).
    pub fn resume<T: Tensor>(
        &self,
        device: &T::Device,
        checkpoint: &Checkpoint,
    ) -> Result<Trainer<T>, MlpError> {
        let state = &saved_training(checkpoint)?.state;
        Ok(Trainer::resume(device, state, &self.train, self.networks::<T>()?)?)
    }

    /// Returns the networks to be trained, with the sources of their batches and their hooks, for a [`Trainer`] with more
    /// hooks than those of the settings.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn networks<T: Tensor>(&self) -> Result<Vec<Member<T>>, MlpError> {
        if self.settings.optimizer().is_none() {
            let name = self.settings.training.optimizer.name();
            let message = format!("{name} is no optimizer on batches but a solver; use nn-solvers");
            return Err(MlpError::Unsupported(message));
        }
        let mut sets = SeenSets::default();
        let network = |(index, member): (usize, &PlannedMember)| {
            let train = &self.train;
            let source: Box<dyn BatchSource<T>> = if member.transforms.has_random() {
                Box::new(AugmentedSource::new(train, &member.transforms)?)
            } else {
                Box::new(DatasetRows::<T>::new(sets.train.of(train, &member.transforms)?))
            };
            let validation = self.validation.as_ref();
            let validation = validation.map(|set| sets.validation.of(set, &member.transforms));
            Ok(Member {
                architecture: member.architecture.clone(),
                source,
                hooks: self.hooks(member, index)?,
                validation: validation.transpose()?,
                initial: member.initial.clone(),
            })
        };
        self.members.iter().enumerate().map(network).collect()
    }

    /// Returns the hooks of a member, in the order in which they run.
    fn hooks<T: Tensor>(
        &self,
        member: &PlannedMember,
        index: usize,
    ) -> Result<Vec<Box<dyn Hook<T>>>, MlpError> {
        let training = &self.settings.training;
        let mut hooks: Vec<Box<dyn Hook<T>>> = Vec::new();
        if let Some(windows) = member.local {
            let places = member.transforms.places(&self.frame.sample_shape)?;
            let sides = [self.frame.sample_shape[0], self.frame.sample_shape[1]]; // `places` took two
            let seed = Member::<T>::seed(self.config.seed, index);
            let draws = (self.config.initializer, seed);
            let local = LocalConnections::<T>::new(windows, sides, places, draws);
            let warm = member.initial.is_some();
            hooks.push(Box::new(if warm { local.keeping_weights() } else { local }));
        }
        if let Some(norm) = training.max_norm {
            hooks.push(Box::new(MaxNorm(norm)));
        }
        if let Some(decay) = training.average {
            let average = MovingAverage::new(decay);
            let warm = training.average_warm_up;
            hooks.push(Box::new(if warm { average.with_warm_up() } else { average }));
        }
        Ok(hooks)
    }

    /// Returns the model that a training has come to.
    ///
    /// # Errors
    /// [`NetworkError::Config`] where its numbers are not finite.
    pub fn model<T: Tensor>(&self, trainer: &Trainer<T>) -> Result<Model, MlpError> {
        self.model_of(trainer.result_values())
    }

    /// Returns the model of networks with these numbers, one for each member.
    ///
    /// # Errors
    /// [`NetworkError::Config`] where they are not those of the plan's networks.
    pub fn model_of(&self, values: Vec<NetworkValues>) -> Result<Model, MlpError> {
        let (has, needs) = (values.len(), self.members.len());
        ConfigError::check("number of networks", has, has == needs, &needs.to_string())?;
        let member = |(planned, values): (&PlannedMember, NetworkValues)| ModelMember {
            architecture: planned.architecture.clone(),
            transforms: planned.transforms.clone(),
            values: match &self.targets {
                Some(targets) => targets.undone_in(values),
                None => values,
            },
        };
        let members = self.members.iter().zip(values).map(member).collect();
        Model::from_parts(ModelParts { members, ..self.frame.clone() })
    }

    /// Returns all that is needed to resume the training, and the model as it is now.
    ///
    /// # Errors
    /// [`nn_core::TrainError::Diverged`] where loss or weights are not finite: that must not replace a good checkpoint.
    pub fn checkpoint<T: Tensor>(&self, trainer: &Trainer<T>) -> Result<Checkpoint, MlpError> {
        let state = trainer.state()?;
        let training = Some(SavedTraining { settings: self.settings.clone(), state });
        Ok(Checkpoint { model: self.model(trainer)?, training })
    }

    /// Prepares a test set for [`evaluate`](Self::evaluate): its transforms are applied once.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    pub fn test_set(&self, data: &Dataset) -> Result<TestSet, MlpError> {
        let own = self.frame.with_own_targets(data)?;
        let prepared = self.frame.prepared(&own)?;
        let mut sets = SeenSet::default();
        let seen = self.members.iter().map(|member| sets.of(&prepared, &member.transforms));
        let seen = seen.collect::<Result<_, MlpError>>()?;
        Ok(TestSet { given: data.clone(), seen })
    }

    /// Evaluates a training as it is now, one view of each sample.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    pub fn evaluate<T: Tensor>(
        &self,
        trainer: &Trainer<T>,
        test: &TestSet,
    ) -> Result<Evaluation, MlpError> {
        if self.frame.task == Task::Regression {
            let model = self.model(trainer)?;
            return Predictor::<T>::new(&model, trainer.network().device())?.evaluate(&test.given);
        }
        let members: Vec<(&Network<T>, &Dataset)> = trainer.results().zip(&test.seen).collect();
        Ok(Evaluation::new(evaluate_jointly(&members, self.config.loss)?, None))
    }

    /// Evaluates a training as it is now, in all test views of the settings.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    pub fn evaluate_in_views<T: Tensor>(
        &self,
        trainer: &Trainer<T>,
        data: &Dataset,
    ) -> Result<Evaluation, MlpError> {
        let model = self.model(trainer)?;
        Predictor::<T>::new(&model, trainer.network().device())?.evaluate(data)
    }

    /// Returns the settings, every default filled in.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns what the training loop is told.
    #[must_use]
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Returns the training set without what is held out, scaled, before transforms.
    #[must_use]
    pub fn train(&self) -> &Dataset {
        &self.train
    }

    /// Returns the validation set, scaled, before transforms.
    #[must_use]
    pub fn validation(&self) -> Option<&Dataset> {
        self.validation.as_ref()
    }

    /// Returns how numbers are scaled before the networks see them.
    #[must_use]
    pub fn scaler(&self) -> Option<&Scaler> {
        self.frame.scaler.as_ref()
    }

    /// Returns the networks' architectures.
    pub fn architectures(&self) -> impl Iterator<Item = &Architecture> {
        self.members.iter().map(|member| &member.architecture)
    }
}

impl PlannedMember {
    fn new(
        settings: &Settings,
        member: &MemberSettings,
        train: &Dataset,
    ) -> Result<Self, MlpError> {
        let transforms = member.transforms.clone();
        transforms.validate()?;
        let seen = transforms.output_shape(train.sample_shape())?;
        let inputs = seen.iter().product();
        let architecture = settings.member_architecture(member, inputs, train.output_width());
        Ok(Self { architecture, transforms, local: member.local, initial: None })
    }
}

/// Data sets as members see them, those of equal transforms made once.
#[derive(Default)]
struct SeenSet(Vec<(Pipeline, Dataset)>);

#[derive(Default)]
struct SeenSets {
    train: SeenSet,
    validation: SeenSet,
}

impl SeenSet {
    /// Returns `data` after the fixed transforms.
    fn of(&mut self, data: &Dataset, transforms: &Pipeline) -> Result<Dataset, MlpError> {
        let fixed = transforms.fixed();
        if let Some((_, seen)) = self.0.iter().find(|(known, _)| *known == fixed) {
            return Ok(seen.clone());
        }
        let seen = fixed.apply(data)?;
        self.0.push((fixed, seen.clone()));
        Ok(seen)
    }
}

/// Returns training and validation set: those given, or the shares that the settings ask for.
fn split(
    settings: &Settings,
    data: &Dataset,
    validation: Option<&Dataset>,
) -> Result<(Dataset, Option<Dataset>), MlpError> {
    if data.is_empty() {
        return Err(NetworkError::Empty { what: "training", task: "train on" }.into());
    }
    if let Some(validation) = validation {
        return Ok((data.clone(), Some(validation.clone()).filter(|set| !set.is_empty())));
    }
    let (train, held_out) = data.split(settings.validation(), settings.training.seed)?;
    Ok((train, Some(held_out).filter(|set| !set.is_empty())))
}

/// Returns the scale of the targets in training: with standardised inputs, where the last layer can take it in.
fn target_scale(
    frame: &ModelParts,
    members: &[PlannedMember],
    train: &Dataset,
) -> Result<Option<TargetScale>, MlpError> {
    let linear =
        |member: &PlannedMember| member.architecture.output_activation == Activation::Identity;
    let standardised = matches!(frame.scaler, Some(Scaler::Standardise { .. }));
    let scales = frame.task == Task::Regression && standardised && members.iter().all(linear);
    Ok(scales.then(|| TargetScale::of(train)).transpose()?)
}

/// Returns the scaler of images that are given as numbers above 1, as many files have them: from the range of a byte, or of
/// two, where whole numbers fill more than half of it, otherwise from what there is.
fn range_of_images(data: &Dataset) -> Option<Scaler> {
    let (low, high) = ends_of(data);
    let mut numbers = (0..data.len()).filter_map(|sample| data.values(sample)).flatten();
    let whole = numbers.all(|x| x.fract() == 0.0);
    let is_image =
        data.sample_shape().len() > 1 || (data.input_width() >= INPUTS_OF_IMAGES && whole);
    if !is_image || low < 0.0 || high <= 1.0 {
        return None;
    }
    let full =
        [255.0, 65_535.0].into_iter().find(|full| whole && high <= *full && high > full / 2.0);
    Some(Scaler::Range { low: 0.0, high: full.unwrap_or(high) })
}

fn saved_training(checkpoint: &Checkpoint) -> Result<&SavedTraining, MlpError> {
    let none = || MlpError::Unsupported(FileFault::NoTraining.to_string());
    checkpoint.training.as_ref().ok_or_else(none)
}
