//! What an attempt read, as a condition asks for it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value as Json;

use crate::domain::condition::{Facts, Field, Lookup, Segment, Value, json_path};

/// What was read; what a kind of check does not read stays empty.
#[derive(Default)]
pub struct Seen<'a> {
    /// The status code.
    pub status: Option<u16>,
    /// How long it took.
    pub latency: Option<Duration>,
    /// Text that may be JSON: a body, or a command's output.
    pub text: Option<Text<'a>>,
    /// Whether that text is a command's output.
    pub is_output: bool,
    /// Headers.
    pub headers: Option<&'a HeaderMap>,
    /// Days until the certificate ends.
    pub cert_days_left: Option<i64>,
    /// A value.
    pub value: Option<f64>,
    /// An exit code.
    pub exit: Option<u32>,
    /// Figures by name, in place of JSON in a text.
    pub figures: Option<Json>,
    /// Figures that were asked for and not given, each with its reason.
    pub refused: BTreeMap<&'static str, String>,
    /// The text as JSON, read when it is first asked for.
    pub(super) parsed: OnceCell<Option<Json>>,
}

/// A text as far as it was kept.
pub struct Text<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Whether it went on.
    pub truncated: bool,
}

impl<'a> Text<'a> {
    /// From bytes, bad ones replaced.
    pub fn new(bytes: &'a [u8], truncated: bool) -> Self {
        Self { text: String::from_utf8_lossy(bytes), truncated }
    }
}

impl Seen<'_> {
    fn text(&self) -> Lookup<'_> {
        match &self.text {
            None => Lookup::Absent,
            Some(text) if text.truncated => too_long(text),
            Some(text) if self.is_output => Lookup::Value(Value::Text(Cow::Borrowed(text.text.trim_end()))),
            Some(text) => Lookup::Value(Value::Text(Cow::Borrowed(&text.text))),
        }
    }

    /// Why the figure that a path begins with was not given.
    fn refusal(&self, path: &[Segment]) -> Option<&str> {
        let Some(Segment::Key(name)) = path.first() else { return None };
        self.refused.get(name.as_str()).map(String::as_str)
    }

    fn json(&self) -> Result<&Json, Lookup<'_>> {
        if let Some(figures) = &self.figures {
            return Ok(figures);
        }
        let Some(text) = &self.text else { return Err(Lookup::Absent) };
        if text.truncated {
            return Err(too_long(text));
        }
        self.parsed.get_or_init(|| serde_json::from_str(&text.text).ok()).as_ref().ok_or(Lookup::Absent)
    }
}

fn too_long<'a>(text: &Text<'_>) -> Lookup<'a> {
    Lookup::Unread(format!("it is longer than {} bytes", text.text.len()))
}

impl Facts for Seen<'_> {
    fn look(&self, field: &Field) -> Lookup<'_> {
        let number = |n: Option<f64>| n.map_or(Lookup::Absent, |n| Lookup::Value(Value::Number(n)));
        match field {
            Field::Status => number(self.status.map(f64::from)),
            Field::Latency => self.latency.map_or(Lookup::Absent, |it| Lookup::Value(Value::Duration(it))),
            Field::Body if !self.is_output => self.text(),
            Field::Output if self.is_output => self.text(),
            Field::Body | Field::Output => Lookup::Absent,
            Field::Json(path) if self.refusal(path).is_some() => {
                Lookup::Unread(self.refusal(path).unwrap_or_default().to_owned())
            }
            Field::Json(path) => match self.json() {
                Ok(json) => json_path(json, path),
                Err(lookup) => lookup,
            },
            Field::Header(name) => match self.headers.and_then(|headers| headers.get(name)) {
                Some(value) => Lookup::Value(Value::Text(String::from_utf8_lossy(value.as_bytes()))),
                None => Lookup::Absent,
            },
            Field::CertDaysLeft => number(self.cert_days_left.map(|days| days as f64)),
            Field::Value => number(self.value),
            Field::Exit => number(self.exit.map(f64::from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::condition::{Condition, GapKind, Truth};

    fn judge(text: &str, seen: &Seen<'_>) -> Truth {
        text.parse::<Condition>().unwrap().judge(seen)
    }

    #[test]
    fn a_body_that_is_not_json_has_no_fields() {
        let seen = Seen { text: Some(Text::new(b"<html>", false)), ..Seen::default() };
        let Truth::Unknown(gap) = judge("json.up", &seen) else { panic!("judged") };
        assert_eq!(gap.kind, GapKind::Absent);
    }

    #[test]
    fn what_was_cut_is_not_judged() {
        let seen = Seen { text: Some(Text::new(b"{\"up\":tr", true)), ..Seen::default() };
        for text in ["json.up", "body contains \"x\""] {
            let Truth::Unknown(gap) = judge(text, &seen) else { panic!("judged") };
            assert_eq!(gap.kind, GapKind::Unread, "{text}");
        }
    }

    #[test]
    fn output_is_trimmed_at_its_end() {
        let text = Some(Text::new(b"ok\n", false));
        assert_eq!(
            judge("output == \"ok\"", &Seen { text, is_output: true, ..Seen::default() }),
            Truth::True
        );
    }
}
