//! From the engine's answers to a container as we know it. Pure; every text is made harmless and
//! bounded on the way.

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum,
    HealthStatusEnum, PortMap, RestartPolicyNameEnum,
};

use crate::domain::container::{Container, ContainerHealth, ContainerState, Port, RestartPolicy};
use crate::domain::ids::ContainerId;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;

/// The longest name of anything, in characters.
const LONGEST: usize = 256;
/// The most ports that are kept of one container.
const MOST_PORTS: usize = 64;
/// Compose's labels for where a container belongs (and podman-compose's, which are the same).
const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";

/// A container as inspecting it tells, and its image's id, by which the digest is found.
pub(super) fn container(inspected: ContainerInspectResponse) -> Option<(Container, String)> {
    let id = inspected.id?;
    let config = inspected.config.unwrap_or_default();
    let labels = config.labels.unwrap_or_default();
    let label = |key: &str| labels.get(key).map(|text| tidy(text)).filter(|text| !text.is_empty());
    let state = inspected.state.unwrap_or_default();
    let doing = state.status.map_or(ContainerState::Unknown, doing);
    let ended = !matches!(doing, ContainerState::Created | ContainerState::Running | ContainerState::Paused);
    let ports = inspected.network_settings.and_then(|settings| settings.ports).unwrap_or_default();
    let image_id = inspected.image.unwrap_or_default();
    let container = Container {
        id: ContainerId::from(tidy(&id)),
        name: name_of(&inspected.name.unwrap_or_default()),
        project: label(PROJECT),
        service: label(SERVICE),
        image: config.image.map(|image| tidy(&image)).unwrap_or_default(),
        digest: None,
        state: doing,
        health: match doing {
            ContainerState::Running => health(state.health.and_then(|health| health.status)),
            // What a container that does not run said last is no news of it.
            _ => ContainerHealth::None,
        },
        restarts: count(inspected.restart_count),
        restart_policy: inspected
            .host_config
            .and_then(|host| host.restart_policy?.name)
            .map_or(RestartPolicy::Unknown, policy),
        oom_killed: state.oom_killed.unwrap_or(false),
        exit_code: state.exit_code.filter(|_| ended).and_then(|code| i32::try_from(code).ok()),
        started_at: state.started_at.as_deref().and_then(instant),
        finished_at: state.finished_at.as_deref().and_then(instant),
        ports: self::ports(&ports),
    };
    Some((container, image_id))
}

/// The empty word is the engine's for no policy.
const fn policy(word: RestartPolicyNameEnum) -> RestartPolicy {
    match word {
        RestartPolicyNameEnum::EMPTY | RestartPolicyNameEnum::NO => RestartPolicy::No,
        RestartPolicyNameEnum::ON_FAILURE => RestartPolicy::OnFailure,
        RestartPolicyNameEnum::ALWAYS => RestartPolicy::Always,
        RestartPolicyNameEnum::UNLESS_STOPPED => RestartPolicy::UnlessStopped,
    }
}

/// What the list alone tells of a container: less, but enough where inspecting it failed.
pub(super) fn summary(listed: &ContainerSummary) -> Option<Container> {
    let labels = listed.labels.as_ref();
    let label = |key: &str| labels?.get(key).map(|text| tidy(text)).filter(|text| !text.is_empty());
    let state = listed.state.map_or(ContainerState::Unknown, summary_doing);
    let status = listed.status.as_deref().unwrap_or_default();
    Some(Container {
        id: ContainerId::from(tidy(listed.id.as_deref()?)),
        name: listed
            .names
            .as_ref()
            .and_then(|names| names.first())
            .map(|name| name_of(name))
            .unwrap_or_default(),
        project: label(PROJECT),
        service: label(SERVICE),
        image: listed.image.as_deref().map(tidy).unwrap_or_default(),
        digest: None,
        state,
        health: health_word(status),
        restarts: 0,
        restart_policy: RestartPolicy::default(),
        oom_killed: false,
        exit_code: exit_code(status),
        started_at: None,
        finished_at: None,
        ports: Vec::new(),
    })
}

