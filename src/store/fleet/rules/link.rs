//! The connection is down, or waits for a person.

use super::Seen;
use crate::domain::failure::FailureKind;
use crate::domain::health::Health;
use crate::domain::ids::ContainerKey;
use crate::domain::link::Link;
use crate::domain::problem::Target;
use crate::store::fleet::finding::{Finding, Kind};

/// A server that does not answer is down; one that does not let us in may well be up, so it is
/// unknown. Either way all containers that were seen there are affected.
pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let server = seen.server;
    let (severity, cause) = match (&server.link, &server.link_lost) {
        (Link::Asking, _) => (Health::Unknown, "waits for an answer from you".to_owned()),
        (Link::Up, _) | (_, None) => return,
        (_, Some((failure, _))) => match failure.kind {
            FailureKind::Unreachable | FailureKind::Timeout => {
                (Health::Down, format!("unreachable: {}", failure.reason()))
            }
            kind => (Health::Unknown, format!("{}: {}", kind.word(), failure.reason())),
        },
    };
    let mut finding = Finding::on_server(server.id(), Kind::Link, "link", severity, cause);
    let key = |id| Target::Container(ContainerKey { server: server.id().clone(), id });
    finding.affects = server.known_containers().iter().map(|c| key(c.id.clone())).collect();
    out.push(finding);
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, found, server};
    use super::*;
    use crate::domain::failure::Failure;

    #[test]
    fn a_lost_server_is_one_finding_that_affects_its_containers() {
        let mut lost = server("web-1");
        lost.link = Link::Connecting;
        lost.link_lost = Some((Failure::new(FailureKind::Unreachable, "connect", "no route"), NOW));
        lost.vitals.last = None;
        let found = found(&lost);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].affects.len()), (Health::Down, 1));
        assert_eq!(found[0].cause, "unreachable: no route");
    }

    #[test]
    fn a_server_that_does_not_let_us_in_is_unknown_and_not_down() {
        let mut refused = server("web-1");
        refused.link =
            Link::Down { failure: Failure::new(FailureKind::Auth, "log in", "no key"), next_try: None };
        refused.link_lost = Some((Failure::new(FailureKind::Auth, "log in", "no key"), NOW));
        assert_eq!(found(&refused)[0].severity, Health::Unknown);
    }
}
