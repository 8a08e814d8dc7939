//! All mistakes of a configuration as text: file, line, column, the offending text underlined. The
//! source that it keeps for that has its secrets blotted out.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::mistake::{Mistake, Severity, Span};
use crate::domain::text::clean;

/// How many mistakes are shown in full.
const MOST: usize = 50;

/// The mistakes, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    name: String,
    source: String,
    mistakes: Vec<Mistake>,
}

impl Report {
    /// A report on the source that is called `name` (a path); `masks` are blotted out of it.
    pub(super) fn new(name: &str, source: &str, masks: &[Span], mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|it| (it.span.start, it.span.end));
        mistakes.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        for it in &mut mistakes {
            it.message = clean(&it.message).into_owned();
            it.label = it.label.as_deref().map(|text| clean(text).into_owned());
            it.help = it.help.as_deref().map(|text| clean(text).into_owned());
        }
        Self { name: clean(name).into_owned(), source: blot(source, masks), mistakes }
    }

    /// The mistakes.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// How many mistakes make it unusable.
    pub fn errors(&self) -> usize {
        self.mistakes.iter().filter(|it| it.severity == Severity::Error).count()
    }

    /// Line and column of a byte of the source, both from 1; columns are characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let before = self.source.get(..at).unwrap_or(&self.source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// One line a mistake: `config.toml:3:1: unknown key …`, for a status line or a log.
    pub fn lines(&self) -> Vec<String> {
        let line = |it: &Mistake| {
            let (line, column) = self.position(it.span.start);
            let label = it.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
            format!("{}:{line}:{column}: {}{label}", self.name, it.message)
        };
        self.mistakes.iter().map(line).collect()
    }

    /// Every mistake with the lines it is on, the offending text underlined; colored where a
    /// terminal takes it, otherwise plain ASCII around the source's own text.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for it in self.mistakes.iter().take(MOST) {
            text.push_str(&renderer.render(&[self.group(it)]));
            text.push_str("\n\n");
        }
        if let Some(more @ 1..) = self.mistakes.len().checked_sub(MOST) {
            text.extend(["and ", &more.to_string(), " more\n\n"]);
        }
        text.push_str(&self.summary());
        text.push('\n');
        text
    }

    /// `config.toml: 2 mistakes`.
    pub fn summary(&self) -> String {
        let count = |n: usize, word: &str| match n {
            1 => format!("1 {word}"),
            _ => format!("{n} {word}s"),
        };
        let (errors, all) = (self.errors(), self.mistakes.len());
        match (errors, all - errors) {
            (0, 0) => format!("{}: no mistakes", self.name),
            (_, 0) => format!("{}: {}", self.name, count(errors, "mistake")),
            (0, warnings) => format!("{}: {}", self.name, count(warnings, "warning")),
            (_, warnings) => {
                format!("{}: {}, {}", self.name, count(errors, "mistake"), count(warnings, "warning"))
            }
        }
    }

    fn group<'r>(&'r self, it: &'r Mistake) -> annotate_snippets::Group<'r> {
        let level = match it.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mark = AnnotationKind::Primary.span(self.within(&it.span)).label(it.label.as_deref());
        let mut snippet = Snippet::source(&self.source).path(&self.name).annotation(mark);
        if let Some((span, label)) = &it.related {
            snippet = snippet.annotation(AnnotationKind::Context.span(self.within(span)).label(label));
        }
        let group = level.primary_title(&it.message).element(snippet);
        match &it.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        }
    }

    /// A span that lies in the source, on the borders of characters.
    fn within(&self, span: &Span) -> Span {
        let border =
            |at: usize| (0..=at.min(self.source.len())).rev().find(|at| self.source.is_char_boundary(*at));
        let start = border(span.start).unwrap_or(0);
        start..border(span.end).unwrap_or(start).max(start)
    }
}

/// The source with some parts as asterisks, byte for byte, lines kept.
fn blot(source: &str, masks: &[Span]) -> String {
    let mut text = source.to_owned();
    for mask in masks {
        if let Some(part) = source.get(mask.clone()) {
            let stars: String = part
                .chars()
                .flat_map(|c| std::iter::repeat_n(if c == '\n' { '\n' } else { '*' }, c.len_utf8()))
                .collect();
            text.replace_range(mask.clone(), &stars);
        }
    }
    text
}
