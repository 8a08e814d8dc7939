//! What has to be done on one server for a release, from how the app stands there.

use std::collections::{BTreeMap, BTreeSet};

use super::beside::Beside;
use super::facts::{Rendered, Running, ServerFacts};
use super::standing::{port, standing};
use crate::domain::container::ContainerState;
use crate::domain::deploy::AppSpec;
use crate::domain::ids::ServerId;
use crate::domain::image::ImageRef;
use crate::domain::plan::act::{Expected, Published, Traffic};
use crate::domain::proxy::Proxy;
use crate::domain::release::ReleaseNumber;

/// One server's share.
pub(super) struct Work {
    pub(super) server: ServerId,
    /// What of the release's services is replaced in its place, with the containers each is to have.
    pub(super) services: Vec<Expected>,
    pub(super) replaces: Vec<String>,
    /// The service whose new containers stand beside the old ones.
    pub(super) beside: Option<Beside>,
    /// Containers of the service behind the proxy that Compose would count, though they serve nothing.
    pub(super) idle: Vec<Running>,
    /// Services that take another port of the server than the Compose file says.
    pub(super) ports: BTreeMap<String, Published>,
    /// Services that have another number of containers than the Compose file says.
    pub(super) scale: BTreeMap<String, u16>,
    pub(super) pins: BTreeMap<String, ImageRef>,
    pub(super) pulls: Vec<ImageRef>,
    pub(super) expects: String,
    /// What runs, pinned, where the ledger is empty.
    pub(super) adopts: Option<BTreeMap<String, ImageRef>>,
    /// What the access log told before.
    pub(super) traffic: Option<Traffic>,
    pub(super) current: Option<ReleaseNumber>,
    /// The images of the release before.
    pub(super) before: BTreeMap<String, ImageRef>,
}

impl Work {
    pub(super) fn of(
        spec: &AppSpec,
        server: &ServerId,
        facts: &ServerFacts,
        rendered: &Rendered,
        changed: &BTreeSet<String>,
    ) -> Self {
        let images = facts.images.iter().filter_map(|(service, image)| Some((service, image.as_ref().ok()?)));
        let pins: BTreeMap<_, _> =
            images.clone().map(|(service, image)| (service.clone(), image.image.clone())).collect();
        let mut pulls: Vec<ImageRef> =
            images.filter(|(_, image)| !image.present).map(|(_, image)| image.image.clone()).collect();
        pulls.sort();
        pulls.dedup();
        let behind = spec.proxy.as_ref().filter(|proxy| changed.contains(&proxy.service));
        let project = spec.places.get(server).map_or(spec.project.as_str(), |place| &place.project);
        let beside = behind
            .filter(|_| spec.strategy.is_beside())
            .map(|proxy| Beside::of(proxy, project, facts, rendered, pins.get(&proxy.service).cloned()));
        let idle = match (&beside, behind) {
            (Some(beside), _) => beside.idle().to_vec(),
            (None, Some(proxy)) => standing(proxy, facts).idle,
            (None, None) => Vec::new(),
        };
        let in_place = || {
            changed.iter().filter(|service| beside.as_ref().is_none_or(|it| it.service() != service.as_str()))
        };
        let services = in_place()
            .map(|service| Expected {
                service: service.clone(),
                containers: wanted(facts, rendered, service),
                image: pins.get(service).cloned(),
                names: Vec::new(),
            })
            .collect();
        let replaces: Vec<String> = in_place()
            .flat_map(|service| facts.containers_of(service))
            .map(|container| container.id.as_str().to_owned())
            .collect();
        let runs = changed.iter().any(|service| facts.containers_of(service).next().is_some());
        let ports = behind.filter(|_| beside.is_none()).and_then(|proxy| {
            let [first, _] = proxy.ports?;
            let now = standing(proxy, facts).serving.iter().find_map(|it| port(proxy, it));
            let port = Published { host: now.unwrap_or(first), container: proxy.port };
            Some((proxy.service.clone(), port))
        });
        let scaled = |service: &String| Some((service.clone(), *facts.scale.get(service)?));
        let scale = in_place().filter_map(scaled).collect();
        // Where nothing runs there is nothing to go back to.
        let adopts = (facts.current.is_none() && runs).then(|| running_pins(facts, pins.keys()));
        Self {
            server: server.clone(),
            services,
            replaces,
            beside,
            idle,
            ports: ports.into_iter().collect(),
            scale,
            pins,
            pulls,
            expects: rendered.digest.clone(),
            before: adopts.clone().unwrap_or_else(|| images_of_current(facts)),
            adopts,
            traffic: facts.traffic.clone().and_then(Result::ok),
            current: facts.current,
        }
    }
}

