//! The training loop.

use crate::host_samples::host_targets;
use crate::joint::{JointAnswer, validate_members};
use crate::learner::Learner;
use crate::{
    Architecture, Control, DataFingerprint, EarlyStopping, EpochRecord, Evaluation, Member,
    Network, NetworkError, NetworkValues, Observer, Outcome, Position, StepEvent, TrainError,
    TrainingConfig, evaluate_jointly,
};
use nn_data::Dataset;
use nn_tensor::{Device, Element, ResidentEpoch, ResidentSamples, TALLY_WIDTH, Tally, Tensor};
use std::sync::OnceLock;
use std::time::Instant;

/// A training: its members, how far it is, and what the epochs came to.
///
/// ```
/// use nn_core::{Activation, Architecture, Loss, Optimizer, Schedule, Trainer, TrainingConfig};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // y = 2x, learned by a network without hidden layers.
/// let data = Dataset::regression(vec![-1.0, 0.0, 1.0, 2.0], 1, vec![-2.0, 0.0, 2.0, 4.0], 1)?;
/// let architecture = Architecture::new(1, [], 1, Activation::Tanh);
/// let config = TrainingConfig {
///     loss: Loss::SquaredError,
///     optimizer: Optimizer::Sgd,
///     schedule: Schedule::CONSTANT,
///     learning_rate: 0.1,
///     epochs: 100,
///     batch: 4,
///     ..TrainingConfig::default()
/// };
/// let mut trainer =
///     Trainer::<ReferenceTensor<f64>>::new(&(), &architecture, &config, &data, None)?;
/// trainer.run(&mut ())?;
/// assert!(trainer.history().last().is_some_and(|epoch| epoch.train_loss < 1e-6));
/// # Ok(())
/// # }
/// ```
pub struct Trainer<T: Tensor> {
    pub(crate) config: TrainingConfig,
    /// At least one.
    pub(crate) learners: Vec<Learner<T>>,
    /// The answer that several members learn together.
    pub(crate) joint: Option<JointAnswer<T>>,
    /// The training set: its targets; inputs come from each member's source.
    pub(crate) train: Dataset,
    /// Its targets on the device.
    pub(crate) targets: ResidentSamples<T>,
    /// The epoch under way on the device.
    pub(crate) epoch: Option<ResidentEpoch<T>>,
    /// The validation set as each member sees it; empty where there is none.
    pub(crate) validation: Vec<Dataset>,
    /// Computed when first asked for: it reads all of the data.
    fingerprint: OnceLock<DataFingerprint>,
    pub(crate) position: Position,
    pub(crate) early_stopping: Option<EarlyStopping>,
    pub(crate) history: Vec<EpochRecord>,
}

impl<T: Tensor> Trainer<T> {
    /// Begins the training of one network that sees the samples as they are. Data sets are views
    /// and cheap to keep.
    ///
    /// What does not fit is refused here, before anything is computed:
    ///
    /// ```
    /// use nn_core::{Activation, Architecture, NetworkError, TrainError, Trainer, TrainingConfig};
    /// use nn_data::Dataset;
    /// use nn_tensor::ReferenceTensor;
    ///
    /// let data = Dataset::classification(vec![0.0, 1.0], 2, vec![1], 2)?; // samples of 2 numbers
    /// let architecture = Architecture::new(3, [], 2, Activation::Relu);
    /// let config = TrainingConfig::default();
    /// let refused =
    ///     Trainer::<ReferenceTensor<f32>>::new(&(), &architecture, &config, &data, None).err();
    /// assert!(matches!(refused, Some(TrainError::Network(NetworkError::InputWidth { .. }))));
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// As [`with_members`](Self::with_members).
    pub fn new(
        device: &T::Device,
        architecture: &Architecture,
        config: &TrainingConfig,
        train: &Dataset,
        validation: Option<&Dataset>,
    ) -> Result<Self, TrainError> {
        let member = Member::new(architecture.clone(), train, validation);
        Self::with_members(device, config, train, vec![member])
    }

