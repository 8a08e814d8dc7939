//! The configuration as the core needs it: what there is to show, and how. No addresses of secrets,
//! no paths of keys; it is part of every recording.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::archive::Tool;
use super::backup::Backup;
use super::cadence::Cadence;
use super::datastore::Retention;
use super::deploy::Strategy;
use super::ids::{AppId, CheckId, DatastoreId, EnvironmentId, RepositoryId, ServerId};
use super::thresholds::Thresholds;
use super::time::Timestamp;

/// What the core is told at start and after each reload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The servers, in the order of the configuration.
    pub servers: Vec<ServerSetup>,
    /// The environments.
    pub environments: Vec<EnvironmentSetup>,
    /// The apps that are named; others are found by their Compose project.
    pub apps: Vec<AppSetup>,
    /// The apps that can be changed: those of which the Compose file and the servers are configured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changeable: BTreeMap<AppId, ChangeSetup>,
    /// The checks that are made: until the first result of each there is one thing less that is known.
    #[serde(default)]
    pub checks: Vec<CheckId>,
    /// The datastores, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datastores: Vec<DatastoreSetup>,
    /// Limits where a server has none of its own.
    pub thresholds: Thresholds,
    /// Chords by the action's id, instead of its default ones.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The theme's name.
    pub theme: String,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// How many times less often a server is read that nobody looks at; 0 counts as 1.
    #[serde(default)]
    pub background: u32,
    /// How often things are looked at, beside vitals and checks.
    #[serde(default, skip_serializing_if = "Cadence::is_usual")]
    pub cadence: Cadence,
    /// Whether nothing may be changed, for the whole of this console's life.
    pub read_only: bool,
    /// Where the configuration was read, for the reader; `None` where there is none.
    pub source: Option<String>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerSetup {
    /// Its name.
    pub id: ServerId,
    /// How it is reached, for the reader (`ops@192.0.2.7:22`, `this machine`).
    pub address: String,
    /// Its environment.
    pub environment: Option<EnvironmentId>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its limits.
    pub thresholds: Thresholds,
    /// How often its vitals are read while someone looks.
    pub interval: Duration,
    /// Log files that are offered beside containers and the journal, label and path.
    pub log_files: Vec<(String, String)>,
    /// The labels of those of them that are access logs, from which requests are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_logs: Vec<String>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSetup {
    /// Its name.
    pub id: EnvironmentId,
    /// How strictly changes are confirmed.
    pub guard: Guard,
    /// The color role of its frame (`production`, `staging`, `accent`, `muted`).
    pub color: String,
}

/// How strictly an environment confirms changes, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// A key.
    #[default]
    Confirm,
    /// The target's name, typed.
    TypeName,
    /// Another operator, with a key of their own.
    TwoPerson,
}

/// How an app can be changed, as far as the core has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSetup {
    /// The services whose image a deploy changes; empty for all that share a repository.
    pub services: Vec<String>,
    /// How its containers are replaced where nothing else is said.
    #[serde(default)]
    pub strategy: Strategy,
    /// Whether there is a proxy that can be switched from old containers to new ones.
    #[serde(default)]
    pub proxied: bool,
}

/// One datastore, as far as the core has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatastoreSetup {
    /// Its name.
    pub id: DatastoreId,
    /// Its kind's word: `postgres`, `redis`, `volume`, `files`.
    pub kind: String,
    /// What it is, for the reader.
    pub what: String,
    /// The server that it is on.
    pub server: ServerId,
    /// The apps whose data it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<AppId>,
    /// Where its backups go.
    pub repository: RepositoryId,
    /// How old its last good backup may be.
    pub rpo: Duration,
    /// How long bringing it back may take.
    pub rto: Duration,
    /// Which of its backups are kept; `None` where a recording does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeping: Option<Keeping>,
    /// What keeps its write-ahead log, and how much of that may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveSetup>,
}

/// What keeps a datastore's write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveSetup {
    /// The program.
    pub tool: Tool,
    /// The server that it is asked on.
    pub server: ServerId,
    /// How much of the log may be lost.
    pub rpo: Duration,
}

/// Which backups of a datastore are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// Those that any of these keeps.
    pub retention: Retention,
    /// How long what a restore replaced is kept, whatever that says.
    pub replaced: Duration,
}

impl Keeping {
    /// What keeps one of a datastore's backups; nothing where nothing does.
    pub fn why(&self, all: &[Backup], id: &str, now: Timestamp) -> Vec<String> {
        let judged = self.retention.judged(all, now);
        let it = judged.into_iter().find(|(it, _)| it.id == id);
        it.map(|(it, why)| why.into_iter().chain(it.replaced(self.replaced, now)).collect())
            .unwrap_or_default()
    }
}

/// One app that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSetup {
    /// Its name.
    pub id: AppId,
    /// Its Compose project.
    pub project: String,
    /// Its environment, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentId>,
    /// Where it should run; a server without it is a problem.
    pub servers: Vec<ServerId>,
    /// The checks that look at it.
    pub checks: Vec<CheckId>,
    /// Whether the file is known by which its proxy tells visitors that it is in maintenance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxied: bool,
}
