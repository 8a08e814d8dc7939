//! References to container images, as the trade writes them: `registry:5000/team/app:1.2@sha256:…`
//! (<https://github.com/distribution/reference>).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The content address of an image's manifest: `sha256:` and 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Twelve digits, as the trade writes it.
    pub fn short(&self) -> &str {
        self.0.get(7..19).unwrap_or(&self.0)
    }
}

impl FromStr for Digest {
    type Err = BadImage;
    fn from_str(text: &str) -> Result<Self, BadImage> {
        let hex = text.strip_prefix("sha256:").ok_or(BadImage::Digest)?;
        let good = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        good.then(|| Self(text.to_owned())).ok_or(BadImage::Digest)
    }
}

impl TryFrom<String> for Digest {
    type Error = BadImage;
    fn try_from(text: String) -> Result<Self, BadImage> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a text is no reference of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    /// The digest.
    #[error("a digest is `sha256:` and 64 lower-case hex digits")]
    Digest,
    /// The tag.
    #[error("a tag is up to 128 letters, digits, `_`, `.` and `-`, and does not begin with `.` or `-`")]
    Tag,
    /// The repository.
    #[error("a repository is lower-case letters, digits, `.`, `_`, `-` and `/`, with a registry before it")]
    Repository,
}

/// A reference: where an image is kept, and which one of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef {
    /// The registry and the path in it, as it was written (`postgres`, `ghcr.io/acme/shop`).
    pub repository: String,
    /// The tag; where there is neither tag nor digest, `latest` is meant.
    pub tag: Option<String>,
    /// The digest, which decides where there is one.
    pub digest: Option<Digest>,
}

impl ImageRef {
    /// The same repository under another tag.
    pub fn with_tag(&self, tag: &str) -> Result<Self, BadImage> {
        judge_tag(tag)?;
        Ok(Self { repository: self.repository.clone(), tag: Some(tag.to_owned()), digest: None })
    }

    /// The same image, pinned.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }

    /// Repository and tag without the digest, for the reader.
    pub fn name(&self) -> String {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => format!("{}:{tag}", self.repository),
            (None, Some(digest)) => format!("{}@{}", self.repository, digest.short()),
            (None, None) => format!("{}:latest", self.repository),
        }
    }

    /// The registry's host, and the port where it is written; Docker Hub is `docker.io`.
    pub fn registry(&self) -> &str {
        match self.repository.split_once('/') {
            Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => home(first),
            _ => HUB,
        }
    }

    /// The repository's path in its registry, as the registry itself calls it.
    pub fn path(&self) -> String {
        match self.repository.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                if home(first) == HUB { official(rest) } else { rest.to_owned() }
            }
            _ => official(&self.repository),
        }
    }

    /// Whether this and another are kept in the same repository; `docker.io/library/` goes without
    /// saying.
    pub fn same_repository(&self, other: &Self) -> bool {
        familiar(&self.repository) == familiar(&other.repository)
    }
}

/// The registry that goes without saying.
pub const HUB: &str = "docker.io";

/// A registry by its one name: Docker Hub has several.
pub fn home(registry: &str) -> &str {
    match registry {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" | "https://index.docker.io/v1/" => HUB,
        other => other,
    }
}

/// What Docker Hub calls a repository: one without an owner is an official image.
fn official(path: &str) -> String {
    if path.contains('/') { path.to_owned() } else { format!("library/{path}") }
}

/// A repository without what the engine adds by itself.
pub fn familiar(repository: &str) -> &str {
    let bare = repository.strip_prefix("docker.io/").unwrap_or(repository);
    bare.strip_prefix("library/").unwrap_or(bare)
}

fn judge_tag(tag: &str) -> Result<(), BadImage> {
    let first = tag.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let rest = tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if first && rest && tag.len() <= 128 { Ok(()) } else { Err(BadImage::Tag) }
}

impl FromStr for ImageRef {
    type Err = BadImage;

    fn from_str(text: &str) -> Result<Self, BadImage> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let tag_at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
        let (repository, tag) = match tag_at {
            Some(at) => (&name[..at], Some(name[at + 1..].to_owned())),
            None => (name, None),
        };
        if let Some(tag) = &tag {
            judge_tag(tag)?;
        }
        let (registry, path) = match repository.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => ("", repository),
        };
        let good_registry = registry.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        let part = |part: &str| {
            let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let all =
                part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
            ends(part.bytes().next()) && ends(part.bytes().last()) && all
        };
        if !good_registry || repository.len() > 255 || !path.split('/').all(part) {
            return Err(BadImage::Repository);
        }
        Ok(Self { repository: repository.to_owned(), tag, digest })
    }
}

impl TryFrom<String> for ImageRef {
    type Error = BadImage;
    fn try_from(text: String) -> Result<Self, BadImage> {
        text.parse()
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> Self {
        image.to_string()
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.repository.clone();
        if let Some(tag) = &self.tag {
            text = format!("{text}:{tag}");
        }
        if let Some(digest) = &self.digest {
            text = format!("{text}@{digest}");
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_port_is_no_tag() {
        let image: ImageRef = "registry:5000/shop".parse().unwrap();
        assert_eq!((image.repository.as_str(), image.tag), ("registry:5000/shop", None));
        let image: ImageRef = format!("registry:5000/a/shop:1.2@sha256:{HEX}").parse().unwrap();
        assert_eq!(image.name(), "registry:5000/a/shop:1.2");
        assert_eq!(image.digest.unwrap().short(), "0123456789ab");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for bad in ["", "Shop", "shop:", "shop:-x", "shop@sha256:12", "shop//x", "a b", "shop:1;rm", "-x/y"] {
            assert!(bad.parse::<ImageRef>().is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn the_usual_registry_goes_without_saying() {
        let (long, short): (ImageRef, ImageRef) =
            ("docker.io/library/redis:7".parse().unwrap(), "redis".parse().unwrap());
        assert!(long.same_repository(&short));
    }

    #[test]
    fn a_registry_and_the_path_in_it_are_told_apart() {
        let of = |text: &str| {
            let image: ImageRef = text.parse().unwrap();
            (image.registry().to_owned(), image.path())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of("redis:7"), pair("docker.io", "library/redis"));
        assert_eq!(of("docker.io/redis"), pair("docker.io", "library/redis"));
        assert_eq!(of("index.docker.io/acme/shop"), pair("docker.io", "acme/shop"));
        assert_eq!(of("acme/shop"), pair("docker.io", "acme/shop"));
        assert_eq!(of("registry:5000/shop:1"), pair("registry:5000", "shop"));
        assert_eq!(of("ghcr.io/acme/shop/web"), pair("ghcr.io", "acme/shop/web"));
        assert_eq!(of("localhost/shop"), pair("localhost", "shop"));
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_the_same(text in "([a-z0-9]{1,5}\\.io(:[0-9]{2})?/)?[a-z0-9]{1,6}(/[a-z0-9]{1,6})?(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,9})?") {
            let image: ImageRef = text.parse().unwrap();
            prop_assert_eq!(image.to_string(), text);
        }
    }
}
