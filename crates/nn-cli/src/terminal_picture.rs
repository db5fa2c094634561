//! Samples in a terminal: two pixels a character, one above the other.

use std::fmt::Write;

/// How a sample is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Shades of grey by ANSI codes, for a terminal.
    Shades,
    /// Characters alone, for a pipe or with `NO_COLOR`.
    Plain,
}

impl Ink {
    /// Shades where stdout is a terminal and nobody asked for none.
    pub(crate) fn for_stdout() -> Self {
        let colourless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if crate::stdout::is_terminal() && !colourless { Self::Shades } else { Self::Plain }
    }
}

/// Lines of half-block characters for samples of `height` x `width`, side by side.
///
/// In shades, 255 is white ink on the black of the 256-colour grey ramp.
pub(crate) fn render(samples: &[&[u8]], height: usize, width: usize, ink: Ink) -> Vec<String> {
    (0..height.div_ceil(2)).map(|pair| render_line(samples, height, width, pair * 2, ink)).collect()
}

fn render_line(samples: &[&[u8]], height: usize, width: usize, top: usize, ink: Ink) -> String {
    let mut line = String::new();
    for (place, sample) in samples.iter().enumerate() {
        if place > 0 {
            line.push(' ');
        }
        for x in 0..width {
            let upper = sample[top * width + x];
            let lower = if top + 1 < height { sample[(top + 1) * width + x] } else { 0 };
            match ink {
                Ink::Plain => line.push(block(upper, lower)),
                // Writing to a String cannot fail.
                Ink::Shades => {
                    let _ = write!(line, "\x1b[38;5;{};48;5;{}m▀", shade(upper), shade(lower));
                }
            }
        }
        if ink == Ink::Shades {
            line.push_str("\x1b[0m");
        }
    }
    if ink == Ink::Plain { line.trim_end().to_owned() } else { line }
}

fn block(upper: u8, lower: u8) -> char {
    match (upper >= 96, lower >= 96) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

/// The grey ramp of 256-colour terminals: 16 is black, 232 to 255 rise to near white.
fn shade(value: u8) -> u8 {
    match value {
        0..8 => 16,
        _ => 232 + (u16::from(value) * 23 / 255) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pixels_share_a_character() {
        let sample = [255, 0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 255];
        let lines = render(&[&sample, &sample], 4, 3, Ink::Plain);
        assert_eq!(lines, ["▀ ▀ ▀ ▀", "▀▀▄ ▀▀▄"]);
    }

    #[test]
    fn an_odd_height_ends_on_black() {
        assert_eq!(render(&[&[255]], 1, 1, Ink::Plain), ["▀"]);
        assert!(render(&[&[255]], 1, 1, Ink::Shades)[0].contains("38;5;255;48;5;16"));
    }
}
