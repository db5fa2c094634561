//! The builder: from a few words to a trained model.

use crate::backend::{Backend, On, Trained, shared_device};
use crate::error::MlpError;
use crate::file::Checkpoint;
use crate::model::Model;
use crate::settings::{
    Assignment, Layer, Layers, OptimizerName, Preset, ScheduleName, Schema, Settings, SettingsError,
};
use crate::task::Task;
use crate::training::{PlanOptions, TrainingPlan};
use nn_core::{Activation, Control, Curve, EpochRecord, Initializer, Loss, Optimizer, Schedule};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use nn_images::{Augment, Deskew, GradientFeatures, Step, TestViews};
use nn_tensor::Tensor;
use std::sync::{Arc, Mutex, PoisonError};

/// Called after each epoch; see [`Mlp::on_epoch`].
type EpochCallback<'f> = Arc<Mutex<dyn FnMut(&EpochRecord) -> Control + Send + 'f>>;

/// A multi-layer perceptron that is to be trained: every setting with a sensible default.
///
/// ```
/// use nn_mlp::{Mlp, Model};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let file = tempfile::tempdir()?.keep().join("digits.nn");
/// let data = nn_mlp::data::sample()?;
/// let model = Mlp::classifier().hidden([32]).epochs(2).fit(&data.train)?;
/// println!("{:.2} %", 100.0 * model.evaluate(&data.test)?.accuracy());
/// model.save(&file)?;
///
/// let image = data.test.image(0).ok_or("the sample has images")?;
/// let answer = Model::load(&file)?.predict(image)?;
/// println!("a {} with probability {:.3}", answer.class_name(), answer.probability());
/// # std::fs::remove_dir_all(file.parent().ok_or("it is in a folder")?)?;
/// # assert!(model.evaluate(&data.test)?.accuracy() > 0.9);
/// # Ok(())
/// # }
/// ```
///
/// What makes no sense is refused by [`fit`](Self::fit), before anything is computed:
///
/// ```
/// # let data = nn_data::Dataset::classification(vec![0.0, 1.0], 1, vec![0, 1], 2)?;
/// let error = nn_mlp::Mlp::classifier().dropout(1.0).fit(&data).unwrap_err();
/// assert_eq!(error.to_string(), "training.dropout is 1.0, must be a number from 0 to below 1");
/// # Ok::<(), nn_data::DataError>(())
/// ```
#[derive(Clone)]
pub struct Mlp<'f> {
    settings: Settings,
    /// What the targets must be, where that is known.
    task: Option<Task>,
    /// What was wrong with a setting by name, reported by `fit`.
    error: Option<SettingsError>,
    standardise: bool,
    validation: Option<Dataset>,
    class_names: Vec<String>,
    warm_start: Option<Model>,
    threads: Option<usize>,
    backend: Option<Arc<dyn Backend>>,
    on_epoch: Option<EpochCallback<'f>>,
}

/// Builders of equal settings.
impl<'f> Mlp<'f> {
    /// Begins a classifier: hidden layers of 256 and 128 ReLUs, cross-entropy, Adam for 10 epochs.
    #[must_use]
    pub fn classifier() -> Self {
        let task = Some(Task::Classification);
        Self { task, ..Self::from_settings(Settings::default()) }
    }

    /// Begins a regressor: hidden layers of 64 and 32 ReLUs, squared error, Adam for 200 epochs, with inputs and targets
    /// [standardised](Self::standardise).
    ///
    /// ```
    /// # use nn_mlp::Mlp;
    /// let x: Vec<f64> = (0..200).map(|i| f64::from(i) / 10.0).collect();
    /// let y: Vec<f64> = x.iter().map(|x| 1000.0 + 30.0 * x).collect();
    /// let data = nn_mlp::data::regression(&x, &y)?;
    /// let model = Mlp::regressor().epochs(100).fit(&data)?;
    /// assert!(model.evaluate(&data)?.r_squared() > 0.99);
    /// assert!((model.predict(&[10.0])?.value() - 1300.0).abs() < 20.0);
    /// # Ok::<(), nn_mlp::MlpError>(())
    /// ```
    #[must_use]
    pub fn regressor() -> Self {
        let mut settings = Settings::default();
        settings.network.hidden = vec![64, 32];
        settings.training.loss = Loss::SquaredError;
        (settings.training.epochs, settings.training.batch) = (200, 32);
        let task = Some(Task::Regression);
        Self { task, standardise: true, ..Self::from_settings(settings) }
    }

    /// Begins with settings that were made elsewhere, such as those of a file.
    #[must_use]
    pub fn from_settings(settings: Settings) -> Self {
        Self {
            settings,
            task: None,
            error: None,
            standardise: false,
            validation: None,
            class_names: Vec::new(),
            warm_start: None,
            threads: None,
            backend: None,
            on_epoch: None,
        }
    }

