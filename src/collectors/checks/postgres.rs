//! `postgres`: asks for figures, and how far the server is from its limits. Simple queries only, each
//! a transaction by itself: it works through `PgBouncer` in every mode.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};

use super::attempt::Attempt;
use super::database::Place;
use super::look::Look;
use super::postgres_figures::{FIGURES, Figure, Told, query};
use super::postgres_limits::judge;
use super::postgres_tls::{PgTls, Trust};
use super::postgres_url::parse;
use super::seen::Seen;
use crate::config::checks::PostgresCheck;
use crate::config::checks::postgres::TlsMode;
use crate::domain::failure::Failure;
use crate::http::HttpError;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;

/// How long the server gets to read our good-bye.
const FAREWELL: Duration = Duration::from_millis(200);

/// Connects, asks, and judges.
pub async fn attempt(check: &PostgresCheck, look: &Look<'_>) -> Attempt {
    let place = match Place::find(&check.at, look, parse).await {
        Ok(place) => place,
        Err(attempt) => return attempt,
    };
    let roots = match look.roots(check.ca.as_deref().or(place.ca.as_deref())).await {
        Ok(roots) => roots,
        Err(attempt) => return attempt,
    };
    let deadline = look.deadline();
    let stream = match place.connect(look, &deadline, &format!(".s.PGSQL.{}", place.port)).await {
        Ok(stream) => stream,
        Err(miss) => return miss.into(),
    };
    let asked = deadline.phase("answer", ask(stream, check, &place, roots, &deadline)).await;
    let (told, latency) = match asked {
        Err(error) => return look.reach.blame(&error).into(),
        Ok(Err(error)) => return refused(&error, look),
        Ok(Ok(answer)) => answer,
    };
    if told.figures.is_empty() {
        return Attempt::unknown("it answers, but not with its figures");
    }
    let mut attempt = judge(&check.limits, &told);
    attempt.latency = Some(latency);
    let seen = Seen {
        latency: Some(latency),
        figures: Some(Value::Object(told.figures)),
        refused: told.refused,
        ..Seen::default()
    };
    attempt.judge(check.condition.as_ref(), &seen);
    attempt
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
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    });
    config
}

async fn ask<S>(
    stream: S,
    check: &PostgresCheck,
    place: &Place,
    roots: Roots,
    deadline: &Deadline,
) -> Result<(Told, Duration), Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    // A Unix socket is never encrypted.
    let local = place.host.starts_with('/');
    let trust = match tls(check, place) {
        TlsMode::Disable | TlsMode::Prefer => Trust::Anyone,
        TlsMode::VerifyCa => Trust::Signed,
        TlsMode::Require | TlsMode::VerifyFull => Trust::Named,
    };
    let tls = PgTls { name: place.host.clone(), roots, trust };
    let mut config = config(check, place);
    if local {
        config.ssl_mode(SslMode::Disable);
    }
    let (client, connection) = config.connect_raw(stream, tls).await?;
    tokio::pin!(connection);
    let answer = {
        let conversation = converse(&client, deadline);
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

/// Asks for all figures at once; where one of them makes that fail, for each. The latency is that of the
/// first answer.
async fn converse(client: &Client, deadline: &Deadline) -> Result<(Told, Duration), Error> {
    let mut told = Told::default();
    let start = deadline.elapsed();
    let all = figures(client, FIGURES, deadline, &mut told).await;
    let latency = deadline.elapsed().saturating_sub(start);
    if let Err(error) = all {
        if is_about_all(&error) {
            return Err(error);
        }
        for figure in FIGURES {
            match figures(client, std::slice::from_ref(figure), deadline, &mut told).await {
                Err(why) if is_about_all(&why) => return Err(why),
                Err(why) => {
                    let message =
                        why.as_db_error().map(tokio_postgres::error::DbError::message).unwrap_or_default();
                    told.refuse(figure.0, message.to_owned());
                }
                Ok(()) => {}
            }
        }
        if told.figures.is_empty() {
            return Err(error);
        }
    }
    told.settle();
    Ok((told, latency))
}

async fn figures(
    client: &Client,
    figures: &[Figure],
    deadline: &Deadline,
    told: &mut Told,
) -> Result<(), Error> {
    let messages = client.simple_query(&query(figures, deadline.left().as_millis().max(1))).await?;
    told.take(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    }));
    Ok(())
}

/// Whether an error would meet every other query too: the connection's, the server's own (classes 08, 53,
/// 57 and 58 of PostgreSQL's manual, appendix A), or the deadline.
fn is_about_all(error: &Error) -> bool {
    error
        .code()
        .is_none_or(|code| ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class)))
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
