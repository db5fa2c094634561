//! `nn train`.

use super::{ablate, repeat, train_full_batch};
use crate::adapter::Resolved;
use crate::backend::{self, Work};
use crate::cli::TrainArgs;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::memory;
use crate::milestones::operations_a_sample;
use crate::progress::{Progress, thousands};
use crate::run_folder::RunFolder;
use crate::run_observer::RunObserver;
use crate::run_settings::RunSettings;
use crate::signals::StopRequest;
use crate::training_report::TrainingReport;
use crate::{stderr, stdout};
use nn_core::{
    Architecture, Checkpoint, Committee, Evaluation, Model, NetworkError, Outcome, Position,
    TrainError, Trainer, TrainingState, Views, evaluate_committee,
};
use nn_data::{Dataset, TrainTest};
use nn_mlp::settings::Settings;
use nn_tensor::Tensor;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Trains a network, or goes on training it.
pub(crate) fn run(arguments: TrainArgs) -> Result<(), CliError> {
    match &arguments.resume {
        Some(folder) => {
            let folder = RunFolder::open(folder)?;
            resume(arguments, folder)
        }
        None => begin(arguments),
    }
}

fn begin(arguments: TrainArgs) -> Result<(), CliError> {
    let typed = arguments.typed.layer(&arguments.set)?;
    let run = RunSettings::merge(arguments.preset, arguments.config.as_deref(), typed.clone())?;
    let note = run.hidden_by_members(&typed)?;
    if arguments.print_config {
        return stdout::bytes(run.to_toml()?.as_bytes());
    }
    let resolved = Resolved::new(&run)?;
    if let Some(note) = note.filter(|_| !arguments.quiet) {
        stderr::note(note);
    }
    let source = resolved.data.clone().unwrap_or_else(DataSource::default_choice);
    if resolved.data.is_none() && !arguments.quiet {
        source.announce_choice();
    }
    let data = source.load()?;
    let resolved = resolved.with_data(&source.absolute());
    let device = resolved.device;
    let training = Training { arguments, resolved, source, data, resumed: None, brief: false };
    match training.arguments.seeds {
        seeds if training.arguments.ablate => ablate::run(&training, seeds.unwrap_or(1)),
        Some(seeds) => repeat::run(&training, seeds),
        None => backend::run(device, training).map(drop),
    }
}

fn resume(arguments: TrainArgs, folder: RunFolder) -> Result<(), CliError> {
    let typed = arguments.typed.layer(&arguments.set)?;
    let resolved = Resolved::new(&folder.settings()?.resumed_with(typed)?)?;
    let checkpoint = Checkpoint::load(&folder.checkpoint())?;
    if checkpoint.training.as_ref().is_some_and(is_finished) && folder.model().exists() {
        let path = folder.path().display();
        stderr::note(format!("{path}: this run is finished; test it with nn test --model {path}"));
        return Ok(());
    }
    let source = resolved.data.clone().unwrap_or_else(DataSource::default_choice);
    let data = source.load()?;
    let device = resolved.device;
    let resumed = Some((folder, checkpoint));
    let training = Training { arguments, resolved, source, data, resumed, brief: false };
    backend::run(device, training).map(drop)
}

/// Whether no step is left to do.
fn is_finished(state: &TrainingState) -> bool {
    let waited = state.early_stopping.as_ref().map_or(0, |early| early.epochs_without_improvement);
    state.position.epoch >= state.config.epochs
        || state.config.patience.is_some_and(|patience| waited >= patience)
}

/// A training that waits for its backend.
pub(crate) struct Training {
    pub(crate) arguments: TrainArgs,
    pub(crate) resolved: Resolved,
    source: DataSource,
    pub(super) data: TrainTest,
    resumed: Option<(RunFolder, Checkpoint)>,
    /// Whether it is one of several, which are summed up elsewhere.
    brief: bool,
}

/// What came of a training.
pub(crate) struct Trained {
    /// On the test set.
    pub(crate) accuracy: Option<f64>,
    /// On the validation set after the last epoch, where there is one.
    pub(crate) validation: Option<f64>,
    pub(crate) errors: Option<usize>,
    /// Training alone.
    pub(crate) seconds: f64,
    pub(crate) folder: PathBuf,
}

impl Work for Training {
    type Output = Trained;

