//! Histograms.

use super::frame::{Frame, GridLines, Labels, draw_title};
use super::{Area, Drawn};
use crate::axis::Span;
use crate::colours::series_colour;
use crate::{Axis, Histogram};
use plotters::prelude::{DrawingBackend, Rectangle};
use plotters::style::Color;

/// Counts the values in each bin; also returns the range.
fn count(histogram: &Histogram) -> (Vec<usize>, (f64, f64)) {
    let values = || histogram.values.iter().copied().filter(|value| value.is_finite());
    let ends = || (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let (first, last) = histogram.x.range.unwrap_or_else(ends);
    let (first, last) = if first < last { (first, last) } else { (first - 0.5, first + 0.5) };
    let mut counts = vec![0; histogram.bins];
    for value in values().filter(|value| (first..=last).contains(value)) {
        let bin = ((value - first) / (last - first) * histogram.bins as f64) as usize;
        counts[bin.min(histogram.bins - 1)] += 1;
    }
    (counts, (first, last))
}

pub(super) fn draw<B: DrawingBackend>(histogram: &Histogram, area: &Area<B>) -> Drawn<B> {
    let (counts, (first, last)) = count(histogram);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let x = Span::new(&Axis::linear("").from_to(first, last), std::iter::empty());
    let y = Span::new(&Axis::linear("").from_to(0.0, 1.05 * most), std::iter::empty());
    let top = draw_title(area, &histogram.title)?;
    let labels = Labels {
        x_name: &histogram.x.name,
        y_name: "count",
        x_ticks: x.ticks(7),
        y_ticks: y.ticks(6),
        grid: GridLines::Level,
    };
    let frame = Frame::new(area, top, (x, y), &labels);
    frame.draw(area, &labels)?;
    for (bin, &count) in counts.iter().enumerate() {
        let edge = |bin: usize| bin as f64 / histogram.bins as f64;
        let (left, bottom) = frame.pixel((edge(bin), 0.0));
        let (right, top) = frame.pixel((edge(bin + 1), frame.y.share(count as f64)));
        let bar = [(left + 1, top), (right - 1, bottom)];
        area.draw(&Rectangle::new(bar, series_colour(0).filled()))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        let values = vec![0.0, 0.1, 0.5, 0.99, 1.0, f64::NAN];
        let histogram = Histogram { title: String::new(), x: Axis::linear("x"), bins: 2, values };
        assert_eq!(count(&histogram), (vec![2, 3], (0.0, 1.0)));
    }
}
