//! Messages about runs, to whoever the configuration names: one way a file. A message is tried a few
//! times within a deadline; what became of it is the caller's to tell.

mod discord;
mod mail;
mod slack;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::config::notify::{NotifyConfig, NotifyWay};
use crate::config::secret::Secret;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::notice::Notice;
use crate::http::retry::is_passing;
use crate::http::roots::Roots;
use crate::http::{Client, HttpError, Limits, Request};

/// How often a message is tried, and the pause before the second time, which doubles.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long all of them may take, secrets included.
const WHOLE: Duration = Duration::from_secs(20);
/// The longest pause that a service may ask for.
const LONGEST: Duration = Duration::from_secs(5);

/// Sends a message; its failure carries no secret, and the address of a webhook is one.
pub async fn send(
    name: &str,
    to: &NotifyConfig,
    notice: &Notice,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let what = format!("tell {name} ({})", to.way.word());
    let late = |_| {
        let why = format!("not within {} s", WHOLE.as_secs());
        Failure::new(FailureKind::Timeout, &what, why)
    };
    tokio::time::timeout(WHOLE, attempts(&what, to, notice, clock)).await.map_err(late)?
}

async fn attempts(
    what: &str,
    to: &NotifyConfig,
    notice: &Notice,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let mut wait = PAUSE;
    for _ in 1..ATTEMPTS {
        match once(what, to, notice, clock).await {
            Err(failure) => match failure.retry {
                Retry::Now => {}
                Retry::After(asked) if asked <= LONGEST => wait = wait.max(asked),
                Retry::Never | Retry::After(_) => return Err(failure),
            },
            Ok(()) => return Ok(()),
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    once(what, to, notice, clock).await
}

async fn once(what: &str, to: &NotifyConfig, notice: &Notice, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let roots = async || match &to.ca {
        Some(path) => Roots::system().await.with_file(path).await,
        None => Ok(Roots::system().await),
    };
    let (url, token, body) = match &to.way {
        NotifyWay::Mail(mail) => return mail::send(what, mail, to.ca.as_deref(), notice).await,
        NotifyWay::Slack(url) => (url, None, slack::body(notice)),
        NotifyWay::Discord(url) => (url, None, discord::body(notice)),
        NotifyWay::Webhook { url, token } => (url, token.as_ref(), webhook::body(notice)),
    };
    let request = request(what, url, token, &body).await?;
    let sent = async {
        let client = Client::new(&roots().await?, Arc::clone(clock))?;
        let answer = client.send(&request, Limits { deadline: ATTEMPT, body: 4096 }).await?;
        match answer.status {
            200..=299 => Ok(()),
            // An address that moved is not followed: it is a secret.
            status => Err(HttpError::Status { status, detail: String::new() }),
        }
    };
    sent.await.map_err(|error| {
        let again = matches!(&error, HttpError::Status { status, .. } if is_passing(*status));
        let failure = error.into_failure(what);
        if again { failure.retry(Retry::Now) } else { failure }
    })
}

async fn request(what: &str, url: &Secret, token: Option<&Secret>, body: &Value) -> Result<Request, Failure> {
    let resolved = async |secret: &Secret| secret.resolve().await.map_err(|error| error.into_failure(what));
    let invalid = |why: &str| Failure::new(FailureKind::Invalid, what, why);
    let address: SecretString = resolved(url).await?;
    let url: Url = address.expose_secret().trim().parse().map_err(|_| invalid("its `url` is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("its `url` does not begin with https://"));
    }
    let request = Request::get(url).body(body.to_string());
    let request = request.header("content-type", "application/json");
    let request = request.map_err(|error| error.into_failure(what))?;
    match token {
        Some(token) => request.bearer(&resolved(token).await?).map_err(|error| error.into_failure(what)),
        None => Ok(request),
    }
}
