//! An engine that does not answer explains that containers are not read, and the checks on them.

use super::{looks_at_server, same_server};
use crate::domain::check::CheckKind;
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    cause.kind == Kind::Engine
        && match effect.kind {
            Kind::Check | Kind::DatabaseCheck => {
                looks_at_server(cause, effect)
                    || (same_server(cause, effect) && effect.check == Some(CheckKind::Container))
            }
            Kind::Database | Kind::Container | Kind::Missing => same_server(cause, effect),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_of, on};
    use super::*;

    #[test]
    fn a_check_that_is_only_seen_from_there_is_not_explained() {
        let cause = on("web-1", Kind::Engine);
        let check = |kind| Finding { check: Some(kind), ..on("web-1", Kind::Check) };
        assert!(explains(&cause, &check(CheckKind::Container)));
        assert!(!explains(&cause, &check(CheckKind::Dns)));
        assert!(explains(&cause, &check_of("web-1", "shop")));
    }
}
