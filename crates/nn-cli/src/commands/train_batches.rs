//! `nn train` with an optimizer on batches, from the first step to the test of the model.

use super::train_full_batch;
use crate::backend::Work;
use crate::error::CliError;
use crate::memory;
use crate::run_folder::RunFolder;
use crate::run_observer::RunObserver;
use crate::signals::StopRequest;
use crate::training::{Trained, Training};
use crate::training_report::{TrainingReport, accuracy};
use nn_core::{Architecture, NetworkError, Optimizer, Outcome, TrainError, Trainer};
use nn_mlp::TrainingPlan;
use nn_tensor::Tensor;

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
        let history = trainer.history();
        report.done(&test, model.parts().views.count(), history.len(), outcome)?;
        let last = trainer.position().epoch;
        let kept = outcome.best_epoch().unwrap_or(last);
        let kept = history.iter().find(|record| record.epoch == kept);
        Ok(Trained {
            accuracy: accuracy(&test),
            validation: kept.and_then(|record| record.validation_accuracy),
            errors: test.errors(),
            seconds: report.seconds,
            folder: report.folder.path().to_owned(),
        })
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
