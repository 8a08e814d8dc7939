//! `redis`: `PING` and `INFO`, and how far the server is from its limits. Reads only.

use std::borrow::Cow;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, IntoConnectionInfo, RedisConnectionInfo, RedisError};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::attempt::Attempt;
use super::bounded::Bounded;
use super::database::Place;
use super::look::Look;
use super::redis_figures::{figures, verdict};
use super::seen::Seen;
use crate::config::checks::RedisCheck;
use crate::config::checks::postgres::TlsMode;
use crate::domain::time::Timestamp;
use crate::http::limits::Deadline;
use crate::http::tls::{Speak, handshake};
use crate::transports::BoxDuplex;

/// Connects, asks, and judges.
pub async fn attempt(check: &RedisCheck, look: &Look<'_>) -> Attempt {
    let place = match Place::find(&check.at, look, parse).await {
        Ok(place) => place,
        Err(attempt) => return attempt,
    };
    let deadline = look.deadline();
    let stream = match place.connect(look, &deadline, "redis.sock").await {
        Ok(stream) => stream,
        Err(miss) => return miss.into(),
    };
    let settings = match settings(&place) {
        Ok(settings) => settings,
        Err(attempt) => return attempt,
    };
    let stream = match secure(stream, check, &place, look, &deadline).await {
        Ok(stream) => stream,
        Err(attempt) => return attempt,
    };
    let asked = deadline.phase("answer", ask(stream, &settings, &deadline)).await;
    match asked {
        Err(error) => look.reach.blame(&error).into(),
        Ok(Err(error)) => refused(&error, look),
        Ok(Ok((info, latency))) => judge(check, &info, latency, look),
    }
}

/// The stream as it is, or where the check wants it encrypted, with a certificate that is trusted.
async fn secure(
    stream: Bounded,
    check: &RedisCheck,
    place: &Place,
    look: &Look<'_>,
    deadline: &Deadline,
) -> Result<BoxDuplex, Attempt> {
    if !check.tls && place.tls != Some(TlsMode::Require) {
        return Ok(Box::new(stream));
    }
    let roots = look.roots(check.ca.as_deref()).await?;
    let shaken =
        deadline.phase("TLS handshake", handshake(stream, &place.host, &roots, Speak::Nothing)).await;
    let (stream, peer) = shaken.and_then(|shaken| shaken).map_err(|error| look.reach.blame(&error))?;
    peer.require_trust().map_err(|error| look.reach.blame(&error))?;
    Ok(Box::new(stream))
}

fn parse(url: &str) -> Result<Place, &'static str> {
    const UNUSABLE: &str = "no usable URL";
    // The crate reads `rediss://` only with a TLS of its own; the rest of the URL is the same.
    let (url, tls) = match url.strip_prefix("rediss://") {
        Some(rest) => (Cow::Owned(format!("redis://{rest}")), Some(TlsMode::Require)),
        None => (Cow::Borrowed(url), None),
    };
    let info = url.as_ref().into_connection_info().map_err(|_| UNUSABLE)?;
    let redis::ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(UNUSABLE) };
    let settings = info.redis_settings();
    Ok(Place {
        host: host.clone(),
        port: *port,
        user: settings.username().map(str::to_owned),
        password: settings.password().map(|password| password.to_owned().into()),
        database: Some(settings.db().to_string()),
        tls,
        ca: None,
    })
}

fn settings(place: &Place) -> Result<RedisConnectionInfo, Attempt> {
    let database = place.database.as_deref().unwrap_or("0");
    let number = database.parse().map_err(|_| Attempt::unknown("a database of Redis is a number"))?;
    let mut settings =
        RedisConnectionInfo::default().set_db(number).set_lib_name("midwatch", env!("CARGO_PKG_VERSION"));
    if let Some(user) = &place.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &place.password {
        settings = settings.set_password(password.expose_secret());
    }
    Ok(settings)
}

async fn ask<S>(
    stream: S,
    settings: &RedisConnectionInfo,
    deadline: &Deadline,
) -> Result<(String, Duration), RedisError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(deadline.left()));
    let (mut connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    let conversation = async {
        let start = deadline.elapsed();
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        let latency = deadline.elapsed().saturating_sub(start);
        let info = redis::cmd("INFO").query_async::<String>(&mut connection).await?;
        Ok((info, latency))
    };
    tokio::pin!(conversation);
    tokio::pin!(driver);
    tokio::select! {
        biased;
        answer = &mut conversation => answer,
        () = &mut driver => conversation.await,
    }
}

/// What an error says: about us, or about the server.
fn refused(error: &RedisError, look: &Look<'_>) -> Attempt {
    let code = error.code().unwrap_or_default();
    let detail = error.detail().unwrap_or_default();
    match (code, error.kind()) {
        ("NOAUTH" | "WRONGPASS" | "NOPERM", _) | (_, ErrorKind::AuthenticationFailed) => Attempt::unknown(
            format!("it does not accept us: {}", if code.is_empty() { "wrong password" } else { code }),
        ),
        ("LOADING", _) => Attempt::down("it is still loading its data"),
        _ if detail.contains("max number of clients") => Attempt::down("it takes no more clients"),
        (_, ErrorKind::Parse) => Attempt::down("what answers does not speak Redis"),
        (_, ErrorKind::Io) => {
            look.reach.blame(&crate::http::HttpError::Nonsense("the connection broke off".to_owned())).into()
        }
        _ => Attempt::down(format!("it answers an error: {code} {detail}")),
    }
}

fn judge(check: &RedisCheck, info: &str, latency: Duration, look: &Look<'_>) -> Attempt {
    let mut figures = figures(info);
    let evicted = figures.get("evicted_keys").and_then(Value::as_u64);
    let rate = evicted.and_then(|evicted| look.memory.evictions(evicted, look.now()));
    if let Some(rate) = rate {
        figures.insert("evictions_per_minute".to_owned(), Value::from(rate));
    }
    let mut attempt = verdict(check, &figures, rate);
    attempt.latency = Some(latency);
    let seen = Seen { latency: Some(latency), figures: Some(Value::Object(figures)), ..Seen::default() };
    attempt.judge(check.condition.as_ref(), &seen);
    attempt
}

/// What one attempt leaves for the next.
#[derive(Default)]
pub struct Memory(std::sync::Mutex<Option<(u64, Timestamp)>>);

impl Memory {
    /// Evictions a minute since the attempt before; `None` at the first, and where the server was
    /// restarted meanwhile.
    fn evictions(&self, evicted: u64, now: Timestamp) -> Option<f64> {
        let before = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).replace((evicted, now));
        let (before, at) = before?;
        let minutes = at.age(now).as_secs_f64() / 60.0;
        (minutes > 0.0).then(|| evicted.checked_sub(before).map(|more| more as f64 / minutes)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_two_looks_and_survives_a_restart() {
        let memory = Memory::default();
        assert_eq!(memory.evictions(10, Timestamp::from_secs(0)), None);
        assert_eq!(memory.evictions(20, Timestamp::from_secs(60)), Some(10.0));
        assert_eq!(memory.evictions(3, Timestamp::from_secs(120)), None);
    }
}
