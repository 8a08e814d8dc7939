//! `kind = "http"`: a request, and what its answer must be.

use std::path::PathBuf;

use reqwest::Url;

use super::{Vantage, read_from};
use crate::config::condition;
use crate::config::mistake::Mistake;
use crate::config::scalars::Address;
use crate::config::secret::Secret;
use crate::config::secret_source::PerhapsSecret;
use crate::config::table::Table;
use crate::config::value::{Read, Value, quoted};
use crate::config::words::words;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;

words! {
    /// A request's method.
    Method {
        /// GET.
        Get = "GET",
        /// HEAD.
        Head = "HEAD",
        /// POST.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
        /// DELETE.
        Delete = "DELETE",
        /// OPTIONS.
        Options = "OPTIONS",
    }
}

/// Status codes from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl Statuses {
    /// Whether a status is among them.
    pub const fn contain(self, status: u16) -> bool {
        self.first <= status && status <= self.last
    }
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCheck {
    /// What is asked for.
    pub url: Url,
    /// Where it is asked from.
    pub from: Vec<Vantage>,
    /// Where to connect instead of the URL's own host and port; name and certificate stay the URL's.
    pub connect: Option<Address>,
    /// How it is asked.
    pub method: Method,
    /// Headers to send, in the order of their names.
    pub headers: Vec<(String, Secret)>,
    /// The request's body.
    pub body: Option<String>,
    /// The statuses that are right.
    pub expect: Vec<Statuses>,
    /// What else must hold.
    pub condition: Option<Condition>,
    /// Whether redirects are followed, ten at most.
    pub follow_redirects: bool,
    /// Whether the answer must carry the usual security headers.
    pub security_headers: bool,
    /// Certificates to trust besides the system's, a PEM file.
    pub ca: Option<PathBuf>,
}

impl HttpCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let url = t.need::<Url>("url");
        let from = read_from(t);
        let connect = t.opt("connect");
        let method = t.or("method", Method::Get);
        let headers = read_headers(t);
        let body = t.opt("body");
        let expect = t.or("expect", vec![Statuses { first: 200, last: 299 }]);
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Http, condition.as_ref());
        let follow_redirects = t.or("follow_redirects", true);
        let security_headers = t.or("security_headers", false);
        let ca = t.opt("ca");
        Some(Self {
            url: url?,
            from,
            connect,
            method,
            headers,
            body,
            expect,
            condition,
            follow_redirects,
            security_headers,
            ca,
        })
    }
}

fn read_headers(t: &mut Table<'_>) -> Vec<(String, Secret)> {
    let mut headers = Vec::new();
    for (name, span, value) in t.pairs::<PerhapsSecret>("headers") {
        // RFC 9110, section 5.6.2: a header's name is a token.
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(token) {
            t.report(Mistake::error(span, "this cannot be a header's name"));
        }
        if let (true, Some(span)) = (is_secret(&name), value.literal) {
            t.walk().literal_secret(span);
        }
        headers.push((name, value.secret));
    }
    headers
}

/// Whether a header of this name commonly carries a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "cookie", "token", "secret", "key", "password"].iter().any(|part| name.contains(part))
}

impl Read for Statuses {
    fn expects() -> String {
        "a status such as 200, or a class such as \"2xx\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        if let Some(status) =
            value.integer().and_then(|n| u16::try_from(n).ok()).filter(|n| (100..=599).contains(n))
        {
            return Some(Self { first: status, last: status });
        }
        if let toml::de::DeValue::String(text) = value.raw.get_ref() {
            let class = text.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok());
            if let Some(class) = class.filter(|class| (1..=5).contains(class)) {
                return Some(Self { first: class * 100, last: class * 100 + 99 });
            }
        }
        value.bad(Mistake::error(value.span(), "this is not an HTTP status").help(Self::expects()));
        None
    }
    fn show(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            quoted(&format!("{}xx", self.first / 100))
        }
    }
}
