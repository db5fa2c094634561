//! The progress bar of a download, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress bar of one file. Draws nothing if stderr is not a terminal.
pub(crate) struct Meter {
    bar: ProgressBar,
}

impl Meter {
    /// Returns a progress bar with the prefix `name`, hidden until [`Meter::start`].
    pub(crate) fn new(name: &str) -> Self {
        let bar = ProgressBar::hidden();
        let template = "{prefix} {bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        Self { bar }
    }

    /// Shows the bar at `have` bytes of `total`, if it is known. The rate counts from here.
    pub(crate) fn start(&self, have: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(have);
        self.bar.reset_eta();
        // indicatif keeps it hidden if stderr is not a terminal.
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Advances by `bytes`.
    pub(crate) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
