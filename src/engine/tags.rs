//! The versions that a deploy of an app can pick from: the tags that the registry has of its image,
//! asked for through a server of the app, since that is who will pull them.

use std::sync::Arc;
use std::time::Duration;

use bollard::models::SystemInfo;
use tokio::time::timeout;

use super::gather::{compose, containers, images};
use super::ground::{Engines, Ground};
use super::sent;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::ImageRef;
use crate::domain::tags::{TagList, sort};
use crate::http::roots::Roots;
use crate::providers::registry::{self, Access, Listed};
use crate::transports::RemoteCommand;

/// How many tags are asked for their dates; the newest are likely among them.
const DATED: usize = 24;
/// How long a list may take, and then its dates, and each look at the server.
const ANSWER: Duration = Duration::from_secs(10);
/// The certificates of a server that are read, in bytes at most.
const CERTIFICATES: usize = 1 << 20;

/// Whom a server trusts beside the usual ones: what its engine has for this registry
/// (<https://docs.docker.com/engine/security/certificates/>), and what was added to the system's.
const TRUSTED: &str =
    r#"cat /etc/docker/certs.d/"$1"/*.crt /usr/local/share/ca-certificates/*.crt 2>/dev/null || :"#;

/// Lists them. `told` gets the list at once, before the dates are asked for.
pub async fn tags(
    engines: &Engines,
    spec: &AppSpec,
    told: &(dyn Fn(TagList) + Sync),
) -> Result<TagList, Failure> {
    let mut last = None;
    for server in &spec.servers {
        let Some(place) = spec.places.get(server) else { continue };
        match Ground::reach(engines, server, place).await {
            Ok(mut ground) => {
                ground.sent = sent::of(spec).await.and_then(Result::ok).map(Arc::new);
                ground.env = sent::env_of(spec).await.and_then(Result::ok).map(Arc::new);
                return of(&ground, spec, told).await;
            }
            // A server that cannot be reached says nothing about the registry: the next one is asked.
            Err(failure) => last = Some(failure),
        }
    }
    Err(last.unwrap_or_else(|| {
        let what = format!("list the tags of {}", spec.id);
        Failure::new(FailureKind::NotFound, what, "no server of it is configured")
    }))
}

async fn of(ground: &Ground, spec: &AppSpec, told: &(dyn Fn(TagList) + Sync)) -> Result<TagList, Failure> {
    let (services, running, info) =
        tokio::join!(compose::services(ground), containers::running(ground), info(ground));
    let asked = images::asked(spec, &services?, |image| Ok(image.clone()))?;
    let ours = running?.into_iter().filter(|it| asked.contains_key(&it.service));
    let here: Vec<ImageRef> = ours.filter_map(|it| it.image.parse().ok()).collect();
    let images = distinct(asked.into_values());
    let Some(first) = images.first() else {
        let what = format!("list the tags of {}", spec.id);
        return Err(Failure::new(FailureKind::NotFound, what, "its Compose file names no image"));
    };
    let what = |image: &ImageRef| format!("list the tags of {} from {}", image.repository, ground.server);
    let access = access(ground, first, &info).await?;
    let fail =
        |image: &ImageRef, error: registry::RegistryError| error.into_failure(&what(image), image.registry());
    let mut listed = registry::list(&access, first).await.map_err(|error| fail(first, error))?;
    for image in &images[1..] {
        let access = self::access(ground, image, &info).await?;
        let other = registry::list(&access, image).await.map_err(|error| fail(image, error))?;
        listed = both(listed, &other);
    }
    for tag in &mut listed.tags {
        let is = |it: &ImageRef| it.tag.as_deref() == Some(&tag.name) && it.same_repository(first);
        tag.present = here.iter().any(is);
    }
    sort(&mut listed.tags);
    let mut list = TagList {
        repositories: images.iter().map(|it| it.repository.clone()).collect(),
        server: ground.server.clone(),
        tags: listed.tags,
        whole: listed.whole,
        doubt: None,
    };
    if list.tags.iter().all(|tag| tag.at.is_some()) {
        return Ok(list);
    }
    told(list.clone());
    let architecture = architecture(info.architecture.as_deref().unwrap_or_default());
    let doubt = registry::date(&access, first, &mut list.tags, DATED, architecture).await;
    list.doubt = doubt.map(|error| fail(first, error).reason());
    sort(&mut list.tags);
    Ok(list)
}

/// One image of each repository.
fn distinct(images: impl Iterator<Item = ImageRef>) -> Vec<ImageRef> {
    let mut all: Vec<ImageRef> = Vec::new();
    for image in images {
        if !all.iter().any(|it| it.same_repository(&image)) {
            all.push(image);
        }
    }
    all
}

/// The tags that both have: a deploy takes the same one from each.
fn both(one: Listed, other: &Listed) -> Listed {
    let there: std::collections::BTreeSet<&str> = other.tags.iter().map(|it| it.name.as_str()).collect();
    let tags = one.tags.into_iter().filter(|it| there.contains(it.name.as_str())).collect();
    Listed { tags, whole: one.whole && other.whole }
}

/// How the server's engine would reach the registry.
async fn access(ground: &Ground, image: &ImageRef, info: &SystemInfo) -> Result<Access, Failure> {
    let registry = image.registry();
    let transport = ground.transport().await?;
    let command = RemoteCommand::script(TRUSTED).arg(registry);
    let (login, pem, roots) =
        tokio::join!(ground.login(registry), transport.run(command, ANSWER, CERTIFICATES), Roots::system());
    let pem = pem.map(|output| output.stdout).unwrap_or_default();
    Ok(Access {
        transport,
        roots: roots.with_pem(&pem),
        insecure: insecure(registry, info),
        login: login?,
        patience: ANSWER,
    })
}

/// What the engine says of itself; where it says nothing, every registry is a secure one.
async fn info(ground: &Ground) -> SystemInfo {
    let Ok(docker) = ground.docker().await else { return SystemInfo::default() };
    timeout(ANSWER, docker.info()).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// Whether the engine takes a registry for an insecure one: by its name, or as one of its own machine.
fn insecure(registry: &str, info: &SystemInfo) -> bool {
    let Some(config) = &info.registry_config else { return false };
    let named = config.index_configs.as_ref().and_then(|all| all.get(registry));
    if let Some(index) = named {
        return index.secure == Some(false);
    }
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|it| it.is_loopback())
}

/// A machine's name of its architecture (`uname -m`) as images have it (Go's `GOARCH`).
fn architecture(machine: &str) -> &str {
    match machine {
        "x86_64" => "amd64",
        "aarch64" | "arm64" => "arm64",
        "armv7l" | "armv6l" => "arm",
        "i386" | "i686" => "386",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_says_which_registries_are_insecure() {
        let text = r#"{"RegistryConfig":{"IndexConfigs":{
            "docker.io":{"Name":"docker.io","Secure":true},
            "registry:5000":{"Name":"registry:5000","Secure":false}}}}"#;
        let info: SystemInfo = serde_json::from_str(text).unwrap();
        assert!(insecure("registry:5000", &info) && insecure("127.0.0.1:5000", &info));
        assert!(!insecure("docker.io", &info) && !insecure("registry:5001", &info));
        assert!(!insecure("127.0.0.1:5000", &SystemInfo::default()), "nothing was said");
    }
}
