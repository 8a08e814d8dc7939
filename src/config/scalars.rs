//! Single values with a form of their own: intervals, addresses, URLs, paths on a server.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use super::mistake::Mistake;
use super::value::{Read, Value, quoted};

/// The shortest interval: more often would load the server for nothing that an eye can follow.
const SHORTEST: Duration = Duration::from_millis(250);

/// How often something is done, at least a quarter of a second apart.
pub(super) struct Interval(pub(super) Duration);

impl Read for Interval {
    fn expects() -> String {
        Duration::expects()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let every = Duration::read(value)?;
        if every < SHORTEST {
            value.bad(Mistake::error(value.span(), "the interval is too short").label("at least \"250ms\""));
            return None;
        }
        Some(Self(every))
    }
    fn show(&self) -> String {
        self.0.show()
    }
}

/// An absolute path on a server.
pub(super) struct RemotePath(pub(super) String);

impl Read for RemotePath {
    fn expects() -> String {
        "an absolute path on the server".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let path = String::read(value)?;
        if !path.starts_with('/') {
            value.bad(Mistake::error(value.span(), "a path on a server starts with `/`"));
            return None;
        }
        Some(Self(path))
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}

/// The path of a request, with its query.
pub(super) struct UrlPath(pub(super) String);

impl Read for UrlPath {
    fn expects() -> String {
        "the path of a request, such as \"/health\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let path = String::read(value)?;
        let plain = |c: char| c.is_ascii_graphic() && c != '#';
        if !path.starts_with('/') || !path.chars().all(plain) {
            value
                .bad(Mistake::error(value.span(), "this is not the path of a request").help(Self::expects()));
            return None;
        }
        Some(Self(path))
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}

impl Read for Url {
    fn expects() -> String {
        "a URL such as \"https://shop.example/healthz\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        let url = match text.parse::<Self>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            Ok(_) => {
                value.bad(Mistake::error(value.span(), "a URL here starts with http:// or https://"));
                return None;
            }
            Err(why) => {
                value.bad(Mistake::error(value.span(), format!("this is not a URL: {why}")));
                return None;
            }
        };
        if url.password().is_some() {
            value.walk.mask(value.span());
            value.bad(
                Mistake::error(value.span(), "a password in a URL ends up in messages")
                    .help("take it out and send it as a header: headers.Authorization = { env = \"…\" }"),
            );
            return None;
        }
        Some(url)
    }
    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A name or an IP address, IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Reads `host:port` and `[v6]:port`.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().ok().map(|_| v6)?,
            None if host.contains([':', '[', ']', '/', '@']) => return None,
            None => host,
        };
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let plain = !host.is_empty() && !host.chars().any(|c| c.is_whitespace() || c.is_control());
        plain.then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        f.pad(&format!("{open}{}{close}:{}", self.host, self.port))
    }
}

impl Read for Address {
    fn expects() -> String {
        "\"host:port\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        let address = Self::parse(&text);
        if address.is_none() {
            value.bad(
                Mistake::error(value.span(), "this is not \"host:port\"")
                    .help("with a port from 1 to 65535; an IPv6 address in brackets, as in \"[::1]:443\""),
            );
        }
        address
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_what_they_write() {
        for text in ["shop.example:443", "127.0.0.1:80", "[::1]:5432"] {
            assert_eq!(Address::parse(text).map(|a| a.to_string()).as_deref(), Some(text));
        }
        for text in
            ["shop.example", "shop.example:0", "shop.example:70000", "::1:80", ":80", "http://x:80", "a b:1"]
        {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
