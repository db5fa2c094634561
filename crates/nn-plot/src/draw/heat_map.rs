//! Heat maps.

use super::frame::{GAP, draw_title, draw_upwards, size};
use super::{Area, Drawn};
use crate::colours::{INK, heat_colour, readable_on};
use crate::text::{CENTRE, LABEL, RIGHT, TICK, coloured, fitting, style, width_of};
use crate::{HeatMap, Scale};
use plotters::element::Text;
use plotters::prelude::{DrawingBackend, Rectangle};
use plotters::style::Color;

/// Height of a line of labels.
const LINE: i32 = 48;
/// Height of a row of the matrix.
const ROW: i32 = 72;
/// Height of the title.
const TITLE: i32 = 90;

pub(super) fn height_of(map: &HeatMap) -> u32 {
    let rows = map.row_names.len() as i32;
    (TITLE + rows * row_height(rows) + 2 * LINE + 2 * GAP) as u32
}

fn row_height(rows: i32) -> i32 {
    ROW.min(1600 / rows.max(1)).max(4)
}

/// Returns the position of a value on the colour scale, from 0 or the smallest value to the
/// largest.
fn share(map: &HeatMap, value: f64) -> f64 {
    let finite = || map.values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(0.0, f64::min), finite().fold(f64::MIN, f64::max));
    let share = if high > low { (value - low) / (high - low) } else { 0.0 };
    match map.scale {
        Scale::Linear => share,
        // Steep at 0, so that a few errors are visible beside a thousand correct predictions.
        Scale::Log => (1.0 + 999.0 * share).ln() / 1000_f64.ln(),
    }
}

pub(super) fn draw<B: DrawingBackend>(map: &HeatMap, area: &Area<B>) -> Drawn<B> {
    let top = draw_title(area, &map.title)? + GAP / 2;
    let (rows, columns) = (map.row_names.len() as i32, map.column_names.len() as i32);
    let widest = map.row_names.iter().map(|name| width_of(area, name, TICK)).max().unwrap_or(0);
    let left = GAP + LINE + widest + GAP;
    let cell = ((size(area).0 - GAP - left) / columns.max(1), row_height(rows));
    for (index, &value) in map.values.iter().enumerate() {
        let (row, column) = (index as i32 / columns, index as i32 % columns);
        draw_cell(map, area, (left + column * cell.0, top + row * cell.1), cell, value)?;
    }
    let bottom = top + rows * cell.1;
    let corners = [(left, top), (left + columns * cell.0, bottom)];
    area.draw(&Rectangle::new(corners, INK.stroke_width(2)))?;
    for (row, name) in map.row_names.iter().enumerate() {
        let place = (left - GAP / 2, top + row as i32 * cell.1 + cell.1 / 2);
        area.draw(&Text::new(name.clone(), place, style(TICK, RIGHT)))?;
    }
    for (column, name) in map.column_names.iter().enumerate() {
        let place = (left + column as i32 * cell.0 + cell.0 / 2, bottom + LINE / 2);
        let letters = fitting(area, name, TICK, cell.0 - 4);
        area.draw(&Text::new(name.clone(), place, style(letters, CENTRE)))?;
    }
    let middle = left + columns * cell.0 / 2;
    let x_name = Text::new(map.x.clone(), (middle, bottom + LINE + LINE / 2), style(LABEL, CENTRE));
    area.draw(&x_name)?;
    draw_upwards(area, &map.y, (GAP / 2 + LINE / 2, (top + bottom) / 2), bottom - top)?;
    Ok(Vec::new())
}

fn draw_cell<B: DrawingBackend>(
    map: &HeatMap,
    area: &Area<B>,
    (x, y): (i32, i32),
    (width, height): (i32, i32),
    value: f64,
) -> Drawn<B, ()> {
    if !value.is_finite() {
        return Ok(());
    }
    let colour = heat_colour(share(map, value));
    area.draw(&Rectangle::new([(x, y), (x + width, y + height)], colour.filled()))?;
    let text = number(value);
    let letters = fitting(area, &text, TICK, width - 6);
    if value != 0.0 && letters > 12.0 {
        let style = coloured(letters, CENTRE, readable_on(colour));
        area.draw(&Text::new(text, (x + width / 2, y + height / 2), style))?;
    }
    Ok(())
}

/// Formats whole numbers without decimals, others briefly.
fn number(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e7 {
        format!("{value:.0}")
    } else if value.abs() >= 0.01 && value.abs() < 1e4 {
        format!("{value:.2}")
    } else {
        format!("{value:.0e}")
    }
}