    fn run<T: Tensor<Elem = f32>>(mut self, device: &T::Device) -> Result<Trained, CliError> {
        memory::expect_room(&self.architectures(), &self.resolved.config.optimizer)?;
        if let Some(solver) = self.resolved.solver {
            return train_full_batch::run::<T>(&self, solver, device);
        }
        let config = &self.resolved.config;
        let shown = match config.branches.as_slice() {
            [] => config.preprocessing().shown(&self.data.test)?,
            _ => self.data.test.clone(),
        };
        let stop = StopRequest::listen()?;
        let (train, validation) = self.split()?;
        let validation = Some(&validation).filter(|set| !set.is_empty());
        let (mut trainer, folder, seconds) = match self.resumed.take() {
            Some((folder, checkpoint)) => {
                self.check_architecture(&checkpoint, &folder)?;
                let trainer = Trainer::<T>::resume(device, &checkpoint, &train, validation)?;
                let seconds = folder.rewind_metrics(trainer.position().epoch)?;
                (trainer, folder, seconds)
            }
            // The trainer first: no folder is made for a training that cannot begin.
            None => {
                let (form, config) = (self.architecture(), &self.resolved.config);
                let trainer = Trainer::<T>::new(device, &form, config, &train, validation)?;
                (trainer, self.new_folder()?, 0.0)
            }
        };
        let start = self.start_event(&trainer.position(), validation, &folder)?;
        let report = self.report(&folder, validation.is_some(), train.len(), seconds);
        let mut observer = RunObserver::new(&folder, &shown, stop.clone(), report);
        observer.report.start(&start)?;
        let outcome = trainer.run(&mut observer);
        if let Some(failure) = observer.failure {
            return Err(with_way_out(failure, &folder));
        }
        match outcome.map_err(|error| with_way_out(error.into(), &folder))? {
            Outcome::Interrupted => {
                trainer.checkpoint()?.save(&folder.checkpoint())?;
                let (done, all) = (trainer.position().epoch, trainer.config().epochs);
                observer.report.interrupted(done, all)?;
                Err(CliError::Interrupted { signal: stop.signal().unwrap_or_default() })
            }
            finished => self.finish(&trainer, finished, &mut observer.report),
        }
    }
}

impl Training {
    /// The same training with another seed and a folder of its own, as one of several.
    pub(crate) fn with_seed(&self, seed: u64) -> Self {
        let mut arguments = self.arguments.clone();
        let resolved = self.resolved.clone().with_seed(seed);
        arguments.out = arguments.out.map(|folder| folder.join(format!("seed-{seed}")));
        arguments.quiet = true;
        let (source, data) = (self.source.clone(), self.data.clone());
        Self { arguments, resolved, source, data, resumed: None, brief: true }
    }

    /// The same training with other settings, and a folder named by what is other.
    pub(crate) fn variant(&self, name: &str, settings: &Settings) -> Result<Self, CliError> {
        let mut arguments = self.arguments.clone();
        let resolved = self.resolved.with_settings(settings)?;
        arguments.out = arguments.out.map(|folder| folder.join(format!("without-{name}")));
        let (source, data) = (self.source.clone(), self.data.clone());
        Ok(Self { arguments, resolved, source, data, resumed: None, brief: true })
    }

    /// A test of `model` on this training's test set, in as many ways as this training's own.
    pub(crate) fn testing(&self, model: Model) -> Testing {
        Testing { model, data: self.data.test.clone(), views: self.resolved.views }
    }

    /// Training and validation set; the latter may be empty.
    pub(super) fn split(&self) -> Result<(Dataset, Dataset), CliError> {
        if self.data.test.is_empty() {
            return Err(NetworkError::Empty { what: "test", task: "test" }.into());
        }
        let config = &self.resolved.config;
        let (train, validation) = self.data.train.split(self.resolved.validation(), config.seed)?;
        let samples = train.len();
        if config.batch > samples && samples > 0 && self.resolved.solver.is_none() {
            let batch = config.batch;
            self.note(format!(
                "batch {batch} is more than the {samples} samples: one step an epoch"
            ));
        }
        Ok((train, validation))
    }

    pub(super) fn architecture(&self) -> Architecture {
        let train = &self.data.train;
        let inputs = self.resolved.config.preprocessing().input_width(train);
        self.resolved.architecture(inputs, train.output_width())
    }

    fn operations_a_sample(&self) -> f64 {
        self.architectures().iter().map(operations_a_sample).sum()
    }

    /// Of the only branch of the network, or of all.
    fn architectures(&self) -> Vec<Architecture> {
        self.resolved.config.architectures(&self.architecture(), &self.data.train)
    }

    pub(super) fn new_folder(&self) -> Result<RunFolder, CliError> {
        let (form, seed) = (self.architecture(), self.resolved.config.seed);
        let others = match self.resolved.config.branches.len() {
            0 => String::new(),
            further => format!("+{further}"),
        };
        let name = format!("{}-{form}{others}-seed{seed}", self.source.short_name());
        let folder = RunFolder::create(self.arguments.out.as_deref(), &name)?;
        folder.describe(&self.resolved.run, &self.source, &self.data)?;
        Ok(folder)
    }

