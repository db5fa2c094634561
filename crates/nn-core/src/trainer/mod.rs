//! The training loop.

mod after_step;
mod branches;
mod distorted;
mod resume;

use crate::backpropagation::{
    Dropout, OptimizerState, Workspace, backward, backward_and_update, forward,
};
use crate::batches::{Scratch, check_data, check_targets, check_undescribed, load_batch};
use crate::checkpoint::{DataFingerprint, EarlyStopping, Position};
use crate::objective::Objective;
use crate::predictor::all_finite;
use crate::{
    Architecture, Control, EpochRecord, Evaluation, GradientExchange, Member, Model, Network,
    NetworkError, Observer, Outcome, Preprocessing, ReceptiveFields, StepEvent, TrainError,
    TrainingConfig, evaluate, evaluate_committee,
};
use branches::Branches;
use distorted::{DistortedBatches, Plan, PreparedAhead, PreparedBetweenSteps, Preparer};
use nn_data::{Dataset, epoch_order_into};
use nn_images::Augmenter as Distorter;
use nn_tensor::{Element, Linear, Role, Shape, TALLY_WIDTH, Tally, Tensor};
use std::sync::OnceLock;
use std::time::Instant;

/// Steps between two looks at the running loss: a NaN is found at most this late, and named
/// exactly.
const STEPS_BETWEEN_CHECKS: u64 = 64;

/// What exchanges gradients with other machines, where anything does.
type Exchange<T> = Option<Box<dyn GradientExchange<T>>>;

/// A network in training: weights, optimizer, position, and room for one step.
///
/// ```
/// use nn_core::{Activation, Architecture, Loss, Optimizer, Schedule, Trainer, TrainingConfig};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // y = 2x, learned by a network without hidden layers.
/// let data = Dataset::regression(vec![-1.0, 0.0, 1.0, 2.0], 1, vec![-2.0, 0.0, 2.0, 4.0], 1)?;
/// let form = Architecture {
///     inputs: 1,
///     hidden: vec![],
///     outputs: 1,
///     activation: Activation::Tanh,
///     output_activation: Activation::Identity,
/// };
/// let config = TrainingConfig {
///     loss: Loss::SquaredError,
///     optimizer: Optimizer::Sgd,
///     schedule: Schedule::CONSTANT,
///     learning_rate: 0.1,
///     epochs: 100,
///     batch: 4,
///     ..TrainingConfig::default()
/// };
/// let mut trainer = Trainer::<ReferenceTensor<f64>>::new(&(), &form, &config, &data, None)?;
/// trainer.run(&mut ())?;
/// assert!(trainer.history().last().is_some_and(|epoch| epoch.train_loss < 1e-6));
/// # Ok(())
/// # }
/// ```
pub struct Trainer<T: Tensor> {
    network: Network<T>,
    /// Moving average of the network, where one is kept.
    averaged: Option<Network<T>>,
    /// 1 for each weight of the first layer that is there and 0 for the others, where it has receptive fields.
    receptive_fields: Option<T>,
    config: TrainingConfig,
    /// What is trained on, described by directions already only where it is not distorted first.
    train: Dataset,
    sample_shape: Vec<usize>,
    /// Taken when first asked for: it reads all of the data.
    fingerprint: OnceLock<DataFingerprint>,
    validation: Option<Dataset>,
    position: Position,
    early_stopping: Option<EarlyStopping>,
    history: Vec<EpochRecord>,
    optimizer: OptimizerState<T>,
    /// Running sums of the epoch, 1 x `TALLY_WIDTH`.
    tally: T,
    /// Sum of squares of the gradient, 1 x 1.
    gradient_norm: T,
    exchange: Exchange<T>,
    full_batch: Workspace<T>,
    /// For the last batch of an epoch, where the batch does not divide the samples.
    partial_batch: Option<Workspace<T>>,
    scratch: Scratch,
    order: Vec<u32>,
    /// Where images are distorted.
    distorter: Option<Distorter>,
    /// The distorted images of what is left of the epoch under way.
    distorted: Option<DistortedBatches>,
    /// Where the network has several branches, all but this one.
    branches: Option<Box<Branches<T>>>,
}

