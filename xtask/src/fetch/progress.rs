//! The bar of a download: on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far the download of one file is. Draws nothing when stderr is not a terminal.
pub(crate) struct Meter {
    bar: ProgressBar,
}

impl Meter {
    /// A bar that is headed by `name` and appears with [`Meter::start`].
    pub(crate) fn new(name: &str) -> Self {
        let bar = ProgressBar::hidden();
        let template = "{prefix} {bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        Self { bar }
    }

    /// Starts at `have` bytes of `total`, when that is known. The rate counts from here.
    pub(crate) fn start(&self, have: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(have);
        self.bar.reset_eta();
        // Stays hidden when stderr is no terminal: indicatif looks by itself.
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Counts bytes that came.
    pub(crate) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
