//! Figures as plain data.

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// Named lines or points over two axes.
    Curves(Curves),
    /// Contour lines of a function of two variables, with paths.
    Contours(Contours),
    /// Images in a grid.
    Images(ImageGrid),
    /// A matrix as a heat map with its numbers.
    HeatMap(HeatMap),
    /// A histogram.
    Histogram(Histogram),
    /// Bars, or groups of bars, one per name.
    Bars(Bars),
}

/// Scale of an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic. Points at or below zero are omitted.
    Log,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Name, with the unit in brackets if there is one.
    pub name: String,
    /// Scale.
    pub scale: Scale,
    /// First and last value; `None` uses the data.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// Creates a linear axis with the range of the data.
    #[must_use]
    pub fn linear(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Creates a logarithmic axis with the range of the data.
    #[must_use]
    pub fn log(name: &str) -> Self {
        Self { scale: Scale::Log, ..Self::linear(name) }
    }

    /// Sets the range of the axis.
    #[must_use]
    pub fn from_to(self, first: f64, last: f64) -> Self {
        Self { range: Some((first, last)), ..self }
    }
}

/// Style of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// A line through the points.
    #[default]
    Line,
    /// A dashed line.
    Dashed,
    /// Points only.
    Points,
    /// A line with markers at the points.
    LineAndPoints,
}

/// A named series of points. A point that is not finite interrupts the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// (x, y), in drawing order.
    pub points: Vec<(f64, f64)>,
    /// Style.
    pub style: Style,
}

impl Series {
    /// Creates a series drawn as a line.
    #[must_use]
    pub fn line(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, style: Style::Line }
    }

    /// Sets the style.
    #[must_use]
    pub fn styled(self, style: Style) -> Self {
        Self { style, ..self }
    }
}

/// Named lines or points over two axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Title.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The series; at most 8 have different colours.
    pub series: Vec<Series>,
}

/// Values of a function on a regular grid of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// x of the first and the last column.
    pub x: (f64, f64),
    /// y of the first and the last row.
    pub y: (f64, f64),
    /// Number of points along x, at least 2.
    pub columns: usize,
    /// Number of points along y, at least 2.
    pub rows: usize,
    /// Values, rows x columns, beginning with the smallest y.
    pub values: Vec<f64>,
}

impl Grid {
    /// Evaluates `function(x, y)` on `columns` x `rows` points, including both ends of both ranges.
    #[must_use]
    pub fn sample(
        x: (f64, f64),
        y: (f64, f64),
        (columns, rows): (usize, usize),
        function: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let at = |(first, last): (f64, f64), index: usize, count: usize| {
            first + (last - first) * index as f64 / (count.max(2) - 1) as f64
        };
        let row = |row| (0..columns).map(move |column| (at(x, column, columns), at(y, row, rows)));
        let values = (0..rows).flat_map(row).map(|(x, y)| function(x, y)).collect();
        Self { x, y, columns, rows, values }
    }
}

/// A path on contours.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Name in the legend.
    pub name: String,
    /// Its points, beginning with the start.
    pub points: Vec<(f64, f64)>,
}

/// A point on contours, drawn as a cross with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Name beside the cross.
    pub name: String,
    /// Position.
    pub at: (f64, f64),
}

/// Contour lines of a function of two variables, with paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Contours {
    /// Title.
    pub title: String,
    /// Horizontal axis; its range is that of the grid.
    pub x: Axis,
    /// Vertical axis; its range is that of the grid.
    pub y: Axis,
    /// Values of the function.
    pub grid: Grid,
    /// Levels of the lines in ascending order.
    pub levels: Vec<f64>,
    /// Paths.
    pub paths: Vec<Path>,
    /// Marked points, such as minima.
    pub marks: Vec<Mark>,
}

/// Colour map of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourMap {
    /// 0 is white, 1 is black.
    #[default]
    Ink,
    /// 0 is white, positive numbers are blue, negative ones orange, scaled by the largest magnitude
    /// in the figure.
    Signed,
}

/// An image in a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Caption below it.
    pub caption: String,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Values, height x width, top row first.
    pub values: Vec<f64>,
}

/// Images in a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageGrid {
    /// Title.
    pub title: String,
    /// Images per row.
    pub columns: usize,
    /// The images, row by row.
    pub pictures: Vec<Picture>,
    /// Colour map.
    pub colours: ColourMap,
}

/// A matrix as a heat map with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Title.
    pub title: String,
    /// Name of the columns.
    pub x: String,
    /// Name of the rows.
    pub y: String,
    /// One name per column.
    pub column_names: Vec<String>,
    /// One name per row, top row first.
    pub row_names: Vec<String>,
    /// Values, rows x columns; those that are not finite are left blank.
    pub values: Vec<f64>,
    /// Scale of the colours; the printed numbers are unchanged.
    pub scale: Scale,
}

/// A histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Title.
    pub title: String,
    /// Axis of the values.
    pub x: Axis,
    /// Number of bins of equal width.
    pub bins: usize,
    /// Values; those that are not finite are ignored.
    pub values: Vec<f64>,
}

/// Bars, or groups of bars, one per name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Title.
    pub title: String,
    /// Name of the categories.
    pub x: String,
    /// Axis of the heights.
    pub y: Axis,
    /// Categories, one per bar or group.
    pub names: Vec<String>,
    /// Series, each with its name and one value per category.
    pub series: Vec<(String, Vec<f64>)>,
}

impl Figure {
    /// Returns the title.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Curves(figure) => &figure.title,
            Self::Contours(figure) => &figure.title,
            Self::Images(figure) => &figure.title,
            Self::HeatMap(figure) => &figure.title,
            Self::Histogram(figure) => &figure.title,
            Self::Bars(figure) => &figure.title,
        }
    }
}
