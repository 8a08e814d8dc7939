//! Which images are wanted, what they are, and whether a server has them.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::timeout;

use super::containers::ANSWER;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::{BadImage, Digest, ImageRef};
use crate::domain::plan::shell::pull_name;
use crate::engine::ground::Ground;
use crate::operations::facts::{Resolved, ServiceFacts};
use crate::transports::engine::{failed, is_gone};

/// The images that a deploy asks for, by service.
pub fn asked(
    spec: &AppSpec,
    services: &BTreeMap<String, ServiceFacts>,
    want: impl Fn(&ImageRef) -> Result<ImageRef, BadImage>,
) -> Result<BTreeMap<String, ImageRef>, Failure> {
    let what = format!("choose the images of {}", spec.id);
    if let Some(stranger) = spec.services.iter().find(|name| !services.contains_key(*name)) {
        let names: Vec<&str> = services.keys().map(String::as_str).collect();
        let why = format!("the Compose file has no service {stranger}");
        let hint = format!("it has {}: see `services` of [apps.{}]", names.join(", "), spec.id);
        return Err(Failure::new(FailureKind::NotFound, what, why).hint(hint));
    }
    let mut asked = BTreeMap::new();
    let mut repositories = BTreeSet::new();
    for (name, service) in services {
        let chosen = spec.services.is_empty() || spec.services.contains(name);
        let Some(image) = service.image.as_ref().filter(|_| chosen) else { continue };
        let image: ImageRef = image.parse().map_err(|error: BadImage| {
            Failure::new(FailureKind::Invalid, &what, format!("{name} has the image {image}: {error}"))
        })?;
        repositories.insert(image.repository.clone());
        let image =
            want(&image).map_err(|error| Failure::new(FailureKind::Invalid, &what, error.to_string()))?;
        asked.insert(name.clone(), image);
    }
    if spec.services.is_empty() && repositories.len() > 1 {
        let names: Vec<&str> = repositories.iter().map(String::as_str).collect();
        let why = format!("its services have images of several repositories: {}", names.join(", "));
        let hint = format!("say which are yours: [apps.{}] services = [\"web\"]", spec.id);
        return Err(Failure::new(FailureKind::Invalid, what, why).hint(hint));
    }
    Ok(asked)
}

/// All images of the Compose file, by service.
pub(super) fn all(
    spec: &AppSpec,
    services: &BTreeMap<String, ServiceFacts>,
) -> Result<BTreeMap<String, ImageRef>, Failure> {
    let image = |(name, service): (&String, &ServiceFacts)| {
        let image = service.image.as_ref()?;
        let read = image.parse().map_err(|error: BadImage| {
            let what = format!("choose the images of {}", spec.id);
            Failure::new(FailureKind::Invalid, what, format!("{name} has the image {image}: {error}"))
        });
        Some(read.map(|image| (name.clone(), image)))
    };
    services.iter().filter_map(image).collect()
}

/// What a registry has under this name. One that is down does not keep what is known by its digest, and may
/// be on the server already, from being used.
pub(super) async fn resolve(ground: &Ground, image: &ImageRef) -> Result<ImageRef, Failure> {
    match at_registry(ground, image).await {
        Err(failure) if !matches!(failure.kind, FailureKind::NotFound) => match &image.digest {
            Some(digest) => Ok(image.pinned(digest.clone())),
            None => Err(failure),
        },
        found => found,
    }
}

/// What the registry says itself, asked by the server's engine with the server's credentials.
async fn at_registry(ground: &Ground, image: &ImageRef) -> Result<ImageRef, Failure> {
    let what = format!("ask the registry for {image} from {}", ground.server);
    let docker = ground.docker().await?;
    let name = image.to_string();
    let credentials = super::super::perform::credentials::of(ground, image).await?;
    let asked = timeout(ANSWER, docker.inspect_registry_image(&name, credentials)).await;
    let found = match asked {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Err(refused(failed(&error, &what), image)),
        Err(_) => {
            let why = format!("no answer within {} s", ANSWER.as_secs());
            return Err(Failure::new(FailureKind::Timeout, what, why));
        }
    };
    let digest = found.descriptor.digest.unwrap_or_default();
    let digest: Digest = digest
        .parse()
        .map_err(|error: BadImage| Failure::new(FailureKind::Invalid, what, error.to_string()))?;
    Ok(image.pinned(digest))
}

/// A registry's refusal, with what mends it. The server is reached, so it is none of the way's.
pub fn refused(failure: Failure, image: &ImageRef) -> Failure {
    const WORDS: [&str; 4] = ["unauthorized", "denied", "authentication", "no basic auth credentials"];
    let why = failure.reason().to_lowercase();
    if WORDS.iter().any(|word| why.contains(word)) {
        let hint = format!("log in on the server, as the same user: docker login {}", image.registry());
        return Failure { kind: FailureKind::Permission, ..failure }.hint(hint);
    }
    if why.contains("manifest unknown") || why.contains("not found") {
        let hint = format!("check the tag: the registry has no such one in {}", image.repository);
        return Failure { kind: FailureKind::NotFound, ..failure }.hint(hint);
    }
    failure
}

/// Whether the server has a pinned image, and whether it could have it.
pub(super) async fn seen(ground: &Ground, image: &ImageRef) -> Result<Resolved, Failure> {
    if present(ground, image).await? {
        return Ok(Resolved { image: image.clone(), present: true });
    }
    // The tag may point elsewhere by now: the digest is what is asked for.
    let exact = ImageRef { tag: None, ..image.clone() };
    at_registry(ground, &exact).await?;
    Ok(Resolved { image: image.clone(), present: false })
}

/// Whether the engine has the image.
pub async fn present(ground: &Ground, image: &ImageRef) -> Result<bool, Failure> {
    let what = format!("look for {} on {}", image.name(), ground.server);
    let docker = ground.docker().await?;
    match timeout(ANSWER, docker.inspect_image(&pull_name(image))).await {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(error)) if is_gone(&error) => Ok(false),
        Ok(Err(error)) => Err(failed(&error, &what)),
        Err(_) => {
            let why = format!("no answer from the engine within {} s", ANSWER.as_secs());
            Err(Failure::new(FailureKind::Timeout, what, why))
        }
    }
}
