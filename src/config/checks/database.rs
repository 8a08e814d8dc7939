//! How a database is reached: what the checks of PostgreSQL and Redis share.

use super::secret_url::SecretUrl;
use crate::config::amounts::Port;
use crate::config::mistake::Mistake;
use crate::config::secret::Secret;
use crate::config::table::Table;

/// Where a database answers, and who asks.
#[derive(Clone, Debug, PartialEq)]
pub enum DatabaseAt {
    /// All in one URL, which may hold the password.
    Url(Secret),
    /// One by one.
    Parts {
        /// A name, an address, or for PostgreSQL the folder of its Unix socket.
        host: String,
        /// The port.
        port: u16,
        /// The user.
        user: Option<String>,
        /// The password.
        password: Option<Secret>,
        /// The database: PostgreSQL's by name, Redis's by number.
        database: Option<String>,
    },
}

impl DatabaseAt {
    pub(super) fn target(&self, scheme: &str) -> String {
        match self {
            Self::Url(source) => format!("{scheme} at {source}"),
            Self::Parts { host, port, database, .. } => {
                let database = database.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
                format!("{scheme}://{host}:{port}{database}")
            }
        }
    }

    /// Reads `url`, or `host` and the rest.
    pub(super) fn read(t: &mut Table<'_>, schemes: &'static [&'static str], port: i64) -> Option<Self> {
        let parts = ["host", "port", "user", "password", "database"];
        let url = t.opt::<SecretUrl>("url");
        let at = Self::Parts {
            host: t.or("host", "127.0.0.1".to_owned()),
            port: t.or("port", Port::new(port)).get(),
            user: t.opt("user"),
            password: t.opt("password"),
            database: t.opt("database"),
        };
        if !t.has("url") {
            return Some(at);
        }
        for part in parts {
            if t.has(part) {
                t.report(
                    Mistake::error(t.span_of(part), format!("`{part}` belongs into `url`"))
                        .help(format!("give either `url`, or any of {}", parts.join(", "))),
                );
            }
        }
        let SecretUrl { secret, scheme } = url?;
        if let Some(scheme) = scheme.filter(|scheme| !schemes.contains(&scheme.as_str())) {
            let all: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
            t.report(
                Mistake::error(t.span_of("url"), format!("{scheme}:// is not this kind of database"))
                    .help(format!("the URL starts with {}", all.join(" or "))),
            );
        }
        Some(Self::Url(secret))
    }
}
