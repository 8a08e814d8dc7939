//! Gathering facts: everything that a plan is made of, read from all servers side by side. Nothing
//! is changed.

mod checks;
pub mod compose;
pub mod containers;
mod datastore;
pub mod images;
mod needs;
mod proxy;
mod repository;
mod restore;
mod rewind;
pub mod schedule;
mod set;
mod set_restore;
mod survey;
pub mod traffic;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;

use super::ground::{Engines, Ground};
use super::sent::{self, Sent};
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::image::{Digest, ImageRef};
use crate::domain::release::ReleaseNumber;
use crate::domain::time::Timestamp;
use crate::message::change::Looked;
use crate::operations::facts::Rendered;
use crate::operations::{AppFacts, Replaced, ReplacedEnv, Resolved, ServerFacts, running_image};

pub use datastore::{datastore, stock as stock_of};
pub use repository::{prune, repository};
pub use restore::{Wanted, restore, restore_from};
pub use rewind::{exchanged, rewind, rewound};
pub use set::set;
pub use set_restore::{set_restore, set_undo};
pub(super) use survey::held as holding;

/// What the facts are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// A deploy of another tag of the app's images.
    Tag(String),
    /// A deploy of this very image.
    Digest(Digest),
    /// A deploy of the Compose file as it is now.
    AsWritten,
    /// All images of the Compose file as it is now, to have them.
    Images,
    /// A rollback to this release.
    Release(ReleaseNumber),
    /// How it stands, no more.
    Standing,
    /// What its proxy is told, no more: of one whose engine is dead too.
    Route,
}

/// Reads how an app stands on all its servers. Of a deploy the services that are not among `only` keep
/// the images that they have; it is of all of them where that is empty.
pub async fn gather(
    engines: &Engines,
    spec: &AppSpec,
    want: &Want,
    only: &[String],
    now: Timestamp,
) -> AppFacts {
    gather_told(engines, spec, want, only, now, &|_, _| {}).await
}

/// The same, and tells how far each server is: at most three times each.
pub async fn gather_told(
    engines: &Engines,
    spec: &AppSpec,
    want: &Want,
    only: &[String],
    now: Timestamp,
    told: &(dyn Fn(&ServerId, Looked) + Sync),
) -> AppFacts {
    let deploys = matches!(want, Want::Tag(_) | Want::Digest(_) | Want::AsWritten);
    let sent = if deploys { sent::of(spec).await } else { None };
    let env = if deploys { sent::env_of(spec).await } else { None };
    let file = |sent: &Option<Result<Sent, Failure>>| {
        sent.as_ref().and_then(|it| it.as_ref().ok()).map(|it| Arc::new(it.clone()))
    };
    let files = [file(&sent), file(&env)];
    let checked = async {
        // How it stands says nothing of what is to come.
        if deploys || matches!(want, Want::Release(_)) {
            checks::checks(engines, spec).await
        } else {
            Vec::new()
        }
    };
    let surveying = join_all(spec.servers.iter().map(async |server| {
        let facts = stand(engines, spec, want, server, files.clone(), now).await;
        told(
            server,
            facts.as_ref().map_or_else(|failure| Looked::Failed(failure.clone()), |_| Looked::Stands),
        );
        (server.clone(), facts)
    }));
    let (surveyed, checks) = tokio::join!(surveying, checked);
    // A tag means the same image everywhere: what the first server says it is now.
    let images = wanted(spec, want, only, &surveyed).await;
    let servers = join_all(surveyed.into_iter().map(async |(server, standing)| {
        let facts = match (standing, &images) {
            (Ok((ground, facts)), Ok(images)) => {
                let pins = held(images, only, &facts);
                complete(spec, &ground, facts, want, &pins).await
            }
            (Ok(_), Err(failure)) => Err(failure.clone()),
            (Err(failure), _) => Err(failure),
        };
        told(
            &server,
            facts.as_ref().map_or_else(|failure| Looked::Failed(failure.clone()), |_| Looked::Whole),
        );
        (server, facts)
    }))
    .await;
    let backups = match want {
        // A release that is there already, and how it stands, need none.
        Want::Standing | Want::Route | Want::Images | Want::Release(_) => BTreeMap::new(),
        Want::Tag(_) | Want::Digest(_) | Want::AsWritten => datastore::backups(engines, spec).await,
    };
    let facts = |sent: Option<Result<Sent, Failure>>| sent.map(|it| it.map(|it| it.facts()));
    let (sent, env) = (facts(sent), facts(env));
    AppFacts { as_of: now, servers: servers.into_iter().collect(), sent, env, backups, checks }
}

