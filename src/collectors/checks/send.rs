//! One HTTP request from wherever a check looks: dial, TLS where the address says so, exchange.

use reqwest::Url;

use super::reach::{Miss, Reach};
use crate::http::limits::Deadline;
use crate::http::roots::Roots;
use crate::http::tls::{Peer, Speak, handshake};
use crate::http::{Answer, HttpError, Request, exchange};

/// Why there is no answer.
pub enum SendError {
    /// There is no stream.
    Miss(Miss),
    /// There is, and the exchange failed.
    Http(HttpError),
}

impl From<HttpError> for SendError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

/// The host and port of an address, as a socket takes them.
pub fn endpoint(url: &Url) -> (&str, u16) {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    (host, url.port_or_known_default().unwrap_or(80))
}

/// Sends a request to `(host, port)` and reads at most `body` bytes of its answer. Nothing is sent to
/// whom we do not trust.
pub async fn send(
    reach: &Reach,
    roots: &Roots,
    request: &Request,
    (host, port): (&str, u16),
    deadline: &Deadline,
    body: usize,
) -> Result<(Answer, Option<Peer>), SendError> {
    let stream = reach.tcp(host, port, deadline).await.map_err(SendError::Miss)?;
    if request.url.scheme() != "https" {
        return Ok((exchange(stream, request, deadline, body).await?, None));
    }
    let name = request.url.host_str().unwrap_or_default();
    let (stream, peer) =
        deadline.phase("TLS handshake", handshake(stream, name, roots, Speak::Http1)).await??;
    peer.require_trust()?;
    Ok((exchange(stream, request, deadline, body).await?, Some(peer)))
}
