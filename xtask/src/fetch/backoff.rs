//! How long to wait before the next attempt.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime};

use crate::clock;

/// Returns the pause after attempt number `attempt`, counted from 1: exponential back-off with jitter.
///
/// It doubles each time up to `longest`; `chance`, 0 to 1, takes between a half and all of that, so that many clients
/// do not retry at the same moment.
#[must_use]
pub fn pause(attempt: u32, first: Duration, longest: Duration, chance: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = first.saturating_mul(1 << doublings).min(longest);
    whole.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

/// Returns a number from 0 to 1 that differs from run to run, of no particular quality.
pub(crate) fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 11) as f64 / (1u64 << 53) as f64
}

/// Parses a `Retry-After` header, seconds or a date; returns the time to wait from `now`.
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let then = clock::parse_http_date(value)?;
    Some(Duration::from_secs(then.saturating_sub(now.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_spread_over_half() {
        let first = Duration::from_millis(100);
        let longest = Duration::from_millis(350);
        let whole: Vec<u128> =
            (1..=4).map(|attempt| pause(attempt, first, longest, 1.0).as_millis()).collect();
        assert_eq!(whole, [100, 200, 350, 350]);
        assert_eq!(pause(2, first, longest, 0.0).as_millis(), 100);
        assert_eq!(pause(u32::MAX, first, longest, 1.0), longest);
    }

    #[test]
    fn chance_is_between_zero_and_one_and_varies() {
        let draws: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(draws.iter().all(|draw| (0.0..=1.0).contains(draw)));
        assert!(draws.iter().any(|draw| *draw != draws[0]));
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        // 784111777 is Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        let later = now + Duration::from_secs(60);
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", later), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
