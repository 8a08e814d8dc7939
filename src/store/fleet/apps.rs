//! Apps as they stand: Compose projects over all servers, joined with the configured ones.

use std::collections::BTreeMap;

use super::server::ServerLive;
use crate::domain::app::{App, Maintained};
use crate::domain::container::Container;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{AppId, CheckId, ContainerKey, EnvironmentId, ServerId};
use crate::domain::maintenance::Mark;
use crate::domain::reading::Freshness;
use crate::domain::setup::AppSetup;
use crate::domain::time::Timestamp;

/// All apps, by name. `check` tells the verdict on a check that a configured app names.
pub fn apps<'a>(
    servers: &(impl Iterator<Item = &'a ServerLive> + Clone),
    configured: &[AppSetup],
    check: impl Fn(&CheckId) -> Verdict,
    now: Timestamp,
) -> Vec<App> {
    let mut parts: BTreeMap<Name, Parts<'a>> = BTreeMap::new();
    for app in configured {
        let mut part = Parts { checks: app.checks.iter().map(&check).collect(), ..Parts::default() };
        let on = |id: &ServerId| servers.clone().find(|server| server.id() == id);
        part.servers.extend(app.servers.iter().filter_map(on));
        part.named = part.servers.iter().map(|server| server.id()).collect();
        parts.insert(Name::Configured(app), part);
    }
    for server in servers.clone() {
        for container in server.known_containers() {
            let Some(project) = container.project.as_deref() else { continue };
            let name = configured_for(configured, project, server, servers)
                .map_or_else(|| Name::Found(project, server.setup.environment.as_ref()), Name::Configured);
            let part = parts.entry(name).or_default();
            part.containers.push((server, container));
            if part.latest != Some(server.id()) {
                part.latest = Some(server.id());
                if !part.named.contains(&server.id()) {
                    part.servers.push(server);
                }
            }
        }
    }
    let names: Vec<&str> = parts.keys().map(Name::short).collect();
    let alone = |name: &Name<'_>| names.iter().filter(|other| **other == name.short()).count() == 1;
    let mut apps: Vec<App> = parts.iter().map(|(name, part)| part.app(name, alone(name), now)).collect();
    apps.sort_by(|a, b| a.id.cmp(&b.id));
    apps
}

/// The configured app that a project on a server belongs to: the one that names the server, or else
/// one in the same environment.
fn configured_for<'a, 's>(
    configured: &'a [AppSetup],
    project: &str,
    server: &ServerLive,
    servers: &(impl Iterator<Item = &'s ServerLive> + Clone),
) -> Option<&'a AppSetup> {
    let mut named = configured.iter().filter(|app| app.project == project);
    let near = |app: &&AppSetup| {
        let mut its = servers.clone().filter(|other| app.servers.contains(other.id()));
        app.servers.is_empty() || its.any(|other| other.setup.environment == server.setup.environment)
    };
    named.clone().find(|app| app.servers.contains(server.id())).or_else(|| named.find(near))
}

/// Projects of the same name in two environments are two apps.
#[derive(Clone, Copy, Debug)]
enum Name<'a> {
    Configured(&'a AppSetup),
    Found(&'a str, Option<&'a EnvironmentId>),
}

impl Name<'_> {
    fn short(&self) -> &str {
        match self {
            Self::Configured(app) => app.id.as_str(),
            Self::Found(project, _) => project,
        }
    }

    fn key(&self) -> (bool, &str, Option<&EnvironmentId>) {
        match self {
            Self::Configured(app) => (true, app.id.as_str(), None),
            Self::Found(project, environment) => (false, project, *environment),
        }
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Name<'_> {}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[derive(Debug, Default)]
struct Parts<'a> {
    /// The servers that the configuration names.
    named: Vec<&'a ServerId>,
    /// The server of which containers were taken last: they come server by server.
    latest: Option<&'a ServerId>,
    servers: Vec<&'a ServerLive>,
    containers: Vec<(&'a ServerLive, &'a Container)>,
    checks: Vec<Verdict>,
}

impl Parts<'_> {
    fn app(&self, name: &Name<'_>, alone: bool, now: Timestamp) -> App {
        let mut containers = self.containers.clone();
        containers.sort_by_key(|(server, c)| (c.service.as_deref(), server.id(), &c.name));
        let environment = self.servers.iter().find_map(|server| server.setup.environment.clone());
        let maintenance = match name {
            Name::Configured(app) if app.proxied => self.maintained(&app.id, now),
            _ => Maintained::No,
        };
        let (id, project) = match name {
            Name::Configured(app) => (app.id.clone(), app.project.clone()),
            Name::Found(project, environment) if !alone => {
                let environment = environment.map_or("none", |id| id.as_str());
                (AppId::from(format!("{project}@{environment}")), (*project).to_owned())
            }
            Name::Found(project, _) => (AppId::from(*project), (*project).to_owned()),
        };
        let key = |(server, c): &(&ServerLive, &Container)| ContainerKey {
            server: server.id().clone(),
            id: c.id.clone(),
        };
        App {
            id,
            project,
            environment,
            servers: self.servers.iter().map(|server| server.id().clone()).collect(),
            containers: containers.iter().map(key).collect(),
            verdict: excused(&maintenance, self.verdict(&containers, now)),
            maintenance,
        }
    }

    /// What the servers that are configured for it say of its maintenance.
    fn maintained(&self, app: &AppId, now: Timestamp) -> Maintained {
        let named = self.servers.iter().filter(|server| self.named.contains(&server.id()));
        Maintained::of(
            named.map(|server| {
                (server.id().clone(), server.maintained(app, now).map(Option::<&Mark>::cloned))
            }),
        )
    }

    /// A service is down when all its containers are, and degraded when some are; the app is as bad
    /// as its worst service or check, and unknown where one of its servers is not read.
    fn verdict(&self, containers: &[(&ServerLive, &Container)], now: Timestamp) -> Verdict {
        let unread = self.servers.iter().filter(|s| s.containers_freshness(now) != Freshness::Fresh);
        let mut verdicts: Vec<Verdict> = unread
            .map(|s| Verdict::new(Health::Unknown, format!("containers of {} are not read", s.id())))
            .collect();
        let fresh: Vec<_> =
            containers.iter().filter(|(s, _)| s.containers_freshness(now) == Freshness::Fresh).collect();
        for service in fresh.chunk_by(|a, b| a.1.service == b.1.service) {
            let all: Vec<_> =
                service.iter().map(|(server, container)| server.judged(container, now)).collect();
            let worst = Verdict::worst(all.iter().cloned());
            let some_up = all.iter().any(|verdict| verdict.health == Health::Up);
            let health = if some_up { worst.health.min(Health::Degraded) } else { worst.health };
            verdicts.push(Verdict::new(health, worst.reason));
        }
        if fresh.is_empty() && verdicts.is_empty() {
            verdicts.push(Verdict::new(Health::Down, "has no container"));
        }
        verdicts.extend(self.checks.iter().cloned());
        Verdict::worst(verdicts)
    }
}