/// What changes in the list when a container changed: its state and what its health check says.
/// (The list's status text itself changes with every minute.)
pub(super) fn fingerprint(listed: &ContainerSummary) -> (ContainerState, ContainerHealth) {
    let state = listed.state.map_or(ContainerState::Unknown, summary_doing);
    (state, health_word(listed.status.as_deref().unwrap_or_default()))
}

/// The digest under which a registry knows the image: that of the repository it was asked from,
/// else the first.
pub(super) fn digest(image: &str, repo_digests: &[String]) -> Option<String> {
    let name = image.split('@').next().unwrap_or(image);
    // A colon after the last slash is a tag's; one before it is a port's.
    let repository = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    };
    let of = |entry: &&String| {
        entry
            .split_once('@')
            .is_some_and(|(known, _)| known == repository || known.ends_with(&format!("/{repository}")))
    };
    let entry = repo_digests.iter().find(of).or_else(|| repo_digests.first())?;
    let digest = entry.split_once('@')?.1;
    (digest.len() <= 160 && digest.contains(':')).then(|| tidy(digest))
}

fn tidy(text: &str) -> String {
    shorten(&clean(text), LONGEST).into_owned()
}

fn name_of(name: &str) -> String {
    tidy(name.trim_start_matches('/'))
}

fn count(n: Option<i64>) -> u32 {
    n.map_or(0, |n| u32::try_from(n.max(0)).unwrap_or(u32::MAX))
}

/// Engines write the year 1 for "never".
fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text).filter(|at| at.as_millis() > 0)
}

fn doing(status: ContainerStateStatusEnum) -> ContainerState {
    match status {
        ContainerStateStatusEnum::CREATED => ContainerState::Created,
        ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::STOPPING => ContainerState::Running,
        ContainerStateStatusEnum::PAUSED => ContainerState::Paused,
        ContainerStateStatusEnum::RESTARTING => ContainerState::Restarting,
        ContainerStateStatusEnum::REMOVING => ContainerState::Removing,
        ContainerStateStatusEnum::EXITED => ContainerState::Exited,
        ContainerStateStatusEnum::DEAD => ContainerState::Dead,
        ContainerStateStatusEnum::EMPTY => ContainerState::Unknown,
    }
}

fn summary_doing(state: ContainerSummaryStateEnum) -> ContainerState {
    match state {
        ContainerSummaryStateEnum::CREATED => ContainerState::Created,
        ContainerSummaryStateEnum::RUNNING | ContainerSummaryStateEnum::STOPPING => ContainerState::Running,
        ContainerSummaryStateEnum::PAUSED => ContainerState::Paused,
        ContainerSummaryStateEnum::RESTARTING => ContainerState::Restarting,
        ContainerSummaryStateEnum::REMOVING => ContainerState::Removing,
        ContainerSummaryStateEnum::EXITED => ContainerState::Exited,
        ContainerSummaryStateEnum::DEAD => ContainerState::Dead,
        ContainerSummaryStateEnum::EMPTY => ContainerState::Unknown,
    }
}

fn health(status: Option<HealthStatusEnum>) -> ContainerHealth {
    match status {
        None | Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) => ContainerHealth::None,
        Some(HealthStatusEnum::STARTING) => ContainerHealth::Starting,
        Some(HealthStatusEnum::HEALTHY) => ContainerHealth::Healthy,
        Some(HealthStatusEnum::UNHEALTHY) => ContainerHealth::Unhealthy,
    }
}

/// `Up 2 hours (healthy)`.
fn health_word(status: &str) -> ContainerHealth {
    let ends = |word: &str| status.ends_with(word);
    match () {
        () if ends("(healthy)") => ContainerHealth::Healthy,
        () if ends("(unhealthy)") => ContainerHealth::Unhealthy,
        () if ends("(health: starting)") || ends("(starting)") => ContainerHealth::Starting,
        () => ContainerHealth::None,
    }
}

/// `Exited (137) 3 hours ago`.
fn exit_code(status: &str) -> Option<i32> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split(')').next()?.parse().ok()
}

