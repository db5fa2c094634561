//! Peak rates of the machine, and the operations and bytes that each network needs.

use crate::Done;
use nn_benches::bandwidth::{LEVELS, read_rate};
use nn_benches::{
    NETWORKS, Peak, Shares, Table, architecture, digits, giga, step_operations, thousands,
};

pub(crate) fn run() -> Done {
    let (data, name) = digits()?;
    let peak = Peak::measure();
    let title = format!("Peak rates of the machine, {}", peak.instructions);
    let mut machine = Table::new(&title, &["what", "1 thread", "2 threads"]);
    for (name, peaks) in [("f32", peak.f32), ("f64", peak.f64)] {
        let [one, two] = peaks.map(|rate| format!("{} Gop/s", giga(rate)));
        machine.row([format!("multiply-adds, {name}"), one, two]);
    }
    for (level, bytes) in LEVELS {
        let [one, two] = [1, 2].map(|threads| format!("{} GB/s", giga(read_rate(bytes, threads))));
        machine.row([format!("reading from the {level}"), one, two]);
    }
    machine.print();

    let title = format!("What an SGD step on {name} needs, in f32");
    let heading = [
        "network, batch",
        "operations, dense",
        "operations, without zeros",
        "weights, KB",
        "activations and δ, KB",
        "pixels, KB",
        "microseconds at the peak, 2 threads",
        "GB/s at that rate, weights 3 times",
    ];
    let mut table = Table::new(title, &heading);
    for (hidden, batch) in NETWORKS {
        let architecture = architecture(hidden);
        let shares = Shares::shuffled(&data.train, batch);
        let dense = batch as f64 * step_operations(&architecture, Shares::DENSE);
        let needed = batch as f64 * step_operations(&architecture, shares);
        let weights = 4.0 * architecture.parameter_count() as f64;
        let neurons: usize = architecture.widths()[1..].iter().sum();
        let activations = (2 * 4 * batch * neurons) as f64;
        let pixels = (batch * architecture.inputs) as f64;
        let seconds = needed / peak.f32[1];
        // Weights: read in the forward pass, read and written in the update. Activations and δ:
        // written and read.
        let moved = 3.0 * weights + 2.0 * activations + pixels;
        table.row([
            format!("{architecture}, {batch}"),
            thousands(dense),
            thousands(needed),
            thousands(weights / 1e3),
            thousands(activations / 1e3),
            thousands(pixels / 1e3),
            format!("{:.1}", 1e6 * seconds),
            giga(moved / seconds),
        ]);
    }
    table.print();
    Ok(())
}
