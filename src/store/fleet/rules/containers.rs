//! A container is down, paused, or keeps restarting.

use std::time::Duration;

use super::Seen;
use crate::domain::container::{Container, ContainerState};
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::ContainerKey;
use crate::domain::problem::Target;
use crate::domain::reading::Freshness;
use crate::domain::time::Timestamp;
use crate::store::fleet::finding::{Finding, Kind};

/// The span in which restarts are counted.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);
/// From this many restarts within it on a container keeps restarting, whatever its state is now.
pub const MANY: usize = 3;
/// One that has run for less than this, and restarted as often before, is at it now.
const JUST: Duration = Duration::from_secs(60);

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let server = seen.server;
    if server.containers_freshness(seen.now) != Freshness::Fresh {
        return;
    }
    for container in server.known_containers() {
        let verdict = server.judged(container, seen.now);
        // What is only starting or being removed says so on its own row.
        if !matches!(verdict.health, Health::Degraded | Health::Down) {
            continue;
        }
        let key = ContainerKey { server: server.id().clone(), id: container.id.clone() };
        let kind = if is_database(container) { Kind::Database } else { Kind::Container };
        out.push(Finding {
            id: format!("{}:container:{}", server.id(), container.name).into(),
            target: Target::Container(key),
            project: container.project.clone(),
            begun: begun(container).map(|at| server.here(at)),
            ..Finding::on_server(server.id(), kind, "", verdict.health, verdict.reason)
        });
    }
}

/// When a container ended that does not run, by the server's clock. One that keeps restarting began earlier than that.
fn begun(container: &Container) -> Option<Timestamp> {
    let ended = matches!(container.state, ContainerState::Exited | ContainerState::Dead);
    container.finished_at.filter(|_| ended)
}

/// What a container is, by its state and by how often it restarted `lately`; `now` by the server's clock.
pub fn verdict(container: &Container, lately: usize, now: Timestamp) -> Verdict {
    let verdict = container.verdict();
    if verdict.health == Health::Down {
        return verdict;
    }
    if lately >= MANY {
        return Verdict::new(
            Health::Degraded,
            format!("{} restarted {lately} times in 10 minutes", container.name),
        );
    }
    // The engine counts restarts by its policy alone, and from nothing where someone starts it by hand.
    let just = container.started_at.is_some_and(|at| at.age(now) < JUST);
    if container.state == ContainerState::Running && just && container.restarts as usize >= MANY {
        let times = container.restarts;
        return Verdict::new(
            Health::Degraded,
            format!("{} keeps restarting: {times} times, the last one just now", container.name),
        );
    }
    verdict
}

/// Whether others are likely to need it: told by the image's or the service's name.
fn is_database(container: &Container) -> bool {
    const NAMES: &[&str] = &["postgres", "mysql", "mariadb", "redis", "valkey", "mongo"];
    let image = container.image.rsplit('/').next().unwrap_or_default();
    let service = container.service.as_deref().unwrap_or_default();
    NAMES.iter().any(|name| image.starts_with(name) || service.starts_with(name)) || service == "db"
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, container, found, server, vitals};
    use super::*;
    use crate::domain::vitals::Vitals;

    fn ended(name: &str, code: i32) -> Container {
        Container { state: ContainerState::Exited, exit_code: Some(code), ..container(name) }
    }

    #[test]
    fn a_dead_container_is_down_and_a_finished_one_is_not() {
        let mut it = server("web-1");
        it.containers.succeed(vec![ended("shop-migrate-1", 0), ended("shop-web-1", 137)], NOW);
        assert_eq!(causes(&it), ["shop-web-1 ended, exit 137"]);
    }

    #[test]
    fn a_dead_database_is_told_from_another_container() {
        let mut it = server("web-1");
        it.containers.succeed(vec![ended("shop-db-1", 1), ended("shop-web-1", 1)], NOW);
        let kinds: Vec<_> = found(&it).into_iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [Kind::Database, Kind::Container]);
    }

    #[test]
    fn one_that_runs_but_keeps_restarting_is_degraded() {
        let mut it = server("web-1");
        let times = (0..3).map(|n| NOW - Duration::from_secs(n * 60)).collect();
        it.restarts.insert("shop-web-1".into(), times);
        assert_eq!(causes(&it), ["shop-web-1 restarted 3 times in 10 minutes"]);
    }

    #[test]
    fn one_that_was_just_started_again_is_not_well_between_two_falls() {
        let looping = |restarts, secs| {
            let mut it = server("web-1");
            let started_at = Some(NOW - Duration::from_secs(secs));
            let one = Container { restarts, started_at, ..container("shop-web-1") };
            it.containers.succeed(vec![one], NOW);
            causes(&it)
        };
        assert_eq!(looping(27, 3), ["shop-web-1 keeps restarting: 27 times, the last one just now"]);
        assert!(looping(27, 61).is_empty(), "it holds now");
        // By a clock that is ten minutes ahead, one that holds for nine was started in time to come.
        let mut ahead = server("web-1");
        ahead.vitals.succeed(Vitals { clock_offset_ms: Some(600_000), ..vitals() }, NOW);
        let (minute, started_at) = (Duration::from_secs(60), Some(NOW + Duration::from_secs(60)));
        let one = Container { restarts: 27, started_at, ..container("shop-web-1") };
        ahead.containers.succeed(vec![one], NOW);
        assert_eq!(ahead.here(NOW + minute * 10), NOW);
        assert!(!causes(&ahead).iter().any(|cause| cause.contains("restarting")), "{:?}", causes(&ahead));
        assert!(looping(2, 3).is_empty());
    }

    #[test]
    fn what_ended_began_when_it_ended() {
        let mut it = server("web-1");
        let finished_at = Some(NOW - Duration::from_secs(1080));
        it.containers.succeed(vec![Container { finished_at, ..ended("shop-web-1", 1) }], NOW);
        // By our own clock: that of this server is 3 ms ahead.
        assert_eq!(found(&it)[0].begun, finished_at.map(|at| it.here(at)));
    }
}
