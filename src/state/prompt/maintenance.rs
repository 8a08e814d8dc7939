//! What is typed for visitors of an app in maintenance: a sentence, and before it when they may come again.

use crate::config::duration;
use crate::domain::maintenance::{Notice, RETRY_AFTER};

/// Reads `10m We move the database.`, or either part of it alone, or nothing.
pub(super) fn notice(typed: &str) -> Notice {
    let (first, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let (retry_after, message) = match duration::parse(first) {
        Ok(time) => (time, rest.trim()),
        Err(_) => (RETRY_AFTER, typed),
    };
    let message = Some(message).filter(|it| !it.is_empty()).map(str::to_owned);
    Notice { message, retry_after: retry_after.as_secs().max(1), reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_a_sentence_are_told_apart() {
        let read = |typed| {
            let it = notice(typed);
            (it.retry_after, it.message)
        };
        assert_eq!(read(""), (120, None));
        assert_eq!(read("10m"), (600, None));
        assert_eq!(read("10m We move."), (600, Some("We move.".to_owned())));
        assert_eq!(read("Back in 10m."), (120, Some("Back in 10m.".to_owned())));
    }
}
