//! Bars, or groups of bars, one per name.

use super::frame::{Frame, GAP, GridLines, Labels, draw_title};
use super::legend::{Entry, Symbol, draw_legend};
use super::{Area, Drawn};
use crate::axis::Span;
use crate::colours::series_colour;
use crate::text::{CENTRE, TICK, fitting, style};
use crate::{Axis, Bars, Scale};
use plotters::element::Text;
use plotters::prelude::{DrawingBackend, Rectangle};
use plotters::style::Color;

/// Fraction of a group's width that its bars fill.
const FILLED: f64 = 0.76;

pub(super) fn draw<B: DrawingBackend>(bars: &Bars, area: &Area<B>) -> Drawn<B> {
    let groups = bars.names.len();
    let x = Span::new(&Axis::linear("").from_to(0.0, groups as f64), std::iter::empty());
    let y = height_span(bars);
    let top = draw_title(area, &bars.title)?;
    let entry = |(index, (name, _)): (usize, &'_ (String, Vec<f64>))| (index, name.clone());
    let names: Vec<_> = bars.series.iter().enumerate().map(entry).collect();
    let entries: Vec<_> = names
        .iter()
        .map(|(index, name)| Entry { name, colour: series_colour(*index), symbol: Symbol::Block })
        .collect();
    let top = draw_legend(area, top, &entries)?;
    let labels = Labels {
        x_name: &bars.x,
        y_name: &bars.y.name,
        x_ticks: Vec::new(),
        y_ticks: y.ticks(6),
        grid: GridLines::Level,
    };
    let frame = Frame::new(area, top, (x, y), &labels);
    frame.draw(area, &labels)?;
    draw_bars(bars, area, &frame)?;
    draw_names(bars, area, &frame)?;
    Ok(Vec::new())
}

/// Returns the vertical axis, which starts at 0 unless it has a range or is logarithmic.
fn height_span(bars: &Bars) -> Span {
    let values = bars.series.iter().flat_map(|(_, values)| values.iter().copied());
    let span =
        Span::new(&bars.y, values.clone().chain((bars.y.scale == Scale::Linear).then_some(0.0)));
    let from_zero = bars.y.scale == Scale::Linear
        && bars.y.range.is_none()
        && values.clone().all(|value| value >= 0.0 || value.is_nan())
        && values.into_iter().any(|value| value > 0.0);
    if from_zero { span.starting_at(0.0) } else { span }
}

fn draw_bars<B: DrawingBackend>(bars: &Bars, area: &Area<B>, frame: &Frame) -> Drawn<B, ()> {
    let width = FILLED / bars.series.len() as f64;
    let base = match bars.y.scale {
        Scale::Linear => frame.y.share(0.0).clamp(0.0, 1.0),
        Scale::Log => 0.0,
    };
    for (index, (_, values)) in bars.series.iter().enumerate() {
        for (group, &value) in values.iter().enumerate() {
            let height = frame.y.share(value);
            if !height.is_finite() {
                continue;
            }
            let left = group as f64 + (1.0 - FILLED) / 2.0 + index as f64 * width;
            let from = frame.pixel((frame.x.share(left), base));
            let to = frame.pixel((frame.x.share(left + width), height.clamp(0.0, 1.0)));
            let bar = Rectangle::new([from, (to.0 - 2, to.1)], series_colour(index).filled());
            area.draw(&bar)?;
        }
    }
    Ok(())
}

fn draw_names<B: DrawingBackend>(bars: &Bars, area: &Area<B>, frame: &Frame) -> Drawn<B, ()> {
    let room = (frame.right - frame.left) / bars.names.len() as i32 - GAP / 2;
    let sizes = bars.names.iter().map(|name| fitting(area, name, TICK, room));
    let letters = sizes.fold(TICK, f64::min);
    for (group, name) in bars.names.iter().enumerate() {
        let (x, _) = frame.pixel((frame.x.share(group as f64 + 0.5), 0.0));
        let place = (x, frame.bottom + 28);
        area.draw(&Text::new(name.clone(), place, style(letters, CENTRE)))?;
    }
    Ok(())
}
