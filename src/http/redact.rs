//! Taking secrets out of what is shown of a request: addresses, headers.

use reqwest::Url;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Parts of names of query parameters, headers and fields whose values are secret.
const SECRET_WORDS: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "api-key",
    "api_key",
    "auth",
    "sig",
    "session",
    "credential",
    "private",
];

/// Whether a header's value must not be shown.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "cookie" | "set-cookie" | "authorization" | "proxy-authorization")
        || is_secret_word(&name)
}

/// Whether a parameter's value must not be shown.
pub fn is_secret_word(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "key" || name == "code" || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// An address without its user's name and password, and with the values of secret parameters masked.
/// The fragment is left out: it is never sent.
pub fn url(url: &Url) -> String {
    let mut shown = url.clone();
    if !shown.username().is_empty() || shown.password().is_some() {
        // Both only fail for addresses without a host, which have no user either.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
    }
    shown.set_fragment(None);
    if shown.query().is_some() {
        let pairs: Vec<String> = url.query().unwrap_or_default().split('&').map(pair).collect();
        shown.set_query(Some(&pairs.join("&")));
    }
    crate::domain::text::clean(shown.as_str()).into_owned()
}

fn pair(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    // A name in percent encoding is read as the server reads it.
    let plain = reqwest::Url::parse(&format!("x:?{name}"))
        .ok()
        .and_then(|it| it.query_pairs().next().map(|(name, _)| name.into_owned()))
        .unwrap_or_else(|| name.to_owned());
    if is_secret_word(&plain) && !value.is_empty() { format!("{name}={MASK}") } else { pair.to_owned() }
}

/// A text of any kind with every occurrence of the given secrets masked. Secrets of fewer than four
/// characters are left: masking each `a` of a text tells more than it hides.
pub fn text<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    secrets
        .into_iter()
        .filter(|secret| secret.len() >= 4)
        .fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        url(&text.parse().unwrap())
    }

    #[test]
    fn users_passwords_and_tokens_are_masked() {
        assert_eq!(shown("https://me:hunter2@shop.example/a?b=c#x"), "https://shop.example/a?b=c");
        assert_eq!(
            shown("https://shop.example/?page=2&access_token=abc&X-Amz-Signature=def&key=k"),
            "https://shop.example/?page=2&access_token=***&X-Amz-Signature=***&key=***"
        );
        assert_eq!(shown("https://shop.example/?to%6Ben=abc"), "https://shop.example/?to%6Ben=***");
    }

    #[test]
    fn secret_headers_are_known_by_name() {
        for name in ["Authorization", "cookie", "X-Api-Key", "X-Auth-Token", "PRIVATE-TOKEN"] {
            assert!(is_secret_header(name), "{name}");
        }
        for name in ["accept", "user-agent", "x-request-id"] {
            assert!(!is_secret_header(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_password_survives(user in "[a-z]{1,8}", password in "[A-Z0-9]{6,20}", path in "[a-z/]{0,10}") {
            let shown = shown(&format!("https://{user}:{password}@h.example/{path}?token={password}"));
            prop_assert!(!shown.contains(&password), "{}", shown);
        }
    }
}
