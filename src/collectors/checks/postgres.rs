//! `postgres`: one read-only transaction that asks for figures, and how far the server is from its
//! limits. Simple queries only, and settings that end with the transaction: it works through
//! `PgBouncer` in every mode.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, Error, SimpleQueryMessage};

use super::attempt::Attempt;
use super::database::Place;
use super::look::Look;
use super::postgres_limits::judge;
use super::postgres_tls::PgTls;
use super::seen::Seen;
use crate::config::checks::PostgresCheck;
use crate::config::checks::postgres::TlsMode;
use crate::domain::failure::Failure;
use crate::http::HttpError;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;

/// The figures, one JSON object. Views and functions as in PostgreSQL's manual, chapter "Monitoring
/// Database Activity"; they are there since PostgreSQL 10.
const FIGURES: &str = include_str!("postgres.sql");

/// How long the server gets to read our good-bye.
const FAREWELL: Duration = Duration::from_millis(200);

/// Connects, asks, and judges.
pub async fn attempt(check: &PostgresCheck, look: &Look<'_>) -> Attempt {
    let place = match Place::find(&check.at, look, parse).await {
        Ok(place) => place,
        Err(attempt) => return attempt,
    };
    let roots = match look.roots(check.ca.as_deref()).await {
        Ok(roots) => roots,
        Err(attempt) => return attempt,
    };
    let deadline = look.deadline();
    let stream = match place.connect(look, &deadline, &format!(".s.PGSQL.{}", place.port)).await {
        Ok(stream) => stream,
        Err(miss) => return miss.into(),
    };
    let asked = deadline.phase("answer", ask(stream, check, &place, roots, &deadline)).await;
    let (figures, latency) = match asked {
        Err(error) => return look.reach.blame(&error).into(),
        Ok(Err(error)) => return refused(&error, look),
        Ok(Ok(answer)) => answer,
    };
    let Some(figures) = figures.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
        return Attempt::unknown("it answers, but not with its figures");
    };
    let mut attempt = judge(&check.limits, &figures);
    attempt.latency = Some(latency);
    let seen = Seen { latency: Some(latency), figures: Some(figures), ..Seen::default() };
    attempt.judge(check.condition.as_ref(), &seen);
    attempt
}

fn parse(url: &str) -> Option<Place> {
    // The crate's parser does not know the strict modes. `require` is as strict here: the certificate
    // is always checked with it.
    let url =
        url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let config: Config = url.parse().ok()?;
    let host = match config.get_hosts().first()? {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.to_str()?.to_owned(),
    };
    Some(Place {
        host,
        port: config.get_ports().first().copied().unwrap_or(5432),
        user: config.get_user().map(str::to_owned),
        password: config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned().into()),
        database: config.get_dbname().map(str::to_owned),
        tls: url.contains("sslmode=").then(|| match config.get_ssl_mode() {
            SslMode::Disable => TlsMode::Disable,
            SslMode::Require => TlsMode::Require,
            _ => TlsMode::Prefer,
        }),
    })
}

/// What the check says, or its URL where the check leaves it at what is usual.
fn tls(check: &PostgresCheck, place: &Place) -> TlsMode {
    place.tls.filter(|_| check.tls == TlsMode::Prefer).unwrap_or(check.tls)
}

fn config(check: &PostgresCheck, place: &Place) -> Config {
    let mut config = Config::new();
    config.application_name("midwatch").user(place.user.as_deref().unwrap_or("postgres"));
    if let Some(password) = &place.password {
        config.password(password.expose_secret());
    }
    if let Some(database) = &place.database {
        config.dbname(database);
    }
    config.ssl_mode(match tls(check, place) {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require => SslMode::Require,
    });
    config
}

async fn ask<S>(
    stream: S,
    check: &PostgresCheck,
    place: &Place,
    roots: Roots,
    deadline: &Deadline,
) -> Result<(Option<String>, Duration), Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    // A Unix socket is never encrypted.
    let local = place.host.starts_with('/');
    let tls = PgTls { name: place.host.clone(), roots, must_trust: tls(check, place) == TlsMode::Require };
    let mut config = config(check, place);
    if local {
        config.ssl_mode(SslMode::Disable);
    }
    let (client, connection) = config.connect_raw(stream, tls).await?;
    let millis = deadline.left().as_millis().max(1);
    let query = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {millis}; {FIGURES}; ROLLBACK");
    tokio::pin!(connection);
    let answer = {
        let conversation = async {
            let start = deadline.elapsed();
            let messages = client.simple_query(&query).await?;
            Ok((first(&messages), deadline.elapsed().saturating_sub(start)))
        };
        tokio::pin!(conversation);
        tokio::select! {
            biased;
            answer = &mut conversation => answer,
            _ = &mut connection => return conversation.await,
        }
    };
    // With the client gone the connection says good-bye, so that the server's log stays quiet.
    drop(client);
    let _ = tokio::time::timeout(FAREWELL, connection).await;
    answer
}

fn first(messages: &[SimpleQueryMessage]) -> Option<String> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

/// What an error says: about us, or about the server (PostgreSQL's manual, appendix A).
fn refused(error: &Error, look: &Look<'_>) -> Attempt {
    let Some(told) = error.as_db_error() else {
        let why = Failure::chain(error).join(": ");
        return look.reach.blame(&HttpError::Nonsense(why)).into();
    };
    let message = told.message();
    match told.code() {
        &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            Attempt::unknown(format!("it does not accept us: {message}"))
        }
        &SqlState::INSUFFICIENT_PRIVILEGE
        | &SqlState::FEATURE_NOT_SUPPORTED
        | &SqlState::UNDEFINED_FUNCTION => {
            Attempt::unknown(format!("it answers, but does not tell its figures: {message}"))
        }
        &SqlState::TOO_MANY_CONNECTIONS => Attempt::down(format!("it takes no more connections: {message}")),
        &SqlState::QUERY_CANCELED => Attempt::down(format!("its figures take too long: {message}")),
        _ => Attempt::down(format!("it answers an error: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_whether_it_is_encrypted() {
        let asks = |query: &str| parse(&format!("postgres://shop@db.example/shop{query}")).unwrap().tls;
        assert_eq!(asks(""), None);
        assert_eq!(asks("?sslmode=disable"), Some(TlsMode::Disable));
        assert_eq!(asks("?sslmode=prefer"), Some(TlsMode::Prefer));
        for strict in ["require", "verify-ca", "verify-full"] {
            assert_eq!(asks(&format!("?sslmode={strict}&connect_timeout=3")), Some(TlsMode::Require));
        }
    }
}
