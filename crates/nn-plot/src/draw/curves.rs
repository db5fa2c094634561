//! Lines and points over two axes.

use super::clip::inside;
use super::frame::{Frame, GridLines, Labels, draw_title};
use super::legend::{Entry, Symbol, draw_legend};
use super::marker::{draw_dashed, draw_line, draw_marker};
use super::{Area, Drawn};
use crate::axis::Span;
use crate::colours::series_colour;
use crate::{Curves, Series, Style};
use plotters::prelude::DrawingBackend;

pub(super) fn draw<B: DrawingBackend>(curves: &Curves, area: &Area<B>) -> Drawn<B> {
    let points = || curves.series.iter().flat_map(|series| &series.points);
    let spans = (
        Span::new(&curves.x, points().map(|point| point.0)),
        Span::new(&curves.y, points().map(|point| point.1)),
    );
    let top = draw_title(area, &curves.title)?;
    let entry = |(index, series)| entry(index, series);
    let entries: Vec<_> = curves.series.iter().enumerate().map(entry).collect();
    let top = draw_legend(area, top, &entries)?;
    let labels = Labels {
        x_name: &curves.x.name,
        y_name: &curves.y.name,
        x_ticks: spans.0.ticks(7),
        y_ticks: spans.1.ticks(6),
        grid: GridLines::Both,
    };
    let frame = Frame::new(area, top, spans, &labels);
    frame.draw(area, &labels)?;
    for (index, series) in curves.series.iter().enumerate() {
        draw_series(area, &frame, index, series)?;
    }
    Ok(Vec::new())
}

fn entry(index: usize, series: &Series) -> Entry<'_> {
    let symbol = Symbol::Series(series.style, index);
    Entry { name: &series.name, colour: series_colour(index), symbol }
}

fn draw_series<B: DrawingBackend>(
    area: &Area<B>,
    frame: &Frame,
    index: usize,
    series: &Series,
) -> Drawn<B, ()> {
    let colour = series_colour(index);
    for line in frame.lines(&series.points) {
        match series.style {
            Style::Line | Style::LineAndPoints => draw_line(area, &line, colour, 4)?,
            Style::Dashed => draw_dashed(area, &line, colour, 4)?,
            Style::Points => {}
        }
    }
    if matches!(series.style, Style::Points | Style::LineAndPoints) {
        let radius = if series.points.len() > 60 { 5 } else { 8 };
        let shares = series.points.iter().map(|&point| frame.shares(point));
        for point in shares.filter(|&point| inside(point)) {
            draw_marker(area, frame.pixel(point), index, radius, colour)?;
        }
    }
    Ok(())
}
