//! Requests to one registry through a server: dialed there, over TLS unless that server's engine takes
//! the registry for an insecure one, logged in where it asks for that, redirects followed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::challenge::{self, Challenge};
use super::error::RegistryError;
use super::login::{Login, Proof};
use crate::domain::text::{clean, shorten};
use crate::http::limits::Deadline;
use crate::http::roots::Roots;
use crate::http::tls::{Speak, handshake};
use crate::http::{Answer, HttpError, Request, exchange};
use crate::transports::Transport;

/// How many redirects are followed: blobs are often kept elsewhere.
const REDIRECTS: usize = 3;
/// The most of a token's answer that is read, in bytes.
const TOKEN: usize = 64 * 1024;

/// How a registry is reached.
#[derive(Clone)]
pub struct Access {
    /// The connection to the server that asks.
    pub transport: Arc<dyn Transport>,
    /// Whom that server trusts.
    pub roots: Roots,
    /// Whether its engine takes the registry for an insecure one: TLS is tried without looking at the
    /// certificate, then none (<https://docs.docker.com/reference/cli/dockerd/#insecure-registries>).
    pub insecure: bool,
    /// Who logs in, where the registry asks for it.
    pub login: Option<Login>,
    /// How long a list may take, and then its dates.
    pub patience: Duration,
}

/// A registry, asked for one repository.
pub struct Session {
    access: Access,
    /// Whether the registry turned out not to speak TLS.
    plain: AtomicBool,
    host: String,
    path: String,
    /// What is sent along since it was asked for.
    authorization: Mutex<Option<SecretString>>,
    deadline: Deadline,
}

#[derive(Deserialize)]
struct Token {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Session {
    /// For the repository at `path` of the registry at `host`; the deadline begins to run.
    pub fn new(access: Access, host: &str, path: &str) -> Self {
        let deadline = Deadline::new(access.patience);
        let (host, path) = (host.to_owned(), path.to_owned());
        Self { access, plain: AtomicBool::new(false), host, path, authorization: Mutex::default(), deadline }
    }

    /// The address of the repository; `None` where the registry's name makes none.
    fn base(&self) -> Option<Url> {
        format!("https://{}/v2/{}/", self.host, self.path).parse().ok()
    }

    /// A `GET` of what lies below the repository.
    pub async fn get(&self, below: &str, accept: &str, limit: usize) -> Result<Answer, RegistryError> {
        // By hand: a digest's colon would be taken for a scheme's.
        let url = self.base().and_then(|base| format!("{base}{below}").parse().ok());
        let url = url.ok_or_else(|| HttpError::Address(format!("{:?} is not a registry", self.host)))?;
        self.get_at(url, accept, limit).await
    }

    /// A `GET` of an address of this registry.
    pub async fn get_at(&self, url: Url, accept: &str, limit: usize) -> Result<Answer, RegistryError> {
        let mut logged_in = false;
        loop {
            let request = Request::get(url.clone()).header("accept", accept)?;
            let authorization = self.authorization.lock().await.clone();
            let request = match &authorization {
                Some(value) => request.secret_header("authorization", value)?,
                None => request,
            };
            let answer = self.follow(request, limit).await?;
            match answer.status {
                200..=299 => return Ok(answer),
                401 if !logged_in => {
                    logged_in = true;
                    let value = self.log_in(&answer).await?;
                    *self.authorization.lock().await = Some(value);
                }
                _ => return Err(self.refusal(&answer)),
            }
        }
    }

    /// What an answer calls another page, at this registry: nothing is asked elsewhere because an answer
    /// says so, nor over another scheme.
    pub fn at_home(&self, target: &str) -> Option<Url> {
        let base = self.base()?;
        let named = base.join(target).ok()?;
        let mut url = base;
        url.set_path(named.path());
        url.set_query(named.query());
        (self.owns(&named) && self.owns(&url)).then_some(url)
    }

    /// Whether an address is one of this registry.
    fn owns(&self, url: &Url) -> bool {
        let base = self.base();
        let same = base.is_some_and(|base| base.host_str() == url.host_str() && base.port() == url.port());
        same && url.path().starts_with("/v2/")
    }

    /// Sends a request, and again where it is sent elsewhere; what is secret goes to one origin only.
    async fn follow(&self, mut request: Request, limit: usize) -> Result<Answer, RegistryError> {
        for _ in 0..=REDIRECTS {
            let answer = self.send(&request, limit).await?;
            let next = match answer.status {
                301 | 302 | 303 | 307 | 308 => {
                    answer.header("location").and_then(|it| request.url.join(it).ok())
                }
                _ => None,
            };
            let Some(next) = next else { return Ok(answer) };
            self.judge(&next)?;
            if request.url.origin() != next.origin() {
                request.headers.retain(|(_, value)| !value.is_sensitive());
            }
            request.url = next;
        }
        Err(HttpError::Nonsense(format!("it redirects more than {REDIRECTS} times")).into())
    }

    /// An address that the registry names is taken where it is no less safe than its own.
    fn judge(&self, url: &Url) -> Result<(), HttpError> {
        let plain = url.scheme() == "http" && self.access.insecure;
        if (plain || url.scheme() == "https") && url.has_host() {
            return Ok(());
        }
        Err(HttpError::Address("it sends to an address without TLS".to_owned()))
    }

