//! A URL that is a secret where it holds a password.

use reqwest::Url;
use secrecy::ExposeSecret;

use crate::config::mistake::Mistake;
use crate::config::secret::Secret;
use crate::config::secret_source::PerhapsSecret;
use crate::config::value::{Read, Value};

/// A database's URL. The scheme is known where it stands in the configuration itself.
pub(super) struct SecretUrl {
    pub(super) secret: Secret,
    pub(super) scheme: Option<String>,
}

impl Read for SecretUrl {
    fn expects() -> String {
        "a URL, or where it comes from: { env = … }, { file = … }, { keyring = \"service/user\" }, { command = […] }"
            .to_owned()
    }

    fn read(value: Value<'_>) -> Option<Self> {
        let PerhapsSecret { secret, literal } = PerhapsSecret::read(value)?;
        let (Secret::Literal(text), Some(span)) = (&secret, literal) else {
            return Some(Self { secret, scheme: None });
        };
        let Ok(url) = text.expose_secret().parse::<Url>() else {
            // What cannot be read may be a password with a wrong character in it.
            value.walk.literal_secret(span.clone());
            value.bad(Mistake::error(span, "this is not a URL"));
            return None;
        };
        if url.password().is_some() || url.query().is_some_and(|query| query.contains("password=")) {
            value.walk.literal_secret(span);
        }
        let scheme = Some(url.scheme().to_owned());
        Some(Self { secret, scheme })
    }

    fn show(&self) -> String {
        self.secret.show()
    }
}
