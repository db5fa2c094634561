//! The progress bar of a training: on a terminal, and nowhere else.

use crate::stderr;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nn_core::StepEvent;
use std::time::{Duration, Instant};

/// A bar over all steps of a training, or nothing.
pub(crate) struct Progress {
    bar: ProgressBar,
    batch: usize,
    epochs: usize,
    drawn: Instant,
    /// Steps done when this process began: what was done before a resume says nothing of the rate.
    first_step: Option<u64>,
    started: Instant,
    loss: Option<f64>,
}

/// Between two changes of the bar: faster than the eye follows, slower than it costs anything.
const INTERVAL: Duration = Duration::from_millis(100);

impl Progress {
    /// A bar on stderr where that is a terminal and `wanted`.
    pub(crate) fn new(wanted: bool, epochs: usize, batch: usize) -> Self {
        let visible = wanted && stderr::is_terminal();
        let target =
            if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        // The template is constant, so it either always parses or never; without it the bar is plain.
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {msg}") {
            bar.set_style(style);
        }
        let now = Instant::now();
        Self { bar, batch, epochs, drawn: now, first_step: None, started: now, loss: None }
    }

    /// A step is done.
    pub(crate) fn step(&mut self, event: &StepEvent) {
        let first = *self.first_step.get_or_insert(event.step - 1);
        if self.bar.is_hidden() || self.drawn.elapsed() < INTERVAL {
            return;
        }
        self.drawn = Instant::now();
        let all = (event.batches * self.epochs) as u64;
        let a_second = (event.step - first) as f64 / self.started.elapsed().as_secs_f64();
        let left = Duration::from_secs_f64((all - event.step) as f64 / a_second.max(1e-9));
        let loss = self.loss.map_or(String::new(), |loss| format!("loss {loss:.4}, "));
        let rate = thousands((a_second * self.batch as f64) as u64);
        self.bar.set_length(all);
        self.bar.set_position(event.step);
        self.bar.set_prefix(format!("epoch {}/{}", event.epoch, self.epochs));
        self.bar.set_message(format!("{loss}{rate} images/s, {} left", seconds(left)));
    }

    /// An epoch is done: its loss stands beside the bar from now on.
    pub(crate) fn epoch(&mut self, train_loss: f64) {
        self.loss = Some(train_loss);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints while the bar stands aside.
    pub(crate) fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration as `42 s` or `3 min 05 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
        assert_eq!(seconds(Duration::from_secs(3_660)), "1 h 01 min");
    }
}
