//! The proxy before an app, as far as a deploy switches it: a small file that names where requests
//! go, which the proxy's own configuration includes, and how the proxy is told to read it again.
//!
//! A file survives the proxy's restart, which a change by its API alone would not.

use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::line::access::AccessFormat;

/// Which proxy it is: what its file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyKind {
    /// Caddy: a line for inside `reverse_proxy`, by `import`; read again through the admin API.
    Caddy,
    /// nginx: an `upstream` block, by `include`.
    Nginx,
    /// Traefik: a file of its file provider, which watches it.
    Traefik,
}

impl ProxyKind {
    /// Its word, as the configuration writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Caddy => "caddy",
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
        }
    }

    /// How its configuration is tested before it is read again; empty where reading is a test itself.
    pub fn test(self) -> Vec<String> {
        match self {
            Self::Nginx => ["sudo", "-n", "nginx", "-t"].map(str::to_owned).to_vec(),
            // Caddy's admin API refuses what is wrong and keeps what it has; Traefik has no test.
            Self::Caddy | Self::Traefik => Vec::new(),
        }
    }

    /// How it is told to read it again; empty where it watches the file.
    pub fn reload(self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Caddy => &["caddy", "reload", "--config", "/etc/caddy/Caddyfile"],
            Self::Nginx => &["sudo", "-n", "nginx", "-s", "reload"],
            Self::Traefik => &[],
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// What its access log is written in, where that is read.
    pub const fn log_format(self) -> Option<AccessFormat> {
        match self {
            Self::Caddy => Some(AccessFormat::Caddy),
            Self::Nginx => Some(AccessFormat::Nginx),
            Self::Traefik => None,
        }
    }

    /// Whether what it answers where an app is in maintenance is in words of its own, and cannot be ours.
    pub const fn has_own_words(self) -> bool {
        matches!(self, Self::Traefik)
    }

    /// How long it may go on sending to where it sent before, once it was told.
    pub const fn settles(self) -> Duration {
        match self {
            Self::Caddy => Duration::from_millis(200),
            Self::Nginx => Duration::from_millis(500),
            // `providersThrottleDuration` is two seconds by default.
            Self::Traefik => Duration::from_secs(3),
        }
    }
}

/// The proxy before an app, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// Which.
    pub kind: ProxyKind,
    /// The service that it sends requests to.
    pub service: String,
    /// The port in its containers.
    pub port: u16,
    /// Two ports of the server's loopback address, of which each release takes the one that is free;
    /// `None` where the proxy is on a network with the containers and asks them by their names.
    pub ports: Option<[u16; 2]>,
    /// The file that is written, an absolute path on the server.
    pub file: String,
    /// The name of the upstream in that file, where the kind has names.
    pub upstream: String,
    /// The command that tests the configuration; empty for none.
    pub test: Vec<String>,
    /// The command that makes the proxy read it again; empty where it does so by itself.
    pub reload: Vec<String>,
    /// How long what is under way may take to come to its end in containers that get no new requests.
    pub drain: Duration,
    /// Its access log of this app, an absolute path on the server.
    pub log: Option<String>,
    /// An address of the app at this proxy, by which it is seen what visitors get.
    #[serde(default)]
    pub site: Option<String>,
    /// Where Caddy's admin endpoint is, as its own configuration writes it.
    #[serde(default = "admin")]
    pub admin: String,
}

/// Where Caddy's admin endpoint is where nothing else is said.
pub fn admin() -> String {
    "localhost:2019".to_owned()
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Host and port.
    pub address: String,
    /// Its share against the others'; none where it is 0.
    pub weight: u16,
}

impl Proxy {
    /// The address of a container: by the port it has on the server, or by its name.
    pub fn address(&self, container: &str, published: Option<u16>) -> String {
        match published {
            Some(port) => format!("127.0.0.1:{port}"),
            None => format!("{container}:{}", self.port),
        }
    }

