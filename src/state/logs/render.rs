//! The text of a line as the screen shows it: JSON as its sentence and its fields, all else as it
//! came. Only lines on the screen are ever rendered.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::line::fields::fields;
use crate::domain::text::clean;

/// The names under which programs write the sentence of a record, the surest first.
const MESSAGE: &[&str] = &["msg", "message", "MESSAGE", "log", "event", "error", "err"];
/// The names of what a screen shows in columns of its own.
const KNOWN: &[&str] =
    &["time", "timestamp", "ts", "@timestamp", "t", "level", "lvl", "severity", "levelname", "@version"];

/// How many bytes may stand before a line's JSON.
const MOST_BEFORE: usize = 80;

/// What is shown of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// The bytes of it that are names of fields.
    pub names: Vec<Range<usize>>,
}

/// Renders a line; `raw` leaves JSON as it came.
pub fn render(line: &str, raw: bool) -> Rendered<'_> {
    let plain = Rendered { text: Cow::Borrowed(line), names: Vec::new() };
    // JSON may stand behind a word or two: a program's name in a journal, a time.
    let json = line.find("{\"").filter(|at| !raw && line.ends_with('}') && *at <= MOST_BEFORE);
    let Some(start) = json else { return plain };
    let (before, json) = line.split_at(start);
    let fields = fields(json);
    let message = MESSAGE
        .iter()
        .find_map(|name| fields.iter().position(|(held, value)| held == name && !value.is_empty()));
    let mut text = before.to_owned();
    if let Some((_, message)) = message.and_then(|at| fields.get(at)) {
        text.push_str(&clean(message));
    }
    let mut names = Vec::new();
    for (at, (name, value)) in fields.iter().enumerate() {
        if Some(at) == message || KNOWN.contains(&name.as_str()) {
            continue;
        }
        if text.len() > before.len() {
            text.push_str("  ");
        }
        let start = text.len();
        text.push_str(&clean(name));
        text.push('=');
        names.push(start..text.len());
        text.push_str(&value_text(value));
    }
    if text.len() == before.len() { plain } else { Rendered { text: Cow::Owned(text), names } }
}

/// A value in one harmless line, in quotes where it is not one word.
pub fn value_text(value: &str) -> String {
    let bare = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '=');
    let json = value.starts_with(['[', '{']);
    if bare || json { clean(value).into_owned() } else { format!("\"{}\"", clean(value)) }
}

/// How many rows of `width` cells a text takes, at least one.
pub fn rows_of(text: &str, width: usize) -> usize {
    // A text of that few bytes has no more cells.
    if text.len() <= width { 1 } else { breaks(text, width).len() }
}

/// Where the rows of `width` cells begin, in bytes; the first is zero.
pub fn breaks(text: &str, width: usize) -> Vec<usize> {
    let width = width.max(2);
    let mut starts = vec![0];
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let cells = grapheme.width();
        if used + cells > width {
            starts.push(at);
            used = 0;
        }
        used += cells;
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_reads_as_a_sentence_and_its_fields() {
        let line = render(r#"{"level":"warn","msg":"slow","status":200,"by":"a b","u":{"id":7}}"#, false);
        assert_eq!(line.text, "slow  status=200  by=\"a b\"  u.id=7");
        assert_eq!(&line.text[line.names[0].clone()], "status=");
        assert_eq!(render(r#"drafts: {"msg":"slow","n":1}"#, false).text, "drafts: slow  n=1");
        assert_eq!(render("{x}", false).text, "{x}");
        assert_eq!(render(r#"{"a":1}"#, true).text, r#"{"a":1}"#);
        assert_eq!(render(r#"{"level":"info"}"#, false).text, r#"{"level":"info"}"#);
    }

    #[test]
    fn what_json_hides_is_harmless_too() {
        assert_eq!(render(r#"{"msg":"\u001b[31mred\nnext"}"#, false).text, "␛[31mred␊next");
    }

    proptest! {
        #[test]
        fn rows_are_never_wider_than_the_screen_and_lose_nothing(
            text in "[a-z漢é ]{0,80}",
            width in 2usize..30,
        ) {
            let starts = breaks(&text, width);
            prop_assert_eq!(starts.len(), rows_of(&text, width));
            let ends = starts.iter().skip(1).copied().chain([text.len()]);
            let rows: Vec<&str> = starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect();
            prop_assert!(rows.iter().all(|row| row.width() <= width));
            prop_assert_eq!(rows.concat(), text);
        }
    }
}
