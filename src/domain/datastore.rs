//! A datastore: what can be backed up, as the configuration says it, and which backups of it are kept.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::assertion::Assertion;
use super::backup::Backup;
use super::ids::{DatastoreId, EnvironmentId, RepositoryId, ServerId};
use super::origin::Mask;
use super::setup::Guard;
use super::time::{Age, Timestamp};

/// Everything that is configured of a datastore but its password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatastoreSpec {
    /// Its name.
    pub id: DatastoreId,
    /// The server that it is on.
    pub server: ServerId,
    /// Its environment: its server's.
    pub environment: Option<EnvironmentId>,
    /// Whether that is production.
    #[serde(default)]
    pub production: bool,
    /// How changes there are confirmed.
    pub guard: Guard,
    /// What it is.
    pub source: Source,
    /// Where its backups go.
    pub repository: RepositoryId,
    /// How old its last good backup may be.
    pub rpo: Duration,
    /// How long bringing it back may take.
    pub rto: Duration,
    /// Which backups are kept.
    pub retention: Retention,
    /// How long what a restore replaced is kept beside.
    pub keep_replaced: Duration,
    /// What a restored backup has to answer in a drill.
    pub assertions: Vec<Assertion>,
    /// What is done to another datastore's backup that is brought back for it.
    #[serde(default)]
    pub mask: Option<Mask>,
}

/// What a datastore is, and how it is read on its server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// A PostgreSQL database, read by the programs of its own version.
    Postgres {
        /// The container that has the programs; `None` for the server itself.
        container: Option<String>,
        /// The system's user that runs them, by `docker exec -u` or `sudo -u`.
        run_as: Option<String>,
        /// A name, an address, or the folder of the Unix socket; `None` for the programs' own default.
        host: Option<String>,
        /// The port.
        port: Option<u16>,
        /// The role.
        user: Option<String>,
        /// The database.
        database: String,
    },
    /// A Redis server, read by its own replication.
    Redis {
        /// Likewise.
        container: Option<String>,
        /// Likewise.
        run_as: Option<String>,
        /// A name or an address.
        host: Option<String>,
        /// The port.
        port: Option<u16>,
        /// The user.
        user: Option<String>,
    },
    /// A volume of the container engine, read through a container that has it.
    Volume {
        /// Its name.
        volume: String,
    },
    /// Files and folders, read by the server's tar.
    Files {
        /// The system's user that reads them.
        run_as: Option<String>,
        /// Absolute paths.
        paths: Vec<String>,
        /// Patterns of what is left out, as tar has them.
        exclude: Vec<String>,
    },
}

/// The folder of a datastore's lock and runs on its server, of our own, from the user's home.
pub fn folder(id: &DatastoreId) -> String {
    format!(".local/state/midwatch/datastores/{id}")
}

impl Source {
    /// Its kind's word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "postgres",
            Self::Redis { .. } => "redis",
            Self::Volume { .. } => "volume",
            Self::Files { .. } => "files",
        }
    }

    /// What it is, for the reader.
    pub fn describe(&self) -> String {
        match self {
            Self::Postgres { database, container, .. } => match container {
                Some(container) => format!("database {database} in container {container}"),
                None => format!("database {database}"),
            },
            Self::Redis { container, .. } => match container {
                Some(container) => format!("redis in container {container}"),
                None => "redis".to_owned(),
            },
            Self::Volume { volume } => format!("volume {volume}"),
            Self::Files { paths, .. } => paths.join(", "),
        }
    }

    /// Whether it is asked in SQL.
    pub const fn is_sql(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// The database's name; empty for what is none.
    pub fn database(&self) -> &str {
        match self {
            Self::Postgres { database, .. } => database,
            _ => "",
        }
    }

    /// The same with another database, or another volume; files and Redis have no name.
    #[must_use]
    pub fn with_name(&self, name: &str) -> Self {
        let mut it = self.clone();
        match &mut it {
            Self::Postgres { database: own, .. } | Self::Volume { volume: own } => name.clone_into(own),
            Self::Files { .. } | Self::Redis { .. } => {}
        }
        it
    }

    /// The name of its main file in a backup, in the folder of the datastore's name.
    pub const fn file(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "database.dump",
            Self::Redis { .. } => "dump.rdb",
            Self::Volume { .. } => "volume.tar",
            Self::Files { .. } => "files.tar",
        }
    }
}

/// Which backups of a datastore are kept: those that any of these keeps. The newest one always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// All that are younger.
    pub within: Duration,
    /// The newest so many.
    pub last: u16,
    /// The last one of each of the newest so many hours that have one; likewise the others. In UTC.
    pub hourly: u16,
    /// Days.
    pub daily: u16,
    /// Weeks, which begin on Monday.
    pub weekly: u16,
    /// Months.
    pub monthly: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { within: Duration::from_secs(30 * 86_400), last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
    }
}

