//! The pooled client for what is asked again and again from here: providers, Prometheus.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use rustls::ClientConfig;
use tokio::time::Instant;

use super::error::HttpError;
use super::exchange::{Answer, USER_AGENT};
use super::limits::{Deadline, Limits};
use super::request::Request;
use super::retry::{ATTEMPTS, LONGEST_PAUSE, RetryBudget, is_passing, pause, retry_after};
use super::roots::Roots;
use crate::domain::clock::Clock;
use crate::domain::text::{clean, shorten};

/// A client with its pool of connections, its retry budget, and the pause that a service asked for.
/// One for each service; cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    budget: RetryBudget,
    /// Until when the service asked not to be asked.
    hold: Option<Instant>,
}

impl Client {
    /// A client that trusts these roots. Redirects are not followed: an API does not move.
    pub fn new(roots: &Roots, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Roots(error.to_string()))?
            .with_root_certificates(roots.0.clone())
            .with_no_client_auth();
        let inner = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(2)
            .build()?;
        Ok(Self { inner, state: Arc::default(), clock })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request, again where that is harmless and the budget allows it, within one deadline
    /// over all attempts. Gives what has a status below 400; everything else is an error.
    pub async fn send(&self, request: &Request, limits: Limits) -> Result<Answer, HttpError> {
        let deadline = Deadline::new(limits.deadline);
        let mut attempt = 1;
        loop {
            let held = self.state().hold.map(|until| until.saturating_duration_since(Instant::now()));
            if let Some(after) = held.filter(|after| !after.is_zero()) {
                return Err(HttpError::RateLimited { after: Some(after) });
            }
            let result = self.attempt(request, &deadline, limits.body).await;
            let (error, asked) = match result {
                Ok(answer) if answer.status < 400 => {
                    self.state().budget.succeed();
                    return Ok(answer);
                }
                Ok(answer) => {
                    let asked = retry_after(&answer.headers, self.clock.now());
                    (refusal(&answer, asked), asked)
                }
                Err(error) => (error, None),
            };
            if let (HttpError::RateLimited { .. }, Some(after)) = (&error, asked) {
                self.state().hold = Some(Instant::now() + after.min(Duration::from_secs(3600)));
            }
            let wait = asked.unwrap_or_else(|| pause(attempt));
            let again = attempt < ATTEMPTS
                && request.is_idempotent()
                && passing(&error)
                && wait <= LONGEST_PAUSE.min(deadline.left())
                && self.state().budget.take();
            if !again {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            self.state().hold = None;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        deadline: &Deadline,
        limit: usize,
    ) -> Result<Answer, HttpError> {
        let mut message = self.inner.request(request.method.clone(), request.url.clone());
        for (name, value) in &request.headers {
            message = message.header(name, value.clone());
        }
        if !request.body.is_empty() {
            message = message.body(request.body.clone());
        }
        let response = deadline.phase("answer", message.send()).await??;
        let first_byte = deadline.elapsed();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (body, truncated) = deadline.phase("end of the body", keep(response, limit)).await??;
        Ok(Answer { status, headers, body, truncated, first_byte })
    }
}

async fn keep(response: reqwest::Response, limit: usize) -> Result<(Vec<u8>, bool), HttpError> {
    let mut kept = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        let room = limit.saturating_sub(kept.len());
        kept.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Ok((kept, true));
        }
    }
    Ok((kept, false))
}

fn refusal(answer: &Answer, after: Option<Duration>) -> HttpError {
    if answer.status == 429 {
        return HttpError::RateLimited { after };
    }
    HttpError::Status { status: answer.status, detail: detail(&answer.body) }
}

/// The first line of a body, for messages.
pub fn detail(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(1000)]);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    shorten(&clean(line), 160).into_owned()
}

fn passing(error: &HttpError) -> bool {
    match error {
        HttpError::RateLimited { .. } => true,
        HttpError::Status { status, .. } => is_passing(*status),
        HttpError::Client(source) => source.is_connect() || source.is_request() || source.is_body(),
        _ => false,
    }
}
