//! Consistency checks of figures.

use crate::{
    Axis, Bars, Contours, Curves, Figure, HeatMap, Histogram, ImageGrid, PlotError, Scale,
};

/// Returns an error for a figure that is empty or inconsistent.
pub(crate) fn check(figure: &Figure) -> Result<(), PlotError> {
    let fault = match figure {
        Figure::Curves(curves) => curves_fault(curves),
        Figure::Contours(contours) => contours_fault(contours),
        Figure::Images(images) => images_fault(images),
        Figure::HeatMap(map) => heat_map_fault(map),
        Figure::Histogram(histogram) => histogram_fault(histogram),
        Figure::Bars(bars) => bars_fault(bars),
    };
    let error = |cause| PlotError::Figure { title: figure.title().to_owned(), cause };
    fault.map_or(Ok(()), |cause| Err(error(cause)))
}

fn axis_fault(axis: &Axis) -> Option<String> {
    let (first, last) = axis.range?;
    let too_low = axis.scale == Scale::Log && first <= 0.0;
    let wrong = too_low || !(first.is_finite() && last.is_finite() && first < last);
    wrong.then(|| format!("axis {} cannot run from {first} to {last}", axis.name))
}

fn curves_fault(curves: &Curves) -> Option<String> {
    let shown = |axis: &Axis, v: f64| v.is_finite() && (axis.scale == Scale::Linear || v > 0.0);
    let mut points = curves.series.iter().flat_map(|series| &series.points);
    let any = points.any(|&(x, y)| shown(&curves.x, x) && shown(&curves.y, y));
    let none = || (!any).then(|| "it has no point to draw".to_owned());
    axis_fault(&curves.x).or_else(|| axis_fault(&curves.y)).or_else(none)
}

fn contours_fault(contours: &Contours) -> Option<String> {
    let grid = &contours.grid;
    let count = grid.values.len();
    let (columns, rows) = (grid.columns, grid.rows);
    if columns < 2 || rows < 2 || columns.checked_mul(rows) != Some(count) {
        return Some(format!("{count} heights do not fill a grid of {columns} x {rows}"));
    }
    let rises = |(first, last): (f64, f64)| first.is_finite() && last.is_finite() && first < last;
    if !rises(grid.x) || !rises(grid.y) {
        return Some(format!("its grid runs over {:?} and {:?}", grid.x, grid.y));
    }
    let linear = contours.x.scale == Scale::Linear && contours.y.scale == Scale::Linear;
    (!linear).then(|| "contours need linear axes".to_owned())
}

/// Limits of the pixels of an image and the images of a figure.
const MAX_PIXELS: usize = 1 << 20;
const MAX_PICTURES: usize = 2048;

fn images_fault(images: &ImageGrid) -> Option<String> {
    if images.pictures.is_empty() || images.columns == 0 {
        return Some("it has no images".to_owned());
    }
    if images.pictures.len() > MAX_PICTURES {
        return Some(format!("more than {MAX_PICTURES} images are too small to see"));
    }
    let fits = |width: usize, height: usize, count: usize| {
        width.checked_mul(height) == Some(count) && count > 0 && count <= MAX_PIXELS
    };
    let wrong = images.pictures.iter().find(|p| !fits(p.width, p.height, p.values.len()))?;
    let (count, width, height) = (wrong.values.len(), wrong.width, wrong.height);
    Some(format!("image \"{}\" has {count} values for {width} x {height} pixels", wrong.caption))
}

fn heat_map_fault(map: &HeatMap) -> Option<String> {
    let (rows, columns, count) = (map.row_names.len(), map.column_names.len(), map.values.len());
    let wrong = count == 0 || rows.checked_mul(columns) != Some(count);
    wrong.then(|| format!("{count} values do not fill {rows} rows of {columns}"))
}

fn histogram_fault(histogram: &Histogram) -> Option<String> {
    let bins = histogram.bins;
    if !(1..=1000).contains(&bins) {
        return Some(format!("{bins} bins; from 1 to 1000 can be drawn"));
    }
    let any = histogram.values.iter().any(|value| value.is_finite());
    let none = || (!any).then(|| "it has no values".to_owned());
    axis_fault(&histogram.x).or_else(none)
}

fn bars_fault(bars: &Bars) -> Option<String> {
    if bars.names.is_empty() || bars.series.is_empty() {
        return Some("it has no bars".to_owned());
    }
    let wrong = bars.series.iter().find(|(_, values)| values.len() != bars.names.len());
    let fault = |(name, values): &(String, Vec<f64>)| {
        format!("series {name} has {} values for {} names", values.len(), bars.names.len())
    };
    axis_fault(&bars.y).or_else(|| wrong.map(fault))
}
