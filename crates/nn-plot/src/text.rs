//! The font, and text measurement.

use crate::PlotError;
use crate::colours::INK;
use plotters::prelude::{DrawingArea, DrawingBackend, IntoFont};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBColor, TextStyle, register_font};
use std::sync::OnceLock;

/// Font families of an SVG. Verdana is as wide as DejaVu Sans, so labels fit with either.
pub(crate) const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// Font size of titles in pixels, for a figure [`WIDTH`](crate::output::WIDTH) pixels wide.
pub(crate) const TITLE: f64 = 44.0;
/// Font size of axis names and the legend.
pub(crate) const LABEL: f64 = 36.0;
/// Font size of tick labels.
pub(crate) const TICK: f64 = 32.0;

/// Registers the font with the drawing library, once.
pub(crate) fn load_font() -> Result<(), PlotError> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    const BYTES: &[u8] = include_bytes!("../fonts/DejaVuSans-figures.ttf");
    let loaded = LOADED.get_or_init(|| register_font(FONT, FontStyle::Normal, BYTES).is_ok());
    let cause = || "the font inside this program is damaged: build it again".to_owned();
    loaded.then_some(()).ok_or_else(|| PlotError::Draw { title: "any".to_owned(), cause: cause() })
}

/// Anchor at the centre.
pub(crate) const CENTRE: Pos = Pos { h_pos: HPos::Center, v_pos: VPos::Center };
/// Anchor at the left end, vertically centred.
pub(crate) const LEFT: Pos = Pos { h_pos: HPos::Left, v_pos: VPos::Center };
/// Anchor at the right end, vertically centred.
pub(crate) const RIGHT: Pos = Pos { h_pos: HPos::Right, v_pos: VPos::Center };

/// Returns the text style with font size `size`.
pub(crate) fn style(size: f64, anchor: Pos) -> TextStyle<'static> {
    coloured(size, anchor, INK)
}

/// Returns the text style with a colour.
pub(crate) fn coloured(size: f64, anchor: Pos, colour: RGBColor) -> TextStyle<'static> {
    TextStyle { font: (FONT, size).into_font(), color: colour.to_backend_color(), pos: anchor }
}

/// Returns the width of `text` in pixels.
pub(crate) fn width_of<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    text: &str,
    size: f64,
) -> i32 {
    let guess = || (text.chars().count() as f64 * size * 0.6) as u32;
    let measured = area.estimate_text_size(text, &style(size, LEFT)).map(|(width, _)| width);
    // The library measures with the font size, which is larger than the text it draws.
    i32::try_from(measured.unwrap_or_else(|_| guess())).unwrap_or(i32::MAX)
}

/// Returns the largest font size up to `size` at which `text` fits into `room` pixels.
pub(crate) fn fitting<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    text: &str,
    size: f64,
    room: i32,
) -> f64 {
    let width = width_of(area, text, size);
    if width <= room { size } else { (size * f64::from(room) / f64::from(width)).max(8.0) }
}
