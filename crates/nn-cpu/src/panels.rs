//! Panels side by side: how many a tile covers, and how many a block of work; and the tile's rows.

use crate::vector::Vector;
use std::ops::Range;

/// Panels that a block of work covers: as many as the widest tile, so that every kernel finds whole ones.
const PANELS_IN_BLOCK: usize = 4;

/// Number of blocks into which `panels` are cut.
pub(crate) fn panel_blocks(panels: usize) -> usize {
    panels.div_ceil(PANELS_IN_BLOCK)
}

/// The panels of block `index`.
pub(crate) fn panels_of(index: usize, panels: usize) -> Range<usize> {
    index * PANELS_IN_BLOCK..panels.min((index + 1) * PANELS_IN_BLOCK)
}

/// Work on some panels at once.
pub(crate) trait OnPanels<E> {
    /// Does it for `P` panels from `panel` on. Implementations are `#[inline(always)]`.
    fn on_panels<V: Vector<Elem = E>, const P: usize>(&mut self, panel: usize);
}

/// Does the work on `panels`: 4, 2 or 1 at once, as many as the registers hold.
#[inline(always)]
pub(crate) fn for_panels<V: Vector>(work: &mut impl OnPanels<V::Elem>, panels: Range<usize>) {
    let mut panel = panels.start;
    while panel < panels.end {
        let left = panels.end - panel;
        // Constants first, so that what a CPU has no registers for is not compiled.
        if const { V::PANELS >= 4 } && left >= 4 {
            work.on_panels::<V, 4>(panel);
            panel += 4;
        } else if const { V::PANELS >= 2 } && left >= 2 {
            work.on_panels::<V, 2>(panel);
            panel += 2;
        } else {
            work.on_panels::<V, 1>(panel);
            panel += 1;
        }
    }
}

/// Work on a tile of up to six rows.
pub(crate) trait OnTile<E> {
    /// Does it for `R` rows of `P` panels from `panel` on; `at` says which rows. Implementations are
    /// `#[inline(always)]`.
    fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(&self, panel: usize, at: usize);
}

/// Does the work on a tile of so many rows.
#[inline(always)]
pub(crate) fn on_tile<V: Vector, const P: usize>(
    work: &impl OnTile<V::Elem>,
    rows: usize,
    panel: usize,
    at: usize,
) {
    match rows {
        1 => work.tile::<V, 1, P>(panel, at),
        2 => work.tile::<V, 2, P>(panel, at),
        3 => work.tile::<V, 3, P>(panel, at),
        4 => work.tile::<V, 4, P>(panel, at),
        5 => work.tile::<V, 5, P>(panel, at),
        _ => work.tile::<V, 6, P>(panel, at),
    }
}
