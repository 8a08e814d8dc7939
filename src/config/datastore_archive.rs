//! `[datastores.NAME.archive]`: what keeps the write-ahead log of a PostgreSQL server, beside our backups.

use std::time::Duration;

use super::datastores::DatastoreConfig;
use super::mistake::Mistake;
use super::scalars::RemotePath;
use super::table::Table;
use super::words::words;
use crate::domain::archive::{ArchiveSpec, Tool};
use crate::domain::datastore::Source;
use crate::domain::ids::ServerId;

words! {
    /// A program that keeps an archive.
    ToolWord {
        /// pgBackRest.
        PgBackRest = "pgbackrest",
        /// Barman.
        Barman = "barman",
        /// WAL-G.
        WalG = "wal-g",
    }
}

/// The archive of a datastore.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveConfig {
    /// What keeps it.
    pub tool: ToolWord,
    /// The stanza of pgBackRest, or the server's name with Barman; empty for WAL-G, which has none.
    pub name: String,
    /// The server that has the program; the datastore's own where none is named.
    pub server: Option<ServerId>,
    /// The container that has it; the datastore's own where neither a server nor one is named.
    pub container: Option<String>,
    /// The system's user that runs it; likewise.
    pub run_as: Option<String>,
    /// Its configuration file; for WAL-G it may be a folder of variables too.
    pub config: Option<String>,
    /// How much of the log may be lost.
    pub rpo: Duration,
}

impl ArchiveConfig {
    /// Reads it, where there is one.
    pub(super) fn read(t: &mut Table<'_>, given: bool) -> Option<Self> {
        let tool: Option<ToolWord> = if given { t.need("tool") } else { t.opt("tool") };
        let name: Option<String> = t.opt("name");
        let server: Option<ServerId> = t.opt("server");
        let container: Option<String> = t.opt("container");
        let run_as: Option<String> = t.opt("run_as");
        let config: Option<RemotePath> = t.opt("config");
        let rpo = t.or("rpo", Duration::from_secs(300));
        let tool = tool?;
        let named = tool != ToolWord::WalG;
        if !t.walk().is_catalog() && named && name.is_none() {
            let what = if tool == ToolWord::Barman { "the server's name there" } else { "the stanza" };
            t.report(Mistake::error(t.span(), format!("\"{}\" needs `name`: {what}", tool.word())));
        }
        if !named && t.has("name") {
            t.report(Mistake::error(t.span_of("name"), "`name` is nothing for \"wal-g\""));
        }
        let (name, config) = (name.unwrap_or_default(), config.map(|it| it.0));
        Some(Self { tool, name, server, container, run_as, config, rpo })
    }

    /// What is asked, and where.
    pub fn spec(&self, of: &DatastoreConfig) -> ArchiveSpec {
        let elsewhere = self.server.as_ref().is_some_and(|server| *server != of.server);
        let (container, run_as) = match &of.source {
            Source::Postgres { container, run_as, .. } if !elsewhere => (container.clone(), run_as.clone()),
            _ => (None, None),
        };
        ArchiveSpec {
            tool: match self.tool {
                ToolWord::PgBackRest => Tool::PgBackRest,
                ToolWord::Barman => Tool::Barman,
                ToolWord::WalG => Tool::WalG,
            },
            server: self.server.clone().unwrap_or_else(|| of.server.clone()),
            name: self.name.clone(),
            container: self.container.clone().or(container),
            run_as: self.run_as.clone().or(run_as),
            config: self.config.clone(),
        }
    }
}