impl<T: Tensor> Trainer<T> {
    /// A training at its beginning. Data sets are views and cheap to keep.
    ///
    /// What does not fit is refused here, before anything is computed:
    ///
    /// ```
    /// use nn_core::{Activation, Architecture, NetworkError, TrainError, Trainer, TrainingConfig};
    /// use nn_data::Dataset;
    /// use nn_tensor::ReferenceTensor;
    ///
    /// let data = Dataset::classification(vec![0.0, 1.0], 2, vec![1], 2)?; // samples of 2 numbers
    /// let form = Architecture {
    ///     inputs: 3,
    ///     hidden: vec![],
    ///     outputs: 2,
    ///     activation: Activation::Relu,
    ///     output_activation: Activation::Identity,
    /// };
    /// let config = TrainingConfig::default();
    /// let refused = Trainer::<ReferenceTensor<f32>>::new(&(), &form, &config, &data, None).err();
    /// assert!(matches!(refused, Some(TrainError::Network(NetworkError::InputWidth { .. }))));
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`TrainError::Network`] for settings out of range, data that does not fit the architecture,
    /// an empty set, or a device without the memory.
    pub fn new(
        device: &T::Device,
        architecture: &Architecture,
        config: &TrainingConfig,
        train: &Dataset,
        validation: Option<&Dataset>,
    ) -> Result<Self, TrainError> {
        config.validate_with(architecture)?;
        let kept = kept(config, train)?;
        Self::on_kept(device, architecture, config, (train, kept), validation)
    }

    /// The same, where the data is known as it was given and as it is to be [kept].
    fn on_kept(
        device: &T::Device,
        architecture: &Architecture,
        config: &TrainingConfig,
        (given, train): (&Dataset, Dataset),
        validation: Option<&Dataset>,
    ) -> Result<Self, TrainError> {
        let validation = validation.filter(|set| !set.is_empty());
        if config.branches.is_empty() {
            let shown = validation.map(|data| config.preprocessing().shown(data)).transpose()?;
            return Self::of_one_branch(device, architecture, config, (given, train), shown);
        }
        let mut first = Self::of_one_branch(device, architecture, config, (given, train), None)?;
        let branches = Branches::new(config, &mut first, architecture, given)?;
        first.branches = Some(Box::new(branches));
        if let Some(validation) = validation {
            first.committee()?.expect_test_set(validation)?;
        }
        // Each branch is shown it as it sees images.
        first.validation = validation.cloned();
        Ok(first)
    }

    /// The only branch of a network, or its first; what it is validated by is as it is to be shown it.
    fn of_one_branch(
        device: &T::Device,
        architecture: &Architecture,
        config: &TrainingConfig,
        (given, train): (&Dataset, Dataset),
        validation: Option<Dataset>,
    ) -> Result<Self, TrainError> {
        let sample_shape = given.sample_shape().to_vec();
        let still_to_come =
            if distorts(config) { config.preprocessing() } else { Preprocessing::default() };
        check_undescribed(architecture, &train, still_to_come)?;
        check_targets(architecture, config.loss, &train)?;
        if train.is_empty() {
            return Err(NetworkError::Empty { what: "training", task: "train on" }.into());
        }
        if let Some(validation) = &validation {
            check_data(architecture, config.loss, validation)?;
        } else if config.patience.is_some() {
            let (what, task) = ("validation", "stop early by; set a validation share");
            return Err(NetworkError::Empty { what, task }.into());
        }
        let batch = config.batch.min(train.len());
        let workspace = |samples| Workspace::new(device, architecture, config, samples);
        let remainder = train.len() % batch;
        let row = |columns| T::zeros(device, Shape::new(1, columns), Role::Weight);
        let moments = config.optimizer.moment_count();
        let mut network = Network::new(device, architecture, config.initializer, config.seed)?;
        let first = &mut network.layers_mut()[0].weight;
        let narrow = |fields: ReceptiveFields| fields.narrow(first, config, &sample_shape);
        let receptive_fields = config.receptive_fields.map(narrow).transpose()?;
        if config.batch_norm {
            network = network.with_batch_norm()?;
        }
        let distortion = config.distortion.filter(|distortion| !distortion.is_none());
        let distorter = distortion.map(|distortion| Distorter::for_dataset(&train, distortion));
        Ok(Self {
            averaged: config.average.map(|_| network.duplicate()).transpose()?,
            network,
            receptive_fields,
            distorter: distorter.transpose().map_err(NetworkError::Image)?,
            config: config.clone(),
            order: Vec::with_capacity(train.len()),
            train,
            sample_shape,
            fingerprint: OnceLock::new(),
            validation,
            position: Position::default(),
            early_stopping: None,
            history: Vec::new(),
            optimizer: OptimizerState::new(device, architecture, config.batch_norm, moments)?,
            tally: row(TALLY_WIDTH)?,
            gradient_norm: row(1)?,
            exchange: None,
            full_batch: workspace(batch)?,
            partial_batch: (remainder > 0).then(|| workspace(remainder)).transpose()?,
            scratch: Scratch::new(batch),
            distorted: None,
            branches: None,
        })
    }

    /// Replaces gradients by their mean over machines, from now on; those of several branches one after the other.
    pub fn set_gradient_exchange(&mut self, exchange: Box<dyn GradientExchange<T>>) {
        self.exchange = Some(exchange);
    }

    /// Trains until all epochs are done, early stopping ends it, or the observer asks to stop;
    /// called again after that, it goes on.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] with step and learning rate when the loss is not finite,
    /// [`TrainError::Exchange`], or what the device reports.
    pub fn run(&mut self, observer: &mut dyn Observer<T>) -> Result<Outcome, TrainError> {
        let device = self.network.device().clone();
        T::run_on(&device, || self.run_epochs(observer))
    }

    fn run_epochs(&mut self, observer: &mut dyn Observer<T>) -> Result<Outcome, TrainError> {
        while self.position.epoch < self.config.epochs {
            if self.out_of_patience() {
                break;
            }
            let started = Instant::now();
            let first_batch = self.position.batch;
            if self.run_steps(observer)? == Control::Stop {
                return Ok(Outcome::Interrupted);
            }
            let seconds = started.elapsed().as_secs_f64();
            // All batches may have been done before a resume, and the last one may be partial.
            let samples_before = first_batch * self.full_batch.input.shape().rows;
            let samples = self.train.len().saturating_sub(samples_before);
            self.finish_epoch(seconds, samples)?;
            let record = self.history[self.history.len() - 1].clone();
            let wish = observer.on_epoch(&record, self);
            let done = self.position.epoch == self.config.epochs || self.out_of_patience();
            if wish == Control::Stop && !done {
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(self.finish())
    }

    /// The steps of the epoch under way that are not done yet.
    fn run_steps(&mut self, observer: &mut dyn Observer<T>) -> Result<Control, TrainError> {
        let (seed, epoch) = (self.config.seed, self.position.epoch as u64);
        epoch_order_into(&mut self.order, seed, epoch, self.train.len());
        if self.position.batch == 0 {
            self.loss_tally_mut().fill(T::Elem::ZERO);
        }
        self.distorted = self.start_distorting()?;
        if let Some(mut branches) = self.branches.take() {
            let begun = branches.begin_epoch(self);
            self.branches = Some(branches);
            begun?;
        }
        let batches = self.batches_per_epoch();
        while self.position.batch < batches {
            let learning_rate = self.learning_rate(self.position.step);
            self.step(learning_rate)?;
            self.position.batch += 1;
            self.position.step += 1;
            if self.position.step.is_multiple_of(STEPS_BETWEEN_CHECKS) {
                self.read_tally()?;
            }
            let Position { epoch, batch, step } = self.position;
            let event = StepEvent { epoch: epoch + 1, batch, batches, step, learning_rate };
            if observer.on_step(&event, self) == Control::Stop && batch < batches {
                self.stop_distorting();
                return Ok(Control::Stop);
            }
        }
        self.stop_distorting();
        Ok(Control::Continue)
    }

    fn stop_distorting(&mut self) {
        self.distorted = None;
        for branch in self.branches.iter_mut().flat_map(|branches| &mut branches.trainers) {
            branch.distorted = None;
        }
    }

    /// Starts to prepare the distorted images of what is left of the epoch.
    fn start_distorting(&self) -> Result<Option<DistortedBatches>, TrainError> {
        let (Some(distorter), Some(settings)) = (&self.distorter, &self.config.distortion) else {
            return Ok(None);
        };
        let batch = self.full_batch.input.shape().rows;
        let encoder = self.config.preprocessing().encoder(&self.train)?;
        let preparer = Preparer::new(distorter.clone(), encoder);
        let plan = Plan {
            data: self.train.clone(),
            strength: settings.strength(self.position.epoch as u64, self.config.epochs as u64),
            seed: self.config.seed,
            epoch: self.position.epoch as u64,
        };
        if T::fills_machine(self.network.device()) {
            let batches = PreparedBetweenSteps::new(plan, preparer, batch);
            return Ok(Some(DistortedBatches::BetweenSteps(Box::new(batches))));
        }
        let rest = (self.position.batch * batch).min(self.order.len())..;
        let ahead = PreparedAhead::start(plan, preparer, self.order[rest].to_vec(), batch)?;
        Ok(Some(DistortedBatches::Ahead(ahead)))
    }

    /// One step: batch, forward pass, backpropagation, update, and what follows it.
    fn step(&mut self, learning_rate: f64) -> Result<(), TrainError> {
        self.forward_pass()?;
        let mut exchange = self.exchange.take();
        let done = match self.branches.take() {
            None => self.backward_pass(learning_rate, &mut exchange),
            Some(mut branches) => {
                let done = branches.step(self, learning_rate, &mut exchange);
                self.branches = Some(branches);
                done
            }
        };
        self.exchange = exchange;
        done
    }

    /// Whether the batch that is next has fewer samples than the others.
    fn is_partial(&self) -> bool {
        let batch = self.full_batch.input.shape().rows;
        self.train.len() - self.position.batch * batch < batch
    }

    /// What a step on the batch that is next works in.
    fn workspace(&mut self) -> &mut Workspace<T> {
        let partial = self.is_partial();
        of_size(&mut self.full_batch, &mut self.partial_batch, partial)
    }

    /// Which neurons the step leaves out.
    fn dropout(&self) -> Option<Dropout> {
        let TrainingConfig { dropout: rate, seed, .. } = self.config;
        (rate > 0.0).then_some(Dropout { rate, seed, step: self.position.step })
    }

    /// Takes in the batch that is next, and passes it forward.
    fn forward_pass(&mut self) -> Result<(), TrainError> {
        let (partial, dropout) = (self.is_partial(), self.dropout());
        let batch = self.full_batch.input.shape().rows;
        let start = self.position.batch * batch;
        let samples = &self.order[start..self.train.len().min(start + batch)];
        let pixels = match &mut self.distorted {
            Some(distorted) => Some(distorted.next::<T>(self.network.device(), samples)?),
            None => None,
        };
        let workspace = of_size(&mut self.full_batch, &mut self.partial_batch, partial);
        load_batch(workspace, &mut self.scratch, &self.train, samples, pixels);
        forward(&self.network, &workspace.input, &mut workspace.traces, dropout);
        Ok(())
    }

    /// Backpropagation of what the last forward pass left behind, update, and what follows it.
    fn backward_pass(
        &mut self,
        learning_rate: f64,
        exchange: &mut Exchange<T>,
    ) -> Result<(), TrainError> {
        let (partial, dropout) = (self.is_partial(), self.dropout());
        let (config, step) = (&self.config, self.position.step);
        let update =
            config.optimizer.update(step + 1, learning_rate, config.l1, config.weight_decay);
        let (network, optimizer, tally) = (&mut self.network, &mut self.optimizer, &mut self.tally);
        let workspace = of_size(&mut self.full_batch, &mut self.partial_batch, partial);
        let objective = Objective::new(config);
        if exchange.is_none() && config.clip_norm.is_none() {
            backward_and_update(network, workspace, optimizer, &objective, dropout, tally, &update);
            self.after_step(partial);
            return Ok(());
        }
        backward(network, workspace, &mut optimizer.gradients, &objective, dropout, tally);
        if let Some(exchange) = exchange {
            exchange.exchange(&mut optimizer.gradients).map_err(TrainError::Exchange)?;
        }
        if let Some(max_norm) = config.clip_norm {
            clip(&mut optimizer.gradients, &mut self.gradient_norm, max_norm);
        }
        optimizer.apply(network, &update);
        self.after_step(partial);
        Ok(())
    }

    fn finish_epoch(&mut self, seconds: f64, samples_now: usize) -> Result<(), TrainError> {
        let tally = self.read_tally()?;
        self.check_last_step()?;
        for branch in self.branches.iter_mut().flat_map(|branches| &mut branches.trainers) {
            branch.position = self.position;
            branch.check_last_step()?;
        }
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
            images_per_s: samples_now as f64 / seconds,
            seconds,
        });
        if let (Some(result), Some(_)) = (&validation, self.config.patience) {
            self.remember_best(result.loss);
        }
        Ok(())
    }

    /// The loss of a step is that before its update: here the update of the epoch's last step is
    /// looked at, before anybody keeps its weights.
    fn check_last_step(&mut self) -> Result<(), TrainError> {
        let workspace = self.partial_batch.as_mut().unwrap_or(&mut self.full_batch);
        forward(&self.network, &workspace.input, &mut workspace.traces, None);
        T::synchronize(self.network.device())?;
        let output = workspace.traces[workspace.traces.len() - 1].output();
        if all_finite(&output.to_vec()) {
            return Ok(());
        }
        Err(self.diverged_at(self.position.step - 1))
    }

    /// Loss and accuracy on the validation set, where there is one.
    fn validate(&self) -> Result<Option<Evaluation>, TrainError> {
        let Some(set) = &self.validation else { return Ok(None) };
        let evaluated = match &self.branches {
            None => evaluate(self.result(), set, self.config.loss),
            Some(_) => evaluate_committee(&mut self.committee()?, set),
        };
        match evaluated {
            Ok(evaluation) => Ok(Some(evaluation)),
            Err(NetworkError::NotFinite) => Err(self.diverged_at(self.position.step - 1)),
            Err(error) => Err(error.into()),
        }
    }

    fn remember_best(&mut self, loss: f64) {
        match &mut self.early_stopping {
            Some(early) if early.best_loss <= loss => early.epochs_without_improvement += 1,
            _ => {
                let Member { layers, norms, .. } = self.result().to_member();
                self.early_stopping = Some(EarlyStopping {
                    best_loss: loss,
                    best_epoch: self.position.epoch,
                    epochs_without_improvement: 0,
                    best_layers: layers,
                    best_norms: norms,
                });
            }
        }
    }

    fn out_of_patience(&self) -> bool {
        let waited =
            self.early_stopping.as_ref().map_or(0, |early| early.epochs_without_improvement);
        self.config.patience.is_some_and(|patience| waited >= patience)
    }

    /// Puts the best weights back, where early stopping kept them.
    fn finish(&mut self) -> Outcome {
        let stopped = self.position.epoch < self.config.epochs;
        let Some(early) = &self.early_stopping else { return Outcome::Finished };
        let (layers, norms) = (early.best_layers.clone(), early.best_norms.clone());
        let best = Member { layers, norms, form: None };
        self.averaged.as_mut().unwrap_or(&mut self.network).take_member(&best);
        if stopped {
            Outcome::StoppedEarly { best_epoch: early.best_epoch }
        } else {
            Outcome::Finished
        }
    }

    /// Running sums of the epoch for what the network answers.
    fn loss_tally(&self) -> &T {
        self.branches.as_ref().map_or(&self.tally, |branches| &branches.tally)
    }

    fn loss_tally_mut(&mut self) -> &mut T {
        self.branches.as_mut().map_or(&mut self.tally, |branches| &mut branches.tally)
    }

    /// The running sums, or the step at which they ceased to be finite.
    fn read_tally(&self) -> Result<Tally, TrainError> {
        let device = self.network.device();
        T::synchronize(device)?;
        let mut columns = [T::Elem::ZERO; TALLY_WIDTH];
        self.loss_tally().read(&mut columns);
        let tally = Tally::from_values(&columns);
        if tally.loss.is_finite() {
            return Ok(tally);
        }
        let epoch_start = self.position.step - self.position.batch as u64;
        Err(self.diverged_at(epoch_start + tally.finite_batches))
    }

    /// The error that names a step, counted from 0, as the first whose loss is not finite.
    fn diverged_at(&self, step: u64) -> TrainError {
        let learning_rate = self.learning_rate(step);
        let epoch = (step / self.batches_per_epoch() as u64) as usize + 1;
        TrainError::Diverged { step: step + 1, epoch, learning_rate }
    }

    fn learning_rate(&self, step: u64) -> f64 {
        let batches = self.batches_per_epoch() as u64;
        let steps = batches * self.config.epochs as u64;
        self.config.schedule.learning_rate(self.config.learning_rate, step, steps, batches)
    }

    fn batches_per_epoch(&self) -> usize {
        self.train.len().div_ceil(self.full_batch.input.shape().rows)
    }

    /// The [result](Self::result) as it is now, on the host; the branches of a network as a
    /// [committee](Model::committee), whose answer is theirs.
    pub fn model(&self) -> Model {
        self.model_of(Self::result)
    }

    /// Of what is `taken` of each branch.
    fn model_of(&self, taken: fn(&Self) -> &Network<T>) -> Model {
        let of_branch = |branch: &Self| {
            let model = Model::from_network(taken(branch), self.config.loss, &self.sample_shape);
            Model { preprocessing: branch.config.preprocessing(), ..model }
        };
        let mut model = of_branch(self);
        for branch in self.all_branches().skip(1).map(of_branch) {
            model.join(&branch);
        }
        model
    }

    /// What the training gives: the moving average of the network where one is kept, else the
    /// network itself; of several branches, the first. See also [`committee`](Self::committee).
    pub fn result(&self) -> &Network<T> {
        self.averaged.as_ref().unwrap_or(&self.network)
    }

    /// The network whose weights the steps change; of several branches, the first.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// The settings.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Epochs done, those before a resume included.
    pub fn history(&self) -> &[EpochRecord] {
        &self.history
    }

    /// How far it is.
    pub fn position(&self) -> Position {
        self.position
    }
}

