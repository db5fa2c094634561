//! Figures as plain data, drawn as SVG or PNG.
//!
//! A [`Figure`] holds numbers, names and units and knows nothing of pixels; whoever makes one can
//! be tested without drawing.
//!
//! Colours are those of Okabe and Ito, which people with any kind of colour blindness tell apart.

mod figure;

pub use figure::{
    Axis, Bars, ColourMap, Contours, Curves, Figure, Grid, HeatMap, Histogram, ImageGrid, Mark,
    Path, Picture, Scale, Series, Style,
};
