//! Contour lines on a shaded background, with paths and marks.

use super::clip::inside;
use super::frame::{Frame, GridLines, Labels, draw_left_aligned, draw_title};
use super::legend::{Entry, Symbol, draw_legend};
use super::marker::{draw_line, draw_marker};
use super::{Area, Drawn};
use crate::axis::Span;
use crate::colours::{INK, height_colour, series_colour};
use crate::raster::{Raster, paint};
use crate::text::TICK;
use crate::{Contours, Grid, Style};
use contour::ContourBuilder;
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

/// Colour of contour lines.
const LINE: RGBColor = RGBColor(150, 150, 150);

pub(super) fn draw<B: DrawingBackend>(contours: &Contours, area: &Area<B>) -> Drawn<B> {
    let grid = &contours.grid;
    let exact = |axis: &crate::Axis, (first, last)| axis.clone().from_to(first, last);
    let spans = (
        Span::new(&exact(&contours.x, grid.x), std::iter::empty()),
        Span::new(&exact(&contours.y, grid.y), std::iter::empty()),
    );
    let top = draw_title(area, &contours.title)?;
    let entries: Vec<_> = contours
        .paths
        .iter()
        .enumerate()
        .map(|(index, path)| Entry {
            name: &path.name,
            colour: series_colour(index),
            symbol: Symbol::Series(Style::LineAndPoints, index),
        })
        .collect();
    let top = draw_legend(area, top, &entries)?;
    let labels = Labels {
        x_name: &contours.x.name,
        y_name: &contours.y.name,
        x_ticks: spans.0.ticks(7),
        y_ticks: spans.1.ticks(7),
        grid: GridLines::None,
    };
    let frame = Frame::new(area, top, spans, &labels);
    for line in contour_lines(grid, &contours.levels) {
        for piece in frame.lines(&line) {
            draw_line(area, &piece, LINE, 2)?;
        }
    }
    frame.draw(area, &labels)?;
    draw_paths(contours, area, &frame)?;
    draw_marks(contours, area, &frame)?;
    Ok(vec![background(contours, &frame)])
}

/// Returns the contour lines at all levels, in the coordinates of the grid.
fn contour_lines(grid: &Grid, levels: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let step = |(first, last): (f64, f64), count: usize| (last - first) / (count - 1) as f64;
    let (dx, dy) = (step(grid.x, grid.columns), step(grid.y, grid.rows));
    // The library centres cells on the points, the grid has them between points: shift by half a
    // step.
    let place = |x: f64, y: f64| {
        let x = (grid.x.0 + (x - 0.5) * dx).clamp(grid.x.0, grid.x.1);
        (x, (grid.y.0 + (y - 0.5) * dy).clamp(grid.y.0, grid.y.1))
    };
    let lowest = grid.values.iter().copied().filter(|v| v.is_finite()).fold(f64::MAX, f64::min);
    let highest = grid.values.iter().copied().filter(|v| v.is_finite()).fold(f64::MIN, f64::max);
    // Values that are not finite count as the highest.
    let heights: Vec<f64> =
        grid.values.iter().map(|v| if v.is_finite() { *v } else { highest }).collect();
    let inner: Vec<f64> =
        levels.iter().copied().filter(|&level| lowest < level && level < highest).collect();
    let lines = ContourBuilder::new(grid.columns, grid.rows, true).lines(&heights, &inner);
    let lines = lines.unwrap_or_default();
    lines
        .iter()
        .flat_map(|level| &level.geometry().0)
        .map(|line| line.coords().map(|coordinate| place(coordinate.x, coordinate.y)).collect())
        .collect()
}

/// Returns the background image: yellow where the function is low, pale blue where it is high.
fn background(contours: &Contours, frame: &Frame) -> Raster {
    let Grid { columns, rows, values, .. } = &contours.grid;
    let steps = contours.levels.len().max(1) as f64;
    let colour = |column: usize, row: usize| {
        let height = values[(rows - 1 - row) * columns + column];
        let below = contours.levels.iter().filter(|&&level| level <= height).count();
        height_colour(if height.is_finite() { below as f64 / steps } else { 1.0 })
    };
    Raster {
        left: frame.left,
        top: frame.top,
        width: frame.right - frame.left,
        height: frame.bottom - frame.top,
        image: paint(*columns, *rows, colour),
    }
}

fn draw_paths<B: DrawingBackend>(
    contours: &Contours,
    area: &Area<B>,
    frame: &Frame,
) -> Drawn<B, ()> {
    for (index, path) in contours.paths.iter().enumerate() {
        let colour = series_colour(index);
        for line in frame.lines(&path.points) {
            draw_line(area, &line, colour, 4)?;
        }
        let radius = if path.points.len() > 40 { 4 } else { 7 };
        for (number, &point) in path.points.iter().enumerate() {
            let place = frame.shares(point);
            if inside(place) {
                let radius = if number == 0 { 11 } else { radius };
                draw_marker(area, frame.pixel(place), index, radius, colour)?;
            }
        }
    }
    Ok(())
}

fn draw_marks<B: DrawingBackend>(
    contours: &Contours,
    area: &Area<B>,
    frame: &Frame,
) -> Drawn<B, ()> {
    for mark in &contours.marks {
        let place = frame.shares(mark.at);
        if inside(place) {
            let (x, y) = frame.pixel(place);
            draw_line(area, &[(x - 14, y - 14), (x + 14, y + 14)], INK, 5)?;
            draw_line(area, &[(x - 14, y + 14), (x + 14, y - 14)], INK, 5)?;
            draw_left_aligned(area, &mark.name, (x + 22, y), TICK)?;
        }
    }
    Ok(())
}
