//! Colours that remain distinguishable with colour blindness and in print.

use crate::ColourMap;
use plotters::style::RGBColor;

/// Colour of text and axes.
pub(crate) const INK: RGBColor = RGBColor(30, 30, 30);
/// Colour of grid lines.
pub(crate) const GRID: RGBColor = RGBColor(222, 222, 222);

/// Okabe and Ito's colours, with grey instead of their yellow, which is invisible on white.
const SERIES: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(120, 120, 120),
];

/// Returns the colour of series `index`; they repeat after the eighth.
pub(crate) fn series_colour(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// Interpolates from white at 0 to `end` at 1; NaN is white.
fn from_white(end: RGBColor, share: f64) -> RGBColor {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let mix = |channel: u8| (255.0 + (f64::from(channel) - 255.0) * share).round() as u8;
    RGBColor(mix(end.0), mix(end.1), mix(end.2))
}

/// Returns the colour of a pixel; `largest` is the largest magnitude in the figure.
pub(crate) fn pixel_colour(map: ColourMap, value: f64, largest: f64) -> RGBColor {
    match map {
        ColourMap::Ink => from_white(RGBColor(0, 0, 0), value),
        ColourMap::Signed if value < 0.0 => from_white(RGBColor(190, 75, 0), -value / largest),
        ColourMap::Signed => from_white(RGBColor(0, 80, 150), value / largest),
    }
}

/// Interpolates from white at 0 to dark blue at 1, for heat maps.
pub(crate) fn heat_colour(share: f64) -> RGBColor {
    from_white(RGBColor(0, 70, 140), share)
}

/// Interpolates from warm yellow at 0 to pale blue at 1, light enough as a background of lines.
pub(crate) fn height_colour(share: f64) -> RGBColor {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
    let mix = |low: f64, high: f64| (low + (high - low) * share).round() as u8;
    RGBColor(mix(255.0, 205.0), mix(244.0, 218.0), mix(170.0, 238.0))
}

/// Returns black or white, whichever is more readable on `background`.
pub(crate) fn readable_on(background: RGBColor) -> RGBColor {
    let RGBColor(red, green, blue) = background;
    let luma = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    if luma > 140.0 { INK } else { RGBColor(255, 255, 255) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_runs_from_white_to_black() {
        assert_eq!(pixel_colour(ColourMap::Ink, 0.0, 1.0), RGBColor(255, 255, 255));
        assert_eq!(pixel_colour(ColourMap::Ink, 1.0, 1.0), RGBColor(0, 0, 0));
        assert_eq!(pixel_colour(ColourMap::Ink, f64::NAN, 1.0), RGBColor(255, 255, 255));
    }

    #[test]
    fn the_sign_of_a_weight_shows() {
        let (positive, negative) =
            (pixel_colour(ColourMap::Signed, 2.0, 2.0), pixel_colour(ColourMap::Signed, -2.0, 2.0));
        assert!(positive.2 > positive.0 && negative.0 > negative.2);
        assert_eq!(pixel_colour(ColourMap::Signed, 0.0, 2.0), RGBColor(255, 255, 255));
    }
}
