//! Optimizers, regularisers and `f64` compared with plain SGD, on 784-800-10 with batch size 128.
//!
//! A closure that is not inlined into its kernel, or an operation that falls back to its provided
//! body, takes several times as long; no other test would notice.

use crate::Done;
use nn_benches::{Steps, Table, architecture, digits, percent, sgd, thousands};
use nn_core::{Architecture, Hook, MovingAverage, Optimizer, TrainingConfig};
use nn_cpu::{CpuElement, CpuTensor};
use nn_data::Dataset;
use nn_tensor::Activation;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seconds for each kind of step
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

const BATCH: usize = 128;

/// A kind of step, and the limit of its time relative to plain SGD.
struct Kind {
    name: &'static str,
    limit: f64,
    change: fn(&mut TrainingConfig, &mut Architecture),
}

const KINDS: [Kind; 12] = [
    kind("momentum", 1.25, |config, _| optimizer(config, "momentum")),
    kind("nesterov", 1.25, |config, _| optimizer(config, "nesterov")),
    kind("rms-prop", 1.34, |config, _| optimizer(config, "rms-prop")),
    // 25 % below the rate of SGD.
    kind("adam", 1.34, |config, _| optimizer(config, "adam")),
    kind("adamw, decay 0.01", 1.34, |config, _| {
        optimizer(config, "adamw");
        config.weight_decay = 0.01;
    }),
    kind("L2", 1.15, |config, _| config.weight_decay = 1e-4),
    kind("L1", 1.25, |config, _| config.l1 = 1e-6),
    kind("dropout 0.3", 1.25, |config, _| config.dropout = 0.3),
    kind("batch normalisation", 1.34, |config, _| config.batch_norm = true),
    kind("clipping by norm", 1.5, |config, _| config.clip_norm = Some(1.0)),
    kind("tanh", 1.25, |_, architecture| architecture.activation = Activation::Tanh),
    kind("sigmoid", 1.25, |_, architecture| architecture.activation = Activation::Sigmoid),
];

/// Limit of a moving average, which reads all weights every few steps.
const AVERAGE_LIMIT: f64 = 1.15;

/// Limit of f64, which has half as many lanes.
const F64_LIMIT: f64 = 2.4;

const fn kind(
    name: &'static str,
    limit: f64,
    change: fn(&mut TrainingConfig, &mut Architecture),
) -> Kind {
    Kind { name, limit, change }
}

fn optimizer(config: &mut TrainingConfig, name: &str) {
    config.optimizer = Optimizer::from_name(name).unwrap_or(config.optimizer);
    config.learning_rate = 1e-3;
}

pub(crate) fn run(options: &Options) -> Done {
    let (data, name) = digits()?;
    let (architecture, threads) = (architecture(&[800]), options.threads);
    let title = format!(
        "Steps of {architecture}, batch {BATCH}, on {name}, {threads} threads, compared with plain SGD"
    );
    let heading =
        ["step", "images/s", "share of SGD's rate", "time relative to SGD", "limit", "verdict"];
    let mut table = Table::new(title, &heading);
    let mut slow = Vec::new();
    let mut add = |name: &str, limit: f64, (plain, other): (f64, f64)| {
        let ratio = other / plain;
        let verdict = if ratio <= limit { "ok" } else { "too slow" };
        if ratio > limit {
            slow.push(name.to_owned());
        }
        table.row([
            name.to_owned(),
            thousands(BATCH as f64 / other),
            percent(1.0 / ratio),
            format!("{ratio:.2}"),
            format!("{limit:.2}"),
            verdict.to_owned(),
        ]);
    };
    for kind in &KINDS {
        add(kind.name, kind.limit, pair::<f32>(&data.train, options, kind.change, Vec::new()));
    }
    let average = vec![Box::new(MovingAverage::new(0.99)) as Box<dyn Hook<CpuTensor<f32>>>];
    add("moving average", AVERAGE_LIMIT, pair(&data.train, options, |_, _| (), average));
    add("f64", F64_LIMIT, pair::<f64>(&data.train, options, |_, _| (), Vec::new()));
    table.print();
    if slow.is_empty() {
        return Ok(());
    }
    Err(format!("slower than their limit relative to plain SGD: {}", slow.join(", ")).into())
}

/// Measures the seconds of a step of plain SGD in `f32` and of another kind, alternately.
fn pair<E: CpuElement>(
    data: &Dataset,
    options: &Options,
    change: fn(&mut TrainingConfig, &mut Architecture),
    hooks: Vec<Box<dyn Hook<CpuTensor<E>>>>,
) -> (f64, f64) {
    const TURNS: u32 = 3;
    let (mut architecture, mut config) = (architecture(&[800]), sgd(BATCH));
    let mut plain = Steps::<CpuTensor<f32>>::new(&architecture, &config, data, options.threads);
    change(&mut config, &mut architecture);
    let mut other = Steps::with_hooks(&architecture, &config, data, options.threads, hooks);
    let seconds = options.seconds / f64::from(2 * TURNS);
    (0..TURNS).fold((f64::INFINITY, f64::INFINITY), |best, _| {
        (plain.fastest(seconds).min(best.0), other.fastest(seconds).min(best.1))
    })
}
