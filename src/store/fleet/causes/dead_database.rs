//! A database that is down explains the other containers of its project on the same server, and the
//! checks on that project or on the database itself.

use super::{same_project, same_server};
use crate::domain::check::CheckKind;
use crate::domain::health::Health;
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    let database = matches!(cause.kind, Kind::Database | Kind::DatabaseCheck);
    let own_check = effect.kind == Kind::DatabaseCheck
        && same_server(cause, effect)
        && matches!(effect.check, Some(CheckKind::Postgres | CheckKind::Redis));
    database && cause.severity == Health::Down && (own_check || same_project(cause, effect))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_of, of, on};
    use super::*;

    #[test]
    fn it_explains_its_project_and_no_other() {
        let cause = of("web-1", Kind::Database, "shop");
        assert!(explains(&cause, &of("web-1", Kind::Container, "shop")));
        assert!(explains(&cause, &check_of("web-1", "shop")));
        assert!(!explains(&cause, &of("web-1", Kind::Container, "blog")));
        assert!(!explains(&cause, &of("web-2", Kind::Container, "shop")));
        let check = Finding { check: Some(CheckKind::Postgres), ..on("web-1", Kind::DatabaseCheck) };
        assert!(explains(&cause, &check));
    }
}
