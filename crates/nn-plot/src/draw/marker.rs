//! Signs that tell series apart without colour, and broken lines.

use super::{Area, Drawn};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::prelude::DrawingBackend;
use plotters::style::{Color, RGBColor};

/// Draws the sign of series number `index`: disc, square, triangle, diamond, and so on again.
pub(super) fn draw_marker<B: DrawingBackend>(
    area: &Area<B>,
    (x, y): (i32, i32),
    index: usize,
    radius: i32,
    colour: RGBColor,
) -> Drawn<B, ()> {
    let r = radius;
    let corners = match index % 4 {
        0 => return area.draw(&Circle::new((x, y), r, colour.filled())),
        1 => vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
        2 => vec![(x, y - r - 2), (x + r + 2, y + r), (x - r - 2, y + r)],
        _ => vec![(x, y - r - 3), (x + r + 3, y), (x, y + r + 3), (x - r - 3, y)],
    };
    area.draw(&Polygon::new(corners, colour.filled()))
}

/// Draws a line of `width` pixels.
pub(super) fn draw_line<B: DrawingBackend>(
    area: &Area<B>,
    points: &[(i32, i32)],
    colour: RGBColor,
    width: u32,
) -> Drawn<B, ()> {
    area.draw(&PathElement::new(points.to_vec(), colour.stroke_width(width)))
}

/// Length of a stroke of a broken line, and of the gap after it.
const STROKE: f64 = 18.0;
const BREAK: f64 = 11.0;

/// Draws a broken line.
pub(super) fn draw_broken<B: DrawingBackend>(
    area: &Area<B>,
    points: &[(i32, i32)],
    colour: RGBColor,
    width: u32,
) -> Drawn<B, ()> {
    for stroke in strokes(points) {
        draw_line(area, &stroke, colour, width)?;
    }
    Ok(())
}

/// The strokes of a broken line along `points`.
fn strokes(points: &[(i32, i32)]) -> Vec<Vec<(i32, i32)>> {
    let mut strokes: Vec<Vec<(i32, i32)>> = vec![points.first().copied().into_iter().collect()];
    let (mut drawing, mut left) = (true, STROKE);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let point = |from: i32, d: f64| from + (share * d).round() as i32;
            let point = (point(from.0, dx), point(from.1, dy));
            if drawing {
                strokes.last_mut().into_iter().for_each(|stroke| stroke.push(point));
            } else {
                strokes.push(vec![point]);
            }
            drawing = !drawing;
            left = if drawing { STROKE } else { BREAK };
        }
        left -= length - done;
        if drawing {
            strokes.last_mut().into_iter().for_each(|stroke| stroke.push(to));
        }
    }
    strokes.retain(|stroke| stroke.len() > 1);
    strokes
}

#[cfg(test)]
mod tests {
    use super::strokes;

    #[test]
    fn a_broken_line_has_gaps() {
        assert_eq!(strokes(&[(0, 0), (40, 0)]), [vec![(0, 0), (18, 0)], vec![(29, 0), (40, 0)]]);
        assert!(strokes(&[(3, 3)]).is_empty() && strokes(&[]).is_empty());
    }
}
