//! The containers of an app's project, and what their images are.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{ContainerSummary, PortSummary, PortSummaryTypeEnum};
use bollard::query_parameters::ListContainersOptions;
use tokio::time::timeout;

use crate::domain::container::{ContainerHealth, ContainerState};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ContainerId;
use crate::domain::image::Digest;
use crate::domain::plan::act::Published;
use crate::domain::text::clean;
use crate::engine::ground::Ground;
use crate::operations::Running;
use crate::transports::engine::{Docker, failed};

/// How long the engine may take for one answer.
pub const ANSWER: Duration = Duration::from_secs(20);

/// Labels that Compose puts on what it makes.
const SERVICE: &str = "com.docker.compose.service";
const HASH: &str = "com.docker.compose.config-hash";
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// The containers of the project, one-offs left out.
pub async fn running(ground: &Ground) -> Result<Vec<Running>, Failure> {
    let what = format!("list the containers of {} on {}", ground.place.project, ground.server);
    let docker = ground.docker().await?;
    let list = timeout(ANSWER, listed(&docker, &ground.place.project)).await;
    let list = list.map_err(|_| late(&what))?.map_err(|error| failed(&error, &what))?;
    let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in list.iter().filter_map(|it| it.image_id.clone()) {
        if digests.contains_key(&id) {
            continue;
        }
        // An image that was removed under its container has no digest any more.
        let image = timeout(ANSWER, docker.inspect_image(&id)).await.map_err(|_| late(&what))?;
        digests.insert(id, image.ok().and_then(|it| it.repo_digests).unwrap_or_default());
    }
    Ok(list.into_iter().filter_map(|it| container(it, &digests)).collect())
}

async fn listed(docker: &Docker, project: &str) -> Result<Vec<ContainerSummary>, bollard::errors::Error> {
    let label = format!("com.docker.compose.project={project}");
    let filters = HashMap::from([("label".to_owned(), vec![label])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    docker.list_containers(Some(options)).await
}

fn container(it: ContainerSummary, digests: &BTreeMap<String, Vec<String>>) -> Option<Running> {
    let labels = it.labels.unwrap_or_default();
    if labels.get(ONE_OFF).is_some_and(|it| it == "True") {
        return None;
    }
    let image = clean(&it.image.unwrap_or_default()).into_owned();
    let known = it.image_id.as_ref().and_then(|id| digests.get(id)).map(Vec::as_slice).unwrap_or_default();
    let state = it.state.map(|state| state.to_string()).unwrap_or_default();
    Some(Running {
        id: ContainerId::from(it.id?),
        name: clean(it.names?.first()?.trim_start_matches('/')).into_owned(),
        service: clean(labels.get(SERVICE)?).into_owned(),
        digest: digest_of(&image, known),
        image,
        hash: labels.get(HASH).cloned().unwrap_or_default(),
        state: state_of(&state),
        health: health_of(&it.status.unwrap_or_default()),
        ports: it.ports.unwrap_or_default().iter().filter_map(published).collect(),
    })
}

/// The digest by which the image's own repository knows it, else any.
pub fn digest_of(image: &str, known: &[String]) -> Option<Digest> {
    let repository = image.parse::<crate::domain::image::ImageRef>().ok().map(|it| it.repository);
    let digest = |name: &String| {
        let (from, digest) = name.split_once('@')?;
        Some((from.to_owned(), digest.parse::<Digest>().ok()?))
    };
    let all: Vec<(String, Digest)> = known.iter().filter_map(digest).collect();
    let same = |(from, _): &&(String, Digest)| {
        repository
            .as_ref()
            .is_some_and(|it| crate::domain::image::familiar(it) == crate::domain::image::familiar(from))
    };
    all.iter().find(same).or_else(|| all.first()).map(|(_, digest)| digest.clone())
}

/// A TCP port that can be asked for on the server itself.
fn published(port: &PortSummary) -> Option<Published> {
    let tcp = port.typ.is_none_or(|it| it == PortSummaryTypeEnum::TCP);
    let reached = !port.ip.as_deref().is_some_and(|ip| ip.contains(':'));
    (tcp && reached).then_some(())?;
    Some(Published { host: port.public_port?, container: port.private_port })
}

fn state_of(word: &str) -> ContainerState {
    match word {
        "created" => ContainerState::Created,
        "running" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "removing" => ContainerState::Removing,
        "exited" => ContainerState::Exited,
        "dead" => ContainerState::Dead,
        _ => ContainerState::Unknown,
    }
}

/// What the list's line for people says of the health check: it stands in no field of its own.
fn health_of(status: &str) -> ContainerHealth {
    if status.contains("(healthy)") {
        ContainerHealth::Healthy
    } else if status.contains("(unhealthy)") {
        ContainerHealth::Unhealthy
    } else if status.contains("(health: starting)") {
        ContainerHealth::Starting
    } else {
        ContainerHealth::None
    }
}

fn late(what: &str) -> Failure {
    Failure::new(
        FailureKind::Timeout,
        what,
        format!("no answer from the engine within {} s", ANSWER.as_secs()),
    )
}
