//! The list of containers: read whole at start and each minute, and after each event only the
//! container that it is about, at most four times a second however many events come.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{ContainerSummary, EventMessage};
use bollard::query_parameters::{EventsOptions, ListContainersOptions};
use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;

use super::inspect;
use super::lenient;
use super::marks::Marks;
use crate::collectors::{Beat, Collector};
use crate::domain::container::{Container, ContainerHealth, ContainerState};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::{ContainerId, ServerId};
use crate::message::batch::{Observation, Subject};
use crate::transports::engine::{self, Docker};

/// How often the whole list is read, for what no event told.
const WHOLE: Duration = Duration::from_secs(60);
/// How soon it is read the second time: the event stream stands by then, and what happened while it
/// was being set up is seen.
const SECOND: Duration = Duration::from_secs(2);
/// The least time between two publications.
const COALESCE: Duration = Duration::from_millis(250);
/// How many containers are inspected at a time.
const AT_ONCE: usize = 8;
/// How long one answer of the engine may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The most containers that are kept of a server; past it the list says that it is too long.
const MOST: usize = 4096;

/// What changes the list. `die` and `destroy` are Docker's words, `died` and `remove` Podman's; the
/// health checks' own `exec_…` events are left out on the server, they are most of all events.
const EVENTS: &[&str] = &[
    "create",
    "start",
    "restart",
    "die",
    "died",
    "stop",
    "oom",
    "pause",
    "unpause",
    "rename",
    "update",
    "destroy",
    "remove",
    "health_status",
];

/// See the module.
pub struct ContainersCollector {
    socket: Option<String>,
    /// Outlives a connection, so that what happened between two of them gets its mark.
    known: Mutex<(BTreeMap<ContainerId, Container>, Marks)>,
}

impl ContainersCollector {
    /// Over the socket that the configuration names, or one of the usual ones.
    pub fn new(socket: Option<String>) -> Self {
        Self { socket, known: Mutex::default() }
    }

    async fn observe(&self, beat: Beat) -> Result<Infallible, Failure> {
        let what = what(&beat.server);
        let docker = engine::connect(&beat.transport, self.socket.as_deref(), &what).await?;
        let filters = HashMap::from([
            ("type".to_owned(), vec!["container".to_owned()]),
            ("event".to_owned(), EVENTS.iter().map(|&event| event.to_owned()).collect()),
        ]);
        let options = EventsOptions { filters: Some(filters), ..EventsOptions::default() };
        let mut events = pin!(docker.events(Some(options)));
        let mut list = List {
            docker: docker.clone(),
            what: what.clone(),
            known: BTreeMap::new(),
            images: HashMap::new(),
        };
        list.relist().await?;
        self.publish(&beat, &list);
        let mut touched = BTreeSet::new();
        let mut whole = Instant::now() + SECOND;
        let mut quiet_until = Instant::now() + COALESCE;
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => touched.extend(container_of(event).filter(|_| touched.len() < MOST)),
                    Some(Err(error)) => return Err(engine::failed(&error, &what)),
                    None => return Err(ended(&what)),
                },
                () = tokio::time::sleep_until(quiet_until), if !touched.is_empty() => {
                    list.refresh(std::mem::take(&mut touched)).await?;
                    self.publish(&beat, &list);
                    quiet_until = Instant::now() + COALESCE;
                }
                () = tokio::time::sleep_until(whole) => {
                    list.relist().await?;
                    self.publish(&beat, &list);
                    whole = Instant::now() + WHOLE;
                }
            }
        }
    }

    fn publish(&self, beat: &Beat, list: &List) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now: BTreeMap<_, _> =
            list.known.iter().map(|(id, known)| (id.clone(), known.container.clone())).collect();
        let marks = {
            let (before, marks) = &mut *known;
            marks.between(&beat.server, before, &now, beat.clock.now())
        };
        let mut containers: Vec<Container> = now.values().cloned().collect();
        known.0 = now;
        drop(known);
        containers.sort_by(|a, b| (&a.project, &a.name, &a.id).cmp(&(&b.project, &b.name, &b.id)));
        for mark in marks {
            beat.publish(Observation::Mark(mark));
        }
        beat.publish(Observation::Containers(containers));
    }
}

#[async_trait]
impl Collector for ContainersCollector {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn subject(&self) -> Subject {
        Subject::Containers
    }