    /// The file's text. Caddy's Caddyfile: a `to` line for `reverse_proxy`, where the weights are by
    /// repetition, since 2.6 has no policy by weight; nginx: `ngx_http_upstream_module`; Traefik: the
    /// file provider's `http.services`, with `weighted` where weights differ.
    pub fn text(&self, backends: &[Backend]) -> String {
        let backends: Vec<&Backend> = backends.iter().filter(|it| it.weight > 0).collect();
        let part = backends.iter().map(|it| it.weight).reduce(divisor).unwrap_or(1);
        let weighed = || backends.iter().map(|it| (&it.address, it.weight / part));
        let mut text =
            "# Written by midwatch at each deploy; changes here are lost at the next.\n".to_owned();
        // Writing to a string cannot fail.
        let _ = match self.kind {
            ProxyKind::Caddy => {
                let all = weighed()
                    .flat_map(|(address, weight)| std::iter::repeat_n(address.as_str(), usize::from(weight)));
                writeln!(text, "to {}", all.collect::<Vec<_>>().join(" "))
            }
            ProxyKind::Nginx => {
                let servers = weighed().fold(String::new(), |all, (address, weight)| {
                    let weight = if weight == 1 { String::new() } else { format!(" weight={weight}") };
                    all + &format!("    server {address}{weight};\n")
                });
                writeln!(text, "upstream {} {{\n{servers}}}", self.upstream)
            }
            ProxyKind::Traefik => writeln!(text, "{}", self.traefik(&weighed().collect::<Vec<_>>())),
        };
        text
    }

    fn traefik(&self, backends: &[(&String, u16)]) -> String {
        let name = &self.upstream;
        let servers = |some: &[(&String, u16)]| {
            let urls = some.iter().map(|(address, _)| format!("          - url: \"http://{address}\"\n"));
            format!("      loadBalancer:\n        servers:\n{}", urls.collect::<String>())
        };
        let even = backends.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let mut text = format!("http:\n  services:\n    {name}:\n");
        if even {
            return text + servers(backends).trim_end();
        }
        text.push_str("      weighted:\n        services:\n");
        for (n, (_, weight)) in backends.iter().enumerate() {
            let _ = write!(text, "          - name: {name}-{n}\n            weight: {weight}\n");
        }
        for (n, backend) in backends.iter().enumerate() {
            let _ = write!(text, "    {name}-{n}:\n{}", servers(std::slice::from_ref(backend)));
        }
        text.trim_end().to_owned()
    }
}

/// The greatest common divisor, at least 1.
fn divisor(a: u16, b: u16) -> u16 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(kind: ProxyKind) -> Proxy {
        Proxy {
            kind,
            service: "web".into(),
            port: 8080,
            ports: None,
            file: "/etc/proxy/shop".into(),
            upstream: "shop".into(),
            test: Vec::new(),
            reload: Vec::new(),
            drain: Duration::ZERO,
            log: None,
            site: None,
            admin: admin(),
        }
    }

    fn backends(weights: &[u16]) -> Vec<Backend> {
        let one = |(n, weight): (usize, &u16)| Backend { address: format!("web-{n}:8080"), weight: *weight };
        weights.iter().enumerate().map(one).collect()
    }

    #[test]
    fn nginx_gets_an_upstream_block() {
        insta::assert_snapshot!(proxy(ProxyKind::Nginx).text(&backends(&[95, 5])), @r"
        # Written by midwatch at each deploy; changes here are lost at the next.
        upstream shop {
            server web-0:8080 weight=19;
            server web-1:8080;
        }
        ");
    }

    #[test]
    fn caddy_gets_weights_by_repetition() {
        let text = proxy(ProxyKind::Caddy).text(&backends(&[75, 25, 0]));
        assert_eq!(text.lines().nth(1), Some("to web-0:8080 web-0:8080 web-0:8080 web-1:8080"));
    }

    #[test]
    fn traefik_gets_a_weighted_service_only_where_weights_differ() {
        insta::assert_snapshot!(proxy(ProxyKind::Traefik).text(&backends(&[1, 1])), @r#"
        # Written by midwatch at each deploy; changes here are lost at the next.
        http:
          services:
            shop:
              loadBalancer:
                servers:
                  - url: "http://web-0:8080"
                  - url: "http://web-1:8080"
        "#);
        insta::assert_snapshot!(proxy(ProxyKind::Traefik).text(&backends(&[3, 1])), @r#"
        # Written by midwatch at each deploy; changes here are lost at the next.
        http:
          services:
            shop:
              weighted:
                services:
                  - name: shop-0
                    weight: 3
                  - name: shop-1
                    weight: 1
            shop-0:
              loadBalancer:
                servers:
                  - url: "http://web-0:8080"
            shop-1:
              loadBalancer:
                servers:
                  - url: "http://web-1:8080"
        "#);
    }
}