/// The room for a whole batch, or that for a last part of one.
fn of_size<'r, R>(full: &'r mut R, part: &'r mut Option<R>, is_partial: bool) -> &'r mut R {
    match part {
        Some(part) if is_partial => part,
        _ => full,
    }
}

/// Whether images are distorted under these settings.
fn distorts(config: &TrainingConfig) -> bool {
    config.distortion.is_some_and(|distortion| !distortion.is_none())
}

/// The training data as a trainer keeps it: as the network is shown it, but where it is distorted in each epoch
/// first, as it is before that.
fn kept(config: &TrainingConfig, train: &Dataset) -> Result<Dataset, NetworkError> {
    let preprocessing = config.preprocessing();
    if distorts(config) { preprocessing.upright(train) } else { preprocessing.shown(train) }
}

/// Shortens the gradient of the whole network to `max_norm`, where it is longer.
fn clip<T: Tensor>(gradients: &mut [Linear<T>], sum_of_squares: &mut T, max_norm: f64) {
    sum_of_squares.fill(T::Elem::ZERO);
    for gradient in &*gradients {
        gradient.weight.add_sum_of_squares(sum_of_squares);
        gradient.bias.add_sum_of_squares(sum_of_squares);
    }
    for gradient in gradients {
        gradient.weight.clip_to_norm(sum_of_squares, T::Elem::from_f64(max_norm));
        gradient.bias.clip_to_norm(sum_of_squares, T::Elem::from_f64(max_norm));
    }
}
