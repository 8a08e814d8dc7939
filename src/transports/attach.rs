//! A request to the engine that turns its connection into a plain stream of bytes: what a terminal in a
//! container is reached by. The API's library reads frames out of such a stream, and where there is a
//! terminal there are none: bytes that look like one would hold it up.

use std::sync::Arc;

use bollard::errors::Error as DockerError;
use bytes::Bytes;
use http::Request;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, UPGRADE};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::docker::{ANSWER, Connector, failure};
use super::{Transport, TransportError};
use crate::domain::failure::{Failure, FailureKind};

/// The stream that the connection became.
pub type Attached = TokioIo<Upgraded>;

/// How much of a refusal is read.
const REFUSAL: usize = 16 * 1024;

/// Posts `body`, JSON, to `path` of the engine's API on a connection of its own, which is a plain stream
/// from then on.
pub async fn attach(
    transport: &Arc<dyn Transport>,
    socket: &str,
    path: &str,
    body: String,
    what: &str,
) -> Result<Attached, Failure> {
    let connector = Connector::new(Arc::clone(transport), socket);
    let late = |_| TransportError::Deadline { what: socket.to_owned(), after: ANSWER }.into_failure(what);
    let stream = timeout(ANSWER, connector.connect()).await.map_err(late)?;
    let stream = stream.map_err(|error| error.into_failure(what))?;
    let broken = |error: hyper::Error| Failure {
        why: Failure::chain(&error),
        ..Failure::new(FailureKind::Unreachable, what, "")
    };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
    // It ends with the stream, and what went wrong is told there.
    tokio::spawn(connection.with_upgrades());
    let request = Request::post(path)
        .header(HOST, "docker")
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "tcp")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Failure::new(FailureKind::Bug, what, error.to_string()))?;
    let answer = timeout(ANSWER, sender.send_request(request)).await.map_err(late)?.map_err(broken)?;
    let status = answer.status();
    if status.is_client_error() || status.is_server_error() {
        let text = timeout(ANSWER, Limited::new(answer.into_body(), REFUSAL).collect()).await;
        let text = text.ok().and_then(Result::ok).map(Collected::to_bytes).unwrap_or_default();
        let told = serde_json::from_slice::<serde_json::Value>(&text).ok();
        let message = told.as_ref().and_then(|it| it.get("message")?.as_str());
        let message = message.map_or_else(|| String::from_utf8_lossy(&text).into_owned(), str::to_owned);
        let error = DockerError::DockerResponseServerError { status_code: status.as_u16(), message };
        return Err(failure(&error, what));
    }
    hyper::upgrade::on(answer).await.map(TokioIo::new).map_err(broken)
}
