//! The observer of a training: reports, saves now and then, and listens for signals.

use crate::clock;
use crate::error::CliError;
use crate::run_folder::RunFolder;
use crate::signals::StopRequest;
use crate::stderr;
use crate::training_report::TrainingReport;
use nn_core::{Control, EpochRecord, NetworkError, Observer, StepEvent, Trainer};
use nn_mlp::{TestSet, TrainingPlan};
use nn_tensor::Tensor;
use std::time::{Duration, Instant};

/// Between two checkpoints within an epoch: what a power cut may cost.
const BETWEEN_SAVES: Duration = Duration::from_secs(30);

/// The observer of `nn train`.
pub(crate) struct RunObserver<'r> {
    folder: &'r RunFolder,
    plan: &'r TrainingPlan,
    test: &'r TestSet,
    stop: StopRequest,
    saved: Instant,
    /// Results, as they come.
    pub(crate) report: TrainingReport<'r>,
    /// What made this observer ask for a stop, if it was not a signal.
    pub(crate) failure: Option<CliError>,
}

impl<'r> RunObserver<'r> {
    pub(crate) fn new(
        folder: &'r RunFolder,
        plan: &'r TrainingPlan,
        test: &'r TestSet,
        stop: StopRequest,
        report: TrainingReport<'r>,
    ) -> Self {
        Self { folder, plan, test, stop, saved: Instant::now(), report, failure: None }
    }

    /// Saves if it can; if not, the old file stays and the training goes on.
    fn try_to_save<T: Tensor>(&mut self, trainer: &Trainer<T>) {
        self.saved = Instant::now();
        // A state that is not finite is not worth keeping; the trainer will find it and say so.
        let Ok(checkpoint) = self.plan.checkpoint(trainer) else { return };
        if let Err(error) = checkpoint.save(self.folder.checkpoint()) {
            let text = format!("{error}; the last checkpoint is kept and the training goes on");
            self.report.progress.aside(|| stderr::warning(text));
        }
    }

    fn wish(&self) -> Control {
        let stops = self.stop.signal().is_some() || self.failure.is_some();
        if stops { Control::Stop } else { Control::Continue }
    }

    fn report_epoch<T: Tensor>(
        &mut self,
        record: &EpochRecord,
        trainer: &Trainer<T>,
    ) -> Result<(), CliError> {
        let test = self.plan.evaluate(trainer, self.test)?;
        self.report.epoch(record, &test)
    }
}

impl<T: Tensor> Observer<T> for RunObserver<'_> {
    fn on_step(&mut self, event: &StepEvent, trainer: &Trainer<T>) -> Control {
        self.report.seconds_to_first_step.get_or_insert_with(clock::seconds_since_start);
        self.report.progress.step(event);
        if self.saved.elapsed() >= BETWEEN_SAVES {
            self.try_to_save(trainer);
        }
        self.wish()
    }

    fn on_epoch(&mut self, record: &EpochRecord, trainer: &Trainer<T>) -> Control {
        self.failure = self.report_epoch(record, trainer).err();
        // Weights that have no finite answers are not worth keeping: the last good state stays.
        if !matches!(self.failure, Some(CliError::Network(NetworkError::NotFinite))) {
            self.try_to_save(trainer);
        }
        self.wish()
    }
}
