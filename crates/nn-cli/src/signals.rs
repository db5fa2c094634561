//! Ctrl-C and SIGTERM: the first asks to finish the batch and save, the second ends at once.
//! SIGXFSZ: a file that may not grow is a failed write like any other.

use crate::error::CliError;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register_conditional_shutdown, register_usize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Which signal asked to stop, if one did.
#[derive(Clone, Debug)]
pub(crate) struct StopRequest(Arc<AtomicUsize>);

impl StopRequest {
    /// Listens from now on, for the rest of the process.
    pub(crate) fn listen() -> Result<Self, CliError> {
        let asked = Arc::new(AtomicBool::new(false));
        let signal = Arc::new(AtomicUsize::new(0));
        for number in [SIGINT, SIGTERM] {
            // In this order: the second signal finds the flag that the first one raised.
            register_conditional_shutdown(number, 128 + number, Arc::clone(&asked))
                .and_then(|_| signal_hook::flag::register(number, Arc::clone(&asked)))
                .and_then(|_| register_usize(number, Arc::clone(&signal), number as usize))
                .map_err(|cause| CliError::Failed(format!("cannot listen for signals: {cause}")))?;
        }
        Ok(Self(signal))
    }

    /// The signal that came, if one did.
    pub(crate) fn signal(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            number => i32::try_from(number).ok(),
        }
    }
}

/// A write beyond the largest file allowed (`ulimit -f`) becomes an error of that write, which its
/// author reports; without this the signal would end the process.
pub(crate) fn survive_full_files() {
    // Where this fails, all else still works.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}
