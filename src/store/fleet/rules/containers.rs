//! A container is down, paused, or keeps restarting.

use std::time::Duration;

use super::Seen;
use crate::domain::container::Container;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::ContainerKey;
use crate::domain::problem::Target;
use crate::domain::reading::Freshness;
use crate::store::fleet::finding::{Finding, Kind};

/// The span in which restarts are counted.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);
/// From this many restarts within it on a container keeps restarting, whatever its state is now.
pub const MANY: usize = 3;

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
            ..Finding::on_server(server.id(), kind, "", verdict.health, verdict.reason)
        });
    }
}

/// What a container is, by its state and by how often it restarted `lately`.
pub fn verdict(container: &Container, lately: usize) -> Verdict {
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
    use super::super::sample::{NOW, causes, container, found, server};
    use super::*;
    use crate::domain::container::ContainerState;

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
}