/// The images that the current release is pinned to.
fn images_of_current(facts: &ServerFacts) -> BTreeMap<String, ImageRef> {
    let current = facts.releases.iter().find(|release| Some(release.number) == facts.current);
    current.map(|release| release.images.clone()).unwrap_or_default()
}

/// The services that a rendered file would change: another configuration, another image, another
/// number of containers, or one that does not run.
pub fn changed(spec: &AppSpec, facts: &ServerFacts, rendered: &Rendered) -> BTreeSet<String> {
    let differs = |service: &String| {
        let image = facts.images.get(service).and_then(|image| image.as_ref().ok()).map(|it| &it.image);
        let behind = spec.proxy.as_ref().filter(|proxy| proxy.service == *service);
        let good = |container: &&Running| is_of(container, behind, rendered, image);
        // What only stands by is of another release.
        let all = match behind {
            Some(proxy) => standing(proxy, facts).serving,
            None => facts.containers_of(service).cloned().collect(),
        };
        let well = all.iter().filter(good).count();
        (all.len() != well || all.len() != usize::from(wanted(facts, rendered, service)))
            .then(|| service.clone())
    };
    rendered.hashes.keys().filter_map(differs).collect()
}

/// Whether a container runs and is what a release would make; `behind` is the proxy before its service,
/// where there is one.
pub(super) fn is_of(
    it: &Running,
    behind: Option<&Proxy>,
    rendered: &Rendered,
    image: Option<&ImageRef>,
) -> bool {
    let digest = image.and_then(|image| image.digest.as_ref());
    let hash = Some(&it.hash);
    // On another port than the file says it has the hash that goes with that.
    let moved = || behind.and_then(|proxy| rendered.behind.get(&port(proxy, it)?));
    // A pin alone changes the hash: what was started by hand is the same where its image is, and was made
    // of the same file without the pin.
    let unpinned = || rendered.unpinned.get(&it.service).filter(|_| digest.is_some());
    it.state == ContainerState::Running
        && digest.is_none_or(|digest| it.digest.as_ref() == Some(digest))
        && (rendered.hashes.get(&it.service) == hash || moved() == hash || unpinned() == hash)
}

/// How many containers a rendered service is to have: as it was scaled, else as its file says.
pub(super) fn wanted(facts: &ServerFacts, rendered: &Rendered, service: &str) -> u16 {
    if let Some(scaled) = facts.scale.get(service) {
        return *scaled;
    }
    let service = rendered.compose.0.get("services").and_then(|services| services.get(service));
    let scale = service.and_then(|it| it.get("scale")).and_then(serde_json::Value::as_u64);
    let replicas = service.and_then(|it| it.pointer("/deploy/replicas")).and_then(serde_json::Value::as_u64);
    u16::try_from(scale.or(replicas).unwrap_or(1)).unwrap_or(u16::MAX)
}

/// What runs, pinned to what it is, for the services that are going to be pinned.
fn running_pins<'a>(
    facts: &ServerFacts,
    services: impl Iterator<Item = &'a String>,
) -> BTreeMap<String, ImageRef> {
    services.filter_map(|service| Some((service.clone(), running_image(facts, service)?))).collect()
}

/// The image that a service runs, pinned where a registry knows it.
pub fn running_image(facts: &ServerFacts, service: &str) -> Option<ImageRef> {
    let container = facts.running.iter().find(|container| container.service == service)?;
    let image: ImageRef = container.image.parse().ok()?;
    Some(match &container.digest {
        Some(digest) => image.pinned(digest.clone()),
        None => image,
    })
}
