//! Optimizers, regularisers and `f64` beside plain descent, on 784-800-10 at 128 images.
//!
//! A kernel whose closure is not compiled into it, or an operation that falls back on a general way, shows
//! here as a time several times as long as it should be: nothing else would notice.

use crate::Done;
use nn_benches::{Steps, Table, architecture, descent, digits, percent, thousands};
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

/// A kind of step, and how many times as long as plain descent it may take.
struct Kind {
    name: &'static str,
    most: f64,
    change: fn(&mut TrainingConfig, &mut Architecture),
}

const KINDS: [Kind; 12] = [
    kind("momentum", 1.25, |config, _| optimizer(config, "momentum")),
    kind("nesterov", 1.25, |config, _| optimizer(config, "nesterov")),
    kind("rms-prop", 1.34, |config, _| optimizer(config, "rms-prop")),
    // 25 % less than the rate of descent.
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
    kind("tanh", 1.25, |_, form| form.activation = Activation::Tanh),
    kind("sigmoid", 1.25, |_, form| form.activation = Activation::Sigmoid),
];

/// Weights are read once more, every few steps.
const MOST_AVERAGE: f64 = 1.15;

/// Numbers of 64 bits: half as many at once.
const MOST_F64: f64 = 2.4;

const fn kind(
    name: &'static str,
    most: f64,
    change: fn(&mut TrainingConfig, &mut Architecture),
) -> Kind {
    Kind { name, most, change }
}

fn optimizer(config: &mut TrainingConfig, name: &str) {
    config.optimizer = Optimizer::from_name(name).unwrap_or(config.optimizer);
    config.learning_rate = 1e-3;
}

pub(crate) fn run(options: &Options) -> Done {
    let (data, name) = digits()?;
    let (form, threads) = (architecture(&[800]), options.threads);
    let title =
        format!("Steps of {form} at {BATCH} on {name}, {threads} threads, beside plain descent");
    let heading =
        ["step", "images/s", "share of descent's rate", "times its time", "at most", "verdict"];
    let mut table = Table::new(title, &heading);
    let mut slow = Vec::new();
    let mut add = |name: &str, most: f64, (descent, other): (f64, f64)| {
        let ratio = other / descent;
        let verdict = if ratio <= most { "fine" } else { "slower than it should be" };
        if ratio > most {
            slow.push(name.to_owned());
        }
        table.row([
            name.to_owned(),
            thousands(BATCH as f64 / other),
            percent(1.0 / ratio),
            format!("{ratio:.2}"),
            format!("{most:.2}"),
            verdict.to_owned(),
        ]);
    };
    for kind in &KINDS {
        add(kind.name, kind.most, pair::<f32>(&data.train, options, kind.change, Vec::new()));
    }
    let average = vec![Box::new(MovingAverage::new(0.99)) as Box<dyn Hook<CpuTensor<f32>>>];
    add("moving average", MOST_AVERAGE, pair(&data.train, options, |_, _| (), average));
    add("f64", MOST_F64, pair::<f64>(&data.train, options, |_, _| (), Vec::new()));
    table.print();
    if slow.is_empty() {
        return Ok(());
    }
    Err(format!("beside plain descent, these take longer than they should: {}", slow.join(", "))
        .into())
}

/// Seconds of a step of plain descent in `f32`, and of another kind, in turn.
fn pair<E: CpuElement>(
    data: &Dataset,
    options: &Options,
    change: fn(&mut TrainingConfig, &mut Architecture),
    hooks: Vec<Box<dyn Hook<CpuTensor<E>>>>,
) -> (f64, f64) {
    const TURNS: u32 = 3;
    let (mut form, mut config) = (architecture(&[800]), descent(BATCH));
    let mut plain = Steps::<CpuTensor<f32>>::new(&form, &config, data, options.threads);
    change(&mut config, &mut form);
    let mut other = Steps::with_hooks(&form, &config, data, options.threads, hooks);
    let seconds = options.seconds / f64::from(2 * TURNS);
    (0..TURNS).fold((f64::INFINITY, f64::INFINITY), |best, _| {
        (plain.fastest(seconds).min(best.0), other.fastest(seconds).min(best.1))
    })
}