async fn stand(
    engines: &Engines,
    spec: &AppSpec,
    want: &Want,
    server: &ServerId,
    [sent, env]: [Option<Arc<Sent>>; 2],
    now: Timestamp,
) -> Result<(Ground, ServerFacts), Failure> {
    let place = spec.places.get(server).ok_or_else(|| {
        let what = format!("find {} on {server}", spec.id);
        Failure::new(FailureKind::Invalid, what, "its Compose file there is not known")
            .hint(format!("say where it is: [apps.{}] compose = \"/…/compose.yaml\"", spec.id))
    })?;
    let mut ground = Ground::reach(engines, server, place).await?;
    (ground.sent, ground.env) = (sent, env);
    let (survey, services, running, proxy, traffic) = tokio::join!(
        survey::survey(&ground, spec, now),
        compose::services(&ground),
        containers::running(&ground),
        proxy::proxy(&ground, spec.proxy.as_ref()),
        traffic::traffic(&ground, spec.proxy.as_ref()),
    );
    let survey = survey?;
    if let Err(failure) = &services
        && failure.is_of_the_way()
        && *want != Want::Route
    {
        return Err(failure.clone());
    }
    let proxy = proxy?;
    // What visitors get in maintenance says nothing of a release.
    let traffic = traffic.filter(|_| proxy.as_ref().is_none_or(|it| it.shut.is_none()));
    let facts = ServerFacts {
        writable: survey.writable,
        free: survey.free,
        room: survey.room,
        listening: survey.listening,
        clock_off: survey.clock_off,
        lock: survey.lock,
        releases: survey.releases,
        current: survey.current,
        scale: survey.scale,
        unfinished: survey.unfinished,
        services,
        // The proxy can be told though the engine is dead.
        running: if *want == Want::Route { running.unwrap_or_default() } else { running? },
        images: BTreeMap::new(),
        rendered: None,
        before: None,
        proxy,
        traffic,
        sent: spec.send.is_some().then(|| Replaced {
            absent: survey.absent,
            there: survey.file,
            released: survey.released,
            ..Replaced::default()
        }),
        env: spec.send_env.is_some().then(|| {
            let text = ground.sent.as_ref().map(|sent| sent.text.as_str()).or(survey.compose.as_deref());
            ReplacedEnv {
                sent: ground.env.as_ref().map(|env| env.digest.clone()),
                there: survey.env,
                released: survey.env_released,
                read_by_services: text.is_some_and(|text| needs::hands_over(text, place.env_name())),
            }
        }),
    };
    Ok((ground, facts))
}

type Surveyed = (ServerId, Result<(Ground, ServerFacts), Failure>);

/// The images by service that a deploy pins, as the first server that answers resolves them.
async fn wanted(
    spec: &AppSpec,
    want: &Want,
    only: &[String],
    surveyed: &[Surveyed],
) -> Result<BTreeMap<String, ImageRef>, Failure> {
    let Some((ground, facts)) = surveyed.iter().find_map(|(_, it)| it.as_ref().ok()) else {
        return Ok(BTreeMap::new());
    };
    // Compose will tell of a wrong file, in the plan.
    let Ok(services) = &facts.services else { return Ok(BTreeMap::new()) };
    let asked = match want {
        Want::Standing | Want::Route | Want::Release(_) => return Ok(BTreeMap::new()),
        Want::Tag(tag) => images::asked(spec, services, |image| image.with_tag(tag))?,
        Want::Digest(digest) => images::asked(spec, services, |image| {
            Ok(ImageRef { tag: None, ..image.clone() }.pinned(digest.clone()))
        })?,
        Want::AsWritten => images::asked(spec, services, |image| Ok(image.clone()))?,
        // Nothing is replaced, so nothing has to be chosen.
        Want::Images => images::all(spec, services)?,
    };
    let mut pinned = BTreeMap::new();
    let mut known: BTreeMap<ImageRef, ImageRef> = BTreeMap::new();
    for (service, image) in asked {
        if !only.is_empty() && !only.contains(&service) {
            // It keeps what it has: nobody has to know the new one.
            pinned.insert(service, image);
            continue;
        }
        if !known.contains_key(&image) {
            known.insert(image.clone(), images::resolve(ground, &image).await?);
        }
        pinned.extend(known.get(&image).map(|image| (service, image.clone())));
    }
    Ok(pinned)
}

