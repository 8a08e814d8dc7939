//! What is wrong with a condition, and where.

use std::ops::Range;

use thiserror::Error;

/// The first mistake in a condition.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at column {column}: {message}{}", .nearest.as_deref().map(|name| format!(", did you mean {name}?")).unwrap_or_default())]
pub struct ConditionError {
    /// The bytes of the text that it is about, for underlining; empty at the end of the text.
    pub span: Range<usize>,
    /// The first of them as a column: characters, from 1.
    pub column: usize,
    /// What is wrong, lower-case, no final dot.
    pub message: String,
    /// The nearest word that would be right, where one is near.
    pub nearest: Option<String>,
}

impl ConditionError {
    pub(super) fn new(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let column = text.get(..span.start).map_or(0, |before| before.chars().count()) + 1;
        Self { span, column, message: message.into(), nearest: None }
    }

    /// The same with the candidate that is nearest to what was written, where one is near enough.
    pub(super) fn near<'a>(mut self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = candidates
            .into_iter()
            .map(|name| (strsim::jaro_winkler(word, name), name))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name.to_owned());
        self
    }
}
