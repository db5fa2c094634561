//! The legend, in rows above the data so that it covers none.

use super::frame::{GAP, draw_left_aligned, size};
use super::marker::{draw_dashed, draw_line, draw_marker};
use super::{Area, Drawn};
use crate::Style;
use crate::text::{LABEL, fitting, width_of};
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

/// A name with the symbol of its series.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) colour: RGBColor,
    pub(super) symbol: Symbol,
}

/// The symbol before a name.
pub(super) enum Symbol {
    /// A piece of the line; the number selects the marker.
    Series(Style, usize),
    /// A filled square.
    Block,
}

/// Length of the line before a name.
const PIECE: i32 = 56;
/// Height of a row.
const ROW: i32 = 46;
/// Distance between a name and the next line.
const BETWEEN: i32 = 36;

/// Draws the legend from `top` down and returns where it ends. Entries without a name are omitted.
pub(super) fn draw_legend<B: DrawingBackend>(
    area: &Area<B>,
    top: i32,
    entries: &[Entry<'_>],
) -> Drawn<B, i32> {
    let entries: Vec<_> = entries.iter().filter(|entry| !entry.name.is_empty()).collect();
    let room = size(area).0 - 2 * GAP;
    let wide = |entry: &Entry<'_>| PIECE + GAP / 2 + width_of(area, entry.name, LABEL) + BETWEEN;
    let mut rows: Vec<(i32, Vec<&Entry<'_>>)> = Vec::new();
    for entry in entries {
        let width = wide(entry);
        match rows.last_mut().filter(|(taken, _)| taken + width - BETWEEN <= room) {
            Some((taken, row)) => {
                *taken += width;
                row.push(entry);
            }
            None => rows.push((width, vec![entry])),
        }
    }
    for (number, (taken, row)) in rows.iter().enumerate() {
        let y = top + ROW * number as i32 + ROW / 2;
        let mut x = GAP + (room - (taken - BETWEEN)).max(0) / 2;
        for entry in row {
            draw_entry(area, entry, (x, y), room)?;
            x += wide(entry);
        }
    }
    Ok(top + ROW * rows.len() as i32)
}

fn draw_entry<B: DrawingBackend>(
    area: &Area<B>,
    entry: &Entry<'_>,
    (x, y): (i32, i32),
    room: i32,
) -> Drawn<B, ()> {
    let colour = entry.colour;
    match entry.symbol {
        Symbol::Block => draw_marker(area, (x + PIECE - 14, y), 1, 14, colour)?,
        Symbol::Series(style, index) => {
            let piece = [(x, y), (x + PIECE, y)];
            match style {
                Style::Line | Style::LineAndPoints => draw_line(area, &piece, colour, 5)?,
                Style::Dashed => draw_dashed(area, &piece, colour, 5)?,
                Style::Points => {}
            }
            if matches!(style, Style::Points | Style::LineAndPoints) {
                draw_marker(area, (x + PIECE / 2, y), index, 9, colour)?;
            }
        }
    }
    let letters = fitting(area, entry.name, LABEL, room - PIECE - GAP);
    draw_left_aligned(area, entry.name, (x + PIECE + GAP / 2, y), letters)
}
