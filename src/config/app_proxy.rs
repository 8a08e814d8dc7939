//! `[apps.NAME.proxy]`: the proxy before an app, which a deploy switches.

use std::time::Duration;

use reqwest::Url;

use super::amounts::Port;
use super::argv::Argv;
use super::mistake::Mistake;
use super::scalars::RemotePath;
use super::table::Table;
use super::words::words;
use crate::domain::proxy::{Proxy, ProxyKind, admin};

words! {
    /// Which proxy.
    KindWord {
        /// Caddy.
        Caddy = "caddy",
        /// nginx.
        Nginx = "nginx",
        /// Traefik.
        Traefik = "traefik",
    }
}

/// The whole table; `None` where it is not there.
pub(super) fn read(t: &mut Table<'_>, app: &str) -> Option<Proxy> {
    let there = t.has("proxy");
    t.table("proxy", |t| {
        let kind: Option<KindWord> = t.opt("kind");
        let file: Option<RemotePath> = t.opt("file");
        let service: Option<String> = t.opt("service");
        let port: Option<Port> = t.opt("port");
        let ports: Option<Vec<Port>> = t.opt("ports");
        let upstream = t.or("upstream", app.to_owned());
        let (test, reload): (Option<Argv>, Option<Argv>) = (t.opt("test"), t.opt("reload"));
        let drain = t.or("drain", Duration::from_secs(10));
        let log: Option<RemotePath> = t.opt("log");
        let site: Option<Url> = t.opt("site");
        let admin = t.or("admin", admin());
        if !there {
            return None;
        }
        let (Some(kind), Some(file), Some(service), Some(port)) = (kind, file, service, port) else {
            t.report(Mistake::error(t.span(), "a proxy needs `kind`, `file`, `service` and `port`").help(
                "kind = \"nginx\", file = \"/etc/nginx/apps/shop.conf\", service = \"web\", port = 8080",
            ));
            return None;
        };
        let ports: Option<Vec<u16>> = ports.map(|all| all.into_iter().map(Port::get).collect());
        let ports = match ports.as_deref() {
            None => None,
            Some([one, other]) if one != other => Some([*one, *other]),
            Some(_) => {
                let span = t.span_of("ports");
                t.report(Mistake::error(span, "the proxy's ports are two different ones of the server"));
                return None;
            }
        };
        let kind = match kind {
            KindWord::Caddy => ProxyKind::Caddy,
            KindWord::Nginx => ProxyKind::Nginx,
            KindWord::Traefik => ProxyKind::Traefik,
        };
        if log.is_some() && kind.log_format().is_none() {
            t.report(
                Mistake::error(t.span_of("log"), "Traefik's access log is not read").help("leave `log` away"),
            );
        }
        Some(Proxy {
            kind,
            service,
            port: port.get(),
            ports,
            file: file.0,
            upstream,
            test: test.map_or_else(|| kind.test(), |argv| argv.0),
            reload: reload.map_or_else(|| kind.reload(), |argv| argv.0),
            drain,
            log: log.map(|path| path.0),
            site: site.map(String::from),
            admin,
        })
    })
}
