//! A server that is not reached explains all that was seen on it or from it, and the checks on what
//! is configured to run there.

use super::{looks_at_server, same_server};
use crate::domain::health::Health;
use crate::store::fleet::finding::{Finding, Kind};

/// Where only we are not let in, what runs there may be well: that explains what is unknown, but
/// not what is down.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    cause.kind == Kind::Link
        && (same_server(cause, effect) || looks_at_server(cause, effect))
        && (cause.severity == Health::Down || effect.severity == Health::Unknown)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_of, on};
    use super::*;

    #[test]
    fn it_explains_what_is_there_and_what_looks_there() {
        let cause = on("web-1", Kind::Link);
        assert!(explains(&cause, &on("web-1", Kind::Check)));
        assert!(explains(&cause, &check_of("web-1", "shop")));
        assert!(!explains(&cause, &on("web-2", Kind::Check)));
    }

    #[test]
    fn not_being_let_in_does_not_explain_what_is_down() {
        let cause = Finding { severity: Health::Unknown, ..on("web-1", Kind::Link) };
        assert!(!explains(&cause, &check_of("web-1", "shop")));
        let unknown = Finding { severity: Health::Unknown, ..on("web-1", Kind::Check) };
        assert!(explains(&cause, &unknown));
    }
}
