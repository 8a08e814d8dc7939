//! What a registry asks for before it answers: the challenges of `WWW-Authenticate` (RFC 9110, 11.6.1)
//! that registries use, which are `Basic` and `Bearer`
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use std::collections::BTreeMap;

/// The longest header that is read, in bytes.
const LONGEST: usize = 4096;

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// User and password, with each request.
    Basic,
    /// A token, which another service gives.
    Bearer {
        /// Where it is had.
        realm: String,
        /// For which service.
        service: Option<String>,
        /// For what.
        scope: Option<String>,
    },
}

/// The challenge that is answered, of those in a header: a token where one is asked for.
pub fn read(header: &str) -> Option<Challenge> {
    let header = header.get(..LONGEST).unwrap_or(header);
    let all = schemes(header);
    let bearer = all.iter().find(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if let Some((_, given)) = bearer {
        let text = |name: &str| given.get(name).cloned();
        return Some(Challenge::Bearer {
            realm: text("realm")?,
            service: text("service"),
            scope: text("scope"),
        });
    }
    all.iter().any(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).then_some(Challenge::Basic)
}

type Given = BTreeMap<String, String>;

fn schemes(header: &str) -> Vec<(String, Given)> {
    let mut all: Vec<(String, Given)> = Vec::new();
    let mut rest = header.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after = after.trim_start();
        if let Some(value) = after.strip_prefix('=') {
            let (value, left) = value_of(value.trim_start());
            if let Some((_, given)) = all.last_mut() {
                given.insert(word.to_ascii_lowercase(), value);
            }
            rest = left;
        } else {
            if !word.is_empty() {
                all.push((word.to_owned(), Given::new()));
            }
            rest = after;
        }
        rest = rest.trim_start_matches([' ', ',']);
    }
    all
}

/// A token or a quoted string, and what follows.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_registries_ask_for_is_read() {
        let bearer = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:acme/shop:pull,push""#;
        assert_eq!(
            read(bearer),
            Some(Challenge::Bearer {
                realm: "https://auth.docker.io/token".to_owned(),
                service: Some("registry.docker.io".to_owned()),
                scope: Some("repository:acme/shop:pull,push".to_owned()),
            })
        );
        assert_eq!(read(r#"Basic realm="Registry Realm""#), Some(Challenge::Basic));
        let both = r#"Basic realm="x", Bearer realm="https://a.example/t""#;
        assert!(
            matches!(read(both), Some(Challenge::Bearer { realm, .. }) if realm == "https://a.example/t")
        );
        assert_eq!(read("Negotiate"), None);
        assert_eq!(read("Bearer service=\"x\""), None);
    }

    proptest! {
        #[test]
        fn garbage_ends(header in "[a-zA-Z=\", \\\\é]{0,40}") {
            let _ = read(&header);
        }
    }
}
