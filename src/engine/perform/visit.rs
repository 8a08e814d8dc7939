//! Asks for an address as a visitor would, at the proxy of the server itself: what is in front of it, and
//! what its name leads to elsewhere, has no say.

use std::time::Duration;

use reqwest::Url;

use super::Task;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;
use crate::http::tls::{Speak, handshake};
use crate::http::{HttpError, Request, exchange};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How much of it is read, in bytes.
const BODY: usize = 16 << 10;

/// What a visitor gets.
pub(super) struct Visit {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) body: String,
}

/// Asks; why there is no answer.
pub(super) async fn visit(task: &Task<'_>, site: &str) -> Result<Visit, String> {
    let url: Url = site.parse().map_err(|_| format!("{site} is no address"))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let name = url.host_str().unwrap_or_default().to_owned();
    let transport = task.ground.transport().await.map_err(|failure| failure.reason())?;
    let deadline = Deadline::new(ANSWER);
    let near = deadline.phase("connection", transport.tcp("127.0.0.1", port)).await.map_err(said)?;
    // A proxy that listens on another of the server's addresses.
    let stream = match near {
        Ok(stream) => stream,
        Err(_) => deadline
            .phase("connection", transport.tcp(name.trim_matches(['[', ']']), port))
            .await
            .map_err(said)?
            .map_err(|error| error.into_failure("connect").reason())?,
    };
    let request = Request::get(url);
    let answer = if request.url.scheme() == "https" {
        // Nothing secret is sent, and whose certificate it is does not matter for what is asked.
        let roots = Roots::none();
        let shaken = handshake(stream, &name, &roots, Speak::Http1);
        let (stream, _) = deadline.phase("TLS handshake", shaken).await.and_then(|it| it).map_err(said)?;
        exchange(stream, &request, &deadline, BODY).await
    } else {
        exchange(stream, &request, &deadline, BODY).await
    }
    .map_err(said)?;
    Ok(Visit {
        status: answer.status,
        retry_after: answer.header("retry-after").map(str::to_owned),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}

fn said(error: HttpError) -> String {
    error.into_failure("ask").reason()
}
