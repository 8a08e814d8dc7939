//! A disk with nothing left explains the containers, units and engine that are down on its server,
//! and the checks that look at them.

use super::{looks_at_server, same_server};
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    const EXPLAINED: &[Kind] =
        &[Kind::Engine, Kind::Database, Kind::DatabaseCheck, Kind::Container, Kind::Missing, Kind::Unit];
    cause.kind == Kind::DiskFull
        && match effect.kind {
            Kind::Check => same_server(cause, effect) || looks_at_server(cause, effect),
            kind => EXPLAINED.contains(&kind) && same_server(cause, effect),
        }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_of, on};
    use super::*;

    #[test]
    fn it_explains_what_runs_beside_it_but_no_busy_processor() {
        let cause = on("web-1", Kind::DiskFull);
        assert!(explains(&cause, &on("web-1", Kind::Database)));
        assert!(explains(&cause, &check_of("web-1", "shop")));
        assert!(!explains(&cause, &on("web-1", Kind::Limit)));
        assert!(!explains(&cause, &on("web-2", Kind::Container)));
    }
}
