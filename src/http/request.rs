//! A request, whose secrets no `Debug` shows.

use std::fmt;

use http::{HeaderName, HeaderValue, Method};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::error::HttpError;
use super::redact;

/// A request that was not sent yet.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address; a user and password in it become an `Authorization` header.
    pub url: Url,
    /// Its headers; secret values are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Request {
    /// A `GET`.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HttpError> {
        let name = HeaderName::try_from(name).map_err(|_| HttpError::Request("name of a header"))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| HttpError::Request("value of a header"))?;
        value.set_sensitive(redact::is_secret_header(name.as_str()));
        self.headers.push((name, value));
        Ok(self)
    }

    /// The same with a secret header.
    pub fn secret_header(mut self, name: &str, value: &SecretString) -> Result<Self, HttpError> {
        self = self.header(name, value.expose_secret())?;
        if let Some((_, value)) = self.headers.last_mut() {
            value.set_sensitive(true);
        }
        Ok(self)
    }

    /// The same with a bearer token (RFC 6750).
    pub fn bearer(self, token: &SecretString) -> Result<Self, HttpError> {
        self.secret_header("authorization", &format!("Bearer {}", token.expose_secret()).into())
    }

    /// The same with a body, and the method `POST` where it was `GET`.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        if self.method == Method::GET {
            self.method = Method::POST;
        }
        self
    }

    /// Whether sending it twice does the same as once (RFC 9110, 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// Whether one of its headers is there.
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.as_str().eq_ignore_ascii_case(name))
    }

    /// Basic authentication from the address (RFC 7617), where it has a user and no header says otherwise.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        use base64::Engine as _;
        if self.has("authorization") || (self.url.username().is_empty() && self.url.password().is_none()) {
            return None;
        }
        let plain = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pair =
            format!("{}:{}", plain(self.url.username()), plain(self.url.password().unwrap_or_default()));
        let text = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut value = HeaderValue::try_from(format!("Basic {text}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &redact::url(&self.url))
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let request = Request::get("https://me:hunter2@h.example/?token=abcdef".parse().unwrap())
            .bearer(&"s3cret-token".to_owned().into())
            .and_then(|r| r.header("Cookie", "sid=cookie-value"))
            .and_then(|r| r.header("X-Api-Key", "key-value"))
            .unwrap()
            .body("body-value");
        let shown = format!("{request:?}");
        for secret in ["hunter2", "abcdef", "s3cret-token", "cookie-value", "key-value", "body-value"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(request.method, Method::POST);
    }

    #[test]
    fn a_user_in_the_address_becomes_basic_authentication() {
        let request = Request::get("https://me:p%40ss@h.example/".parse().unwrap());
        assert_eq!(request.basic().unwrap(), "Basic bWU6cEBzcw==");
    }
}
