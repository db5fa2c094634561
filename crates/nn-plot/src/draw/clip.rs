//! Clipping lines at the edge of the plot.

/// A point as fractions of the plot's width and height.
pub(super) type Point = (f64, f64);

/// Clips a segment to the unit square (Liang and Barsky).
pub(super) fn clip(from: Point, to: Point) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in [(-dx, from.0), (dx, 1.0 - from.0), (-dy, from.1), (dy, 1.0 - from.1)] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// Returns whether the point is inside the unit square.
pub(super) fn inside((x, y): Point) -> bool {
    (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y)
}

/// Returns the line through `points`, clipped at the edge and split at points that are not finite.
pub(super) fn visible_lines(points: impl Iterator<Item = Point>) -> Vec<Vec<Point>> {
    let mut lines: Vec<Vec<Point>> = Vec::new();
    let mut previous: Option<Point> = None;
    for point in points {
        let finite = point.0.is_finite() && point.1.is_finite();
        if let (Some(from), true) = (previous, finite)
            && let Some((start, end)) = clip(from, point)
        {
            match lines.last_mut().filter(|line| line.last() == Some(&start)) {
                Some(line) => line.push(end),
                None => lines.push(vec![start, end]),
            }
        }
        previous = finite.then_some(point);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_end_at_the_edge() {
        assert_eq!(clip((-1.0, 0.5), (2.0, 0.5)), Some(((0.0, 0.5), (1.0, 0.5))));
        assert_eq!(clip((0.2, 0.2), (0.4, 0.4)), Some(((0.2, 0.2), (0.4, 0.4))));
        assert_eq!(clip((-1.0, 2.0), (2.0, 2.0)), None);
        assert_eq!(clip((0.5, 2.0), (3.0, 0.0)), None);
    }

    #[test]
    fn a_missing_point_cuts_the_line() {
        let points = [(0.1, 0.1), (0.2, 0.2), (f64::NAN, 0.0), (0.3, 0.3), (0.4, 0.4)];
        assert_eq!(
            visible_lines(points.into_iter()),
            [vec![(0.1, 0.1), (0.2, 0.2)], vec![(0.3, 0.3), (0.4, 0.4)]]
        );
    }
}
