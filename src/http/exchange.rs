//! One HTTP/1.1 exchange over a stream that somebody opened: a socket here, or a channel to a server.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::HttpError;
use super::limits::Deadline;
use super::request::Request;

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("midwatch/", env!("CARGO_PKG_VERSION"));

/// The most that the headers of an answer may have, in bytes.
const HEADERS: usize = 64 * 1024;

/// An answer; everything in it is hostile.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as far as it was kept.
    pub body: Vec<u8>,
    /// Whether the body is longer than what was kept.
    pub truncated: bool,
    /// From the start of the deadline to the first byte of the answer.
    pub first_byte: Duration,
}

impl Answer {
    /// A header as text; `None` where it is not there, or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends a request and reads its answer, of the body at most `body_limit` bytes. The connection is
/// closed after it.
pub async fn exchange<S>(
    stream: S,
    request: &Request,
    deadline: &Deadline,
    body_limit: usize,
) -> Result<Answer, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let message = message(request)?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEADERS);
    let broken = |error| HttpError::Broken("the connection broke off before an answer", error);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;

    let conversation = async {
        let response = deadline.phase("answer", sender.send_request(message)).await?;
        let response = response.map_err(|error| {
            let what =
                if error.is_parse() { "what answers does not speak HTTP" } else { "no whole answer came" };
            HttpError::Broken(what, error)
        })?;
        let first_byte = deadline.elapsed();
        let (head, body) = response.into_parts();
        let (body, truncated) = deadline.phase("end of the body", keep(body, body_limit)).await??;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, truncated, first_byte })
    };
    // The connection moves the bytes; it is polled beside the conversation, and gone with it.
    tokio::pin!(conversation);
    tokio::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut conversation => answer,
        _ = &mut connection => conversation.await,
    }
}

fn message(request: &Request) -> Result<http::Request<Full<Bytes>>, HttpError> {
    let host =
        request.url.host_str().ok_or_else(|| HttpError::Address("the address has no host".to_owned()))?;
    let host = request.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let path: Uri = path.parse().map_err(|_| HttpError::Request("path"))?;
    let mut message = http::Request::new(Full::new(Bytes::from(request.body.clone())));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = path;
    let headers = message.headers_mut();
    for (name, value) in &request.headers {
        headers.append(name, value.clone());
    }
    if let Some(basic) = request.basic() {
        headers.insert(header::AUTHORIZATION, basic);
    }
    let host = HeaderValue::try_from(host).map_err(|_| HttpError::Request("host"))?;
    headers.entry(header::HOST).or_insert(host);
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(message)
}

async fn keep(mut body: hyper::body::Incoming, limit: usize) -> Result<(Vec<u8>, bool), HttpError> {
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpError::Broken("the answer broke off", error))?;
        let Ok(data) = frame.into_data() else { continue };
        let room = limit.saturating_sub(kept.len());
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((kept, true));
        }
    }
    Ok((kept, false))
}
