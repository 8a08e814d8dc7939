//! Names for what was found, each once and each such that the configuration takes it.

use std::collections::BTreeSet;

use crate::domain::ids::ServerId;
use crate::domain::text::is_hostile;

/// Names that are given.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Beside those that are given already.
    pub(super) fn beside<'a>(given: impl IntoIterator<Item = &'a str>) -> Self {
        Self(given.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn server(&mut self, wanted: &str, local: bool) -> String {
        if local {
            return self.once(ServerId::LOCAL);
        }
        let name = plain(wanted, "server");
        let reserved = name == ServerId::LOCAL || name == "here";
        if reserved { self.once(&format!("{name}-server")) } else { self.once(&name) }
    }

    pub(super) fn app(&mut self, wanted: &str) -> String {
        self.once(&plain(wanted, "app"))
    }

    fn once(&mut self, name: &str) -> String {
        let mut numbered = name.to_owned();
        let mut n = 2;
        while !self.0.insert(numbered.clone()) {
            numbered = format!("{name}-{n}");
            n += 1;
        }
        numbered
    }
}

/// A name without what names may not have, with room for a number behind it.
fn plain(wanted: &str, otherwise: &str) -> String {
    let bad = |c: char| c == '/' || c.is_whitespace() || is_hostile(c);
    let mut name: String = wanted.chars().map(|c| if bad(c) { '-' } else { c }).collect();
    while name.len() > 48 {
        name.pop();
    }
    let name = name.trim_matches('-');
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}
