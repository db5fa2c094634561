//! `nn train`.

use super::{ablate, repeat, train_full_batch};
use crate::backend::{self, Work};
use crate::cli::TrainArgs;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::memory;
use crate::milestones::operations_a_sample;
use crate::progress::{Progress, thousands};
use crate::resolved::Resolved;
use crate::run_folder::RunFolder;
use crate::run_observer::RunObserver;
use crate::run_settings::RunSettings;
use crate::signals::StopRequest;
use crate::training_report::{TrainingReport, accuracy};
use crate::{stderr, stdout};
use nn_core::{Architecture, NetworkError, Optimizer, Outcome, Position, TrainError, Trainer};
use nn_data::{Dataset, TrainTest};
use nn_mlp::settings::Settings;
use nn_mlp::{Checkpoint, Evaluation, Model, Predictor, TrainingPlan};
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
    let resolved = Resolved::new(&folder.settings()?.resumed_with(&typed)?)?;
    let checkpoint = Checkpoint::load(folder.checkpoint())?;
    let is_finished = checkpoint.training.as_ref().is_some_and(|saved| saved.state.is_finished());
    if is_finished && folder.model().exists() {
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
        let plan = self.plan()?;
        let optimizer = self.resolved.settings().optimizer();
        let architectures: Vec<Architecture> = plan.architectures().cloned().collect();
        memory::expect_room(&architectures, &optimizer.unwrap_or(Optimizer::Sgd))?;
        if let Some(solver) = self.resolved.solver {
            return train_full_batch::run::<T>(&self, &plan, solver, device);
        }
        let shown = plan.test_set(&self.data.test)?;
        let stop = StopRequest::listen()?;
        self.note_large_batch(&plan);
        let (mut trainer, folder, seconds) = match self.resumed.take() {
            Some((folder, checkpoint)) => {
                let trainer = plan.resume::<T>(device, &checkpoint)?;
                let seconds = folder.rewind_metrics(trainer.position().epoch)?;
                (trainer, folder, seconds)
            }
            // The trainer first: no folder is made for a training that cannot begin.
            None => (plan.begin::<T>(device)?, self.new_folder(&plan)?, 0.0),
        };
        let start = self.start_event(&plan, &trainer.position(), &folder)?;
        let report = self.report(&plan, &folder, seconds);
        let mut observer = RunObserver::new(&folder, &plan, &shown, stop.clone(), report);
        observer.report.start(&start)?;
        let outcome = trainer.run(&mut observer);
        if let Some(failure) = observer.failure {
            return Err(with_way_out(failure, &folder));
        }
        match outcome.map_err(|error| with_way_out(error.into(), &folder))? {
            Outcome::Interrupted => {
                plan.checkpoint(&trainer)?.save(folder.checkpoint())?;
                let (done, all) = (trainer.position().epoch, trainer.config().epochs);
                observer.report.interrupted(done, all)?;
                Err(CliError::Interrupted { signal: stop.signal().unwrap_or_default() })
            }
            finished => self.finish(&plan, &trainer, finished, &mut observer.report),
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

    /// A test of `model` on this training's test set.
    pub(crate) fn testing(&self, model: Model) -> Testing {
        Testing { model, data: self.data.test.clone() }
    }

    /// Puts settings and data together: the training as it is begun, or as it is resumed.
    fn plan(&self) -> Result<TrainingPlan, CliError> {
        if self.data.test.is_empty() {
            return Err(NetworkError::Empty { what: "test", task: "test" }.into());
        }
        let Some((folder, checkpoint)) = &self.resumed else {
            return Ok(TrainingPlan::new(self.resolved.settings(), &self.data.train)?);
        };
        let plan = TrainingPlan::of_checkpoint(checkpoint, &self.data.train)?;
        if plan.settings() != self.resolved.settings() {
            return Err(CliError::Failed(format!(
                "{}: the checkpoint was made with other settings than those of the run's folder; restore the \
                 folder's settings.toml, or begin a new run",
                folder.checkpoint().display()
            )));
        }
        Ok(plan)
    }

    fn note_large_batch(&self, plan: &TrainingPlan) {
        let (batch, samples) = (plan.config().batch, plan.train().len());
        if batch > samples && samples > 0 {
            let text =
                format!("batch {batch} is more than the {samples} samples: one step an epoch");
            self.note(text);
        }
    }

    pub(super) fn new_folder(&self, plan: &TrainingPlan) -> Result<RunFolder, CliError> {
        let mut networks = plan.architectures();
        let first = networks.next().map(ToString::to_string).unwrap_or_default();
        let others = match networks.count() {
            0 => String::new(),
            further => format!("+{further}"),
        };
        let (data, seed) = (self.source.short_name(), self.resolved.seed());
        let name = format!("{data}-{first}{others}-seed{seed}");
        let folder = RunFolder::create(self.arguments.out.as_deref(), &name)?;
        folder.describe(&self.resolved.run, &self.source, &self.data)?;
        Ok(folder)
    }

    /// What is trained, on what, how: the first event.
    pub(super) fn start_event(
        &self,
        plan: &TrainingPlan,
        position: &Position,
        folder: &RunFolder,
    ) -> Result<Value, CliError> {
        let held_out = plan.validation().map_or(0, Dataset::len);
        let (samples, folder) = (plan.train().len(), folder.path().display());
        let networks: Vec<String> = plan.architectures().map(ToString::to_string).collect();
        let networks = networks.join(" + ");
        let parameters: usize = plan.architectures().map(Architecture::parameter_count).sum();
        self.note(format!(
            "training {networks} ({} weights and biases) on {} samples; run folder {folder}",
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
            "network": networks,
            "parameters": parameters,
            "step": position.step,
            "run": folder.to_string(),
            "settings": self.resolved.run.to_table()?,
        }))
    }

    /// Keeps the model, and says how good it is on the test set.
    fn finish<T: Tensor>(
        &self,
        plan: &TrainingPlan,
        trainer: &Trainer<T>,
        outcome: Outcome,
        report: &mut TrainingReport<'_>,
    ) -> Result<Trained, CliError> {
        let model = plan.model(trainer)?;
        model.save(report.folder.model())?;
        let test = plan.evaluate_in_views(trainer, &self.data.test)?;
        let best_epoch = match outcome {
            Outcome::StoppedEarly { best_epoch } => Some(best_epoch),
            _ => None,
        };
        report.done(&test, model.parts().views.count(), trainer.history().len(), best_epoch)?;
        Ok(Trained {
            accuracy: accuracy(&test),
            validation: trainer.history().last().and_then(|last| last.validation_accuracy),
            errors: test.errors(),
            seconds: report.seconds,
            folder: report.folder.path().to_owned(),
        })
    }

    /// The report of the training, after `seconds` of training before a resume.
    pub(super) fn report<'r>(
        &self,
        plan: &TrainingPlan,
        folder: &'r RunFolder,
        seconds: f64,
    ) -> TrainingReport<'r> {
        let (config, samples) = (plan.config(), plan.train().len());
        let samples_a_step = if self.resolved.solver.is_some() { samples } else { config.batch };
        let operations: f64 = plan.architectures().map(operations_a_sample).sum();
        TrainingReport {
            folder,
            json: self.arguments.format.is_json(),
            progress: Progress::new(!self.arguments.quiet, config.epochs, samples_a_step),
            has_validation: plan.validation().is_some(),
            seconds,
            brief: self.brief,
            operations_an_epoch: operations * samples as f64,
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
}

impl Work for Testing {
    type Output = Evaluation;

    fn run<T: Tensor<Elem = f32>>(self, device: &T::Device) -> Result<Evaluation, CliError> {
        Ok(Predictor::<T>::new(&self.model, device)?.evaluate(&self.data)?)
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
