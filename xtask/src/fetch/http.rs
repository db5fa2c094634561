//! GET requests with redirects.

use std::io;
use std::time::SystemTime;

use ureq::http::{HeaderMap, Response, StatusCode, Uri, header};
use ureq::{Agent, Body, Error, Timeout};

use super::backoff;
use super::failure::Failure;
use super::limits::Limits;

/// A client that reuses its connections.
pub(crate) struct Client {
    agent: Agent,
    redirects: u32,
}

impl Client {
    pub(crate) fn new(limits: &Limits) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.response))
            .timeout_recv_body(Some(limits.body))
            .timeout_per_read(Some(limits.silence))
            .proxy(limits.proxy.clone())
            .build()
            .new_agent();
        Self { agent, redirects: limits.redirects }
    }

    /// Requests `url` from byte `offset` on and follows redirects.
    ///
    /// Returns responses of status 200, 206 or 416; every other status is a [`Failure`].
    pub(crate) fn get(&self, url: &str, offset: u64) -> Result<Response<Body>, Failure> {
        let mut url = url.to_owned();
        for _ in 0..=self.redirects {
            let response = self.request(&url, offset)?;
            if !is_redirect(response.status()) {
                return check_status(response);
            }
            let location = text(response.headers(), header::LOCATION.as_str()).unwrap_or("");
            url = next_url(&url, location).map_err(Failure::NotHere)?;
        }
        Err(Failure::NotHere(format!("more than {} redirects", self.redirects)))
    }

    fn request(&self, url: &str, offset: u64) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(url).header(header::ACCEPT_ENCODING, "identity");
        if offset > 0 {
            request = request.header(header::RANGE, format!("bytes={offset}-"));
        }
        request.call().map_err(|error| classify_error(&error))
    }
}

/// Returns a header if it is present and text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a status redirects a GET request; 304 does not.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Returns the responses that a download can use, and a failure for the others.
fn check_status(response: Response<Body>) -> Result<Response<Body>, Failure> {
    let status = response.status();
    match status.as_u16() {
        200 | 206 | 416 => Ok(response),
        408 | 429 | 500..=599 => {
            let retry_after = text(response.headers(), header::RETRY_AFTER.as_str())
                .and_then(|value| backoff::retry_after(value, SystemTime::now()));
            Err(Failure::Again { why: format!("answered {status}"), retry_after })
        }
        _ => Err(Failure::NotHere(format!("answered {status}"))),
    }
}

/// Distinguishes a host that cannot be reached from a connection that failed.
fn classify_error(error: &Error) -> Failure {
    let why = error.to_string();
    let down = match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Timeout(_) | Error::Protocol(_) => false,
        Error::Io(cause) => !matches!(
            cause.kind(),
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::TimedOut
                | io::ErrorKind::WouldBlock
                | io::ErrorKind::Interrupted
        ),
        _ => true,
    };
    if down { Failure::SourceDown(why) } else { Failure::again(why) }
}

/// Returns the target of a redirect from `current`.
///
/// ```
/// use xtask::fetch::next_url;
///
/// assert_eq!(next_url("https://a.example/x/y", "z").as_deref(), Ok("https://a.example/x/z"));
/// assert!(next_url("https://a.example/x", "http://a.example/x").is_err());
/// ```
///
/// # Errors
/// If `location` is not a web address, or leads from https to anything else.
pub fn next_url(current: &str, location: &str) -> Result<String, String> {
    let bad = || format!("redirects to {location:?}, which is not a web address");
    let base: Uri = current.parse().map_err(|_| bad())?;
    let (scheme, authority) = match (base.scheme_str(), base.authority()) {
        (Some(scheme), Some(authority)) => (scheme, authority.as_str()),
        _ => return Err(bad()),
    };
    let location = location.split('#').next().unwrap_or("");
    let next = if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.is_empty() {
        return Err(bad());
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _file)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let target: Uri = next.parse().map_err(|_| bad())?;
    match (scheme, target.scheme_str()) {
        (_, Some("https")) | ("http", Some("http")) => Ok(next),
        ("https", Some("http")) => {
            Err(format!("redirects from https to plain http ({next}), which is not allowed"))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::next_url;

    #[test]
    fn redirects_resolve_as_rfc_3986_says() {
        let base = "https://a.example/x/y.gz?q=1";
        for (location, expected) in [
            ("https://b.example/z", "https://b.example/z"),
            ("//b.example/z", "https://b.example/z"),
            ("/z", "https://a.example/z"),
            ("z", "https://a.example/x/z"),
            ("/z#part", "https://a.example/z"),
        ] {
            assert_eq!(next_url(base, location).as_deref(), Ok(expected), "{location}");
        }
    }

    #[test]
    fn https_never_becomes_http() {
        let refusal = next_url("https://a.example/x", "http://a.example/x").unwrap_err();
        assert!(refusal.contains("from https to plain http"), "{refusal}");
        assert!(next_url("http://a.example/x", "https://a.example/x").is_ok());
        assert!(next_url("http://a.example/x", "http://b.example/x").is_ok());
    }

    #[test]
    fn other_targets_are_refused() {
        for location in ["", "ftp://a.example/x", "file:///etc/passwd", "http://", "#x"] {
            assert!(next_url("http://a.example/x", location).is_err(), "{location}");
        }
    }
}
