//! One training step - batch, forward pass, backpropagation, update - of the four networks, in
//! images a second.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn_benches::{NETWORKS, architecture, descent, digits};
use nn_core::{Control, Observer, Optimizer, StepEvent, Trainer};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use std::time::{Duration, Instant};

type Backend = CpuTensor<f32>;

/// Times the steps after the first one of a run.
struct Clock {
    steps: u64,
    seen: u64,
    started: Option<Instant>,
    elapsed: Duration,
}

impl Observer<Backend> for Clock {
    fn on_step(&mut self, _: &StepEvent, _: &Trainer<Backend>) -> Control {
        let started = *self.started.get_or_insert_with(Instant::now);
        if self.seen == self.steps {
            self.elapsed = started.elapsed();
            return Control::Stop;
        }
        self.seen += 1;
        Control::Continue
    }
}

fn time_steps(trainer: &mut Trainer<Backend>, steps: u64) -> Duration {
    let mut clock = Clock { steps, seen: 0, started: None, elapsed: Duration::ZERO };
    while clock.elapsed.is_zero() {
        trainer.run(&mut clock).expect("this training does not diverge");
    }
    clock.elapsed
}

fn steps(criterion: &mut Criterion) {
    let (data, name) = digits().expect("the data is readable");
    // Whole batches only, so that all steps are alike.
    let whole = |batch: usize| -> Dataset {
        let count = data.train.len() / batch * batch;
        data.train.subset(&(0..count as u32).collect::<Vec<_>>()).expect("they are its samples")
    };
    let mut group = criterion.benchmark_group(format!("step on {name}"));
    for (hidden, batch) in NETWORKS {
        for (optimizer, threads) in [("sgd", 1), ("sgd", 2), ("adam", 2)] {
            let form = architecture(hidden);
            let mut config = descent(batch);
            config.optimizer = Optimizer::from_name(optimizer).expect("it is one of the names");
            config.learning_rate = if optimizer == "adam" { 1e-4 } else { 0.01 };
            let device = CpuDevice::new(threads).expect("a small number of threads");
            let mut trainer = Trainer::<Backend>::new(&device, &form, &config, &whole(batch), None)
                .expect("data and network fit");
            group.throughput(Throughput::Elements(batch as u64));
            let id = BenchmarkId::new(format!("{form} batch {batch} {optimizer}"), threads);
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|count| time_steps(&mut trainer, count));
            });
        }
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
