//! Timing of training steps.

use crate::clock::fastest;
use nn_core::{Architecture, Control, Hook, Member, Observer, StepEvent, Trainer, TrainingConfig};
use nn_cpu::{CpuDevice, CpuElement, CpuTensor};
use nn_data::Dataset;
use nn_tensor::Tensor;
use std::time::{Duration, Instant};

/// An endless training whose steps are timed.
pub struct Steps<T: Tensor> {
    trainer: Trainer<T>,
}

impl<E: CpuElement> Steps<CpuTensor<E>> {
    /// Creates the training on `threads` threads.
    ///
    /// # Panics
    /// Panics if data and network do not match, or memory is exhausted.
    #[must_use]
    pub fn new(
        architecture: &Architecture,
        config: &TrainingConfig,
        data: &Dataset,
        threads: usize,
    ) -> Self {
        Self::with_hooks(architecture, config, data, threads, Vec::new())
    }

    /// The same with hooks around each step.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[must_use]
    pub fn with_hooks(
        architecture: &Architecture,
        config: &TrainingConfig,
        data: &Dataset,
        threads: usize,
        hooks: Vec<Box<dyn Hook<CpuTensor<E>>>>,
    ) -> Self {
        let device = CpuDevice::new(threads).expect("a small number of threads");
        // Whole batches only, so that all steps are equal.
        let count = data.len() / config.batch * config.batch;
        let whole = data.subset(&(0..count as u32).collect::<Vec<_>>()).expect("its own samples");
        let member = Member { hooks, ..Member::new(architecture.clone(), &whole, None) };
        let trainer = Trainer::with_members(&device, config, &whole, vec![member])
            .expect("data and network fit");
        Self { trainer }
    }

    /// Returns the time of `steps` steps.
    ///
    /// # Panics
    /// Panics if the training diverges.
    pub fn time(&mut self, steps: u64) -> Duration {
        let mut clock = Clock { steps, seen: 0, started: None, elapsed: Duration::ZERO };
        while clock.elapsed.is_zero() {
            self.trainer.run(&mut clock).expect("this training does not diverge");
        }
        clock.elapsed
    }

    /// Returns the seconds of one step, in the fastest of some rounds of about `seconds` in total.
    pub fn fastest(&mut self, seconds: f64) -> f64 {
        fastest(seconds, |times| self.time(times))
    }
}

/// Observer that times the steps after the first one.
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