/// `{"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "443/tcp": null}`, in order.
fn ports(map: &PortMap) -> Vec<Port> {
    let mut ports: Vec<Port> = map
        .iter()
        .filter_map(|(inside, bindings)| {
            let (number, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
            Some((number.parse::<u16>().ok()?, tidy(protocol), bindings))
        })
        .flat_map(|(container, protocol, bindings)| {
            let port = |host| Port { container, host, protocol: protocol.clone() };
            let published: Vec<Port> = bindings
                .iter()
                .flatten()
                .filter_map(|binding| {
                    let number = binding.host_port.as_deref()?.parse().ok()?;
                    Some(port(Some((tidy(binding.host_ip.as_deref().unwrap_or_default()), number))))
                })
                .collect();
            if published.is_empty() { vec![port(None)] } else { published }
        })
        .collect();
    ports.sort_by(|a, b| (a.container, &a.protocol, &a.host).cmp(&(b.container, &b.protocol, &b.host)));
    ports.truncate(MOST_PORTS);
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As engine 26 writes it, cut to what is read.
    const INSPECTED: &str = r#"{
        "Id": "4f1c", "Name": "/shop-web-1", "RestartCount": 3, "Image": "sha256:aa",
        "State": {"Status": "exited", "OOMKilled": true, "ExitCode": 137,
            "StartedAt": "2026-11-20T22:00:00.5Z", "FinishedAt": "2026-11-20T22:01:00Z",
            "Health": {"Status": "unhealthy"}},
        "Config": {"Image": "registry.lab:5000/shop:1.4", "Labels": {
            "com.docker.compose.project": "shop", "com.docker.compose.service": "w\u001beb"}},
        "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "443/tcp": null}}
    }"#;

    #[test]
    fn an_ended_container_is_read() {
        let (container, image) = container(serde_json::from_str(INSPECTED).unwrap()).unwrap();
        assert_eq!((container.name.as_str(), image.as_str()), ("shop-web-1", "sha256:aa"));
        assert_eq!(
            (container.project.as_deref(), container.service.as_deref()),
            (Some("shop"), Some("w␛eb"))
        );
        assert_eq!(
            (container.state, container.exit_code, container.oom_killed),
            (ContainerState::Exited, Some(137), true)
        );
        assert_eq!((container.restarts, container.health), (3, ContainerHealth::None));
        assert_eq!(container.started_at, Timestamp::parse_rfc3339("2026-11-20T22:00:00.5Z"));
        let hosts: Vec<_> = container.ports.iter().map(|port| (port.container, port.host.clone())).collect();
        assert_eq!(hosts, [(80, Some(("0.0.0.0".to_owned(), 8080))), (443, None)]);
    }

    #[test]
    fn a_running_container_has_no_exit_code() {
        let text =
            INSPECTED.replace("exited", "running").replace("2026-11-20T22:01:00Z", "0001-01-01T00:00:00Z");
        let (container, _) = container(serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!((container.exit_code, container.finished_at), (None, None));
        assert_eq!(container.health, ContainerHealth::Unhealthy);
    }

    #[test]
    fn the_list_alone_tells_health_and_exit_code() {
        let listed = |state, status: &str| ContainerSummary {
            id: Some("4f1c".into()),
            names: Some(vec!["/a".into()]),
            state: Some(state),
            status: Some(status.into()),
            ..ContainerSummary::default()
        };
        let up = listed(ContainerSummaryStateEnum::RUNNING, "Up 2 hours (unhealthy)");
        assert_eq!(fingerprint(&up), (ContainerState::Running, ContainerHealth::Unhealthy));
        let ended = listed(ContainerSummaryStateEnum::EXITED, "Exited (137) 3 hours ago");
        assert_eq!(summary(&ended).unwrap().exit_code, Some(137));
    }

    #[test]
    fn the_digest_is_that_of_the_repository_that_was_asked() {
        let known =
            ["docker.io/library/redis@sha256:aa".to_owned(), "127.0.0.1:5000/shop@sha256:bb".to_owned()];
        assert_eq!(digest("127.0.0.1:5000/shop:1.4", &known).as_deref(), Some("sha256:bb"));
        assert_eq!(digest("redis", &known).as_deref(), Some("sha256:aa"));
        assert_eq!(digest("other", &known).as_deref(), Some("sha256:aa"));
        assert_eq!(digest("other", &[]), None);
    }
}
