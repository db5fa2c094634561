//! Training steps of the four networks, in images per second: batch, forward pass, backpropagation,
//! update.

use crate::measure::{group, timed};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use nn_benches::{
    NETWORKS, Peak, Shares, Steps, Table, architecture, digits, giga, percent, sgd,
    step_operations, thousands,
};
use nn_core::Optimizer;
use nn_cpu::{CpuElement, CpuTensor};
use nn_data::Dataset;

/// Optimizers and thread counts; SGD also runs in f64.
const RUNS: [(&str, usize); 4] = [("sgd", 1), ("sgd", 2), ("adam", 1), ("adam", 2)];

/// Benchmarks all networks with both optimizers and thread counts.
pub(crate) fn benches(criterion: &mut Criterion, peak: &Peak) {
    let (data, name) = digits().expect("the data is readable");
    let mut group = group(criterion, "step", 1.5);
    let title = format!(
        "Training steps on {name}; counted: the share of the first layer's products (forward, update) \
         without zeros, all products of the others"
    );
    let heading = [
        "network, batch",
        "counted",
        "type, optimizer",
        "threads",
        "microseconds",
        "images/s",
        "Gop/s",
        "share of the peak",
    ];
    let mut table = Table::new(title, &heading);
    for network in NETWORKS {
        let shares = Shares::shuffled(&data.train, network.1);
        let mut add = |row: Option<Vec<String>>| row.into_iter().for_each(|row| table.row(row));
        for (optimizer, threads) in RUNS {
            add(one::<f32>(&mut group, network, &data.train, shares, (optimizer, threads, peak)));
        }
        for (optimizer, threads) in &RUNS[..2] {
            add(one::<f64>(&mut group, network, &data.train, shares, (optimizer, *threads, peak)));
        }
    }
    group.finish();
    table.print();
}

/// Runs one benchmark; returns its row of the table, or nothing if it is filtered out.
fn one<E: CpuElement>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (hidden, batch): (&[usize], usize),
    data: &Dataset,
    shares: Shares,
    (optimizer, threads, peak): (&str, usize, &Peak),
) -> Option<Vec<String>> {
    let architecture = architecture(hidden);
    let mut config = sgd(batch);
    config.optimizer = Optimizer::from_name(optimizer).expect("it is one of the names");
    config.learning_rate = if optimizer == "adam" { 1e-4 } else { 0.01 };
    let mut steps = Steps::<CpuTensor<E>>::new(&architecture, &config, data, threads);
    group.throughput(Throughput::Elements(batch as u64));
    let numbers = E::NAME;
    let id =
        BenchmarkId::new(format!("{architecture} batch {batch}/{numbers} {optimizer}"), threads);
    let seconds = timed(group, id, |count| steps.time(count))?;
    let rate = batch as f64 / seconds;
    let operations = rate * step_operations(&architecture, shares);
    Some(vec![
        format!("{architecture}, {batch}"),
        format!("{}, {}", percent(shares.forward), percent(shares.update)),
        format!("{numbers} {optimizer}"),
        threads.to_string(),
        format!("{:.1}", 1e6 * seconds),
        thousands(rate),
        giga(operations),
        percent(operations / peak.of(numbers, threads)),
    ])
}