    /// One exchange over a stream of its own.
    async fn send(&self, request: &Request, limit: usize) -> Result<Answer, RegistryError> {
        let url = &request.url;
        let own = url.scheme() == "https" && self.access.insecure && self.owns(url);
        if url.scheme() == "http" || (own && self.plain.load(Ordering::Relaxed)) {
            return Ok(exchange(self.dial(url).await?, &Self::plainly(request), &self.deadline, limit).await?);
        }
        let name = url.host_str().unwrap_or_default();
        let stream = self.dial(url).await?;
        let shaken = handshake(stream, name, &self.access.roots, Speak::Http1);
        match self.deadline.phase("TLS handshake", shaken).await? {
            Ok((stream, peer)) => {
                if !own {
                    peer.require_trust()?;
                }
                Ok(exchange(stream, request, &self.deadline, limit).await?)
            }
            Err(HttpError::Tls(_)) if own => {
                self.plain.store(true, Ordering::Relaxed);
                let request = Self::plainly(request);
                Ok(exchange(self.dial(&request.url).await?, &request, &self.deadline, limit).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same request without TLS, where this registry turned out not to speak it.
    fn plainly(request: &Request) -> Request {
        let mut request = request.clone();
        // The port stays what it was; a registry without one is at the usual one of either scheme.
        let _ = request.url.set_scheme("http");
        request
    }

    async fn dial(&self, url: &Url) -> Result<crate::transports::BoxDuplex, RegistryError> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or(443);
        Ok(self.deadline.phase("connection", self.access.transport.tcp(host, port)).await??)
    }

    /// Answers a challenge; what is to be sent along from then on.
    async fn log_in(&self, answer: &Answer) -> Result<SecretString, RegistryError> {
        let all = answer.headers.get_all("www-authenticate");
        let all: Vec<&str> = all.iter().filter_map(|it| it.to_str().ok()).collect();
        match (challenge::read(&all.join(", ")), &self.access.login) {
            (None, _) => Err(RegistryError::Challenge("neither a password nor a token")),
            (Some(Challenge::Basic), Some(Login { user, secret: Proof::Password(password) })) => {
                Ok(basic(user.as_deref().unwrap_or_default(), password))
            }
            (Some(Challenge::Basic), _) => Err(self.refusal(answer)),
            (Some(Challenge::Bearer { realm, service, scope }), login) => {
                let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.path));
                self.token(&realm, service.as_deref(), &scope, login.as_ref()).await
            }
        }
    }

    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        login: Option<&Login>,
    ) -> Result<SecretString, RegistryError> {
        let mut url: Url = realm
            .parse()
            .map_err(|_| HttpError::Address("the registry names no address for a token".to_owned()))?;
        self.judge(&url)?;
        let request = match login.map(|login| (&login.secret, login.user.as_deref())) {
            Some((Proof::Token(token), _)) => {
                let mut form = format!(
                    "grant_type=refresh_token&client_id=midwatch&scope={}&refresh_token={}",
                    encoded(scope),
                    encoded(token.expose_secret())
                );
                if let Some(service) = service {
                    form = format!("{form}&service={}", encoded(service));
                }
                Request::get(url).header("content-type", "application/x-www-form-urlencoded")?.body(form)
            }
            other => {
                if let Some(service) = service {
                    url.query_pairs_mut().append_pair("service", service);
                }
                url.query_pairs_mut().append_pair("scope", scope);
                let request = Request::get(url);
                match other {
                    Some((Proof::Password(password), user)) => {
                        request.secret_header("authorization", &basic(user.unwrap_or_default(), password))?
                    }
                    _ => request,
                }
            }
        };
        let answer = self.send(&request, TOKEN).await?;
        if !(200..300).contains(&answer.status) {
            return Err(self.refusal(&answer));
        }
        let token: Option<Token> = serde_json::from_slice(&answer.body).ok();
        let token = token.and_then(|it| it.token.or(it.access_token));
        let token = token.ok_or_else(|| HttpError::Nonsense("no token in what should be one".to_owned()))?;
        Ok(format!("Bearer {}", token.expose_secret()).into())
    }

    /// What a status means.
    fn refusal(&self, answer: &Answer) -> RegistryError {
        let said: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
        let first = said.and_then(|it| it.errors.into_iter().next());
        let detail = first.map(|it| if it.message.is_empty() { it.code } else { it.message });
        let detail = shorten(&clean(&detail.unwrap_or_default()), 160).into_owned();
        match answer.status {
            401 | 403 => RegistryError::Login { known: self.access.login.is_some(), detail },
            404 => RegistryError::NoRepository { path: self.path.clone(), detail },
            429 => HttpError::RateLimited { after: None }.into(),
            status => HttpError::Status { status, detail }.into(),
        }
    }
}

/// RFC 7617.
fn basic(user: &str, password: &SecretString) -> SecretString {
    use base64::Engine as _;
    let pair = format!("{user}:{}", password.expose_secret());
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)).into()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
