//! One file a kind of figure; what they share is in `frame`.

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

/// Where figures are drawn.
type Area<B> = DrawingArea<B, Shift>;
/// What drawing a part gives back: the blocks of pixels that belong under it.
type Drawn<B, R = Vec<Raster>> = Result<R, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// Pixels from top to bottom of most figures.
const HEIGHT: u32 = 800;

/// How high the figure is drawn.
pub(crate) fn height_of(figure: &Figure) -> u32 {
    match figure {
        Figure::Images(images) => images::height_of(images),
        Figure::HeatMap(map) => heat_map::height_of(map),
        Figure::Contours(_) => 1000,
        _ => HEIGHT,
    }
}

/// Draws the figure on a white ground. The pixels it returns are not drawn yet.
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
