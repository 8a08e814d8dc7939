//! How far something that takes long is, in words.

use std::time::Duration;

use crate::domain::quantity::Bytes;

/// How often it is told.
pub(super) const PACE: Duration = Duration::from_secs(2);

/// What came, of what there is about where that is known, how fast, and how many seconds it goes on like that.
pub(super) fn far(came: Bytes, about: Option<Bytes>, took: Duration) -> String {
    let rate = came.0 as f64 / took.as_secs_f64().max(0.001);
    let fast = format!("{}/s", Bytes(rate as u64));
    match about {
        Some(about) if about.0 > came.0 && came.0 > 0 => {
            let left = (about.0 - came.0) as f64 / rate.max(1.0);
            format!("{came} of about {about}, {fast}, {:.0} s left", left.min(1e6))
        }
        Some(about) if about.0 >= came.0 => format!("{came} of about {about}, {fast}"),
        _ => format!("{came}, {fast}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_while_it_is_known() {
        let told = |came: u64, about| far(Bytes(came << 20), about, Duration::from_secs(10));
        let about = Some(Bytes(100 << 20));
        assert_eq!(told(50, about), "50M of about 100M, 5.0M/s, 10 s left");
        assert_eq!(told(100, about), "100M of about 100M, 10M/s");
        assert_eq!(told(0, about), "0B of about 100M, 0B/s");
        // More than was thought, and of who knows how much.
        assert_eq!((told(120, about), told(50, None)), ("120M, 12M/s".to_owned(), "50M, 5.0M/s".to_owned()));
    }
}