    /// A checkpoint of another network is refused with the difference, layer by layer.
    fn check_architecture(
        &self,
        checkpoint: &Checkpoint,
        folder: &RunFolder,
    ) -> Result<(), CliError> {
        let asked = &self.resolved.config;
        let other_way = checkpoint.training.as_ref().is_some_and(|state| {
            let was = &state.config;
            (was.preprocessing(), &was.branches) != (asked.preprocessing(), &asked.branches)
        });
        if other_way {
            return Err(CliError::Failed(format!(
                "{}: the checkpoint is of a network that sees images otherwise, or of other branches, than \
                 the settings ask for",
                folder.checkpoint().display()
            )));
        }
        match checkpoint.model.architecture.difference(&self.architecture()) {
            None => Ok(()),
            Some(difference) => Err(CliError::Failed(format!(
                "{}: the checkpoint is of another network than settings and data ask for: {difference}",
                folder.checkpoint().display()
            ))),
        }
    }

    /// What is trained, on what, how: the first event.
    pub(super) fn start_event(
        &self,
        position: &Position,
        validation: Option<&Dataset>,
        folder: &RunFolder,
    ) -> Result<Value, CliError> {
        let held_out = validation.map_or(0, Dataset::len);
        let (samples, folder) = (self.data.train.len() - held_out, folder.path().display());
        let branches = self.architectures();
        let form = branches.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ");
        let parameters: usize = branches.iter().map(Architecture::parameter_count).sum();
        self.note(format!(
            "training {form} ({} weights and biases) on {} samples; run folder {folder}",
            thousands(parameters as u64),
            thousands(samples as u64),
        ));
        if position.step > 0 {
            let (epoch, batch) = (position.epoch + 1, position.batch);
            self.note(format!("resuming in epoch {epoch}, after batch {batch}"));
        }
        Ok(json!({
            "event": "start",
            "data": self.source.to_string(),
            "training_samples": samples,
            "validation_samples": held_out,
            "test_samples": self.data.test.len(),
            "network": form,
            "parameters": parameters,
            "step": position.step,
            "run": folder.to_string(),
            "settings": self.resolved.run.to_table()?,
        }))
    }

    /// Keeps the model, and says how good it is on the test set.
    fn finish<T: Tensor>(
        &self,
        trainer: &Trainer<T>,
        outcome: Outcome,
        report: &mut TrainingReport<'_>,
    ) -> Result<Trained, CliError> {
        let kept = Checkpoint { model: trainer.model(), training: None };
        kept.save(&report.folder.model())?;
        let mut answering = trainer.committee()?.with_views(self.resolved.views);
        let test = evaluate_committee(&mut answering, &self.data.test)?;
        let best_epoch = match outcome {
            Outcome::StoppedEarly { best_epoch } => Some(best_epoch),
            _ => None,
        };
        report.done(&test, self.resolved.views.count(), trainer.history().len(), best_epoch)?;
        Ok(Trained {
            accuracy: test.accuracy(),
            validation: trainer.history().last().and_then(|last| last.validation_accuracy),
            errors: test.errors(),
            seconds: report.seconds,
            folder: report.folder.path().to_owned(),
        })
    }

    /// The report to write of epochs of `samples`, after `seconds` of training before a resume.
    pub(super) fn report<'r>(
        &self,
        folder: &'r RunFolder,
        has_validation: bool,
        samples: usize,
        seconds: f64,
    ) -> TrainingReport<'r> {
        let config = &self.resolved.config;
        let samples_a_step =
            if self.resolved.solver.is_some() { self.data.train.len() } else { config.batch };
        TrainingReport {
            folder,
            json: self.arguments.format.is_json(),
            progress: Progress::new(!self.arguments.quiet, config.epochs, samples_a_step),
            has_validation,
            seconds,
            brief: self.brief,
            operations_an_epoch: self.operations_a_sample() * samples as f64,
            seconds_to_first_step: None,
            metrics_failed: false,
        }
    }

    pub(super) fn note(&self, text: impl AsRef<str>) {
        if !self.arguments.quiet {
            stderr::note(text);
        }
    }
}

/// A test that waits for its backend.
pub(crate) struct Testing {
    model: Model,
    data: Dataset,
    views: Views,
}

impl Work for Testing {
    type Output = Evaluation;

    fn run<T: Tensor<Elem = f32>>(self, device: &T::Device) -> Result<Evaluation, CliError> {
        let networks = self.model.to_networks::<T>(device)?;
        let mut committee = Committee::of_model(&self.model, &networks)?.with_views(self.views);
        Ok(evaluate_committee(&mut committee, &self.data)?)
    }
}

/// A training that failed leaves its last good state behind: says where.
fn with_way_out(error: CliError, folder: &RunFolder) -> CliError {
    let checkpoint = folder.checkpoint();
    let is_divergence = matches!(
        error,
        CliError::Train(TrainError::Diverged { .. }) | CliError::Network(NetworkError::NotFinite)
    );
    if is_divergence && checkpoint.exists() {
        let checkpoint = checkpoint.display();
        return CliError::Failed(format!("{error}; the last good state is kept in {checkpoint}"));
    }
    error
}
