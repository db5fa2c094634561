//! What a figure is made of.

/// Anything that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// Named lines or points over two axes.
    Curves(Curves),
    /// Height lines of a function of two variables, with paths over them.
    Contours(Contours),
    /// Pictures side by side.
    Images(ImageGrid),
    /// A matrix in colours, with its numbers.
    HeatMap(HeatMap),
    /// How often values fall where.
    Histogram(Histogram),
    /// A bar for each name, or a group of bars.
    Bars(Bars),
}

/// How an axis counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal factors. Points at zero or below are left out.
    Log,
}

/// One axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Name, with the unit in brackets where there is one.
    pub name: String,
    /// How it counts.
    pub scale: Scale,
    /// First and last value shown; taken from the data where `None`.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// An axis in equal steps, as long as the data.
    #[must_use]
    pub fn linear(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An axis in equal factors, as long as the data.
    #[must_use]
    pub fn log(name: &str) -> Self {
        Self { scale: Scale::Log, ..Self::linear(name) }
    }

    /// The same axis from `first` to `last`.
    #[must_use]
    pub fn from_to(self, first: f64, last: f64) -> Self {
        Self { range: Some((first, last)), ..self }
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// A line through the points.
    #[default]
    Line,
    /// A broken line: a reference to compare with.
    Dashed,
    /// Points alone.
    Points,
    /// A line with its points marked.
    LineAndPoints,
}

/// Points with a name. A point that is not finite interrupts the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend says.
    pub name: String,
    /// (x, y), in the order in which a line visits them.
    pub points: Vec<(f64, f64)>,
    /// Line, points or both.
    pub style: Style,
}

impl Series {
    /// A line.
    #[must_use]
    pub fn line(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, style: Style::Line }
    }

    /// The same points in another style.
    #[must_use]
    pub fn styled(self, style: Style) -> Self {
        Self { style, ..self }
    }
}

/// Named lines or points over two axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Stands above.
    pub title: String,
    /// Left to right.
    pub x: Axis,
    /// Bottom to top.
    pub y: Axis,
    /// At most 8 are told apart by colour.
    pub series: Vec<Series>,
}

/// Values of a function on a regular grid of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// First and last column's x.
    pub x: (f64, f64),
    /// First and last row's y.
    pub y: (f64, f64),
    /// Points along x, at least 2.
    pub columns: usize,
    /// Points along y, at least 2.
    pub rows: usize,
    /// rows x columns, the row of the smallest y first.
    pub values: Vec<f64>,
}

impl Grid {
    /// `function(x, y)` on `columns` x `rows` points that include both ends of both ranges.
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

/// A walk over contours.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// What the legend says.
    pub name: String,
    /// Where it went, the start first.
    pub points: Vec<(f64, f64)>,
}

/// A place on contours, drawn as a cross with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Stands beside the cross.
    pub name: String,
    /// Where.
    pub at: (f64, f64),
}

/// Height lines of a function of two variables, with paths over them.
#[derive(Clone, Debug, PartialEq)]
pub struct Contours {
    /// Stands above.
    pub title: String,
    /// Left to right; its range is the grid's.
    pub x: Axis,
    /// Bottom to top; its range is the grid's.
    pub y: Axis,
    /// The function.
    pub grid: Grid,
    /// Heights of the lines, rising.
    pub levels: Vec<f64>,
    /// Walks over it.
    pub paths: Vec<Path>,
    /// Minima and other places.
    pub marks: Vec<Mark>,
}

/// What a number looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourMap {
    /// 0 is white, 1 is black, as ink on paper.
    #[default]
    Ink,
    /// 0 is white, positive numbers are blue, negative ones orange, as far as the largest
    /// magnitude in the figure.
    Signed,
}

/// One picture in a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Stands below it.
    pub caption: String,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// height x width, the top row first.
    pub values: Vec<f64>,
}

/// Pictures side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageGrid {
    /// Stands above.
    pub title: String,
    /// Pictures in a row.
    pub columns: usize,
    /// Row after row.
    pub pictures: Vec<Picture>,
    /// What their numbers look like.
    pub colours: ColourMap,
}

/// A matrix in colours, with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Stands above.
    pub title: String,
    /// What columns are.
    pub x: String,
    /// What rows are.
    pub y: String,
    /// One a column.
    pub column_names: Vec<String>,
    /// One a row, the top row first.
    pub row_names: Vec<String>,
    /// rows x columns; a value that is not finite stays blank.
    pub values: Vec<f64>,
    /// How colours count; the numbers stand in the fields as they are.
    pub scale: Scale,
}

/// How often values fall where.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Stands above.
    pub title: String,
    /// What is counted.
    pub x: Axis,
    /// How many fields of equal width.
    pub bins: usize,
    /// Values; those that are not finite are left out.
    pub values: Vec<f64>,
}

/// A bar for each name, or a group of bars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Stands above.
    pub title: String,
    /// What the names are.
    pub x: String,
    /// Height of the bars.
    pub y: Axis,
    /// One a bar or group.
    pub names: Vec<String>,
    /// Name of each series, and its value for each name.
    pub series: Vec<(String, Vec<f64>)>,
}

impl Figure {
    /// What stands above it.
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
