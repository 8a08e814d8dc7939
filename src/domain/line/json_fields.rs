//! The fields of a JSON object without a tree of it: all into a list, or one out of the text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::MAX_FIELDS;

/// Objects within objects deeper than this are one field with their JSON as its value.
const MAX_DEPTH: usize = 8;

/// The fields of an object in their order.
pub(super) fn all(json: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut de = serde_json::Deserializer::from_str(json);
    let flatten = Flatten { prefix: "", depth: 0, out: &mut out };
    // Garbage behind valid fields takes nothing from what was read before it.
    let _ = flatten.deserialize(&mut de);
    out
}

/// One field's value, by its name with dots.
pub(super) fn one<'a>(json: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut found = None;
    let mut de = serde_json::Deserializer::from_str(json);
    let _ = Find { rest: name, found: &mut found }.deserialize(&mut de);
    found
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
