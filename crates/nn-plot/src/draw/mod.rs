//! Drawing, one file per kind of figure; `frame` has the common parts.

mod bars;
mod clip;
mod contours;
mod curves;
mod frame;
mod heat_map;
mod histogram;
mod images;
mod legend;
mod marker;

use crate::Figure;
use crate::raster::Raster;
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{DrawingArea, DrawingBackend, WHITE};

/// The area that figures are drawn into.
type Area<B> = DrawingArea<B, Shift>;
/// Result of drawing: the images that belong behind the drawing.
type Drawn<B, R = Vec<Raster>> = Result<R, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// Height of most figures in pixels.
const HEIGHT: u32 = 800;

/// Returns the height of the figure in pixels.
pub(crate) fn height_of(figure: &Figure) -> u32 {
    match figure {
        Figure::Images(images) => images::height_of(images),
        Figure::HeatMap(map) => heat_map::height_of(map),
        Figure::Contours(_) => 1000,
        _ => HEIGHT,
    }
}

/// Draws the figure on a white background; the images it returns are not drawn yet.
pub(crate) fn draw<B: DrawingBackend>(figure: &Figure, area: &Area<B>) -> Drawn<B> {
    area.fill(&WHITE)?;
    let rasters = match figure {
        Figure::Curves(curves) => curves::draw(curves, area)?,
        Figure::Contours(contours) => contours::draw(contours, area)?,
        Figure::Images(images) => images::draw(images, area)?,
        Figure::HeatMap(map) => heat_map::draw(map, area)?,
        Figure::Histogram(histogram) => histogram::draw(histogram, area)?,
        Figure::Bars(bars) => bars::draw(bars, area)?,
    };
    area.present()?;
    Ok(rasters)
}
