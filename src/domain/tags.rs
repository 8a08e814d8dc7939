//! The tags of an image's repository, with their dates where those are known, and their order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::ids::ServerId;
use super::time::Timestamp;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name, as [`super::image::ImageRef::with_tag`] takes it.
    pub name: String,
    /// When its image was made, or where the registry says only that, pushed; `None` where nobody asked.
    pub at: Option<Timestamp>,
    /// Whether a container of the app runs from it on the server that was asked.
    pub present: bool,
}

impl Tag {
    /// A tag of which no more is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), at: None, present: false }
    }
}

/// The tags that a deploy of an app can pick from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagList {
    /// Whose they are, as the Compose file writes it; several where all of them have each of the tags.
    pub repositories: Vec<String>,
    /// The server that the registry was asked from.
    pub server: ServerId,
    /// The tags, newest first; behind those with a date the others, the greatest number first.
    pub tags: Vec<Tag>,
    /// Whether that is all of them.
    pub whole: bool,
    /// Why dates are missing, where that is not because they were never asked for.
    pub doubt: Option<String>,
}

/// Puts tags into the order of [`TagList::tags`].
pub fn sort(tags: &mut [Tag]) {
    tags.sort_by(|a, b| match (a.at, b.at) {
        (Some(x), Some(y)) => y.cmp(&x).then_with(|| later(&a.name, &b.name)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => later(&a.name, &b.name),
    });
}

/// Which of two names is likelier to be the newer one, that first: numbers before words, greater numbers
/// before smaller ones, digits compared as numbers.
pub fn later(a: &str, b: &str) -> Ordering {
    is_version(b).cmp(&is_version(a)).then_with(|| natural(b, a)).then_with(|| b.cmp(a))
}

fn is_version(name: &str) -> bool {
    name.strip_prefix(['v', 'V']).unwrap_or(name).starts_with(|c: char| c.is_ascii_digit())
}

fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.trim_start_matches(['v', 'V']), b.trim_start_matches(['v', 'V']));
    loop {
        let (x, y) = match (a.chars().next(), b.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (x, y),
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (one, rest_a) = number(a);
            let (two, rest_b) = number(b);
            // Without leading zeros, the longer number is the greater one, however long it is.
            let order = one.len().cmp(&two.len()).then_with(|| one.cmp(two));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x == y {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        } else {
            return x.cmp(&y);
        }
    }
}

fn number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(names: &[&str]) -> Vec<String> {
        let mut tags: Vec<Tag> = names.iter().map(|it| Tag::named(*it)).collect();
        sort(&mut tags);
        tags.into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn greater_numbers_are_first_and_words_are_last() {
        let all = ["latest", "1.9", "v1.10", "1.10.1", "2.0-rc1", "1.2", "json"];
        assert_eq!(sorted(&all), ["2.0-rc1", "1.10.1", "v1.10", "1.9", "1.2", "latest", "json"]);
    }

    #[test]
    fn a_date_says_more_than_a_name() {
        let dated = |name: &str, at| Tag { at: Some(Timestamp::from_secs(at)), ..Tag::named(name) };
        let mut tags = vec![Tag::named("9.9"), dated("1.0", 50), dated("2.0", 10)];
        sort(&mut tags);
        assert_eq!(tags.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["1.0", "2.0", "9.9"]);
    }

    proptest! {
        #[test]
        fn any_names_have_one_order(names in proptest::collection::vec("[v0-9a-c._-]{0,6}", 0..8)) {
            let mut tags: Vec<Tag> = names.into_iter().map(Tag::named).collect();
            sort(&mut tags);
            let once = tags.clone();
            tags.reverse();
            sort(&mut tags);
            prop_assert_eq!(once, tags);
        }
    }
}