    /// Begins the training of a list of members on the same samples, step by step; with more than
    /// one they are trained jointly, and their answer is the softmax of the mean of their logits.
    ///
    /// `train` has the targets, and as many samples as each member's source.
    ///
    /// # Errors
    /// [`TrainError::Network`] for settings out of range, data that does not fit an architecture,
    /// an empty set, or a device without the memory.
    pub fn with_members(
        device: &T::Device,
        config: &TrainingConfig,
        train: &Dataset,
        mut members: Vec<Member<T>>,
    ) -> Result<Self, TrainError> {
        if train.is_empty() {
            return Err(NetworkError::Empty { what: "training", task: "train on" }.into());
        }
        validate_members(&members, config)?;
        members.iter().try_for_each(|member| member.validate(config, train))?;
        let sets = members.iter_mut().filter_map(|member| member.validation.take());
        let validation: Vec<Dataset> = sets.filter(|set| !set.is_empty()).collect();
        if config.patience.is_some() && validation.len() < members.len() {
            let (what, task) = ("validation", "stop early by; set a validation share");
            return Err(NetworkError::Empty { what, task }.into());
        }
        let learner = |(index, member)| Learner::new(device, config, index, member, train.len());
        let learners: Vec<Learner<T>> =
            members.into_iter().enumerate().map(learner).collect::<Result<_, _>>()?;
        Ok(Self {
            joint: JointAnswer::of(device, config, &learners, train.len())?,
            config: config.clone(),
            learners,
            validation,
            fingerprint: OnceLock::new(),
            position: Position::default(),
            early_stopping: None,
            history: Vec::new(),
            targets: device.upload(host_targets(train)).map_err(NetworkError::Tensor)?,
            epoch: None,
            train: train.clone(),
        })
    }

    /// Trains until all epochs are done, early stopping ends it, or the observer asks to stop;
    /// called again after that, it goes on.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] with step and learning rate when the loss is not finite, what a
    /// hook or a batch source reports, or what the device reports.
    pub fn run(&mut self, observer: &mut dyn Observer<T>) -> Result<Outcome, TrainError> {
        let device = self.device().clone();
        device.run(|| self.run_epochs(observer))
    }

