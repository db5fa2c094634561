//! `nn train` by a solver that takes the whole training set at each step: L-BFGS and its like.

use crate::error::CliError;
use crate::run_folder::RunFolder;
use crate::signals::StopRequest;
use crate::stderr;
use crate::training::{Trained, Training};
use crate::training_report::{TrainingReport, accuracy};
use nn_core::{EpochRecord, FullBatch, Network, NetworkError, Outcome, Position, StepEvent};
use nn_mlp::{Evaluation, Model, Predictor, TrainingPlan};
use nn_solvers::{Iterate, Limits, Minimum, Solver, Stopped, minimize_network};
use nn_tensor::{Element, Tensor};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Between two saves of the model: what a power cut may cost.
const BETWEEN_SAVES: Duration = Duration::from_secs(30);

/// Trains from initial weights; an iteration is what others call an epoch.
pub(super) fn run<T: Tensor>(
    training: &Training,
    plan: &TrainingPlan,
    solver: Solver,
    device: &T::Device,
) -> Result<Trained, CliError> {
    let stop = StopRequest::listen()?;
    let config = plan.config();
    let architecture = plan
        .architectures()
        .next()
        .ok_or(NetworkError::Empty { what: "list of networks", task: "train" })?;
    // What can refuse comes first: no folder is made for a training that cannot begin.
    solver.validate(architecture.parameter_count())?;
    let new_network = || Network::<T>::new(device, architecture, config.initializer, config.seed);
    let mut cost = FullBatch::new(new_network()?, plan.train(), config)?;
    let folder = training.new_folder(plan)?;
    let start = training.start_event(plan, &Position::default(), &folder)?;
    let mut watch = Watch {
        network: new_network()?,
        plan,
        training,
        stop,
        report: training.report(plan, &folder, 0.0),
        evaluations: 0,
        since: Instant::now(),
        saved: Instant::now(),
        failure: None,
    };
    watch.report.start(&start)?;
    let iterations = config.epochs;
    let limits = Limits { iterations, evaluations: usize::MAX, ..Limits::default() };
    watch.since = Instant::now();
    let minimum = minimize_network(&mut cost, solver, &limits, &mut |iterate| watch.look(iterate))?;
    watch.finish(&folder, &minimum)
}

/// Why a solver ended before its last iteration, if that is worth a word.
fn early_end(stopped: Stopped) -> Option<&'static str> {
    match stopped {
        Stopped::GradientNorm => Some("the gradient is zero, to rounding"),
        Stopped::NoFurtherDescent => {
            Some("converged: steps no longer lower the cost by more than its rounding")
        }
        Stopped::NotFinite => {
            Some("cost or gradient ceased to be finite; the last good weights are kept")
        }
        _ => None,
    }
}

/// Observes a solver: reports each iteration, saves now and then, listens for signals.
struct Watch<'r, T: Tensor> {
    /// At the solver's current point, to be evaluated and kept.
    network: Network<T>,
    plan: &'r TrainingPlan,
    training: &'r Training,
    stop: StopRequest,
    report: TrainingReport<'r>,
    /// Passes through the training set up to the last iteration.
    evaluations: usize,
    since: Instant,
    saved: Instant,
    failure: Option<CliError>,
}

impl<T: Tensor> Watch<'_, T> {
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
        let validation = self.validate()?;
        let record = EpochRecord {
            epoch,
            train_loss: iterate.cost - self.penalty(iterate.at),
            train_accuracy: None, // a solver asks for the cost alone
            validation_loss: validation.as_ref().map(|result| result.loss),
            validation_accuracy: validation.as_ref().and_then(nn_core::Evaluation::accuracy),
            learning_rate: 0.0,
            samples_per_s: (self.plan.train().len() * passes) as f64 / seconds.max(1e-9),
            seconds,
        };
        let test = self.test()?;
        self.report.epoch(&record, &test)
    }

    /// Computes what the penalties add to the cost, which the loss of an epoch is without.
    fn penalty(&self, at: &[f64]) -> f64 {
        let ranges = self.network.architecture().weight_ranges();
        self.plan.config().penalty(ranges.flat_map(|range| &at[range]).copied())
    }

    /// Keeps the weights, and says how good they are on the test set.
    fn finish(mut self, folder: &RunFolder, minimum: &Minimum) -> Result<Trained, CliError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let (done, all) = (minimum.iterations, self.plan.config().epochs);
        if let Some(reason) = early_end(minimum.stopped) {
            self.training.note(format!("ended after {done} of {all} iterations: {reason}"));
        }
        self.move_to(&minimum.at);
        let test = self.test()?;
        self.model()?.save(folder.model())?;
        match self.stop.signal() {
            Some(signal) if minimum.stopped == Stopped::Observer => {
                self.report.stopped(done, all)?;
                Err(CliError::Interrupted { signal })
            }
            _ => {
                let outcome = Outcome::Finished { best_epoch: None };
                self.report.done(&test, 1, done, outcome)?;
                let validation = self.validate()?;
                Ok(Trained {
                    accuracy: accuracy(&test),
                    validation: validation.as_ref().and_then(nn_core::Evaluation::accuracy),
                    errors: test.errors(),
                    seconds: self.report.seconds,
                    folder: folder.path().to_owned(),
                })
            }
        }
    }

    fn test(&self) -> Result<Evaluation, CliError> {
        let device = self.network.device();
        let mut predictor = Predictor::<T>::new(&self.model()?, device)?;
        Ok(predictor.evaluate(&self.training.data.test)?)
    }

    fn validate(&self) -> Result<Option<nn_core::Evaluation>, NetworkError> {
        let loss = self.plan.config().loss;
        self.plan.validation().map(|set| nn_core::evaluate(&self.network, set, loss)).transpose()
    }

    fn model(&self) -> Result<Model, CliError> {
        Ok(self.plan.model_of(vec![self.network.to_values()])?)
    }

    /// If it fails, the old file stays and the training goes on.
    fn try_to_save(&mut self) {
        self.saved = Instant::now();
        let saved = self.model().and_then(|model| Ok(model.save(self.report.folder.model())?));
        if let Err(error) = saved {
            let text = format!("{error}; the training goes on");
            self.report.progress.aside(|| stderr::warning(text));
        }
    }

    fn move_to(&mut self, at: &[f64]) {
        let parameters: Vec<T::Elem> = at.iter().map(|&value| T::Elem::from_f64(value)).collect();
        self.network.set_parameters(&parameters);
    }
}