    /// Returns the settings as they are now.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes every setting from the [`Preset`] of this name, such as `"fast"`; what is set after it changes that.
    #[must_use]
    pub fn preset(mut self, name: &str) -> Self {
        let unknown = || {
            let known = Preset::ALL.map(|preset| preset.name).join(", ");
            SettingsError::new("preset", format!("preset {name} is unknown; there are {known}"))
        };
        match Preset::find(name).ok_or_else(unknown).and_then(|preset| preset.settings()) {
            Ok(settings) => self.settings = settings,
            Err(error) => self.error = self.error.or(Some(error)),
        }
        self
    }

    /// Sets any setting by its path in a file of settings.
    ///
    /// ```
    /// # use nn_mlp::Mlp;
    /// let mlp = Mlp::classifier().set("training.optimizer", "nesterov").set("training.momentum", 0.95);
    /// assert_eq!(mlp.settings().training.momentum, 0.95);
    /// ```
    #[must_use]
    pub fn set(mut self, path: &str, value: impl Into<toml::Value>) -> Self {
        match with_setting(&self.settings, path, value.into()) {
            Ok(settings) => self.settings = settings,
            Err(error) => self.error = self.error.or(Some(error)),
        }
        self
    }

    /// Sets the widths of the hidden layers, first one first; none makes the model linear.
    #[must_use]
    pub fn hidden(mut self, widths: impl IntoIterator<Item = usize>) -> Self {
        self.settings.network.hidden = widths.into_iter().collect();
        self
    }

