//! Docker Hub's own list of a repository's tags, which has their dates
//! (<https://docs.docker.com/reference/api/hub/latest/>, "list repository tags").

use serde::Deserialize;

use super::dates::meant;
use super::error::RegistryError;
use super::session::{Access, Session};
use super::{Listed, PAGE, read};
use crate::domain::image::ImageRef;
use crate::domain::tags::Tag;

const HOST: &str = "hub.docker.com";

#[derive(Deserialize)]
struct Page {
    next: Option<String>,
    #[serde(default)]
    results: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    name: String,
    tag_last_pushed: Option<String>,
    last_updated: Option<String>,
}

/// The newest hundred tags, without a login: Docker Hub takes another one here than its registry.
pub(super) async fn list(access: &Access, image: &ImageRef) -> Result<Listed, RegistryError> {
    let access = Access { login: None, insecure: false, ..access.clone() };
    let session = Session::new(access, HOST, &format!("repositories/{}", image.path()));
    let answer = session.get("tags?page_size=100&ordering=last_updated", "application/json", PAGE).await?;
    let page: Page = read(&answer)?;
    let tags = page.results.into_iter().filter(|one| image.with_tag(&one.name).is_ok()).map(|one| Tag {
        at: one.tag_last_pushed.or(one.last_updated).as_deref().and_then(meant),
        ..Tag::named(one.name)
    });
    Ok(Listed { tags: tags.collect(), whole: page.next.is_none() })
}
