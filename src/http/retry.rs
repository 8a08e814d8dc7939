//! When a request may be tried again: a budget over all requests, so that a service in trouble gets
//! fewer requests, not more; and what the other side says about waiting.

use std::time::Duration;

use http::HeaderMap;

use crate::domain::time::Timestamp;

/// How often one request is sent at most.
pub const ATTEMPTS: u32 = 3;
/// The longest that a pause may be before the failure is told instead.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A token bucket: a success puts in a tenth, a retry takes one out.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    tenths: u32,
}

impl RetryBudget {
    const FULL: u32 = 100;

    /// Counts a success.
    pub fn succeed(&mut self) {
        self.tenths = (self.tenths + 1).min(Self::FULL);
    }

    /// Takes a retry out; `false` where none is left.
    pub fn take(&mut self) -> bool {
        let enough = self.tenths >= 10;
        if enough {
            self.tenths -= 10;
        }
        enough
    }
}

impl Default for RetryBudget {
    /// Full: ten retries.
    fn default() -> Self {
        Self { tenths: Self::FULL }
    }
}

/// The pause before a further attempt (the first has number 1) where the other side names none:
/// doubling from 200 ms.
pub fn pause(attempt: u32) -> Duration {
    Duration::from_millis(200) * 2u32.saturating_pow(attempt.saturating_sub(1).min(8))
}

/// Whether a status means that the same request may succeed a moment later.
pub const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// What `Retry-After` says: seconds, or a date (RFC 9110, 10.2.3).
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let at = Timestamp::from_millis(date.timestamp().as_millisecond());
    Some(now.age(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_in_trouble_gets_no_more_than_ten_retries() {
        let mut budget = RetryBudget::default();
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
        (0..10).for_each(|_| budget.succeed());
        assert_eq!((0..100).filter(|_| budget.take()).count(), 1);
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let headers = |text: &str| HeaderMap::from_iter([(http::header::RETRY_AFTER, text.parse().unwrap())]);
        let now = Timestamp::parse_rfc3339("2015-10-21T07:27:00Z").unwrap();
        assert_eq!(retry_after(&headers("120"), now), Some(Duration::from_secs(120)));
        assert_eq!(
            retry_after(&headers("Wed, 21 Oct 2015 07:28:00 GMT"), now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(retry_after(&headers("Wed, 21 Oct 2015 07:20:00 GMT"), now), Some(Duration::ZERO));
        assert_eq!(retry_after(&headers("soon"), now), None);
    }

    #[test]
    fn pauses_double_and_stay_finite() {
        assert_eq!(pause(1), Duration::from_millis(200));
        assert_eq!(pause(3), Duration::from_millis(800));
        assert!(pause(u32::MAX) < Duration::from_secs(60));
    }
}
