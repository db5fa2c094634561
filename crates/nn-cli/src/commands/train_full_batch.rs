//! `nn train` by a solver that takes the whole training set at each step: L-BFGS and its like.

use super::train::{Trained, Training};
use crate::error::CliError;
use crate::run_folder::RunFolder;
use crate::signals::StopRequest;
use crate::stderr;
use crate::training_report::TrainingReport;
use nn_core::{
    Checkpoint, EpochRecord, Evaluation, FullBatch, Loss, Model, Network, Position, StepEvent,
    evaluate,
};
use nn_data::Dataset;
use nn_solvers::{Iterate, Limits, Minimum, Solver, Stopped, minimize_network};
use nn_tensor::{Element, Tensor};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Between two saves of the model: what a power cut may cost.
const BETWEEN_SAVES: Duration = Duration::from_secs(30);

/// Trains from the first weights, an iteration where others have an epoch.
pub(super) fn run<T: Tensor>(
    training: &Training,
    solver: Solver,
    device: &T::Device,
) -> Result<Trained, CliError> {
    let stop = StopRequest::listen()?;
    let (train, validation) = training.split()?;
    let validation = Some(&validation).filter(|set| !set.is_empty());
    let (form, config) = (training.architecture(), &training.resolved.config);
    // What can refuse comes first: no folder is made for a training that cannot begin.
    solver.validate(form.parameter_count())?;
    let new_network = || Network::<T>::new(device, &form, config.initializer, config.seed);
    let mut cost = FullBatch::new(new_network()?, &train, config)?;
    let folder = training.new_folder()?;
    let start = training.start_event(&Position::default(), validation, &folder)?;
    let mut onlooker = Onlooker {
        network: new_network()?,
        loss: config.loss,
        training,
        validation,
        samples: train.len(),
        stop,
        report: training.report(&folder, validation.is_some(), train.len(), 0.0),
        evaluations: 0,
        since: Instant::now(),
        saved: Instant::now(),
        failure: None,
    };
    onlooker.report.start(&start)?;
    let iterations = config.epochs;
    let limits = Limits { iterations, evaluations: usize::MAX, ..Limits::default() };
    onlooker.since = Instant::now();
    let minimum =
        minimize_network(&mut cost, solver, &limits, &mut |iterate| onlooker.look(iterate))?;
    onlooker.finish(&folder, &minimum)
}

/// Why a solver ended before its last iteration, if that is worth a word.
fn early_end(stopped: Stopped) -> Option<&'static str> {
    match stopped {
        Stopped::GradientNorm => Some("the gradient is zero, to rounding"),
        Stopped::NoFurtherDescent => Some("steps no longer lower the cost"),
        Stopped::NotFinite => {
            Some("cost or gradient ceased to be finite; the last good weights are kept")
        }
        _ => None,
    }
}

/// Looks on while a solver runs: reports each iteration, saves now and then, listens for signals.
struct Onlooker<'r, T: Tensor> {
    /// Stands where the solver stands, to be evaluated and kept.
    network: Network<T>,
    loss: Loss,
    training: &'r Training,
    validation: Option<&'r Dataset>,
    /// In the training set, the validation set left out.
    samples: usize,
    stop: StopRequest,
    report: TrainingReport<'r>,
    /// Passes through the training set up to the last iteration.
    evaluations: usize,
    since: Instant,
    saved: Instant,
    failure: Option<CliError>,
}

impl<T: Tensor> Onlooker<'_, T> {
    fn look(&mut self, iterate: &Iterate<'_>) -> ControlFlow<()> {
        if iterate.iteration > 0 {
            self.failure = self.report_iteration(iterate).err();
        }
        if self.saved.elapsed() >= BETWEEN_SAVES {
            self.try_to_save();
        }
        self.evaluations = iterate.evaluations;
        self.since = Instant::now();
        let stops = self.stop.signal().is_some() || self.failure.is_some();
        if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn report_iteration(&mut self, iterate: &Iterate<'_>) -> Result<(), CliError> {
        let seconds = self.since.elapsed().as_secs_f64();
        let passes = iterate.evaluations - self.evaluations;
        let epoch = iterate.iteration;
        let step =
            StepEvent { epoch, batch: 1, batches: 1, step: epoch as u64, learning_rate: 0.0 };
        self.report.progress.step(&step);
        self.move_to(iterate.at);
        let validation =
            self.validation.map(|set| evaluate(&self.network, set, self.loss)).transpose()?;
        let record = EpochRecord {
            epoch,
            train_loss: iterate.cost,
            train_accuracy: None, // a solver asks for the cost alone
            validation_loss: validation.as_ref().map(|result| result.loss),
            validation_accuracy: validation.as_ref().and_then(Evaluation::accuracy),
            learning_rate: 0.0,
            images_per_s: (self.samples * passes) as f64 / seconds.max(1e-9),
            seconds,
        };
        let test = self.test()?;
        self.report.epoch(&record, &test)
    }

    /// Keeps the weights, and says how good they are on the test set.
    fn finish(mut self, folder: &RunFolder, minimum: &Minimum) -> Result<Trained, CliError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let (done, all) = (minimum.iterations, self.training.resolved.config.epochs);
        if let Some(reason) = early_end(minimum.stopped) {
            self.training.note(format!("ended after {done} of {all} iterations: {reason}"));
        }
        self.move_to(&minimum.at);
        let test = self.test()?;
        self.model().save(&folder.model())?;
        match self.stop.signal() {
            Some(signal) if minimum.stopped == Stopped::Observer => {
                self.report.stopped(done, all)?;
                Err(CliError::Interrupted { signal })
            }
            _ => {
                self.report.done(&test, 1, done, None)?;
                let validation = self
                    .validation
                    .map(|set| evaluate(&self.network, set, self.loss))
                    .transpose()?;
                Ok(Trained {
                    accuracy: test.accuracy(),
                    validation: validation.as_ref().and_then(Evaluation::accuracy),
                    errors: test.errors(),
                    seconds: self.report.seconds,
                    folder: folder.path().to_owned(),
                })
            }
        }
    }

    fn test(&self) -> Result<Evaluation, CliError> {
        Ok(evaluate(&self.network, &self.training.data.test, self.loss)?)
    }

    fn model(&self) -> Checkpoint {
        let shape = self.training.data.train.sample_shape();
        Checkpoint { model: Model::from_network(&self.network, self.loss, shape), training: None }
    }

    /// If it fails, the old file stays and the training goes on.
    fn try_to_save(&mut self) {
        self.saved = Instant::now();
        if let Err(error) = self.model().save(&self.report.folder.model()) {
            let text = format!("{error}; the training goes on");
            self.report.progress.aside(|| stderr::warning(text));
        }
    }

    fn move_to(&mut self, at: &[f64]) {
        let parameters: Vec<T::Elem> = at.iter().map(|&value| T::Elem::from_f64(value)).collect();
        self.network.set_parameters(&parameters);
    }
}
