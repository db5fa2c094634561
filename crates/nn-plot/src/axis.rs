//! Range and ticks of an axis.

use crate::{Axis, Scale};

/// An axis with a fixed range.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    first: f64,
    last: f64,
    scale: Scale,
}

/// Fraction of an axis left free beyond the data at either end.
const MARGIN: f64 = 0.04;

impl Span {
    /// Uses the range of the axis, or that of the finite `values` with a margin.
    pub(crate) fn new(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let scale = axis.scale;
        if let Some((first, last)) = axis.range {
            return Self { first, last, scale };
        }
        let usable = |v: &f64| v.is_finite() && (scale == Scale::Linear || *v > 0.0);
        let ends = values.filter(usable).fold(None, |ends: Option<(f64, f64)>, v| {
            Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        });
        let (low, high) = ends.unwrap_or((1.0, 1.0));
        match scale {
            Scale::Linear => Self::padded(low, high),
            Scale::Log => {
                let Self { first, last, .. } = Self::padded(low.log10(), high.log10());
                Self { first: 10_f64.powf(first), last: 10_f64.powf(last), scale }
            }
        }
    }

    fn padded(low: f64, high: f64) -> Self {
        let width = high - low;
        let room = if width > 0.0 { MARGIN * width } else { 0.5 * low.abs().max(1.0) };
        Self { first: low - room, last: high + room, scale: Scale::Linear }
    }

    /// Returns the same axis starting at `value`, without a margin.
    pub(crate) fn starting_at(self, value: f64) -> Self {
        Self { first: value, ..self }
    }

    /// Returns the position of `value`: 0 at the first end, 1 at the last.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let on_scale = |v: f64| if self.scale == Scale::Log { v.log10() } else { v };
        let (first, last) = (on_scale(self.first), on_scale(self.last));
        (on_scale(value) - first) / (last - first)
    }

    /// Returns about `count` ticks with their labels.
    pub(crate) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => self.linear_ticks(count),
            Scale::Log => self.log_ticks(count),
        }
    }

    /// Returns multiples of 1, 2 or 5 times a power of ten.
    fn linear_ticks(&self, count: usize) -> Vec<(f64, String)> {
        let width = self.last - self.first;
        let rough = width / count.max(1) as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|multiple| multiple * power);
        let step = step.into_iter().find(|&step| step >= rough * 0.999).unwrap_or(10.0 * power);
        let multiples = (self.first / step - 1e-9).ceil()..=(self.last / step + 1e-9).floor();
        let largest = self.first.abs().max(self.last.abs());
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let text = |value: f64| {
            if largest >= 1e6 || decimals > 5 { scientific(value) } else { plain(value, decimals) }
        };
        let mut ticks = Vec::new();
        let mut multiple = *multiples.start();
        while multiple <= *multiples.end() && ticks.len() < 100 {
            let value = if multiple == 0.0 { 0.0 } else { multiple * step };
            ticks.push((value, text(value)));
            multiple += 1.0;
        }
        ticks
    }

    /// Returns powers of ten, with 2 and 5 times them if the axis is short.
    fn log_ticks(&self, count: usize) -> Vec<(f64, String)> {
        let (low, high) = (self.first.log10(), self.last.log10());
        let decades = high - low;
        let every = (decades / count.max(1) as f64).ceil().max(1.0) as i32;
        let multiples: &[f64] = if decades < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = low.floor() as i32..=high.ceil() as i32;
        let values = powers
            .filter(|power| power.rem_euclid(every) == 0)
            .flat_map(|power| multiples.iter().map(move |m| (m * 10_f64.powi(power), power, *m)));
        let inside = |value: f64| (-1e-9..=1.0 + 1e-9).contains(&self.share(value));
        let ticks: Vec<_> = values
            .filter(|&(value, ..)| inside(value))
            .map(|(value, power, multiple)| (value, power_of_ten(value, power, multiple)))
            .collect();
        // An axis so short that it has no such number gets linear ticks.
        if ticks.len() < 2 { self.linear_ticks(count) } else { ticks }
    }
}

fn plain(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "−")
}

fn power_of_ten(value: f64, power: i32, multiple: f64) -> String {
    match power {
        -3..=-1 => plain(value, power.unsigned_abs() as usize),
        0..=3 => plain(value, 0),
        _ if multiple == 1.0 => format!("10{}", superscript(power)),
        _ => format!("{multiple:.0}·10{}", superscript(power)),
    }
}

/// Formats a number such as 2.5·10⁶.
fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.1e}");
    let Some((digits, power)) = text.split_once('e') else { return text };
    let digits = digits.strip_suffix(".0").unwrap_or(digits).replace('-', "−");
    format!("{digits}·10{}", superscript(power.parse().unwrap_or(0)))
}

fn superscript(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |c: char| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    number.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        Span::new(axis, std::iter::empty()).ticks(5).into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn linear_ticks_are_round_numbers() {
        assert_eq!(
            texts(&Axis::linear("").from_to(-1.0, 1.0)),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
        assert_eq!(texts(&Axis::linear("").from_to(0.0, 60.0)), ["0", "20", "40", "60"]);
        let large = texts(&Axis::linear("").from_to(0.0, 4e6));
        assert_eq!(large, ["0", "1·10⁶", "2·10⁶", "3·10⁶", "4·10⁶"]);
    }

    #[test]
    fn log_ticks_are_powers_of_ten() {
        let small = texts(&Axis::log("").from_to(1e-6, 1.0));
        assert_eq!(small, ["10⁻⁶", "10⁻⁴", "0.01", "1"]);
        assert_eq!(texts(&Axis::log("").from_to(1.0, 30.0)), ["1", "2", "5", "10", "20"]);
        // 0.93 to 0.97 has no power of ten: round numbers instead.
        assert!(texts(&Axis::log("").from_to(0.93, 0.97)).contains(&"0.95".to_owned()));
    }

    #[test]
    fn shares_follow_the_scale() {
        let linear = Span::new(&Axis::linear("").from_to(2.0, 4.0), std::iter::empty());
        assert_eq!(linear.share(3.0), 0.5);
        let log = Span::new(&Axis::log("").from_to(1.0, 100.0), std::iter::empty());
        assert_eq!(log.share(10.0), 0.5);
    }

    #[test]
    fn an_axis_of_one_value_or_none_still_has_a_length() {
        for values in [vec![], vec![0.0], vec![7.0, 7.0], vec![f64::NAN]] {
            let span = Span::new(&Axis::linear(""), values.into_iter());
            assert!(span.first < span.last);
        }
        let log = Span::new(&Axis::log(""), [0.0, -1.0].into_iter());
        assert!(0.0 < log.first && log.first < log.last);
    }
}
