//! The date of a tag's image: of the manifest that the tag names the configuration is asked for, which
//! says when the image was made (<https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md>).

use futures_util::StreamExt;
use futures_util::stream;
use serde::Deserialize;

use super::error::RegistryError;
use super::read;
use super::session::Session;
use crate::domain::image::Digest;
use crate::domain::tags::Tag;
use crate::domain::time::Timestamp;

/// How many tags are asked for side by side.
const AT_A_TIME: usize = 6;
/// The most that a manifest and a configuration may have, in bytes; the specification says that a
/// registry takes manifests of 4 MiB, and none that names an image is near that.
const MOST: usize = 1 << 20;

/// Every kind of manifest that names an image, or several for several platforms.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

#[derive(Deserialize)]
struct Manifest {
    config: Option<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

#[derive(Deserialize)]
struct Configuration {
    created: Option<String>,
}

/// Adds dates to the first `most` tags without one; the first error, where there was one.
pub(super) async fn add(
    session: &Session,
    tags: &mut [Tag],
    most: usize,
    architecture: &str,
) -> Option<RegistryError> {
    let names: Vec<(usize, String)> = tags
        .iter()
        .enumerate()
        .filter(|(_, tag)| tag.at.is_none())
        .take(most)
        .map(|(at, tag)| (at, tag.name.clone()))
        .collect();
    let asked = stream::iter(names)
        .map(|(at, name)| async move { (at, of(session, &name, architecture).await) })
        .buffer_unordered(AT_A_TIME);
    let mut asked = std::pin::pin!(asked);
    let mut doubt = None;
    while let Some((at, date)) = asked.next().await {
        match date {
            Ok(date) => {
                if let Some(tag) = tags.get_mut(at) {
                    tag.at = date;
                }
            }
            Err(error) => doubt = doubt.or(Some(error)),
        }
    }
    doubt
}

/// When a tag's image was made; `None` where it does not say, or says a time that nobody means.
async fn of(session: &Session, tag: &str, architecture: &str) -> Result<Option<Timestamp>, RegistryError> {
    let mut manifest: Manifest = read(&session.get(&format!("manifests/{tag}"), MANIFESTS, MOST).await?)?;
    if manifest.config.is_none() {
        let Some(one) = pick(&manifest.manifests, architecture).and_then(|it| it.digest.parse().ok()) else {
            return Ok(None);
        };
        let one: Digest = one;
        manifest = read(&session.get(&format!("manifests/{one}"), MANIFESTS, MOST).await?)?;
    }
    let Some(config) = manifest.config.and_then(|it| it.digest.parse::<Digest>().ok()) else {
        return Ok(None);
    };
    let config: Configuration = read(&session.get(&format!("blobs/{config}"), "*/*", MOST).await?)?;
    Ok(config.created.as_deref().and_then(meant))
}

/// The manifest of the server's own platform, else the first that is for any: attestations are for none.
fn pick<'a>(all: &'a [Descriptor], architecture: &str) -> Option<&'a Descriptor> {
    let is = |it: &&Descriptor, what: fn(&Platform, &str) -> bool| {
        it.platform.as_ref().is_some_and(|platform| what(platform, architecture))
    };
    all.iter()
        .find(|it| is(it, |platform, own| platform.os == "linux" && platform.architecture == own))
        .or_else(|| all.iter().find(|it| is(it, |platform, _| platform.os != "unknown")))
        .or_else(|| all.first())
}

/// Builders that make the same image each time write the first second of 1970, or of 1980 or the year 1.
pub(super) fn meant(text: &str) -> Option<Timestamp> {
    let at = Timestamp::parse_rfc3339(text)?;
    (at > Timestamp::from_secs(10 * 366 * 86_400)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_platform_is_picked() {
        let text = r#"{"manifests":[
            {"digest":"a","platform":{"os":"unknown","architecture":"unknown"}},
            {"digest":"b","platform":{"os":"linux","architecture":"amd64"}},
            {"digest":"c","platform":{"os":"linux","architecture":"arm64"}}]}"#;
        let manifest: Manifest = serde_json::from_str(text).unwrap();
        let of = |own| pick(&manifest.manifests, own).map(|it| it.digest.as_str());
        assert_eq!((of("arm64"), of("riscv64")), (Some("c"), Some("b")));
    }

    #[test]
    fn a_date_that_nobody_means_is_none() {
        assert!(meant("1970-01-01T00:00:00Z").is_none() && meant("0001-01-01T00:00:00Z").is_none());
        assert!(meant("yesterday").is_none() && meant("1980-01-01T00:00:01Z").is_none());
        assert!(meant("2026-11-20T03:00:00.123456789Z").is_some());
    }
}
