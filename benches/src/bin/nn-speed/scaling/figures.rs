//! Figures of the sweeps.

use super::point::{Point, Sweep};
use crate::Done;
use nn_plot::{Axis, Curves, Figure, Series, Style};
use std::path::Path;

/// Writes `scaling-width`, `scaling-depth` and `scaling-batch` as SVG and PNG, for the measured
/// sweeps.
pub(crate) fn save(points: &[Point], folder: &Path) -> Done {
    for sweep in Sweep::ALL {
        if points.iter().any(|point| point.sweep == sweep) {
            nn_plot::save(&figure(sweep, points), folder, &format!("scaling-{sweep}"))?;
        }
    }
    Ok(())
}

fn figure(sweep: Sweep, points: &[Point]) -> Figure {
    let series = |(threads, name): (usize, &str)| {
        let selected = points.iter().filter(|p| p.sweep == sweep && p.threads == threads);
        let points = selected.map(|p| (p.size as f64, p.rate)).collect();
        Series::line(name, points).styled(Style::LineAndPoints)
    };
    let x = match sweep {
        Sweep::Width => Axis::log("neurons of the hidden layer"),
        Sweep::Depth => Axis::linear("hidden layers of 256 neurons"),
        Sweep::Batch => Axis::log("batch size"),
    };
    Figure::Curves(Curves {
        title: sweep.title().to_owned(),
        x,
        y: Axis::log("images per second"),
        series: [(1, "1 thread"), (2, "2 threads")].map(series).to_vec(),
    })
}
