//! Markers and dashed lines.

use super::{Area, Drawn};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::prelude::DrawingBackend;
use plotters::style::{Color, RGBColor};

/// Draws the marker of series `index`: disc, square, triangle, diamond, repeating.
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

/// Draws a line `width` pixels wide.
pub(super) fn draw_line<B: DrawingBackend>(
    area: &Area<B>,
    points: &[(i32, i32)],
    colour: RGBColor,
    width: u32,
) -> Drawn<B, ()> {
    area.draw(&PathElement::new(points.to_vec(), colour.stroke_width(width)))
}

/// Length of a dash, and of the gap after it.
const DASH: f64 = 18.0;
const DASH_GAP: f64 = 11.0;

/// Draws a dashed line.
pub(super) fn draw_dashed<B: DrawingBackend>(
    area: &Area<B>,
    points: &[(i32, i32)],
    colour: RGBColor,
    width: u32,
) -> Drawn<B, ()> {
    for dash in dashes(points) {
        draw_line(area, &dash, colour, width)?;
    }
    Ok(())
}

/// Returns the dashes of a line along `points`.
fn dashes(points: &[(i32, i32)]) -> Vec<Vec<(i32, i32)>> {
    let mut dashes: Vec<Vec<(i32, i32)>> = vec![points.first().copied().into_iter().collect()];
    let (mut drawing, mut left) = (true, DASH);
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
                dashes.last_mut().into_iter().for_each(|dash| dash.push(point));
            } else {
                dashes.push(vec![point]);
            }
            drawing = !drawing;
            left = if drawing { DASH } else { DASH_GAP };
        }
        left -= length - done;
        if drawing {
            dashes.last_mut().into_iter().for_each(|dash| dash.push(to));
        }
    }
    dashes.retain(|dash| dash.len() > 1);
    dashes
}

#[cfg(test)]
mod tests {
    use super::dashes;

    #[test]
    fn a_dashed_line_has_gaps() {
        assert_eq!(dashes(&[(0, 0), (40, 0)]), [vec![(0, 0), (18, 0)], vec![(29, 0), (40, 0)]]);
        assert!(dashes(&[(3, 3)]).is_empty() && dashes(&[]).is_empty());
    }
}
