//! The tags of an image's repository with their dates, by the OCI distribution API
//! (<https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md>), and for Docker Hub by
//! its own, which has the dates in the list.

mod challenge;
mod dates;
pub mod error;
mod hub;
pub mod login;
mod session;

use reqwest::Url;
use serde::Deserialize;

pub use error::RegistryError;
pub use login::{Login, Proof};
pub use session::Access;
use session::Session;

use crate::domain::image::{HUB, ImageRef};
use crate::domain::tags::Tag;
use crate::http::{Answer, HttpError};

/// The most of one page that is read, in bytes, and the most pages and tags.
const PAGE: usize = 2 << 20;
const PAGES: usize = 20;
const TAGS: usize = 10_000;
/// Where Docker Hub's distribution API is.
const HUB_HOST: &str = "registry-1.docker.io";

/// Tags as a registry told them.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The tags; those that are no tags by their letters are left out.
    pub tags: Vec<Tag>,
    /// Whether that is all.
    pub whole: bool,
}

#[derive(Deserialize)]
struct Page {
    /// Some registries say `null` where there is none.
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// Lists the tags of an image's repository, in no order. Those of Docker Hub have their dates.
pub async fn list(access: &Access, image: &ImageRef) -> Result<Listed, RegistryError> {
    if image.registry() == HUB {
        // A private repository is not shown there without another login: the registry itself knows ours.
        match hub::list(access, image).await {
            Err(RegistryError::NoRepository { .. } | RegistryError::Login { .. }) => {}
            told => return told,
        }
    }
    let session = session(access, image);
    let mut answer = session.get("tags/list?n=1000", "application/json", PAGE).await?;
    let mut listed = Listed::default();
    for _ in 0..PAGES {
        let page: Page = read(&answer)?;
        let names = page.tags.unwrap_or_default();
        let good = names.into_iter().filter(|name| image.with_tag(name).is_ok());
        listed.tags.extend(good.map(Tag::named));
        listed.tags.truncate(TAGS);
        let Some(next) = next(&answer, &session) else {
            listed.whole = listed.tags.len() < TAGS;
            return Ok(listed);
        };
        if listed.tags.len() >= TAGS {
            break;
        }
        answer = session.get_at(next, "application/json", PAGE).await?;
    }
    Ok(listed)
}

/// Adds the dates of the first `most` tags that have none, as far as they come in time; why not all did.
pub async fn date(
    access: &Access,
    image: &ImageRef,
    tags: &mut [Tag],
    most: usize,
    architecture: &str,
) -> Option<RegistryError> {
    let session = session(access, image);
    dates::add(&session, tags, most, architecture).await
}

fn session(access: &Access, image: &ImageRef) -> Session {
    let host = if image.registry() == HUB { HUB_HOST } else { image.registry() };
    Session::new(access.clone(), host, &image.path())
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, RegistryError> {
    if answer.truncated {
        return Err(HttpError::TooLarge(answer.body.len()).into());
    }
    let read = serde_json::from_slice(&answer.body);
    // What is wrong in it could be anything; its place is enough.
    read.map_err(|error| {
        HttpError::Nonsense(format!("line {}, column {}", error.line(), error.column())).into()
    })
}

/// The next page, by the header `Link` (RFC 8288), where it is one of this registry.
fn next(answer: &Answer, session: &Session) -> Option<Url> {
    let link = answer.header("link")?;
    let part = link
        .split(',')
        .find(|part| part.split(';').skip(1).any(|it| matches!(it.trim(), r#"rel="next""# | "rel=next")))?;
    let target = part.trim().strip_prefix('<')?.split_once('>')?.0;
    session.at_home(target)
}
