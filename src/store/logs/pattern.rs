//! One text or regular expression that lines are searched for.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The memory that a compiled expression may take: what needs more is refused and not run.
const SIZE_LIMIT: usize = 2 << 20;

/// What to look for in a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pattern {
    /// The text as it was typed.
    pub text: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether case counts.
    pub case: Case,
}

/// Whether case counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Only where the text has a capital letter.
    #[default]
    Smart,
    /// Always.
    Sensitive,
    /// Never.
    Insensitive,
}

/// An expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern}: {why}")]
pub struct PatternError {
    /// As it was typed.
    pub pattern: String,
    /// In one line.
    pub why: String,
}

impl Pattern {
    /// Plain text, with smart case.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), regex: false, case: Case::Smart }
    }

    /// A regular expression, with smart case.
    pub fn regex(text: impl Into<String>) -> Self {
        Self { text: text.into(), regex: true, case: Case::Smart }
    }

    /// Compiles it. An expression in ASCII is matched by ASCII's classes and cases, which is much
    /// faster; one with other letters by Unicode's.
    pub fn compile(&self) -> Result<Compiled, PatternError> {
        let text = if self.regex { self.text.clone() } else { regex::escape(&self.text) };
        let insensitive = match self.case {
            Case::Smart => !has_capital(&self.text, self.regex),
            Case::Sensitive => false,
            Case::Insensitive => true,
        };
        let unicode = !self.text.is_ascii() || self.text.contains("\\p") || self.text.contains("\\P");
        let build = |unicode| {
            RegexBuilder::new(&text)
                .case_insensitive(insensitive)
                .multi_line(true)
                .unicode(unicode)
                .size_limit(SIZE_LIMIT)
                .build()
        };
        let regex =
            build(unicode).map_err(|err| PatternError { pattern: self.text.clone(), why: reason(&err) })?;
        Ok(Compiled { whole: !self.regex || runs_over_lines(&self.text), regex })
    }
}

/// A pattern that is ready to run.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(super) regex: Regex,
    /// Whether it may be run over many lines at once.
    pub(super) whole: bool,
}

impl Compiled {
    /// Whether it is found in one line.
    pub fn is_match(&self, line: &str) -> bool {
        self.regex.is_match(line.as_bytes())
    }

    /// Where it is found in one line, as byte ranges on the borders of characters, at most `max`.
    pub fn spans(&self, line: &str, max: usize) -> Vec<Range<usize>> {
        let border = |mut at: usize, up: bool| {
            while !line.is_char_boundary(at) {
                if up { at += 1 } else { at -= 1 }
            }
            at
        };
        let matches = self.regex.find_iter(line.as_bytes()).filter(|found| !found.is_empty());
        matches.take(max).map(|found| border(found.start(), false)..border(found.end(), true)).collect()
    }
}

/// A capital that is meant as a letter: not one of a class such as `\W`.
fn has_capital(text: &str, regex: bool) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let literal = !(regex && escaped);
        escaped = c == '\\' && !escaped;
        literal && c.is_uppercase()
    })
}

/// Whether running over a block of lines finds the same as running over each: not with anchors of
/// the whole text, nor where the expression itself turns the multi-line mode off.
fn runs_over_lines(text: &str) -> bool {
    let anchors = text.contains("\\A") || text.contains("\\z");
    let groups = text.match_indices("(?").any(|(at, _)| {
        let flags = text[at + 2..].split([':', ')']).next().unwrap_or_default();
        flags.contains('-') || flags.contains('R')
    });
    !anchors && !groups
}

/// The last line of a regex error says what is wrong; those before draw where.
fn reason(err: &regex::Error) -> String {
    match err {
        regex::Error::CompiledTooBig(_) => "needs too much memory".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_counts_where_there_is_a_capital() {
        let found = |pattern: Pattern, line: &str| pattern.compile().unwrap().is_match(line);
        assert!(found(Pattern::text("error"), "ERROR"));
        assert!(!found(Pattern::text("Error"), "ERROR"));
        assert!(found(Pattern::regex(r"\Werror"), "[ERROR]"));
        assert!(found(Pattern::text("über"), "ÜBER"));
        assert!(found(Pattern::text("a.b"), "a.b") && !found(Pattern::text("a.b"), "axb"));
    }

    #[test]
    fn a_broken_expression_says_why_in_one_line() {
        let err = Pattern::regex("a(b").compile().unwrap_err();
        assert_eq!(err.to_string(), "a(b: unclosed group");
        let huge = Pattern::regex("((a{100}){100}){100}").compile().unwrap_err();
        assert_eq!(huge.why, "needs too much memory");
    }

    #[test]
    fn spans_stand_on_the_borders_of_characters() {
        let spans = Pattern::regex("n.").compile().unwrap().spans("nä nn", 9);
        assert_eq!(spans, [0..3, 4..6]);
    }
}
