//! `[prometheus.NAME]`: sources of series.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;

use super::amounts::Port;
use super::mistake::Mistake;
use super::scalars::Interval;
use super::secret::Secret;
use super::table::Table;
use crate::domain::ids::ServerId;

/// Where the source answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrometheusAt {
    /// At an address that the console reaches.
    Url(Url),
    /// At a port of a server's own loopback address, through the connection to it.
    Server {
        /// The server.
        server: ServerId,
        /// The port there.
        port: u16,
    },
}

/// A Prometheus, or a `node_exporter` that is read directly.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusConfig {
    /// Where it answers.
    pub at: PrometheusAt,
    /// Whether it is a `node_exporter`, whose text is read; otherwise it is asked in PromQL.
    pub node_exporter: bool,
    /// Series by their label, each a PromQL expression.
    pub queries: BTreeMap<String, String>,
    /// How often it is asked; the common interval where nothing is said.
    pub interval: Option<Duration>,
    /// A bearer token.
    pub token: Option<Secret>,
}

impl PrometheusConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let url: Option<Url> = t.opt("url");
        let server: Option<ServerId> = t.opt("server");
        let port: Option<Port> = t.opt("port");
        let node_exporter = t.or("node_exporter", false);
        let queries = t.pairs("queries").into_iter().map(|(label, _, text)| (label, text)).collect();
        let (interval, token) = (t.opt::<Interval>("interval").map(|every| every.0), t.opt("token"));
        if node_exporter && t.has("queries") {
            t.report(
                Mistake::error(t.span_of("queries"), "a node_exporter answers no queries")
                    .help("give the queries to a Prometheus, or leave `node_exporter` out"),
            );
        }
        let at = match (t.has("url"), t.has("server")) {
            (true, true) => {
                t.report(Mistake::error(t.span_of("server"), "either `url` or `server`, not both"));
                None
            }
            (true, false) => {
                if t.has("port") {
                    t.report(Mistake::error(t.span_of("port"), "the port belongs into `url`"));
                }
                url.map(PrometheusAt::Url)
            }
            (false, true) => {
                let usual = if node_exporter { 9100 } else { 9090 };
                server.map(|server| PrometheusAt::Server { server, port: port.map_or(usual, Port::get) })
            }
            (false, false) => {
                t.report(
                    Mistake::error(t.span(), "`url` or `server` is missing")
                        .label(format!("{} needs one", t.title())),
                );
                None
            }
        };
        Some(Self { at: at?, node_exporter, queries, interval, token })
    }
}
