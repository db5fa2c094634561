//! Formats the comparison as a Markdown table.

use super::measurement::{Measurement, median};
use super::{Network, Terms};

/// The measurements of one network.
#[derive(Debug)]
pub struct Row {
    /// The network.
    pub network: &'static Network,
    /// Runs of `nn`, one before each run of a peer.
    pub ours: Vec<Measurement>,
    /// Runs of the peers, in the order of the columns.
    pub peers: Vec<Series>,
}

/// The runs of one peer.
#[derive(Debug)]
pub struct Series {
    /// Number of threads.
    pub threads: usize,
    /// The run of `nn` right before each run, and the run.
    pub pairs: Vec<(Measurement, Measurement)>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// Formats a row for each network: median speed, ratio to the neighbouring runs of `nn`, accuracy.
#[must_use]
pub fn table(names: &[&str], rows: &[Row], terms: Terms) -> String {
    let columns: Vec<String> = names.iter().map(|name| format!(" {name} |")).collect();
    let order = [&["nn"], names].concat().join(" / ");
    let head = format!(
        "| network, batch, learning rate | nn, images/s |{} test accuracy in %: {order} |",
        columns.concat()
    );
    let rule = format!("|---|---|{}---|", "---|".repeat(names.len()));
    let lines = rows.iter().map(row);
    let body: Vec<String> = [head, rule].into_iter().chain(lines).collect();
    format!("{}\n\n{}", body.join("\n"), legend(rows, terms))
}

fn row(row: &Row) -> String {
    let Network { sizes, batch, learning_rate, .. } = row.network;
    let cells: Vec<String> =
        row.peers.iter().map(|series| format!(" {} |", cell(series))).collect();
    let ours = std::iter::once(percent(row.ours.iter().copied()));
    let peers =
        row.peers.iter().map(|series| percent(series.pairs.iter().map(|(_, measured)| *measured)));
    let accuracies: Vec<String> = ours.chain(peers).collect();
    format!(
        "| {sizes}, {batch}, {learning_rate} | {} |{} {} |",
        rate(row.ours.iter().copied()),
        cells.concat(),
        accuracies.join(" / ")
    )
}

/// Formats the speed of a peer, how many times as fast `nn` is, and the peer's threads.
fn cell(series: &Series) -> String {
    if series.failure.is_some() || series.pairs.is_empty() {
        return "failed".to_owned();
    }
    let ratio = |(ours, peer): &(Measurement, Measurement)| ours.images_per_s / peer.images_per_s;
    let ratios: Vec<f64> = series.pairs.iter().map(ratio).collect();
    format!(
        "{} ({:.1} x, {} t)",
        rate(series.pairs.iter().map(|(_, measured)| *measured)),
        median(&ratios),
        series.threads
    )
}

fn rate(runs: impl Iterator<Item = Measurement>) -> String {
    let rates: Vec<f64> = runs.map(|measured| measured.images_per_s).collect();
    thousands(median(&rates))
}

fn percent(runs: impl Iterator<Item = Measurement>) -> String {
    let accuracies: Vec<f64> = runs.map(|measured| measured.accuracy * 100.0).collect();
    if accuracies.is_empty() { "-".to_owned() } else { format!("{:.2}", median(&accuracies)) }
}

fn legend(rows: &[Row], terms: Terms) -> String {
    let Terms { epochs, rounds, threads } = terms;
    let counted = if epochs > 1 { " after the first" } else { "" };
    let choice =
        if threads > 1 { format!("1 or {threads}, whichever is faster") } else { "1".to_owned() };
    let mut legend = format!(
        "Rounds: {rounds}, epochs: {epochs}. Speed: median over the rounds of the median over the epochs{counted}, \
         training only. In brackets: how many times as fast nn is (median of the ratios of neighbouring runs: nn, \
         peer, nn, peer, ...) and the threads of the peer ({choice}); nn always uses {threads}. \
         Accuracy: after the last epoch, median over the rounds."
    );
    for row in rows {
        for failure in row.peers.iter().filter_map(|series| series.failure.as_deref()) {
            legend.push_str(&format!("\n\nFailed at {}: {failure}.", row.network.sizes));
        }
    }
    legend
}

/// Formats `752012.4` as `752,012`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::NETWORKS;
    use super::*;

    fn run(images_per_s: f64, accuracy: f64) -> Measurement {
        Measurement { images_per_s, accuracy }
    }

    #[test]
    fn the_table_has_medians_ratios_and_accuracies() {
        let ours = [run(600_000.0, 0.94), run(900_000.0, 0.95), run(500_000.0, 0.96)];
        // Ratios 6, 10 and 5: their median is 6, while the ratio of the medians would be 6.67.
        let theirs = [run(100_000.0, 0.9325), run(90_000.0, 0.9375), run(100_000.0, 0.935)];
        let pairs = ours.into_iter().zip(theirs).collect();
        let jax = Series { threads: 1, pairs, failure: None };
        let burn = Series { threads: 2, pairs: vec![], failure: Some("`burn` broke".to_owned()) };
        let rows = [Row { network: &NETWORKS[0], ours: ours.to_vec(), peers: vec![jax, burn] }];
        let text = table(&["JAX", "burn"], &rows, Terms { epochs: 3, rounds: 3, threads: 2 });
        let expected = "\
| network, batch, learning rate | nn, images/s | JAX | burn | test accuracy in %: nn / JAX / burn |
|---|---|---|---|---|
| 784-30-10, 10, 0.1 | 600,000 | 100,000 (6.0 x, 1 t) | failed | 95.00 / 93.50 / - |

Rounds: 3, epochs: 3. ";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("Failed at 784-30-10: `burn` broke."), "{text}");
    }

    #[test]
    fn without_peers_nn_is_alone() {
        let rows = [Row { network: &NETWORKS[3], ours: vec![run(999.6, 0.5)], peers: vec![] }];
        let text = table(&[], &rows, Terms { epochs: 1, rounds: 1, threads: 2 });
        assert!(text.contains("\n| 784-512-512-10, 256, 0.2 | 1,000 | 50.00 |\n"), "{text}");
    }

    #[test]
    fn thousands_are_separated() {
        for (value, text) in
            [(0.0, "0"), (999.0, "999"), (12_345.0, "12,345"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(thousands(value), text);
        }
    }
}