    async fn run(&self, beat: Beat) -> Failure {
        match self.observe(beat).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}

/// A container and how the list showed it when it was inspected.
struct Known {
    container: Container,
    fingerprint: (ContainerState, ContainerHealth),
}

struct List {
    docker: Docker,
    what: String,
    known: BTreeMap<ContainerId, Known>,
    /// Digests by the image's id; as many as there are images in use.
    images: HashMap<String, Vec<String>>,
}

impl List {
    /// Reads the whole list, and inspects what is new or looks different in it.
    async fn relist(&mut self) -> Result<(), Failure> {
        let options = ListContainersOptions { all: true, ..ListContainersOptions::default() };
        let answer = tokio::time::timeout(DEADLINE, self.docker.list_containers(Some(options))).await;
        let listed = match answer.map(lenient::listed) {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => return Err(engine::failed(&error, &self.what)),
            Err(_) => return Err(too_late(&self.what)),
        };
        if listed.len() > MOST {
            let why = format!("{} containers, more than the {MOST} that are shown", listed.len());
            return Err(Failure::new(FailureKind::Unsupported, &self.what, why));
        }
        let listed: BTreeMap<ContainerId, ContainerSummary> =
            listed.into_iter().filter_map(|one| Some((inspect::summary(&one)?.id, one))).collect();
        self.known.retain(|id, _| listed.contains_key(id));
        let changed = listed.iter().filter(|(id, one)| {
            self.known.get(*id).is_none_or(|known| known.fingerprint != inspect::fingerprint(one))
        });
        let changed: BTreeSet<ContainerId> = changed.map(|(id, _)| id.clone()).collect();
        self.refresh(changed).await?;
        for (id, one) in &listed {
            let fingerprint = inspect::fingerprint(one);
            match self.known.get_mut(id) {
                Some(known) => known.fingerprint = fingerprint,
                // Inspecting it failed, or it went away just now; the next list will say.
                None => {
                    if let Some(container) = inspect::summary(one) {
                        self.known.insert(
                            id.clone(),
                            Known { container, fingerprint: (ContainerState::Unknown, fingerprint.1) },
                        );
                    }
                }
            }
        }
        let used: BTreeSet<&str> = listed.values().filter_map(|one| one.image_id.as_deref()).collect();
        self.images.retain(|id, _| used.contains(id.as_str()));
        Ok(())
    }

    /// Inspects these, and drops what is gone.
    async fn refresh(&mut self, ids: BTreeSet<ContainerId>) -> Result<(), Failure> {
        let docker = &self.docker;
        let mut answers = stream::iter(ids)
            .map(|id| async move {
                let answer =
                    tokio::time::timeout(DEADLINE, docker.inspect_container(id.as_str(), None)).await;
                (id, answer)
            })
            .buffer_unordered(AT_ONCE);
        let mut read = Vec::new();
        while let Some((id, answer)) = answers.next().await {
            match answer.map(lenient::inspected) {
                Ok(Ok(inspected)) => read.extend(inspect::container(inspected)),
                Ok(Err(error)) if engine::is_gone(&error) => {
                    self.known.remove(&id);
                }
                Ok(Err(error)) => return Err(engine::failed(&error, &self.what)),
                Err(_) => return Err(too_late(&self.what)),
            }
        }
        drop(answers);
        for (mut container, image_id) in read {
            container.digest = inspect::digest(&container.image, self.digests(&image_id).await);
            let fingerprint = (container.state, container.health);
            self.known.insert(container.id.clone(), Known { container, fingerprint });
        }
        Ok(())
    }

    /// The digests of an image; none where the engine does not tell, which is no failure of the list.
    async fn digests(&mut self, image_id: &str) -> &[String] {
        if !self.images.contains_key(image_id) {
            let answer = tokio::time::timeout(DEADLINE, self.docker.inspect_image(image_id)).await;
            let digests = match answer {
                Ok(Ok(image)) => image.repo_digests.unwrap_or_default(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            };
            self.images.insert(image_id.to_owned(), digests);
        }
        self.images.get(image_id).map_or(&[], Vec::as_slice)
    }
}

/// Which container an event is about; the event's own words are not trusted further.
fn container_of(event: EventMessage) -> Option<ContainerId> {
    let action = event.action?;
    let word = action.split(':').next().unwrap_or_default();
    let id = event.actor?.id?;
    (EVENTS.contains(&word) && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
        .then(|| id.into())
}

fn what(server: &ServerId) -> String {
    format!("list the containers of {server}")
}

fn too_late(what: &str) -> Failure {
    Failure::new(
        FailureKind::Timeout,
        what,
        format!("no answer from the engine within {} s", DEADLINE.as_secs()),
    )
    .retry(Retry::Now)
}

fn ended(what: &str) -> Failure {
    Failure::new(FailureKind::Unreachable, what, "the engine ended its stream of events").retry(Retry::Now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: &str, id: &str) -> Option<String> {
        let event = serde_json::json!({"Type": "container", "Action": action, "Actor": {"ID": id}});
        container_of(serde_json::from_value(event).unwrap()).map(|id| id.to_string())
    }

    #[test]
    fn events_name_the_container_that_they_touch() {
        assert_eq!(event("health_status: healthy", "4f1c").as_deref(), Some("4f1c"));
        assert_eq!(event("died", "4f1c").as_deref(), Some("4f1c"));
        assert_eq!(event("exec_start: /bin/true", "4f1c"), None);
        assert_eq!(event("start", "../../info"), None);
    }
}
