//! What the checks of databases share: where to connect, a bounded stream, and limits.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::attempt::Attempt;
use super::bounded::Bounded;
use super::look::Look;
use super::reach::Miss;
use crate::config::checks::DatabaseAt;
use crate::config::checks::postgres::TlsMode;
use crate::domain::health::Health;
use crate::domain::quantity::Percent;
use crate::http::limits::Deadline;

/// The most that is read from a database in one attempt, in bytes: what speaks another protocol is
/// not listened to for ever.
const MOST: u64 = 4 << 20;

/// Where a database is and who we are there, its secrets fetched.
pub struct Place {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user.
    pub user: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The database.
    pub database: Option<String>,
    /// What its URL says of TLS, where it says anything.
    pub tls: Option<TlsMode>,
    /// The certificates to trust that its URL names.
    pub ca: Option<PathBuf>,
}

impl Place {
    /// Fetches what is secret; a URL is read by `parse`.
    pub async fn find(
        at: &DatabaseAt,
        look: &Look<'_>,
        parse: fn(&str) -> Result<Self, &'static str>,
    ) -> Result<Self, Attempt> {
        match at {
            DatabaseAt::Url(source) => {
                let url = look.secret(source).await?;
                // What does not parse may be the password itself: its text is not repeated.
                parse(url.expose_secret()).map_err(|held| Attempt::unknown(format!("{source} holds {held}")))
            }
            DatabaseAt::Parts { host, port, user, password, database } => {
                let password = match password {
                    Some(source) => Some(look.secret(source).await?),
                    None => None,
                };
                Ok(Self {
                    host: host.clone(),
                    port: *port,
                    user: user.clone(),
                    password,
                    database: database.clone(),
                    tls: None,
                    ca: None,
                })
            }
        }
    }

    /// Connects, by TCP or to a Unix socket whose file is called `socket`.
    pub async fn connect(&self, look: &Look<'_>, deadline: &Deadline, socket: &str) -> Result<Bounded, Miss> {
        let stream = if self.host.starts_with('/') {
            let path = format!("{}/{}", self.host.trim_end_matches('/'), socket);
            look.reach.unix(&path, deadline).await?
        } else {
            look.reach.tcp(&self.host, self.port, deadline).await?
        };
        Ok(Bounded::new(stream, MOST))
    }
}

/// Finds a share over its limit.
pub fn limit(attempt: &mut Attempt, what: &str, used: f64, all: f64, limit: Percent) {
    if all > 0.0 && used / all * 100.0 > f64::from(limit.0) {
        attempt.find(Health::Degraded, format!("{what}: {:.0}% used, over {}", used / all * 100.0, limit));
    }
}
