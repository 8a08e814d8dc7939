//! What the reader wants to see of the lines: words, patterns and fields that a line must or must
//! not hold, the least level, a stretch of time; and what is only highlighted.

use std::fmt;

use crate::domain::level::Level;
use crate::domain::time::Timestamp;
use crate::store::logs::pattern::Compiled;
use crate::store::logs::{FieldCond, Pattern, Query};

/// What a term does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manner {
    /// Lines without it are not shown.
    Include,
    /// Lines with it are not shown.
    Exclude,
    /// It is colored.
    Highlight,
}

impl Manner {
    /// The sign before a term on the screen.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Include => "&",
            Self::Exclude => "-",
            Self::Highlight => "*",
        }
    }
}

/// One term, as it was typed: `words`, `/pattern/`, `field>=value`, or `"words=as they are"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it does.
    pub manner: Manner,
    /// What was typed.
    pub text: String,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.manner.sign(), self.text)
    }
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// The terms; each one narrows what is left by the others.
    pub terms: Vec<Term>,
    /// The least level; lines that tell none pass too.
    pub level: Option<Level>,
    /// No lines before.
    pub since: Option<Timestamp>,
    /// No lines from here on.
    pub until: Option<Timestamp>,
    /// What is looked for; it hides nothing.
    pub find: String,
}

impl Filters {
    /// Whether some lines are not shown.
    pub fn narrow(&self) -> bool {
        self.level.is_some()
            || self.since.is_some()
            || self.until.is_some()
            || self.terms.iter().any(|term| term.manner != Manner::Highlight)
    }

    /// Adds a term, once.
    pub fn add(&mut self, manner: Manner, text: &str) {
        let term = Term { manner, text: text.trim().to_owned() };
        if !term.text.is_empty() && !self.terms.contains(&term) {
            self.terms.push(term);
        }
    }

    /// The next level up as the least one; from the last back to all.
    pub fn next_level(&mut self) {
        self.level = match self.level {
            None => Some(Level::Info),
            Some(Level::Info) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(_) => None,
        };
    }
}

/// What a term means.
enum Meaning {
    Pattern(Pattern),
    Field(FieldCond),
}

fn meaning(term: &str) -> Meaning {
    let inner = |quote: char| term.strip_prefix(quote)?.strip_suffix(quote).filter(|text| !text.is_empty());
    if let Some(pattern) = inner('/') {
        return Meaning::Pattern(Pattern::regex(pattern));
    }
    if let Some(words) = inner('"') {
        return Meaning::Pattern(Pattern::text(words));
    }
    FieldCond::parse(term).map_or_else(|| Meaning::Pattern(Pattern::text(term)), Meaning::Field)
}

/// What is wrong with a term, for the reader.
pub fn mistake(term: &str) -> Option<String> {
    let error = match meaning(term.trim()) {
        Meaning::Pattern(pattern) => pattern.compile().err(),
        Meaning::Field(cond) => cond.compile().err(),
    };
    error.map(|error| error.why)
}

/// What a term colors; nothing where it is about a field.
pub fn colored(term: &str) -> Option<Compiled> {
    match meaning(term.trim()) {
        Meaning::Pattern(pattern) => pattern.compile().ok(),
        Meaning::Field(_) => None,
    }
}

impl Filters {
    /// What passes.
    pub fn query(&self) -> Query {
        let mut query = Query { level: self.level, since: self.since, until: self.until, ..Query::default() };
        for term in &self.terms {
            match (term.manner, meaning(&term.text)) {
                (Manner::Include, Meaning::Pattern(pattern)) => query.include.push(pattern),
                (Manner::Include, Meaning::Field(cond)) => query.fields.push(cond),
                (Manner::Exclude, Meaning::Pattern(pattern)) => query.exclude.push(pattern),
                (Manner::Exclude, Meaning::Field(cond)) => query.exclude_fields.push(cond),
                (Manner::Highlight, _) => {}
            }
        }
        query
    }

    /// What passes and holds what is looked for; `None` where nothing is.
    pub fn find_query(&self) -> Option<Query> {
        let find = self.find.trim();
        if find.is_empty() {
            return None;
        }
        // There is nothing to see in a gap, though what is missing might hold it.
        let mut query = Query { without_gaps: true, ..self.query() };
        match meaning(find) {
            Meaning::Pattern(pattern) => query.include.push(pattern),
            Meaning::Field(cond) => query.fields.push(cond),
        }
        Some(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(terms: &[(Manner, &str)]) -> Filters {
        let mut filters = Filters::default();
        for (manner, text) in terms {
            filters.add(*manner, text);
        }
        filters
    }

    #[test]
    fn words_patterns_and_fields_are_told_apart() {
        let query = filters(&[
            (Manner::Include, "time out"),
            (Manner::Include, "/a.*b/"),
            (Manner::Include, "status>=500"),
            (Manner::Include, "\"a=b\""),
            (Manner::Exclude, "healthz"),
            (Manner::Exclude, "user=probe"),
            (Manner::Highlight, "x"),
        ])
        .query();
        assert_eq!(query.include, [Pattern::text("time out"), Pattern::regex("a.*b"), Pattern::text("a=b")]);
        assert_eq!(query.exclude, [Pattern::text("healthz")]);
        assert_eq!((query.fields.len(), query.exclude_fields.len()), (1, 1));
    }

    #[test]
    fn a_path_is_no_pattern_and_a_mistake_is_told() {
        assert!(matches!(meaning("/var/log"), Meaning::Pattern(pattern) if !pattern.regex));
        assert!(mistake("/a(b/").is_some());
        assert_eq!(mistake("a(b"), None);
    }

    #[test]
    fn the_same_term_counts_once() {
        assert_eq!(filters(&[(Manner::Include, "a"), (Manner::Include, " a ")]).terms.len(), 1);
    }
}
