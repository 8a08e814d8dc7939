//! `http`: a request, and what its answer must be.

use std::time::Duration;

use http::Method;
use reqwest::Url;

use super::attempt::Attempt;
use super::look::Look;
use super::seen::{Seen, Text};
use super::send::{SendError, endpoint, send};
use super::{certificate, security_headers};
use crate::config::checks::HttpCheck;
use crate::config::checks::http::Statuses;
use crate::domain::condition::Field;
use crate::domain::health::Health;
use crate::domain::quantity::Bytes;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;
use crate::http::tls::Peer;
use crate::http::{Answer, HttpError, Request, redact};

/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// The most of a body that is kept where a condition asks for it, in bytes, and where none does.
const BODY: usize = 1 << 20;
const GLANCE: usize = 16 * 1024;

/// Asks, follows, and judges.
pub async fn attempt(check: &HttpCheck, look: &Look<'_>) -> Attempt {
    let request = match request(check, look).await {
        Ok(request) => request,
        Err(attempt) => return attempt,
    };
    let roots = match look.roots(check.ca.as_deref()).await {
        Ok(roots) => roots,
        Err(attempt) => return attempt,
    };
    let reads_body = |field: &Field| matches!(field, Field::Body | Field::Json(_));
    let wants = check.condition.as_ref().is_some_and(|condition| condition.mentions(reads_body));
    let mut walk = Walk {
        check,
        look,
        roots,
        deadline: look.deadline(),
        body: if wants { BODY } else { GLANCE },
        hops: Vec::new(),
    };
    match walk.follow(request).await {
        Ok((answer, peer)) => walk.judge(&answer, peer.as_ref()),
        Err(attempt) => walk.told(attempt),
    }
}

async fn request(check: &HttpCheck, look: &Look<'_>) -> Result<Request, Attempt> {
    let method: Method = check.method.word().parse().unwrap_or(Method::GET);
    let mut request = Request { method, url: check.url.clone(), headers: Vec::new(), body: Vec::new() };
    for (name, source) in &check.headers {
        let value = look.secret(source).await?;
        request = request.secret_header(name, &value).map_err(|error| Attempt::unknown(error.to_string()))?;
    }
    request.body = check.body.clone().unwrap_or_default().into_bytes();
    Ok(request)
}

struct Walk<'a> {
    check: &'a HttpCheck,
    look: &'a Look<'a>,
    roots: Roots,
    deadline: Deadline,
    body: usize,
    hops: Vec<String>,
}

impl Walk<'_> {
    /// Sends the request, and again where it is sent elsewhere.
    async fn follow(&mut self, mut request: Request) -> Result<(Answer, Option<Peer>), Attempt> {
        loop {
            let (answer, peer) = self.hop(&request).await?;
            let next = self.check.follow_redirects.then(|| redirect(&request.url, &answer)).flatten();
            let Some(next) = next else { return Ok((answer, peer)) };
            if !matches!(next.scheme(), "http" | "https") {
                return Err(Attempt::down(format!("it redirects to {}", redact::url(&next))));
            }
            self.hops.push(redact::url(&next));
            if self.hops.len() > REDIRECTS {
                return Err(Attempt::down(format!("it redirects more than {REDIRECTS} times")));
            }
            request = redirected(request, next, answer.status);
        }
    }

    async fn hop(&self, request: &Request) -> Result<(Answer, Option<Peer>), Attempt> {
        let url = &request.url;
        // The other address is for the URL's own host and port; a redirect elsewhere goes there.
        let own = url.host_str() == self.check.url.host_str()
            && url.port_or_known_default() == self.check.url.port_or_known_default();
        let (host, port) = match &self.check.connect {
            Some(address) if own => (address.host.as_str(), address.port),
            _ => endpoint(url),
        };
        let sent = send(self.look.reach, &self.roots, request, (host, port), &self.deadline, self.body).await;
        sent.map_err(|error| match error {
            SendError::Miss(miss) => miss.into(),
            SendError::Http(error) => self.blame(&error),
        })
    }

    fn blame(&self, error: &HttpError) -> Attempt {
        let mut attempt = Attempt::from(self.look.reach.blame(error));
        if let HttpError::Untrusted { certificate, .. } = error {
            certificate::describe(&mut attempt, certificate, self.look.now());
        }
        attempt
    }

    fn told(&self, mut attempt: Attempt) -> Attempt {
        if !self.hops.is_empty() {
            attempt.fact("redirects", self.hops.join(" → "));
        }
        attempt
    }

    fn judge(&self, answer: &Answer, peer: Option<&Peer>) -> Attempt {
        let latency = self.deadline.elapsed();
        let mut attempt = Attempt::answered(latency);
        attempt.fact("status", answer.status.to_string());
        attempt.fact("first byte", millis(answer.first_byte));
        attempt.fact(
            "body",
            format!("{}{}", if answer.truncated { "over " } else { "" }, Bytes(answer.body.len() as u64)),
        );
        if !self.check.expect.iter().any(|statuses| statuses.contain(answer.status)) {
            let expected = self.check.expect.iter().copied().map(words).collect::<Vec<_>>().join(", ");
            attempt.find(Health::Down, format!("it answers {}, not {expected}", answer.status));
        }
        let missing = security_headers::missing(&answer.headers, peer.is_some());
        if !missing.is_empty() {
            attempt.fact("security headers missing", missing.join(", "));
            if self.check.security_headers {
                attempt.find(Health::Down, format!("it lacks {}", missing.join(", ")));
            }
        }
        if let Some(peer) = peer {
            certificate::tell(&mut attempt, peer, self.look.now(), self.look.certificate());
        }
        let seen = Seen {
            status: Some(answer.status),
            latency: Some(latency),
            text: Some(Text::new(&answer.body, answer.truncated)),
            headers: Some(&answer.headers),
            cert_days_left: peer.map(|peer| peer.certificate.days_left(self.look.now())),
            ..Seen::default()
        };
        attempt.judge(self.check.condition.as_ref(), &seen);
        self.told(attempt)
    }
}

fn redirect(from: &Url, answer: &Answer) -> Option<Url> {
    let location = answer.header("location")?;
    matches!(answer.status, 301 | 302 | 303 | 307 | 308).then(|| from.join(location).ok()).flatten()
}

/// The next request (RFC 9110, 15.4): 303 always asks with `GET`, 301 and 302 make a `POST` one, as
/// everybody does. To another origin no header goes along that could carry a secret.
fn redirected(mut request: Request, next: Url, status: u16) -> Request {
    let turns = status == 303 || (matches!(status, 301 | 302) && request.method == Method::POST);
    if turns && request.method != Method::HEAD {
        request.method = Method::GET;
        request.body.clear();
    }
    if request.url.origin() != next.origin() {
        request.headers.retain(|(_, value)| !value.is_sensitive());
    }
    request.url = next;
    request
}

fn words(statuses: Statuses) -> String {
    match (statuses.first, statuses.last) {
        (first, last) if first == last => first.to_string(),
        (first, last) if first % 100 == 0 && last == first + 99 => format!("{}xx", first / 100),
        (first, last) => format!("{first}–{last}"),
    }
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
