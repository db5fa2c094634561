//! The common parts of most figures: title, axes, grid, and the position of points.

use super::clip::{Point, visible_lines};
use super::{Area, Drawn};
use crate::axis::Span;
use crate::colours::{GRID, INK};
use crate::text::{CENTRE, LABEL, LEFT, RIGHT, TICK, TITLE, fitting, style, width_of};
use plotters::element::{PathElement, Text};
use plotters::prelude::{DrawingBackend, IntoFont, Rectangle};
use plotters::style::{Color, FontTransform, TextStyle};

/// Margin around a figure and between its parts.
pub(super) const GAP: i32 = 20;
/// Height of a line of title text.
const TITLE_LINE: i32 = 60;
/// Height of a line of labels.
const LABEL_LINE: i32 = 48;

/// Returns width and height of an area.
pub(super) fn size<B: DrawingBackend>(area: &Area<B>) -> (i32, i32) {
    let (width, height) = area.dim_in_pixel();
    (width as i32, height as i32)
}

/// Draws the title, smaller if it is long, and returns where the rest may start.
pub(super) fn draw_title<B: DrawingBackend>(area: &Area<B>, title: &str) -> Drawn<B, i32> {
    let (width, _) = size(area);
    let letters = fitting(area, title, TITLE, width - 2 * GAP);
    let place = (width / 2, GAP + TITLE_LINE / 2);
    area.draw(&Text::new(title.to_owned(), place, style(letters, CENTRE)))?;
    Ok(GAP + TITLE_LINE)
}

/// Draws the name of a vertical axis, rotated and centred at `place`.
pub(super) fn draw_upwards<B: DrawingBackend>(
    area: &Area<B>,
    name: &str,
    place: (i32, i32),
    room: i32,
) -> Drawn<B, ()> {
    let letters = fitting(area, name, LABEL, room);
    let font = (crate::text::FONT, letters).into_font().transform(FontTransform::Rotate270);
    let style = TextStyle { font, color: INK.to_backend_color(), pos: CENTRE };
    area.draw(&Text::new(name.to_owned(), place, style))
}

/// The rectangle of the data, and both axes.
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    pub(super) x: Span,
    pub(super) y: Span,
}

/// Which ticks have a grid line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GridLines {
    /// None.
    None,
    /// Ticks of y.
    Level,
    /// Ticks of x and y.
    Both,
}

/// Labels of the axes: names, and ticks with their labels.
pub(super) struct Labels<'a> {
    pub(super) x_name: &'a str,
    pub(super) y_name: &'a str,
    pub(super) x_ticks: Vec<(f64, String)>,
    pub(super) y_ticks: Vec<(f64, String)>,
    /// Grid lines.
    pub(super) grid: GridLines,
}

impl Frame {
    /// Creates a frame below `top`, with a left margin for the tick labels.
    pub(super) fn new<B: DrawingBackend>(
        area: &Area<B>,
        top: i32,
        (x, y): (Span, Span),
        labels: &Labels<'_>,
    ) -> Self {
        let (width, height) = size(area);
        let widest = labels.y_ticks.iter().map(|(_, text)| width_of(area, text, TICK)).max();
        let last = labels.x_ticks.last().map_or(0, |(_, text)| width_of(area, text, TICK) / 2);
        let left = GAP + LABEL_LINE + widest.unwrap_or(0) + GAP;
        let right = width - GAP - last.min(3 * GAP);
        let bottom = height - GAP - 2 * LABEL_LINE;
        Self { left, right, top: top + GAP, bottom, x, y }
    }

    /// Returns the pixel at these fractions of width and height.
    pub(super) fn pixel(&self, (x, y): Point) -> (i32, i32) {
        let across = f64::from(self.right - self.left) * x;
        let up = f64::from(self.bottom - self.top) * y;
        (self.left + across.round() as i32, self.bottom - up.round() as i32)
    }

    /// Returns a point as fractions of width and height.
    pub(super) fn shares(&self, (x, y): (f64, f64)) -> Point {
        (self.x.share(x), self.y.share(y))
    }

    /// Returns the clipped line through `points` in pixels.
    pub(super) fn lines(&self, points: &[(f64, f64)]) -> Vec<Vec<(i32, i32)>> {
        let lines = visible_lines(points.iter().map(|&point| self.shares(point)));
        let in_pixels = |line: Vec<Point>| {
            let mut pixels: Vec<_> = line.into_iter().map(|point| self.pixel(point)).collect();
            pixels.dedup();
            pixels
        };
        lines.into_iter().map(in_pixels).collect()
    }

    /// Draws grid, ticks, tick labels, axis names and the box around the data.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        labels: &Labels<'_>,
    ) -> Drawn<B, ()> {
        self.draw_x_ticks(area, labels)?;
        self.draw_y_ticks(area, labels)?;
        let corners = [(self.left, self.top), (self.right, self.bottom)];
        area.draw(&Rectangle::new(corners, INK.stroke_width(2)))?;
        let middle = ((self.left + self.right) / 2, (self.top + self.bottom) / 2);
        let below = self.bottom + LABEL_LINE + LABEL_LINE / 2 + GAP / 2;
        let letters = fitting(area, labels.x_name, LABEL, self.right - self.left);
        let name = labels.x_name.to_owned();
        area.draw(&Text::new(name, (middle.0, below), style(letters, CENTRE)))?;
        let place = (GAP / 2 + LABEL_LINE / 2, middle.1);
        draw_upwards(area, labels.y_name, place, self.bottom - self.top + 2 * LABEL_LINE)
    }

    fn draw_x_ticks<B: DrawingBackend>(&self, area: &Area<B>, labels: &Labels<'_>) -> Drawn<B, ()> {
        for (value, text) in &labels.x_ticks {
            let (x, _) = self.pixel((self.x.share(*value), 0.0));
            if labels.grid == GridLines::Both {
                area.draw(&PathElement::new(
                    [(x, self.top), (x, self.bottom)],
                    GRID.stroke_width(2),
                ))?;
            }
            let place = (x, self.bottom + LABEL_LINE / 2 + 4);
            area.draw(&Text::new(text.clone(), place, style(TICK, CENTRE)))?;
        }
        Ok(())
    }

    fn draw_y_ticks<B: DrawingBackend>(&self, area: &Area<B>, labels: &Labels<'_>) -> Drawn<B, ()> {
        for (value, text) in &labels.y_ticks {
            let (_, y) = self.pixel((0.0, self.y.share(*value)));
            if labels.grid != GridLines::None {
                let line = [(self.left, y), (self.right, y)];
                area.draw(&PathElement::new(line, GRID.stroke_width(2)))?;
            }
            let place = (self.left - GAP / 2, y);
            area.draw(&Text::new(text.clone(), place, style(TICK, RIGHT)))?;
        }
        Ok(())
    }
}

/// Draws text to the right of `place`, vertically centred.
pub(super) fn draw_left_aligned<B: DrawingBackend>(
    area: &Area<B>,
    text: &str,
    place: (i32, i32),
    size: f64,
) -> Drawn<B, ()> {
    area.draw(&Text::new(text.to_owned(), place, style(size, LEFT)))
}
