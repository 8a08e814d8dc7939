//! One mistake in a configuration: where, what, and what would be right. Rendering is in `report`.

use std::ops::Range;

use crate::domain::text::shorten;

/// A part of the source, in bytes.
pub type Span = Range<usize>;

/// A user's text for a message: its first line, forty characters of it at most. Where a quote is
/// missing, a text goes on over lines that hold who knows what.
pub(super) fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short = shorten(line, 40);
    if line.len() < text.trim_end().len() && !short.ends_with('…') {
        format!("{short}…")
    } else {
        short.into_owned()
    }
}

/// Whether a configuration with it can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but says something other than was probably meant.
    Warning,
}

/// One mistake. Lower-case, no final dot, free of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// How bad.
    pub severity: Severity,
    /// The offending text.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// A few words under the offending text.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Another place that belongs to it, with a few words.
    pub related: Option<(Span, String)>,
}

impl Mistake {
    /// A mistake that makes the configuration unusable.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span,
            message: message.into(),
            label: None,
            help: None,
            related: None,
        }
    }

    /// The same, as something that only looks wrong.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same with words under the offending text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another place that belongs to it.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }
}
