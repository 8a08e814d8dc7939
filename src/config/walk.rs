//! One pass over a parsed configuration: what it gathers on the way (mistakes, references between
//! sections, literal secrets, the keys that were asked for). The cursor itself is in `table`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::de::DeTable;

use super::load::Options;
use super::mistake::{Mistake, Span, excerpt};
use crate::domain::ids::ServerId;

/// A key that the loader knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its full path; `NAME` stands for a name that the user gives, `[]` for an entry of a list, and
    /// a check's kind stands in parentheses where the key belongs to that kind alone.
    pub path: String,
    /// What its value is (`a duration`).
    pub expects: String,
    /// Its default as TOML; `None` where it has none.
    pub default: Option<String>,
    /// Whether it must be there.
    pub required: bool,
}

/// A key that a configuration has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// Its full path, as in [`Known`].
    pub path: String,
    /// Its value as it is written.
    pub value: String,
}

/// What a reference points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Names {
    Servers,
    Environments,
    Apps,
    Prometheus,
    Repositories,
    Datastores,
}

impl Names {
    pub(super) const ALL: [Self; 6] = [
        Self::Servers,
        Self::Environments,
        Self::Apps,
        Self::Prometheus,
        Self::Repositories,
        Self::Datastores,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Servers => "server",
            Self::Environments => "environment",
            Self::Apps => "app",
            Self::Prometheus => "prometheus",
            Self::Repositories => "repository",
            Self::Datastores => "datastore",
        }
    }

    pub(super) const fn section(self) -> &'static str {
        match self {
            Self::Servers => "servers",
            Self::Environments => "environments",
            Self::Apps => "apps",
            Self::Prometheus => "prometheus",
            Self::Repositories => "repositories",
            Self::Datastores => "datastores",
        }
    }
}

/// The pass. Sections see it only through their cursor.
pub(super) struct Walk<'s> {
    pub(super) source: &'s str,
    pub(super) options: Options<'s>,
    mistakes: RefCell<Vec<Mistake>>,
    defined: BTreeMap<Names, BTreeSet<String>>,
    places: RefCell<BTreeMap<String, Span>>,
    secrets: RefCell<Vec<Span>>,
    masks: RefCell<Vec<Span>>,
    catalog: Option<RefCell<BTreeSet<Known>>>,
    trace: Option<RefCell<BTreeSet<Used>>>,
}

impl<'s> Walk<'s> {
    pub(super) fn new(source: &'s str, options: Options<'s>) -> Self {
        Self {
            source,
            options,
            mistakes: RefCell::default(),
            defined: BTreeMap::new(),
            places: RefCell::default(),
            secrets: RefCell::default(),
            masks: RefCell::default(),
            catalog: None,
            trace: None,
        }
    }

    /// A pass over nothing that visits every section once and records the keys asked for.
    pub(super) fn catalog() -> Self {
        Self { catalog: Some(RefCell::default()), ..Self::new("", Options::default()) }
    }

    /// A pass that also records the keys that it finds.
    pub(super) fn tracing(source: &'s str, options: Options<'s>) -> Self {
        Self { trace: Some(RefCell::default()), ..Self::new(source, options) }
    }

    /// Whether keys are recorded, and so need their patterns.
    pub(super) const fn records(&self) -> bool {
        self.catalog.is_some() || self.trace.is_some()
    }

    pub(super) fn used(&self, path: String, span: Span) {
        if let Some(trace) = &self.trace {
            let value = self.source.get(span).unwrap_or_default().to_owned();
            trace.borrow_mut().insert(Used { path, value });
        }
    }

    pub(super) fn traced(&self) -> BTreeSet<Used> {
        self.trace.as_ref().map(|trace| trace.borrow().clone()).unwrap_or_default()
    }

    pub(super) const fn is_catalog(&self) -> bool {
        self.catalog.is_some()
    }

    pub(super) fn know(&self, known: Known) {
        if let Some(catalog) = &self.catalog {
            catalog.borrow_mut().insert(known);
        }
    }

    pub(super) fn report(&self, mistake: Mistake) {
        if !self.is_catalog() {
            self.mistakes.borrow_mut().push(mistake);
        }
    }

    /// Takes down the names that the document gives, so that references can be judged on the way.
    pub(super) fn define(&mut self, document: &DeTable<'_>) {
        for names in Names::ALL {
            let section = document.get(names.section()).and_then(|value| value.get_ref().as_table());
            let all = section.into_iter().flat_map(DeTable::keys).map(|key| key.get_ref().to_string());
            self.defined.insert(names, all.collect());
        }
        let servers = self.defined.entry(Names::Servers).or_default();
        if servers.is_empty() {
            servers.insert(ServerId::LOCAL.to_owned());
        }
    }

    pub(super) fn is_defined(&self, names: Names, name: &str) -> bool {
        self.defined.get(&names).is_some_and(|all| all.contains(name))
    }

    /// Judges a reference to another section's entry.
    pub(super) fn refer(&self, to: Names, name: &str, span: Span) {
        if self.is_defined(to, name) {
            return;
        }
        let all = self.defined.get(&to).into_iter().flatten().map(String::as_str);
        let mut mistake = Mistake::error(span, format!("there is no {} {:?}", to.word(), excerpt(name)));
        mistake = match nearest(name, all) {
            Some(near) => mistake.label(format!("did you mean {near:?}?")),
            None => mistake.help(format!("define it as [{}.NAME]", to.section())),
        };
        self.report(mistake);
    }

    pub(super) fn mark(&self, path: String, span: Span) {
        self.places.borrow_mut().insert(path, span);
    }

    pub(super) fn place(&self, path: &str) -> Span {
        self.places.borrow().get(path).cloned().unwrap_or(0..0)
    }

    /// Takes down a secret that stands in the source.
    pub(super) fn literal_secret(&self, span: Span) {
        self.mask(span.clone());
        self.secrets.borrow_mut().push(span);
    }

    /// Keeps a part of the source out of every report.
    pub(super) fn mask(&self, span: Span) {
        self.masks.borrow_mut().push(span);
    }

    pub(super) fn masks(&self) -> Vec<Span> {
        self.masks.borrow().clone()
    }

    pub(super) fn secrets(&self) -> Vec<Span> {
        self.secrets.borrow().clone()
    }

    /// A path of this machine with `~/` put in full.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.options.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        }
    }

    pub(super) fn finish(self) -> (Vec<Mistake>, BTreeSet<Known>) {
        (self.mistakes.into_inner(), self.catalog.map(RefCell::into_inner).unwrap_or_default())
    }
}

/// The candidate that was probably meant, where one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= (candidate.chars().count().max(word.chars().count()) / 3).max(1)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_near() {
        let keys = ["address", "user", "port"];
        assert_eq!(nearest("adress", keys), Some("address"));
        assert_eq!(nearest("Port", keys), Some("port"));
        assert_eq!(nearest("wombat", keys), None);
    }
}
