//! Training rate by width, depth and batch size, on one thread and on two.
//!
//! Measurements are stored as JSON lines, so that sweeps can be measured separately and reported
//! together.

mod cliffs;
mod figures;
mod point;

use crate::Done;
use nn_benches::{
    Peak, Shares, Steps, Table, architecture, digits, giga, percent, sgd, step_operations,
    thousands,
};
use nn_cpu::CpuTensor;
use nn_data::Dataset;
use point::{Point, Sweep};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Sweeps to measure
    #[arg(long, value_enum, value_delimiter = ',', default_value = "width,depth,batch")]
    only: Vec<Sweep>,
    /// Measure nothing; report what is in the file
    #[arg(long)]
    draw: bool,
    /// Seconds per point
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
    /// File of the measurements; a sweep replaces its older points
    #[arg(long, default_value = "target/scaling.jsonl")]
    results: PathBuf,
    /// Folder of the figures
    #[arg(long, default_value = "docs/images")]
    figures: PathBuf,
}

pub(crate) fn run(options: &Options) -> Done {
    let mut points = point::load(&options.results)?;
    if !options.draw {
        let (data, _) = digits()?;
        let peak = Peak::measure();
        for &sweep in &options.only {
            points.retain(|point| point.sweep != sweep);
            points.extend(measure(sweep, &data.train, &peak, options.seconds));
            point::save(&options.results, &points)?;
        }
    }
    for sweep in Sweep::ALL {
        print(sweep, &points);
    }
    cliffs::print(&points);
    figures::save(&points, Path::new(&options.figures))
}

/// Measures one sweep, smallest first, on one thread and on two alternately.
fn measure(sweep: Sweep, data: &Dataset, peak: &Peak, seconds: f64) -> Vec<Point> {
    let mut points = Vec::new();
    for &size in sweep.sizes() {
        let (hidden, batch) = sweep.network(size);
        let (architecture, config) = (architecture(&hidden), sgd(batch));
        for threads in [1, 2] {
            let mut steps = Steps::<CpuTensor<f32>>::new(&architecture, &config, data, threads);
            let rate = batch as f64 / steps.fastest(seconds);
            let operations = rate * step_operations(&architecture, Shares::DENSE);
            let share = operations / peak.of("f32", threads);
            points.push(Point { sweep, size, threads, rate, operations, share });
            eprintln!("{sweep} {size}, threads {threads}: {} images/s", thousands(rate));
        }
    }
    points
}

fn print(sweep: Sweep, points: &[Point]) {
    let heading = [
        sweep.name(),
        "images/s, 1 thread",
        "2 threads",
        "2 threads / 1",
        "Gop/s, dense, 1 thread",
        "2 threads",
        "share of the peak, 1 thread",
        "2 threads",
    ];
    let mut table = Table::new(sweep.title(), &heading);
    for &size in sweep.sizes() {
        if let Some([one, two]) = point::pair(points, sweep, size) {
            table.row([
                size.to_string(),
                thousands(one.rate),
                thousands(two.rate),
                format!("{:.2}", two.rate / one.rate),
                giga(one.operations),
                giga(two.operations),
                percent(one.share),
                percent(two.share),
            ]);
        }
    }
    table.print();
}
