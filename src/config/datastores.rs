//! `[datastores.NAME]`: what is backed up, where to, how often it should be and how long it is kept.

use std::time::Duration;

use super::amounts::{Port, Whole};
use super::argv::Argv;
use super::datastore_archive::ArchiveConfig;
use super::mistake::Mistake;
use super::scalars::RemotePath;
use super::secret::Secret;
use super::table::Table;
use super::words::words;
use crate::domain::assertion::{Assertion, Expectation};
use crate::domain::datastore::{Retention, Source};
use crate::domain::ids::{RepositoryId, ServerId};
use crate::domain::origin::Mask;
use crate::domain::probe::Probe;

words! {
    /// What a datastore is.
    KindWord {
        /// A PostgreSQL database.
        Postgres = "postgres",
        /// A Redis server.
        Redis = "redis",
        /// A volume of the container engine.
        Volume = "volume",
        /// Files and folders.
        Files = "files",
    }
}

/// A datastore.
#[derive(Clone, Debug, PartialEq)]
pub struct DatastoreConfig {
    /// The server that it is on.
    pub server: ServerId,
    /// What it is, and how it is read there.
    pub source: Source,
    /// The password of whoever reads it, where it needs one.
    pub password: Option<Secret>,
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
    /// What keeps its write-ahead log.
    pub archive: Option<ArchiveConfig>,
    /// What is done to another datastore's backup that is brought back for it.
    pub mask: Option<Mask>,
}

impl DatastoreConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let kind: Option<KindWord> = t.need("kind");
        let server: Option<ServerId> = t.need("server");
        let repository: Option<RepositoryId> = t.need("repository");
        let rpo = t.or("rpo", Duration::from_secs(86_400));
        let rto = t.or("rto", Duration::from_secs(3600));
        let retention = t.table("retention", retention);
        let keep_replaced = t.or("keep_replaced", Duration::from_secs(7 * 86_400));
        let assertions = t.table("drill", |t| t.list("assertions", assertion));
        let mask: Option<Argv> = t.opt("mask");
        let deadline = t.or("mask_deadline", Duration::from_secs(3600));
        let mask = mask.map(|command| Mask { command: command.0, deadline });
        let archived = t.has("archive");
        let archive = t.table("archive", |t| ArchiveConfig::read(t, archived));
        let container: Option<String> = t.opt("container");
        let run_as: Option<String> = t.opt("run_as");
        let host: Option<String> = t.opt("host");
        let port: Option<Port> = t.opt("port");
        let user: Option<String> = t.opt("user");
        let password: Option<Secret> = t.opt("password");
        let database: Option<String> = t.opt("database");
        let volume: Option<String> = t.opt("volume");
        let paths: Option<Vec<RemotePath>> = t.opt("paths");
        let exclude: Option<Vec<String>> = t.opt("exclude");
        let kind = kind?;
        strangers(t, kind);
        if matches!(kind, KindWord::Volume | KindWord::Files) && !t.walk().is_catalog() {
            for why in assertions.iter().filter_map(|it| Probe::parse(&it.query).err()) {
                t.report(Mistake::error(t.span(), format!("a drill asks what it may not: {why}")));
            }
        }
        let port = port.map(Port::get);
        let missing = |key: &str| {
            let said = format!("kind \"{}\" needs `{key}`", kind.word());
            if !t.walk().is_catalog() && !t.has(key) {
                t.report(Mistake::error(t.span(), said).label(format!("in {}", t.title())));
            }
        };
        let source = match kind {
            KindWord::Postgres => {
                let Some(database) = database else {
                    missing("database");
                    return None;
                };
                Source::Postgres { container, run_as, host, port, user, database }
            }
            KindWord::Redis => Source::Redis { container, run_as, host, port, user },
            KindWord::Volume => {
                let Some(volume) = volume else {
                    missing("volume");
                    return None;
                };
                Source::Volume { volume }
            }
            KindWord::Files => {
                let Some(paths) = paths.filter(|all| !all.is_empty()) else {
                    missing("paths");
                    return None;
                };
                let paths = paths.into_iter().map(|path| path.0).collect();
                Source::Files { run_as, paths, exclude: exclude.unwrap_or_default() }
            }
        };
        Some(Self {
            server: server?,
            source,
            password,
            repository: repository?,
            rpo,
            rto,
            retention,
            keep_replaced,
            assertions,
            archive,
            mask,
        })
    }
}

/// Reports the keys that mean nothing for this kind.
fn strangers(t: &Table<'_>, kind: KindWord) {
    let strange: &[&str] = match kind {
        KindWord::Postgres => &["volume", "paths", "exclude"],
        KindWord::Redis => &["database", "volume", "paths", "exclude", "archive"],
        KindWord::Volume => &[
            "container",
            "run_as",
            "host",
            "port",
            "user",
            "password",
            "database",
            "paths",
            "exclude",
            "archive",
        ],
        KindWord::Files => {
            &["container", "host", "port", "user", "password", "database", "volume", "archive"]
        }
    };
    for key in strange.iter().filter(|key| t.has(key)) {
        t.report(Mistake::error(t.span_of(key), format!("`{key}` is nothing for kind \"{}\"", kind.word())));
    }
}

fn assertion(t: &mut Table<'_>) -> Option<Assertion> {
    let query: Option<String> = t.need("query");
    let greater: Option<Whole<{ i64::MIN }, { i64::MAX }>> = t.opt("greater");
    let younger: Option<Duration> = t.opt("younger");
    let equals: Option<String> = t.opt("equals");
    let mut all = [
        greater.map(|it| Expectation::Greater(it.0)),
        younger.map(Expectation::Younger),
        equals.map(Expectation::Equals),
    ]
    .into_iter()
    .flatten();
    match (query, all.next(), all.next()) {
        (Some(query), Some(expects), None) => Some(Assertion { query, expects }),
        (None, _, _) => None,
        _ => {
            if !t.walk().is_catalog() {
                let said = "it needs one of `greater`, `younger` and `equals`";
                t.report(Mistake::error(t.span(), said).label(format!("in {}", t.title())));
            }
            None
        }
    }
}

fn retention(t: &mut Table<'_>) -> Retention {
    let usual = Retention::default();
    let number = |t: &mut Table<'_>, key: &'static str| {
        let it: Option<Whole<1, 10_000>> = t.opt(key);
        it.map_or(0, |it| u16::try_from(it.0).unwrap_or(u16::MAX))
    };
    Retention {
        within: t.or("within", usual.within),
        last: number(t, "last"),
        hourly: number(t, "hourly"),
        daily: number(t, "daily"),
        weekly: number(t, "weekly"),
        monthly: number(t, "monthly"),
    }
}
