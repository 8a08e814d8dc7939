//! The container engine was there and does not answer any more.

use super::Seen;
use crate::domain::failure::FailureKind;
use crate::domain::health::Health;
use crate::domain::ids::ContainerKey;
use crate::domain::problem::Target;
use crate::store::fleet::finding::{Finding, Kind};

/// A server without an engine is not a problem; one that we may not ask is unknown; one that ran
/// containers and is silent now is down, and so may be all of them.
pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let server = seen.server;
    let Some((failure, _)) = &server.containers.failure else { return };
    let gone =
        matches!(failure.kind, FailureKind::Unreachable | FailureKind::Timeout | FailureKind::NotFound);
    let known = server.known_containers();
    let (kind, severity, cause) = if gone && !known.is_empty() {
        (Kind::Engine, Health::Down, format!("the container engine does not answer: {}", failure.reason()))
    } else if failure.kind == FailureKind::Unsupported {
        return;
    } else {
        (Kind::Unread, Health::Unknown, format!("containers cannot be read: {}", failure.reason()))
    };
    let mut finding = Finding::on_server(server.id(), kind, "engine", severity, cause);
    let key = |id| Target::Container(ContainerKey { server: server.id().clone(), id });
    finding.affects = known.iter().map(|container| key(container.id.clone())).collect();
    out.push(finding);
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, found, server};
    use super::*;
    use crate::domain::failure::Failure;

    #[test]
    fn a_silent_engine_is_down_and_affects_its_containers() {
        let mut silent = server("web-1");
        silent.containers.fail(Failure::new(FailureKind::Unreachable, "list", "refused"), NOW);
        let found = found(&silent);
        assert_eq!((found[0].kind, found[0].affects.len()), (Kind::Engine, 1));
    }

    #[test]
    fn no_engine_is_no_problem_and_no_permission_is_unknown() {
        let mut without = server("web-1");
        without.containers.last = None;
        without.containers.fail(Failure::new(FailureKind::Unsupported, "list", "no docker"), NOW);
        assert!(causes(&without).is_empty());
        without.containers.fail(Failure::new(FailureKind::Permission, "list", "not in group docker"), NOW);
        assert_eq!(causes(&without), ["containers cannot be read: not in group docker"]);
    }
}
