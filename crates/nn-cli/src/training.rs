//! A training as `nn train` runs it: arguments, settings and data, and what goes into its run folder.

use crate::backend::Work;
use crate::cli::TrainArgs;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::milestones::operations_a_sample;
use crate::progress::{Progress, thousands};
use crate::resolved::Resolved;
use crate::run_folder::RunFolder;
use crate::stderr;
use crate::training_report::TrainingReport;
use nn_core::{Architecture, NetworkError, Position};
use nn_data::{Dataset, TrainTest};
use nn_mlp::settings::Settings;
use nn_mlp::{Checkpoint, Evaluation, Model, Predictor, TrainingPlan};
use nn_tensor::Tensor;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A training that waits for its backend.
pub(crate) struct Training {
    pub(crate) arguments: TrainArgs,
    pub(crate) resolved: Resolved,
    pub(crate) source: DataSource,
    pub(crate) data: TrainTest,
    pub(crate) resumed: Option<(RunFolder, Checkpoint)>,
    /// Whether it is one of several, which are summed up elsewhere.
    pub(crate) brief: bool,
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
    pub(crate) fn plan(&self) -> Result<TrainingPlan, CliError> {
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

    pub(crate) fn note_large_batch(&self, plan: &TrainingPlan) {
        let (batch, samples) = (plan.config().batch, plan.train().len());
        if batch > samples && samples > 0 {
            let text =
                format!("batch {batch} is more than the {samples} samples: one step an epoch");
            self.note(text);
        }
    }

    pub(crate) fn new_folder(&self, plan: &TrainingPlan) -> Result<RunFolder, CliError> {
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
    pub(crate) fn start_event(
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

    /// The report of the training, after `seconds` of training before a resume.
    pub(crate) fn report<'r>(
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

    pub(crate) fn note(&self, text: impl AsRef<str>) {
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
