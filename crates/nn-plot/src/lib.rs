//! Figures as plain data, drawn as SVG or PNG.
//!
//! A [`Figure`] holds numbers, names and units but no pixels, so code that makes figures can be
//! tested without drawing. [`svg`] and [`png_bytes`] draw it; [`save`] writes both files.
//!
//! The colours are those of Okabe and Ito, which are distinguishable with any kind of colour
//! blindness; series also differ in their markers. Text is large enough for a projector. The font
//! is part of the crate, so figures need no system font and are the same everywhere.
//!
//! ```
//! use nn_plot::{Axis, Curves, Figure, Series, svg};
//! let squares = (0..5).map(|x| (f64::from(x), f64::from(x * x))).collect();
//! let figure = Figure::Curves(Curves {
//!     title: "Squares".to_owned(),
//!     x: Axis::linear("x"),
//!     y: Axis::linear("x²"),
//!     series: vec![Series::line("x²", squares)],
//! });
//! assert!(svg(&figure)?.starts_with("<svg"));
//! # Ok::<(), nn_plot::PlotError>(())
//! ```

mod axis;
mod check;
mod colours;
mod draw;
mod error;
mod figure;
mod output;
mod raster;
mod text;

pub use error::PlotError;
pub use figure::{
    Axis, Bars, ColourMap, Contours, Curves, Figure, Grid, HeatMap, Histogram, ImageGrid, Mark,
    Path, Picture, Scale, Series, Style,
};
pub use output::{png, png_bytes, save, svg};
