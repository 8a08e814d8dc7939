//! A container that is down explains the checks on its project, where the configuration says which
//! project a check looks at.

use super::same_project;
use crate::domain::health::Health;
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    matches!(cause.kind, Kind::Container | Kind::Missing)
        && cause.severity == Health::Down
        && effect.kind == Kind::Check
        && same_project(cause, effect)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_of, of, on};
    use super::*;

    #[test]
    fn only_a_link_in_the_configuration_ties_a_check_to_a_project() {
        let cause = of("web-1", Kind::Container, "shop");
        assert!(explains(&cause, &check_of("web-1", "shop")));
        assert!(!explains(&cause, &on("web-1", Kind::Check)));
        assert!(!explains(&of("web-1", Kind::Unit, "shop"), &check_of("web-1", "shop")));
    }
}