    /// Sets the activation of the hidden layers. Weights begin as fits it, unless an
    /// [`initializer`](Self::initializer) is set.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.settings.network.activation = activation;
        self
    }

    /// Sets the weight initialisation.
    #[must_use]
    pub fn initializer(mut self, initializer: Initializer) -> Self {
        self.settings.network.initializer = Some(initializer);
        self
    }

    /// Normalises hidden layers over each batch.
    #[must_use]
    pub fn batch_norm(mut self) -> Self {
        self.settings.network.batch_norm = true;
        self
    }

    /// Sets the loss to minimise.
    #[must_use]
    pub fn loss(mut self, loss: Loss) -> Self {
        self.settings.training.loss = loss;
        self
    }

    /// Sets the optimizer. The learning rate is the one that fits it, unless [`learning_rate`](Self::learning_rate) sets
    /// another.
    ///
    /// ```
    /// # use nn_mlp::{Mlp, Optimizer};
    /// let sgd = Mlp::classifier().optimizer(Optimizer::Sgd);
    /// assert_eq!(sgd.settings().learning_rate(), 0.4); // Adam's would be 0.004
    /// ```
    #[must_use]
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        let training = &mut self.settings.training;
        training.optimizer = match optimizer {
            Optimizer::Sgd => OptimizerName::Sgd,
            Optimizer::Momentum { momentum } => {
                training.momentum = momentum;
                OptimizerName::Momentum
            }
            Optimizer::Nesterov { momentum } => {
                training.momentum = momentum;
                OptimizerName::Nesterov
            }
            Optimizer::RmsProp { smoothing, epsilon } => {
                (training.smoothing, training.epsilon) = (smoothing, epsilon);
                OptimizerName::RmsProp
            }
            Optimizer::Adam { beta1, beta2, epsilon } => {
                (training.beta1, training.beta2, training.epsilon) = (beta1, beta2, epsilon);
                OptimizerName::Adam
            }
            Optimizer::AdamW { beta1, beta2, epsilon } => {
                (training.beta1, training.beta2, training.epsilon) = (beta1, beta2, epsilon);
                OptimizerName::AdamW
            }
        };
        self
    }

    /// Sets the peak learning rate.
    #[must_use]
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.settings.training.learning_rate = Some(rate);
        self
    }

    /// Sets the learning-rate schedule.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        let training = &mut self.settings.training;
        training.warm_up = schedule.warm_up;
        training.schedule = match schedule.curve {
            Curve::Constant => ScheduleName::Constant,
            Curve::Cosine => ScheduleName::Cosine,
            Curve::OneCycle => ScheduleName::OneCycle,
            Curve::Step { epochs, factor } => {
                (training.step_epochs, training.step_factor) = (epochs, factor);
                ScheduleName::Step
            }
        };
        self
    }

    /// Sets the number of passes through the training set.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.training.epochs = epochs;
        self
    }

    /// Sets the number of samples in a step.
    #[must_use]
    pub fn batch(mut self, samples: usize) -> Self {
        self.settings.training.batch = samples;
        self
    }

    /// Sets the seed of every random stream: the same seed gives the same model.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.training.seed = seed;
        self
    }

    /// Sets the dropout rate of the hidden layers.
    #[must_use]
    pub fn dropout(mut self, rate: f64) -> Self {
        self.settings.training.dropout = rate;
        self
    }

    /// Sets the strength of the L2 penalty, or of AdamW's decay.
    #[must_use]
    pub fn weight_decay(mut self, strength: f64) -> Self {
        self.settings.training.weight_decay = strength;
        self
    }

    /// Sets the fraction of each target that is spread over all classes.
    #[must_use]
    pub fn label_smoothing(mut self, fraction: f64) -> Self {
        self.settings.training.label_smoothing = fraction;
        self
    }

    /// Clips gradients to this global norm.
    #[must_use]
    pub fn clip_norm(mut self, norm: f64) -> Self {
        self.settings.training.clip_norm = Some(norm);
        self
    }

    /// Keeps a moving average of the weights and batch-normalisation statistics with this decay; it
    /// becomes the model.
    #[must_use]
    pub fn moving_average(mut self, decay: f64) -> Self {
        self.settings.training.average = Some(decay);
        self
    }

    /// Stops after so many epochs without a lower validation loss, and keeps the best weights. A tenth of the training set is
    /// held out for it, unless [`validation`](Self::validation) or [`validation_set`](Self::validation_set) says
    /// otherwise.
    #[must_use]
    pub fn early_stopping(mut self, patience: usize) -> Self {
        self.settings.training.patience = Some(patience);
        self
    }

    /// Holds this fraction of the training set out for validation.
    #[must_use]
    pub fn validation(mut self, fraction: f64) -> Self {
        self.settings.training.validation = Some(fraction);
        self
    }

    /// Validates on this set.
    #[must_use]
    pub fn validation_set(mut self, data: &Dataset) -> Self {
        self.validation = Some(data.clone());
        self
    }

    /// Appends a transform that images go through, in training and ever after.
    ///
    /// ```
    /// use nn_images::{Augment, Deskew};
    /// # use nn_mlp::Mlp;
    /// let augment = Augment { rotation: 10.0, ..Augment::default() };
    /// let mlp = Mlp::classifier().transform(Deskew::default()).transform(augment);
    /// assert_eq!(mlp.settings().transform.steps().len(), 2);
    /// ```
    #[must_use]
    pub fn transform(mut self, step: impl Into<Step>) -> Self {
        let steps = self.settings.transform.steps().iter().cloned();
        self.settings.transform = steps.chain([step.into()]).collect();
        self
    }

    /// Deskews images and normalises their size, in training and ever after.
    #[must_use]
    pub fn deskew(self) -> Self {
        self.transform(Deskew::default())
    }

    /// Augments images at random, afresh in each epoch of training.
    #[must_use]
    pub fn augment(self, strengths: Augment) -> Self {
        self.transform(strengths)
    }

    /// Describes images by oriented gradient features, in training and ever after.
    #[must_use]
    pub fn gradient_features(self) -> Self {
        self.transform(GradientFeatures::default())
    }

    /// Averages the model's answers over these views of each sample.
    #[must_use]
    pub fn test_views(mut self, views: TestViews) -> Self {
        self.settings.test = views;
        self
    }

    /// Gives each input mean 0 and standard deviation 1, as over the training set; the model does the same to every sample. For
    /// a regression targets are standardised too, and the losses of epochs are of those; answers are not.
    #[must_use]
    pub fn standardise(mut self) -> Self {
        self.standardise = true;
        self
    }

    /// Takes inputs and targets as they are.
    #[must_use]
    pub fn without_standardising(mut self) -> Self {
        self.standardise = false;
        self
    }

    /// Names the classes, class 0 first.
    #[must_use]
    pub fn class_names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.class_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Begins from the weights of a model with the same network, in place of newly drawn ones.
    #[must_use]
    pub fn warm_start(mut self, model: &Model) -> Self {
        self.warm_start = Some(model.clone());
        self
    }

    /// Computes with so many threads of the CPU; by default with one for each core. Results do not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Computes on a device, in the precision of the tensor type.
    ///
    /// ```
    /// use nn_tensor::ReferenceTensor;
    /// # use nn_mlp::Mlp;
    /// let mlp = Mlp::classifier().backend::<ReferenceTensor<f64>>(&());
    /// ```
    #[must_use]
    pub fn backend<T: Tensor>(self, device: &T::Device) -> Self {
        self.backend_of(Arc::new(On::<T>::new("given", device.clone())))
    }

    /// Computes on a backend that is chosen when the program runs.
    #[must_use]
    pub fn backend_of(mut self, backend: Arc<dyn Backend>) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Calls `callback` after each epoch; it may ask the training to stop.
    ///
    /// ```
    /// use nn_mlp::{Control, Mlp};
    /// # let data = nn_data::Dataset::classification(vec![0.0, 1.0], 1, vec![0, 1], 2)?;
    /// let mut losses = Vec::new();
    /// let mlp = Mlp::classifier().hidden([4]).epochs(200).learning_rate(0.1).on_epoch(|record| {
    ///     losses.push(record.train_loss);
    ///     if record.train_loss < 0.3 { Control::Stop } else { Control::Continue }
    /// });
    /// mlp.fit(&data)?;
    /// drop(mlp);
    /// assert!(losses.len() < 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_epoch(mut self, callback: impl FnMut(&EpochRecord) -> Control + Send + 'f) -> Self {
        self.on_epoch = Some(Arc::new(Mutex::new(callback)));
        self
    }

    /// Trains a model on `data`.
    ///
    /// # Errors
    /// [`MlpError`] naming the setting or the data that does not fit, before anything is computed;
    /// [`nn_core::TrainError::Diverged`] where the learning rate is too large.
    pub fn fit(&self, data: &Dataset) -> Result<Model, MlpError> {
        Ok(self.train(data)?.model)
    }

    /// Trains a model on `data`, and returns the results of each epoch besides.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn train(&self, data: &Dataset) -> Result<Trained, MlpError> {
        let plan = self.plan(data)?;
        self.run(&plan, None)
    }

    /// Resumes a training of this builder's settings that was interrupted, to the same model as if it had not been. The
    /// settings are those of the checkpoint.
    ///
    /// # Errors
    /// [`nn_core::TrainError::Resume`] for other data, otherwise as [`fit`](Self::fit).
    pub fn resume(&self, checkpoint: &Checkpoint, data: &Dataset) -> Result<Trained, MlpError> {
        let data = self.named(data)?;
        let validation = self.validation.as_ref();
        let plan = TrainingPlan::of_checkpoint_with(checkpoint, &data, validation)?;
        self.run(&plan, Some(checkpoint))
    }

    /// Puts settings and data together, for a training that is run step by step.
    ///
    /// # Errors
    /// [`MlpError`] naming the setting or the data that does not fit.
    pub fn plan(&self, data: &Dataset) -> Result<TrainingPlan, MlpError> {
        if let Some(error) = &self.error {
            return Err(error.clone().into());
        }
        self.expect_targets(data)?;
        let validation = self.validation.as_ref();
        let (standardise, warm_start) = (self.standardise, self.warm_start.as_ref());
        let options = PlanOptions { validation, standardise, warm_start };
        TrainingPlan::with_options(&self.settings, &self.named(data)?, &options)
    }

    fn run(&self, plan: &TrainingPlan, from: Option<&Checkpoint>) -> Result<Trained, MlpError> {
        let mut on_epoch = |record: &EpochRecord| match &self.on_epoch {
            // A panic in it has ended an earlier training.
            Some(callback) => (callback.lock().unwrap_or_else(PoisonError::into_inner))(record),
            None => Control::Continue,
        };
        match &self.backend {
            Some(backend) => backend.train(plan, from, &mut on_epoch),
            None => {
                let device = match self.threads {
                    Some(threads) => CpuDevice::new(threads)?,
                    None => shared_device()?,
                };
                On::<CpuTensor<f32>>::new("cpu", device).train(plan, from, &mut on_epoch)
            }
        }
    }

    /// Checks that the targets are of the kind that was asked for.
    fn expect_targets(&self, data: &Dataset) -> Result<(), MlpError> {
        let message = match (self.task, Task::of(data)) {
            (Some(Task::Classification), Task::Regression) => {
                "a classifier needs class labels, the data has target values; use Mlp::regressor"
            }
            (Some(Task::Regression), Task::Classification) => {
                "a regressor needs target values, the data has class labels; use Mlp::classifier"
            }
            _ => return Ok(()),
        };
        Err(MlpError::Unsupported(message.to_owned()))
    }

    /// Returns the data with the names of its classes.
    fn named(&self, data: &Dataset) -> Result<Dataset, MlpError> {
        let data = data.clone();
        if self.class_names.is_empty() {
            return Ok(data);
        }
        Ok(data.with_class_names(self.class_names.clone())?)
    }
}

/// Returns the settings with one changed.
fn with_setting(
    settings: &Settings,
    path: &str,
    value: toml::Value,
) -> Result<Settings, SettingsError> {
    let mut layers = Layers::new(Schema::library());
    layers.push(Layer::from_table(settings.to_table()?))?;
    let (place, path) = (path.to_owned(), path.to_owned());
    layers.push(Layer::from_assignments([Assignment { place, path, value }])?)?;
    Settings::from_table(&layers.merged()?)
}