impl Retention {
    /// The backups that nothing keeps any longer, oldest first.
    pub fn expired<'a>(&self, backups: &'a [Backup], now: Timestamp) -> Vec<&'a Backup> {
        self.judged(backups, now).into_iter().filter(|(_, why)| why.is_empty()).map(|(it, _)| it).collect()
    }

    /// Each of a datastore's backups with what keeps it, oldest first; nothing keeps what has expired.
    pub fn judged<'a>(&self, backups: &'a [Backup], now: Timestamp) -> Vec<(&'a Backup, Vec<String>)> {
        let mut newest: Vec<(&Backup, Vec<String>)> = backups.iter().map(|it| (it, Vec::new())).collect();
        newest.sort_by(|(a, _), (b, _)| (b.at, &b.id).cmp(&(a.at, &a.id)));
        for (n, (it, why)) in newest.iter_mut().enumerate() {
            if n == 0 {
                why.push("the newest".to_owned());
            }
            if it.at.age(now) < self.within {
                why.push(format!("younger than {}", Age(self.within)));
            }
            if n < self.last.into() {
                why.push(format!("one of the last {}", self.last));
            }
        }
        let rules: [(u16, Period, &str); 4] = [
            (self.hourly, hour, "hour"),
            (self.daily, day, "day"),
            (self.weekly, week, "week"),
            (self.monthly, month, "month"),
        ];
        for (most, period, word) in rules {
            let mut seen: BTreeSet<String> = BTreeSet::new();
            for (it, why) in &mut newest {
                if seen.len() >= most.into() {
                    break;
                }
                if seen.insert(period(it.at)) {
                    why.push(format!("the last of its {word}"));
                }
            }
        }
        newest.reverse();
        newest
    }
}

/// Names the period that a time lies in.
type Period = fn(Timestamp) -> String;

fn cut(at: Timestamp, len: usize) -> String {
    at.rfc3339().chars().take(len).collect()
}

fn hour(at: Timestamp) -> String {
    cut(at, "2026-11-21T12".len())
}

fn day(at: Timestamp) -> String {
    cut(at, "2026-11-21".len())
}

/// The number of whole weeks since the first Monday of the epoch, 1970-01-05.
fn week(at: Timestamp) -> String {
    const WEEK: i64 = 7 * 86_400_000;
    (at.as_millis() - 4 * 86_400_000).div_euclid(WEEK).to_string()
}

fn month(at: Timestamp) -> String {
    cut(at, "2026-11".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(at: &str) -> Backup {
        Backup { id: at.to_owned(), at: Timestamp::parse_rfc3339(at).unwrap(), ..Backup::default() }
    }

    fn expired(retention: Retention, times: &[&str], now: &str) -> Vec<String> {
        let all: Vec<Backup> = times.iter().map(|at| backup(at)).collect();
        let now = Timestamp::parse_rfc3339(now).unwrap();
        retention.expired(&all, now).into_iter().map(|it| it.id.clone()).collect()
    }

    const NONE: Retention =
        Retention { within: Duration::from_secs(1), last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 };

    #[test]
    fn the_newest_one_is_kept_however_old() {
        assert_eq!(
            expired(NONE, &["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"], "2026-01-01T00:00:00Z"),
            ["2020-01-01T00:00:00Z"]
        );
    }

    #[test]
    fn what_is_kept_says_why() {
        let all =
            [backup("2026-11-15T23:00:00Z"), backup("2026-11-16T01:00:00Z"), backup("2026-11-16T02:00:00Z")];
        let now = Timestamp::parse_rfc3339("2026-11-21T12:00:00Z").unwrap();
        let judged = Retention { daily: 2, last: 1, ..NONE }.judged(&all, now);
        let why: Vec<String> = judged.into_iter().map(|(_, why)| why.join(", ")).collect();
        assert_eq!(why, ["the last of its day", "", "the newest, one of the last 1, the last of its day"]);
    }

    #[test]
    fn thirty_days_are_kept_where_nothing_is_said() {
        let times = ["2026-10-20T00:00:00Z", "2026-10-23T00:00:00Z", "2026-11-21T00:00:00Z"];
        assert_eq!(expired(Retention::default(), &times, "2026-11-21T12:00:00Z"), ["2026-10-20T00:00:00Z"]);
    }

    #[test]
    fn the_last_one_of_each_period_is_kept() {
        let times = [
            "2026-11-15T23:00:00Z", // a Sunday
            "2026-11-16T01:00:00Z",
            "2026-11-16T02:00:00Z",
            "2026-11-17T02:00:00Z",
        ];
        let now = "2026-11-21T12:00:00Z";
        let daily = Retention { daily: 2, ..NONE };
        assert_eq!(expired(daily, &times, now), ["2026-11-15T23:00:00Z", "2026-11-16T01:00:00Z"]);
        let weekly = Retention { weekly: 2, ..NONE };
        assert_eq!(expired(weekly, &times, now), ["2026-11-16T01:00:00Z", "2026-11-16T02:00:00Z"]);
        let monthly = Retention { monthly: 5, ..NONE };
        assert_eq!(expired(monthly, &times, now).len(), 3);
    }
}
