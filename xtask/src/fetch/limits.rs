//! Time-outs and limits of a download.

use std::path::Path;
use std::time::Duration;

use super::space;

/// Time-outs and limits of a download. The defaults suit people; tests use milliseconds.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Time-out of the connection, including name resolution and TLS.
    pub connect: Duration,
    /// Time-out from the request to the end of the response header.
    pub response: Duration,
    /// Time-out of each read of the body.
    pub silence: Duration,
    /// Time-out of the whole body; the next attempt resumes.
    pub body: Duration,
    /// Attempts in a row without progress before a mirror is given up.
    pub attempts: u32,
    /// Pause after the first failed attempt, doubled with each further one.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
    /// Longest `Retry-After` to wait for; a server that asks for more is given up.
    pub longest_retry_after: Duration,
    /// Most redirects of one request.
    pub redirects: u32,
    /// The proxy; by default from the environment (`HTTPS_PROXY`, `NO_PROXY` and so on).
    pub proxy: Option<ureq::Proxy>,
    /// Returns the free bytes on the disk of a folder, where they are known.
    pub free_space: fn(&Path) -> Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response: Duration::from_secs(10),
            silence: Duration::from_secs(15),
            body: Duration::from_secs(600),
            attempts: 4,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
            longest_retry_after: Duration::from_secs(30),
            redirects: 5,
            proxy: ureq::Proxy::try_from_env(),
            free_space: space::free,
        }
    }
}
