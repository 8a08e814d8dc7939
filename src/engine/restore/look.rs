//! How a PostgreSQL server stands before something is brought back to it. Nothing is changed.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::archive;
use super::psql::Server;
use crate::domain::backup::Backup;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::quantity::Bytes;
use crate::domain::sql::{fill, literal};
use crate::domain::text::{clean, shorten};
use crate::engine::dump::within::{Within, answer, words};
use crate::engine::ground::Ground;
use crate::operations::restore_facts::{Archive, DatabaseServer};

const DEADLINE: Duration = Duration::from_secs(60);

/// All that is asked, as one object; the name of the database goes in where it says `$1`.
const QUESTION: &str = "select json_build_object( \
 'number', current_setting('server_version_num')::int, \
 'live', (select pg_database_size(oid) from pg_database where datname = $1), \
 'sessions', (select count(*) from pg_stat_activity where datname = $1), \
 'databases', (select json_agg(datname) from pg_database), \
 'superuser', r.rolsuper, 'may_create', r.rolsuper or r.rolcreatedb, \
 'may_swap', r.rolsuper or (r.rolcreatedb and pg_has_role('pg_signal_backend', 'usage') \
 and coalesce((select pg_has_role(datdba, 'usage') from pg_database where datname = $1), true)), \
 'free', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int \
 - (select count(*) from pg_stat_activity where backend_type = 'client backend'), \
 'extensions', (select json_agg(name) from pg_available_extensions), \
 'data', case when r.rolsuper or pg_has_role('pg_read_all_settings', 'usage') \
 then current_setting('data_directory') end) from pg_roles r where r.rolname = current_user";

/// Room in a folder, in KiB, where it is here: the server may be elsewhere.
const ROOM: &str = r#"IFS= read -r x; [ -d "$1" ] || exit 0; df -Pk "$1" 2>/dev/null | sed -n 2p | awk '{print $4}'; exit 0"#;

#[derive(Deserialize)]
struct Answer {
    number: u32,
    live: Option<u64>,
    sessions: u32,
    databases: Option<BTreeSet<String>>,
    superuser: bool,
    may_create: bool,
    may_swap: bool,
    free: i64,
    extensions: Option<BTreeSet<String>>,
    data: Option<String>,
}

/// Asks the server.
pub async fn server(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<DatabaseServer, Failure> {
    let what = format!("look at the PostgreSQL of {} on {}", source.describe(), ground.server);
    let server = Server::new(source, password);
    let question = fill(QUESTION, &[&literal(source.database())]);
    let text = server.ask(ground, server.elsewhere(), &[&question], &what, DEADLINE).await?;
    let it: Answer = serde_json::from_str(text.trim()).map_err(|_| {
        Failure::new(FailureKind::Invalid, &what, format!("it said {:?}", shorten(&clean(&text), 120)))
    })?;
    let room = match (&it.data, source) {
        (Some(data), Source::Postgres { container, run_as, .. }) => {
            let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
            let command = words(within, ROOM, &[data], None);
            let text = answer(ground, command, &what, DEADLINE).await.unwrap_or_default();
            text.trim().parse::<u64>().ok().map(|kib| Bytes(kib * 1024))
        }
        _ => None,
    };
    let major = it.number / 10_000;
    Ok(DatabaseServer {
        major,
        version: format!("PostgreSQL {major}.{}", it.number % 10_000),
        live: it.live.map(Bytes),
        sessions: it.sessions,
        databases: it.databases.unwrap_or_default(),
        superuser: it.superuser,
        may_create: it.may_create,
        may_swap: it.may_swap,
        free_connections: Some(it.free),
        room,
        extensions: it.extensions.unwrap_or_default(),
    })
}

/// What a backup of a datastore is, by the programs of this one.
pub async fn backup(
    ground: &Ground,
    spec: &DatastoreSpec,
    of: &DatastoreSpec,
    password: Option<&SecretString>,
    backup: &Backup,
) -> Result<Archive, Failure> {
    let vault = ground.vaults().repository(&of.repository)?;
    let file = (backup.id.as_str(), of.id.as_str(), spec.source.file());
    archive::list(ground, &Server::new(&spec.source, password), password, vault, file).await
}