/// The images of a deploy on one server: those of services that it is not of are what they are now.
fn held(
    images: &BTreeMap<String, ImageRef>,
    only: &[String],
    facts: &ServerFacts,
) -> BTreeMap<String, ImageRef> {
    if only.is_empty() {
        return images.clone();
    }
    let current = facts.releases.iter().find(|release| Some(release.number) == facts.current);
    let now = |service: &String| {
        let released = current.and_then(|release| release.images.get(service)).cloned();
        released.or_else(|| running_image(facts, service))
    };
    let of = |(service, image): (&String, &ImageRef)| {
        let image = if only.contains(service) { Some(image.clone()) } else { now(service) };
        Some((service.clone(), image?))
    };
    images.iter().filter_map(of).collect()
}

/// The second look: at the images, and at what Compose makes of them.
async fn complete(
    spec: &AppSpec,
    ground: &Ground,
    mut facts: ServerFacts,
    want: &Want,
    pins: &BTreeMap<String, ImageRef>,
) -> Result<ServerFacts, Failure> {
    if matches!(want, Want::Standing | Want::Route) {
        return Ok(facts);
    }
    let pins = match want {
        Want::Release(number) => {
            let release = facts.releases.iter().find(|release| release.number == *number);
            release.map(|release| release.images.clone()).unwrap_or_default()
        }
        _ => pins.clone(),
    };
    if *want == Want::Images {
        let release = facts.releases.iter().find(|it| Some(it.number) == facts.current);
        let theirs = release.map(|it| it.images.clone()).unwrap_or_default();
        facts.images = seen_of(ground, &pins).await;
        // Where the release in place is of other images, those are to be there too.
        let theirs = theirs.into_iter().filter(|(service, image)| pins.get(service) != Some(image));
        let named = |(service, image)| (format!("{service} as it is in place"), image);
        facts.images.extend(seen_of(ground, &theirs.map(named).collect()).await);
        return Ok(facts);
    }
    let rendered = async {
        let number = match want {
            Want::Release(number) => *number,
            _ => return compose::over(ground, &pins, spec.proxy.as_ref()).await,
        };
        let adopted = facts.releases.iter().any(|it| it.number == number && it.adopted);
        let unpinned =
            async { if adopted { compose::unpinned(ground, number).await } else { BTreeMap::new() } };
        let rendered = compose::of_release(ground, number, spec.proxy.as_ref());
        let (rendered, unpinned) = tokio::join!(rendered, unpinned);
        Ok(Rendered { unpinned, ..rendered? })
    };
    let before = async {
        let current = facts.current?;
        compose::of_release(ground, current, None).await.ok().map(|rendered| rendered.compose)
    };
    let there = async {
        // Without a file there is nothing to compare with.
        facts.sent.as_ref()?.there.as_ref()?;
        ground.sent.as_ref()?;
        compose::there(ground, &pins).await.ok()
    };
    let (rendered, before, seen, there) = tokio::join!(rendered, before, seen_of(ground, &pins), there);
    if let (Some(replaced), Some(sent), Ok(rendered)) = (&mut facts.sent, &ground.sent, &rendered) {
        replaced.rendered = there;
        replaced.needs = needs::needs(ground, sent, &rendered.compose).await?;
    }
    // That is nothing that Compose said.
    let rendered = match rendered {
        Err(failure) if failure.is_of_the_way() => return Err(failure),
        rendered => rendered,
    };
    let rendered = rendered.map(|rendered| match (&facts.services, want) {
        (_, Want::Release(_)) | (Err(_), _) => rendered,
        (Ok(services), _) => {
            let unpinned = services.iter().map(|(name, service)| (name.clone(), service.hash.clone()));
            Rendered { unpinned: unpinned.collect(), ..rendered }
        }
    });
    facts.rendered = Some(rendered);
    facts.before = before;
    facts.images = seen;
    Ok(facts)
}

/// How these images are seen from a server.
async fn seen_of(
    ground: &Ground,
    pins: &BTreeMap<String, ImageRef>,
) -> BTreeMap<String, Result<Resolved, Failure>> {
    let seen = pins.iter().map(async |(service, image)| (service.clone(), images::seen(ground, image).await));
    join_all(seen).await.into_iter().collect()
}
