//! Training steps against the clock.

use crate::clock::fastest;
use nn_core::{Architecture, Control, Hook, Member, Observer, StepEvent, Trainer, TrainingConfig};
use nn_cpu::{CpuDevice, CpuElement, CpuTensor};
use nn_data::Dataset;
use nn_tensor::Tensor;
use std::time::{Duration, Instant};

/// A training without end, of which steps are timed.
pub struct Steps<T: Tensor> {
    trainer: Trainer<T>,
}

impl<E: CpuElement> Steps<CpuTensor<E>> {
    /// Ready to go, on `threads` threads.
    ///
    /// # Panics
    /// Where data and network do not fit, or there is no memory: a benchmark cannot go on.
    #[must_use]
    pub fn new(
        form: &Architecture,
        config: &TrainingConfig,
        data: &Dataset,
        threads: usize,
    ) -> Self {
        Self::with_hooks(form, config, data, threads, Vec::new())
    }

    /// The same with hooks around each step.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[must_use]
    pub fn with_hooks(
        form: &Architecture,
        config: &TrainingConfig,
        data: &Dataset,
        threads: usize,
        hooks: Vec<Box<dyn Hook<CpuTensor<E>>>>,
    ) -> Self {
        let device = CpuDevice::new(threads).expect("a small number of threads");
        // Whole batches only, so that all steps are alike.
        let count = data.len() / config.batch * config.batch;
        let whole = data.subset(&(0..count as u32).collect::<Vec<_>>()).expect("its own samples");
        let member = Member { hooks, ..Member::new(form.clone(), &whole, None) };
        let trainer = Trainer::with_members(&device, config, &whole, vec![member])
            .expect("data and network fit");
        Self { trainer }
    }

    /// How long so many steps take.
    ///
    /// # Panics
    /// Where the training diverges.
    pub fn time(&mut self, steps: u64) -> Duration {
        let mut clock = Clock { steps, seen: 0, started: None, elapsed: Duration::ZERO };
        while clock.elapsed.is_zero() {
            self.trainer.run(&mut clock).expect("this training does not diverge");
        }
        clock.elapsed
    }

    /// Seconds of one step in the fastest of some rounds that take about `seconds` together.
    pub fn fastest(&mut self, seconds: f64) -> f64 {
        fastest(seconds, |times| self.time(times))
    }
}

/// Times the steps after the first one of a run.
struct Clock {
    steps: u64,
    seen: u64,
    started: Option<Instant>,
    elapsed: Duration,
}

impl<T: Tensor> Observer<T> for Clock {
    fn on_step(&mut self, _: &StepEvent, _: &Trainer<T>) -> Control {
        let started = *self.started.get_or_insert_with(Instant::now);
        if self.seen == self.steps {
            self.elapsed = started.elapsed();
            return Control::Stop;
        }
        self.seen += 1;
        Control::Continue
    }
}
