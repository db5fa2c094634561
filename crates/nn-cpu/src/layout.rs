//! Where an element lies: panels of one cache line's width.

use crate::lines::lanes;
use nn_tensor::{Role, Shape};

/// A matrix cut into panels of columns, each panel a cache line wide and stored row after row:
/// `[columns / lanes][rows][lanes]`.
///
/// A batch is stored as it stands. A weight matrix (outputs x inputs) is stored transposed, as
/// inputs x outputs, because all three products of a layer then run along whole lines of outputs.
/// A matrix of one row (a bias) is stored as it stands in either role.
///
/// What lies beyond the last column of the last panel, and between panels, is never looked at by an
/// operation that sums, and may hold anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    shape: Shape,
    /// Whether what is stored is the transpose.
    pub(crate) transposed: bool,
    /// Rows of a panel.
    pub(crate) rows: usize,
    /// Columns of all panels together.
    pub(crate) columns: usize,
    /// Lines from a panel to the next.
    pub(crate) stride: usize,
    /// Numbers in a line.
    pub(crate) lanes: usize,
}

impl Layout {
    /// Layout of a tensor of `E`; `None` when its size overflows.
    pub(crate) fn new<E>(shape: Shape, role: Role) -> Option<Self> {
        let transposed = role == Role::Weight && shape.rows > 1;
        let (rows, columns) =
            if transposed { (shape.columns, shape.rows) } else { (shape.rows, shape.columns) };
        let layout =
            Self { shape, transposed, rows, columns, stride: stride(rows)?, lanes: lanes::<E>() };
        let lines = layout.stride.checked_mul(layout.panels())?;
        let bytes = lines.checked_mul(crate::lines::LINE_BYTES)?;
        shape.rows.checked_mul(shape.columns)?;
        (bytes <= isize::MAX as usize).then_some(layout)
    }

    /// Number of panels.
    pub(crate) fn panels(&self) -> usize {
        self.columns.div_ceil(self.lanes)
    }

    /// Number of lines.
    pub(crate) fn lines(&self) -> usize {
        self.stride * self.panels()
    }

    /// Columns of this panel that are columns of the matrix.
    pub(crate) fn width(&self, panel: usize) -> usize {
        self.lanes.min(self.columns - panel * self.lanes)
    }

    /// Position in memory of the first number of this row of this panel.
    #[inline]
    pub(crate) fn start(&self, panel: usize, row: usize) -> usize {
        (panel * self.stride + row) * self.lanes
    }

    /// Row-major index, as a person sees the matrix, of this lane of this row of this panel.
    pub(crate) fn index(&self, panel: usize, row: usize, lane: usize) -> usize {
        let column = panel * self.lanes + lane;
        if self.transposed {
            column * self.shape.columns + row
        } else {
            row * self.shape.columns + column
        }
    }

    /// Calls `visit` with the position in memory, the row-major index and the width of each run of
    /// numbers in a line; from lane to lane the index grows by [`index_step`](Self::index_step).
    pub(crate) fn for_each_run(&self, mut visit: impl FnMut(usize, usize, usize)) {
        for panel in 0..self.panels() {
            let width = self.width(panel);
            for row in 0..self.rows {
                visit(self.start(panel, row), self.index(panel, row, 0), width);
            }
        }
    }

    /// Difference of the row-major indices of neighbouring lanes.
    pub(crate) fn index_step(&self) -> usize {
        if self.transposed { self.shape.columns } else { 1 }
    }
}

/// Lines from panel to panel. Powers of two would send the same row of all panels into few sets of
/// the cache; 7 modulo 16 spreads six rows of 32 panels evenly over the 64 sets of a first level.
fn stride(rows: usize) -> Option<usize> {
    if rows < 16 { Some(rows) } else { Some(rows.checked_add((23 - rows % 16) % 16)?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_one_place() {
        for role in [Role::Activation, Role::Weight] {
            for shape in
                [Shape::new(1, 1), Shape::new(5, 17), Shape::new(40, 33), Shape::new(1, 50)]
            {
                let layout = Layout::new::<f32>(shape, role).unwrap();
                let mut seen = vec![0; shape.len()];
                let mut places = vec![0; layout.lines() * layout.lanes];
                layout.for_each_run(|start, index, width| {
                    for lane in 0..width {
                        seen[index + lane * layout.index_step()] += 1;
                        places[start + lane] += 1;
                    }
                });
                assert!(seen.iter().all(|&count| count == 1), "{shape} {role:?}");
                assert!(places.iter().all(|&count| count <= 1), "{shape} {role:?}");
            }
        }
    }

    #[test]
    fn strides_are_seven_beyond_a_multiple_of_sixteen() {
        assert_eq!(
            [16, 23, 24, 512, 784].map(|rows| stride(rows).unwrap()),
            [23, 23, 39, 519, 791]
        );
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        for shape in
            [Shape::new(usize::MAX, 2), Shape::new(2, usize::MAX), Shape::new(1 << 40, 1 << 30)]
        {
            for role in [Role::Activation, Role::Weight] {
                assert_eq!(Layout::new::<f32>(shape, role), None);
            }
        }
    }
}
