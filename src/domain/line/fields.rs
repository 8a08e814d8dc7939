//! The fields of a structured line: a JSON object, behind a prefix or not, or logfmt's `key=value`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most fields that are taken from one line.
pub const MAX_FIELDS: usize = 256;
/// Objects within objects deeper than this are one field with their JSON as its value.
const MAX_DEPTH: usize = 8;

/// The fields of a line in their order, names of nested ones joined with dots (`request.host`).
/// Strings are without their quotes, all else is as JSON writes it. Empty for a line of prose.
pub fn fields(line: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if let Some(json) = object(line) {
        let mut de = serde_json::Deserializer::from_str(json);
        let flatten = Flatten { prefix: "", depth: 0, out: &mut out };
        // Garbage behind valid fields takes nothing from what was read before it.
        let _ = flatten.deserialize(&mut de);
    } else {
        out.extend(logfmt(line).take(MAX_FIELDS).map(|(key, value)| (key.to_owned(), value.into_owned())));
    }
    out
}

/// One field's value, by its name as [`fields`] writes it.
pub fn field<'a>(line: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let Some(json) = object(line) else {
        return logfmt(line).find(|(key, _)| *key == name).map(|(_, value)| value);
    };
    let mut found = None;
    let mut de = serde_json::Deserializer::from_str(json);
    let _ = Find { rest: name, found: &mut found }.deserialize(&mut de);
    found
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

/// Reads an object's fields into a list.
struct Flatten<'o> {
    prefix: &'o str,
    depth: usize,
    out: &'o mut Vec<(String, String)>,
}

impl Flatten<'_> {
    fn push<E: serde::de::Error>(self, value: String) -> Result<(), E> {
        if self.out.len() >= MAX_FIELDS {
            return Err(E::custom("enough"));
        }
        self.out.push((self.prefix.to_owned(), value));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Flatten<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        de.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flatten<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: serde::de::Error>(self, v: bool) -> Result<(), E> {
        self.push(v.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<(), E> {
        self.push(v.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<(), E> {
        self.push(v.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<(), E> {
        self.push(v.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<(), E> {
        self.push(v.to_owned())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.push("null".to_owned())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut all = Vec::new();
        while let Some(value) = seq.next_element::<serde_json::Value>()? {
            all.push(value);
        }
        self.push(serde_json::Value::from(all).to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.depth >= MAX_DEPTH {
            let mut all = serde_json::Map::new();
            while let Some((key, value)) = map.next_entry()? {
                all.insert(key, value);
            }
            return self.push(serde_json::Value::from(all).to_string());
        }
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let name =
                if self.prefix.is_empty() { key.into_owned() } else { format!("{}.{key}", self.prefix) };
            map.next_value_seed(Flatten { prefix: &name, depth: self.depth + 1, out: self.out })?;
        }
        Ok(())
    }
}

/// Looks for one field and stops there.
struct Find<'a, 'n, 'o> {
    rest: &'n str,
    found: &'o mut Option<Cow<'a, str>>,
}

impl<'a: 'de, 'de: 'a> DeserializeSeed<'de> for Find<'a, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        de.deserialize_any(self)
    }
}

impl<'a: 'de, 'de: 'a> Visitor<'de> for Find<'a, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            if key == self.rest {
                *self.found = Some(map.next_value::<Scalar<'de>>()?.0);
                return Err(A::Error::custom("found"));
            }
            match self.rest.strip_prefix(&*key).and_then(|rest| rest.strip_prefix('.')) {
                Some(rest) => map.next_value_seed(Maybe(Find { rest, found: self.found }))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A nested object to look into, or anything else to pass over.
struct Maybe<'a, 'n, 'o>(Find<'a, 'n, 'o>);

impl<'a: 'de, 'de: 'a> DeserializeSeed<'de> for Maybe<'a, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        de.deserialize_any(self)
    }
}

impl<'a: 'de, 'de: 'a> Visitor<'de> for Maybe<'a, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        de.deserialize_str(Borrowing).map(Self)
    }
}

/// A value as text: a string without its quotes, all else as JSON writes it.
struct Scalar<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        de.deserialize_any(Borrowing).map(Self)
    }
}

struct Borrowing;

impl<'de> Visitor<'de> for Borrowing {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }

    fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if v { "true" } else { "false" }))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(v.to_string().into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        Ok(v.to_string().into())
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(v.to_string().into())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = seq.next_element::<serde_json::Value>()? {
            all.push(value);
        }
        Ok(serde_json::Value::from(all).to_string().into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = serde_json::Map::new();
        while let Some((key, value)) = map.next_entry()? {
            all.insert(key, value);
        }
        Ok(serde_json::Value::from(all).to_string().into())
    }
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
