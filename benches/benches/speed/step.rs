//! One training step - batch, forward pass, backpropagation, update - of the four networks, in
//! images a second.

use crate::measure::Selection;
use nn_benches::{
    NETWORKS, Peak, Shares, Steps, Table, architecture, descent, digits, giga, percent,
    step_operations, thousands,
};
use nn_core::Optimizer;
use nn_cpu::{CpuElement, CpuTensor};
use nn_data::Dataset;

/// Optimizer, and threads, whose steps are timed; in both types of number for descent.
const RUNS: [(&str, usize); 4] = [("sgd", 1), ("sgd", 2), ("adam", 1), ("adam", 2)];

/// All networks, both optimizers, both numbers of threads.
pub(crate) fn benches(selection: &Selection, peak: &Peak) {
    let (data, name) = digits().expect("the data is readable");
    let title = format!(
        "Training steps on {name}; counted: the share of the first layer's products (forward, update) that \
         zeros do not spare, all of the others"
    );
    let heading = [
        "network, batch",
        "counted",
        "numbers, optimizer",
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
            add(one::<f32>(selection, network, &data.train, shares, (optimizer, threads, peak)));
        }
        for (optimizer, threads) in &RUNS[..2] {
            add(one::<f64>(selection, network, &data.train, shares, (optimizer, *threads, peak)));
        }
    }
    table.print();
}

/// One benchmark: its row of the table, or nothing where a filter left it out.
fn one<E: CpuElement>(
    selection: &Selection,
    (hidden, batch): (&[usize], usize),
    data: &Dataset,
    shares: Shares,
    (optimizer, threads, peak): (&str, usize, &Peak),
) -> Option<Vec<String>> {
    let form = architecture(hidden);
    let mut config = descent(batch);
    config.optimizer = Optimizer::from_name(optimizer).expect("it is one of the names");
    config.learning_rate = if optimizer == "adam" { 1e-4 } else { 0.01 };
    let mut steps = Steps::<CpuTensor<E>>::new(&form, &config, data, threads);
    let numbers = E::NAME;
    let name = format!("step/{form} batch {batch}/{numbers} {optimizer}/{threads}");
    let seconds = selection.time(&name, 1.5, |count| steps.time(count))?;
    let rate = batch as f64 / seconds;
    let operations = rate * step_operations(&form, shares);
    Some(vec![
        format!("{form}, {batch}"),
        format!("{}, {}", percent(shares.forward), percent(shares.update)),
        format!("{numbers} {optimizer}"),
        threads.to_string(),
        format!("{:.1}", 1e6 * seconds),
        thousands(rate),
        giga(operations),
        percent(operations / peak.of(numbers, threads)),
    ])
}