/// In maintenance an app is neither well nor a surprise; what is worse is told beside it.
fn excused(maintenance: &Maintained, verdict: Verdict) -> Verdict {
    let Some(says) = maintenance.mark().and_then(|_| maintenance.says()) else { return verdict };
    let worse = verdict.health >= Health::Degraded && !verdict.reason.starts_with(CHECKED);
    let reason = if worse { format!("{says}; {}", verdict.reason) } else { says };
    let health = if worse { verdict.health } else { Health::Degraded };
    Verdict::new(health, reason)
}

/// What the verdict on a check begins with that meets the maintenance of its app.
pub const CHECKED: &str = "in maintenance: ";

#[cfg(test)]
mod tests {
    use super::super::rules::sample::{NOW, container, server};
    use super::*;
    use crate::domain::container::ContainerState;

    fn with(name: &str, containers: Vec<Container>) -> ServerLive {
        let mut it = server(name);
        it.containers.succeed(containers, NOW);
        it
    }

    fn dead(name: &str) -> Container {
        Container { state: ContainerState::Exited, exit_code: Some(1), ..container(name) }
    }

    fn list(servers: &[ServerLive], configured: &[AppSetup]) -> Vec<App> {
        apps(&servers.iter(), configured, |_| Verdict::up(), NOW)
    }

    #[test]
    fn a_project_on_two_servers_is_one_app() {
        let servers = [with("a", vec![container("shop-web-1")]), with("b", vec![container("shop-web-1")])];
        let all = list(&servers, &[]);
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].servers.len(), all[0].containers.len(), all[0].verdict.health),
            (2, 2, Health::Up)
        );
    }

    #[test]
    fn a_project_in_two_environments_is_two_apps() {
        let mut servers =
            [with("a", vec![container("shop-web-1")]), with("b", vec![container("shop-web-1")])];
        servers[0].setup.environment = Some("production".into());
        servers[1].setup.environment = Some("staging".into());
        let ids: Vec<_> = list(&servers, &[]).into_iter().map(|app| app.id.to_string()).collect();
        assert_eq!(ids, ["shop@production", "shop@staging"]);
    }

    #[test]
    fn a_project_beside_the_configured_servers_belongs_to_the_app_of_its_environment() {
        let mut servers = [server("a"), server("b"), server("c")];
        servers[2].setup.environment = Some("staging".into());
        let app = AppSetup {
            id: "shop".into(),
            project: "shop".into(),
            environment: None,
            servers: vec!["a".into()],
            checks: vec![],
            proxied: false,
        };
        let all = list(&servers, &[app]);
        let words: Vec<_> = all.iter().map(|app| (app.id.as_str(), app.containers.len())).collect();
        assert_eq!(words, [("shop", 2), ("shop@staging", 1)]);
    }

    #[test]
    fn one_dead_replica_degrades_and_the_last_one_is_down() {
        let half = [with("a", vec![container("shop-web-1"), dead("shop-web-2")])];
        assert_eq!(list(&half, &[])[0].verdict.health, Health::Degraded);
        let none = [with("a", vec![container("shop-db-1"), dead("shop-web-2")])];
        assert_eq!(list(&none, &[])[0].verdict, Verdict::new(Health::Down, "shop-web-2 ended, exit 1"));
    }

    #[test]
    fn an_app_on_a_server_that_is_not_read_is_not_up() {
        let mut servers = [with("a", vec![container("shop-web-1")])];
        servers[0].containers.last = Some((vec![container("shop-web-1")], Timestamp::from_secs(0)));
        assert_eq!(list(&servers, &[])[0].verdict.health, Health::Unknown);
    }

    #[test]
    fn a_configured_app_is_there_even_without_a_container() {
        let app = AppSetup {
            id: "blog".into(),
            project: "blog".into(),
            environment: None,
            servers: vec!["a".into()],
            checks: vec![],
            proxied: false,
        };
        let all = list(&[with("a", Vec::new())], &[app]);
        assert_eq!((all[0].id.as_str(), all[0].verdict.health), ("blog", Health::Down));
    }
}
