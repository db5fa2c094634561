//! How patient a download is.

use std::path::Path;
use std::time::Duration;

use super::space;

/// Times and counts that bound a download. The defaults suit people; tests take milliseconds.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest wait for a connection, name look-up and TLS included.
    pub connect: Duration,
    /// Longest wait from the request to the end of the response's header.
    pub response: Duration,
    /// Longest silence while the body comes.
    pub silence: Duration,
    /// Longest time for one body, however steadily it drips; the next attempt goes on from there.
    pub body: Duration,
    /// Attempts in a row that bring next to nothing before a mirror is given up.
    pub attempts: u32,
    /// Pause after the first failed attempt; doubled with each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// The longest `Retry-After` that is waited for; a server that asks for more is left alone.
    pub longest_retry_after: Duration,
    /// Redirects that are followed for one request.
    pub redirects: u32,
    /// The proxy; by default what the environment says (`HTTPS_PROXY`, `NO_PROXY` and so on).
    pub proxy: Option<ureq::Proxy>,
    /// Free bytes on the disk of a folder, where that can be known.
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
