//! The fields of a structured line: a JSON object, behind a prefix or not, or logfmt's `key=value`.

use std::borrow::Cow;

use super::json_fields::{all, one};

/// The most fields that are taken from one line.
pub const MAX_FIELDS: usize = 256;

/// The fields of a line in their order, names of nested ones joined with dots (`request.host`).
/// Strings are without their quotes, all else is as JSON writes it. Empty for a line of prose.
pub fn fields(line: &str) -> Vec<(String, String)> {
    if let Some(json) = object(line) {
        return all(json);
    }
    logfmt(line).take(MAX_FIELDS).map(|(key, value)| (key.to_owned(), value.into_owned())).collect()
}

/// One field's value, by its name as [`fields`] writes it.
pub fn field<'a>(line: &'a str, name: &str) -> Option<Cow<'a, str>> {
    match object(line) {
        Some(json) => one(json, name),
        None => logfmt(line).find(|(key, _)| *key == name).map(|(_, value)| value),
    }
}

/// The JSON object that a line is or ends with.
fn object(line: &str) -> Option<&str> {
    let start = memchr::memchr(b'{', line.as_bytes())?;
    let json = line.get(start..)?.trim_end();
    let key = json[1..].trim_start();
    (json.ends_with('}') && (key.starts_with('"') || key == "}")).then_some(json)
}

/// `key=value` and `key="quoted value"`; words without a value are skipped.
fn logfmt(line: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            let equals = memchr::memchr(b'=', rest.as_bytes())?;
            let (before, after) = (&rest[..equals], &rest[equals + 1..]);
            let start = before
                .rfind(|c: char| !is_key(c))
                .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let key = &before[start..];
            // What stands before a key is a space or the line's start: `a?b=c` is part of an address.
            let free = start == 0 || before[..start].ends_with([' ', '\t', ',', ';', '[', '(', '{']);
            let (value, length) = logfmt_value(after);
            if !free || key.is_empty() || after.starts_with('=') {
                rest = after;
                continue;
            }
            rest = &after[length..];
            return Some((key, value));
        }
    })
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | '/')
}

/// The value that a text begins with, and its length there.
fn logfmt_value(text: &str) -> (Cow<'_, str>, usize) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t']).unwrap_or(text.len());
        return (Cow::Borrowed(text[..end].trim_end_matches([',', ';', ']', ')', '}'])), end);
    };
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let raw = &quoted[..at];
                let value =
                    if raw.contains('\\') { raw.replace("\\\"", "\"").into() } else { Cow::Borrowed(raw) };
                return (value, at + 2);
            }
            _ => {}
        }
    }
    (Cow::Borrowed(quoted), text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nested_objects_are_flattened_in_their_order() {
        let line = r#"{"z":1,"request":{"host":"a.b","tls":{"ok":true}},"ids":[1,"x"],"none":null,"f":0.25}"#;
        let all = fields(line);
        let flat: Vec<_> = all.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            flat,
            ["z=1", "request.host=a.b", "request.tls.ok=true", "ids=[1,\"x\"]", "none=null", "f=0.25"]
        );
        for (name, value) in &all {
            assert_eq!(field(line, name).as_deref(), Some(value.as_str()));
        }
        assert_eq!(field(line, "request.port"), None);
        assert_eq!(field(r#"{"a.b":1,"a":{"b":2}}"#, "a.b").as_deref(), Some("1"));
        assert_eq!(field(r#"{"a":"x","a.b":3}"#, "a.b").as_deref(), Some("3"));
    }

    #[test]
    fn json_behind_a_prefix_is_found_and_prose_has_no_fields() {
        assert_eq!(field(r#"2026-11-20 INFO done {"status": 500}"#, "status").as_deref(), Some("500"));
        assert!(fields("nothing here {really}").is_empty());
    }

    #[test]
    fn logfmt_is_read_with_quotes_and_without() {
        let line = r#"ts=1 level=info msg="it \"works\"" url=/a?b=c took=3ms, x==y"#;
        let flat: Vec<_> = fields(line).into_iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(flat, ["ts=1", "level=info", "msg=it \"works\"", "url=/a?b=c", "took=3ms"]);
    }

    #[test]
    fn the_number_of_fields_and_the_depth_are_bounded() {
        let many: Vec<_> = (0..1000).map(|n| format!("\"k{n}\":{n}")).collect();
        assert_eq!(fields(&format!("{{{}}}", many.join(","))).len(), MAX_FIELDS);
        let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
        assert_eq!(fields(&deep).len(), 1);
        let abyss = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        assert!(fields(&abyss).is_empty() && field(&abyss, "a.a").is_none());
    }

    proptest! {
        #[test]
        fn garbage_never_panics(line in "\\PC*|[{}\"=:,\\\\a1 \\[\\]ä]*", name in "[a.]{0,4}") {
            let _ = (fields(&line), field(&line, &name));
        }
    }
}
