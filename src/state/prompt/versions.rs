//! Which version of an app is to be deployed: what the registry offers, what is picked of it, and what
//! a typed one means.

use crate::domain::failure::Failure;
use crate::domain::ids::RequestId;
use crate::domain::image::ImageRef;
use crate::domain::tags::{Tag, TagList};
use crate::domain::time::Timestamp;
use crate::message::change::Wanted;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// What runs now, an image a row.
    pub present: Vec<String>,
    /// Versions to pick from, newest first; none where none are known.
    pub choices: Vec<Choice>,
    /// The picked one among those that hold what is typed; `None` for what is typed itself.
    pub picked: Option<usize>,
    /// Where those versions come from.
    pub offer: Offer,
}

/// A version that can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The tag.
    pub tag: String,
    /// When its image was made, where that is known.
    pub at: Option<Timestamp>,
    /// Whether it runs now.
    pub present: bool,
}

/// Where the versions come from that can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The registry is asked; the answer has this name.
    Asked(RequestId),
    /// They are here, maybe with their dates to come: whose they are, and what is missing.
    Told(RequestId, String),
    /// There are none to pick from, and why; one can be typed all the same.
    Failed(String),
}

impl Versions {
    /// Those that hold what is typed.
    pub fn holding<'a>(&'a self, typed: &'a str) -> impl Iterator<Item = &'a Choice> {
        let typed = typed.trim();
        self.choices.iter().filter(move |choice| choice.tag.contains(typed))
    }

    /// The picked one.
    pub fn picked(&self, typed: &str) -> Option<&Choice> {
        self.picked.and_then(|at| self.choices.iter().filter(|it| it.tag.contains(typed.trim())).nth(at))
    }

    /// Takes what the registry has; `false` where another question asked for that. What is picked stays.
    pub fn offered(&mut self, request: RequestId, told: &Result<TagList, Failure>, typed: &str) -> bool {
        if !matches!(self.offer, Offer::Asked(it) | Offer::Told(it, _) if it == request) {
            return false;
        }
        let picked = self.picked(typed).map(|choice| choice.tag.clone());
        match told {
            Ok(list) => {
                let choice = |tag: &Tag| Choice {
                    tag: tag.name.clone(),
                    at: tag.at,
                    present: tag.present || runs(&self.present, &tag.name),
                };
                self.choices = list.tags.iter().map(choice).collect();
                self.offer = Offer::Told(request, sentence(list));
            }
            Err(failure) => self.offer = Offer::Failed(failure.to_string()),
        }
        self.picked = picked.and_then(|tag| self.holding(typed).position(|choice| choice.tag == tag));
        true
    }

    /// Takes what runs now, an image a row: it may not have been read yet when this was asked.
    pub fn present(&mut self, now: Vec<String>) {
        if self.present == now {
            return;
        }
        for choice in &mut self.choices {
            choice.present |= runs(&now, &choice.tag);
        }
        self.present = now;
    }

    /// Picks the next one, or the one before; before the first is what is typed.
    pub fn pick(&mut self, down: bool, typed: &str) {
        let count = self.holding(typed).count();
        self.picked = match (self.picked, down) {
            (None, true) if count > 0 => Some(0),
            (Some(at), true) => Some((at + 1).min(count.saturating_sub(1))),
            (Some(at), false) if at > 0 => Some(at - 1),
            _ => None,
        };
    }

    /// What is to be deployed.
    pub fn wanted(&self, typed: &str) -> Result<Wanted, String> {
        version(self.picked(typed).map_or(typed.trim(), |choice| &choice.tag))
    }
}

/// Whose tags those are, and what is not known of them.
fn sentence(list: &TagList) -> String {
    let count = list.tags.len();
    let mut said = format!("{count} tags of {}, asked from {}", list.repositories.join(", "), list.server);
    if !list.whole {
        said.push_str("; there are more");
    }
    if let Some(doubt) = &list.doubt {
        said = format!("{said}; dates are missing: {doubt}");
    }
    said
}

/// Whether one of the images has this tag.
fn runs(present: &[String], tag: &str) -> bool {
    present.iter().any(|row| row.strip_suffix(tag).is_some_and(|rest| rest.ends_with(':')))
}

/// What a typed version means: nothing for the Compose file as it is, a digest, else a tag.
fn version(typed: &str) -> Result<Wanted, String> {
    if typed.is_empty() {
        return Ok(Wanted::AsWritten);
    }
    if typed.starts_with("sha256:") {
        return typed.parse().map(Wanted::Digest).map_err(|error| error.to_string());
    }
    let any = ImageRef { repository: "it".to_owned(), tag: None, digest: None };
    let tagged = any.with_tag(typed).map_err(|error| error.to_string())?;
    Ok(tagged.tag.map_or(Wanted::AsWritten, Wanted::Tag))
}