    fn run_epochs(&mut self, observer: &mut dyn Observer<T>) -> Result<Outcome, TrainError> {
        while self.position.epoch < self.config.epochs && !self.is_out_of_patience() {
            let started = Instant::now();
            let first_batch = self.position.batch;
            if self.run_steps(observer)? == Control::Stop {
                return Ok(Outcome::Interrupted);
            }
            let seconds = started.elapsed().as_secs_f64();
            // All batches may have been done before a resume, and the last one may be partial.
            let samples_before = first_batch * self.learners[0].batch_size();
            self.finish_epoch(seconds, self.train.len().saturating_sub(samples_before))?;
            let record = self.history[self.history.len() - 1].clone();
            let wish = observer.on_epoch(&record, self);
            let done = self.position.epoch == self.config.epochs || self.is_out_of_patience();
            if wish == Control::Stop && !done {
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(self.finish())
    }

    /// Takes the steps of the epoch under way that are not done yet.
    fn run_steps(&mut self, observer: &mut dyn Observer<T>) -> Result<Control, TrainError> {
        self.begin_epoch()?;
        let batches = self.batches_per_epoch();
        let mut control = Control::Continue;
        while self.position.batch < batches && control == Control::Continue {
            let steps = self.steps_at_once(observer.steps_between_looks());
            self.take_steps(steps)?;
            let Position { epoch, batch, step } = self.position;
            let learning_rate = self.learning_rate(step - 1);
            let event = StepEvent { epoch: epoch + 1, batch, batches, step, learning_rate };
            control = observer.on_step(&event, self);
        }
        self.learners.iter_mut().for_each(Learner::end_epoch);
        let is_done = self.position.batch == batches;
        Ok(if is_done { Control::Continue } else { control })
    }

    fn finish_epoch(&mut self, seconds: f64, samples_now: usize) -> Result<(), TrainError> {
        let tally = self.read_tally()?;
        self.check_last_step()?;
        let at = self.position;
        self.learners.iter_mut().try_for_each(|learner| learner.after_epoch(at))?;
        let validation = self.validate()?;
        let samples = self.train.len();
        self.position = Position { epoch: self.position.epoch + 1, batch: 0, ..self.position };
        let classes = self.train.classes().is_some();
        self.history.push(EpochRecord {
            epoch: self.position.epoch,
            train_loss: self.config.loss.from_sum(tally.loss, samples),
            train_accuracy: classes.then(|| tally.correct as f64 / samples as f64),
            validation_loss: validation.as_ref().map(|result| result.loss),
            validation_accuracy: validation.as_ref().and_then(Evaluation::accuracy),
            learning_rate: self.learning_rate(self.position.step - 1),
            samples_per_s: samples_now as f64 / seconds,
            seconds,
        });
        if let (Some(result), Some(_)) = (&validation, self.config.patience) {
            let (epoch, learners) = (self.position.epoch, &self.learners);
            let results = || learners.iter().map(|learner| learner.result().to_values()).collect();
            EarlyStopping::record(&mut self.early_stopping, result.loss, epoch, results);
        }
        Ok(())
    }

    /// Checks that the update of the epoch's last step left finite answers, before anybody keeps
    /// its weights: the loss of a step is that before its update.
    fn check_last_step(&mut self) -> Result<(), TrainError> {
        for index in 0..self.learners.len() {
            if !self.learners[index].is_finite()? {
                return Err(self.diverged_at(self.position.step - 1));
            }
        }
        Ok(())
    }

    /// Evaluates the results on the validation set, where there is one.
    fn validate(&self) -> Result<Option<Evaluation>, TrainError> {
        if self.validation.len() < self.learners.len() {
            return Ok(None);
        }
        let members: Vec<_> = self.results().zip(&self.validation).collect();
        match evaluate_jointly(&members, self.config.loss) {
            Ok(evaluation) => Ok(Some(evaluation)),
            Err(NetworkError::NotFinite) => Err(self.diverged_at(self.position.step - 1)),
            Err(error) => Err(error.into()),
        }
    }

    fn is_out_of_patience(&self) -> bool {
        let early = self.early_stopping.as_ref();
        self.config.patience.zip(early).is_some_and(|(patience, early)| early.is_over(patience))
    }

    /// Restores the best results, where early stopping kept them.
    fn finish(&mut self) -> Outcome {
        let Some(early) = &self.early_stopping else {
            return Outcome::Finished { best_epoch: None };
        };
        for (learner, best) in self.learners.iter_mut().zip(&early.best) {
            learner.result_mut().set_values(best);
        }
        let best_epoch = early.best_epoch;
        if self.position.epoch < self.config.epochs {
            Outcome::StoppedEarly { best_epoch }
        } else {
            Outcome::Finished { best_epoch: Some(best_epoch) }
        }
    }

    /// Returns the running sums of the epoch: those of the joint answer, where there is one.
    pub(crate) fn tally(&self) -> &T {
        self.joint.as_ref().map_or(&self.learners[0].tally, |joint| &joint.tally)
    }

    /// Reads the running sums, or finds the step at which they ceased to be finite.
    pub(crate) fn read_tally(&self) -> Result<Tally, TrainError> {
        self.device().synchronize()?;
        let mut columns = [T::Elem::ZERO; TALLY_WIDTH];
        self.tally().read(&mut columns);
        let tally = Tally::from_values(&columns);
        if tally.loss.is_finite() {
            return Ok(tally);
        }
        let epoch_start = self.position.step - self.position.batch as u64;
        Err(self.diverged_at(epoch_start + tally.finite_batches))
    }

    /// Returns the error that names a step, counted from 0, as the first whose loss is not finite.
    pub(crate) fn diverged_at(&self, step: u64) -> TrainError {
        let learning_rate = self.learning_rate(step);
        let epoch = (step / self.batches_per_epoch() as u64) as usize + 1;
        TrainError::Diverged { step: step + 1, epoch, learning_rate }
    }

    pub(crate) fn learning_rate(&self, step: u64) -> f64 {
        let batches = self.batches_per_epoch() as u64;
        let steps = batches * self.config.epochs as u64;
        self.config.schedule.learning_rate(self.config.learning_rate, step, steps, batches)
    }

    pub(crate) fn batches_per_epoch(&self) -> usize {
        self.train.len().div_ceil(self.learners[0].batch_size())
    }

    pub(crate) fn device(&self) -> &T::Device {
        self.learners[0].network.device()
    }

    /// Returns each member's result: the moving average where one is kept, else the network.
    pub fn results(&self) -> impl Iterator<Item = &Network<T>> {
        self.learners.iter().map(Learner::result)
    }

    /// Returns the first member's result, which usually is the only one.
    pub fn result(&self) -> &Network<T> {
        self.learners[0].result()
    }

    /// Returns the numbers of each member's result, on the host.
    #[must_use]
    pub fn result_values(&self) -> Vec<NetworkValues> {
        self.results().map(Network::to_values).collect()
    }

    /// Returns the network whose weights the steps change; of several, the first.
    pub fn network(&self) -> &Network<T> {
        &self.learners[0].network
    }

    /// Returns the settings.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Returns the epochs done, those before a resume included.
    pub fn history(&self) -> &[EpochRecord] {
        &self.history
    }

    /// Returns how far the training is.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns the fingerprint of the training set.
    pub(crate) fn data_fingerprint(&self) -> DataFingerprint {
        *self.fingerprint.get_or_init(|| DataFingerprint::of(&self.train))
    }
}
