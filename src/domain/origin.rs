//! A backup that comes from another datastore than the one that it is brought back for, and the command that
//! makes of it what may be shown there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::datastore::Source;
use super::ids::DatastoreId;

/// Where a backup comes from, where that is another datastore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Which: its backups go by its name.
    pub datastore: DatastoreId,
    /// Of files the paths in its archive, each for the one of that place among those that stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// The command that changes what another datastore's backup brought, before anything is done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// The program and its arguments, on the datastore's server.
    pub command: Vec<String>,
    /// How long it may take; it is ended then.
    pub deadline: Duration,
}

/// The system's user that runs such a command: the datastore's own, where that is one of the server and not of a
/// container.
pub const fn masked_as(source: &Source) -> Option<&String> {
    match source {
        Source::Postgres { container: None, run_as, .. } | Source::Files { run_as, .. } => run_as.as_ref(),
        _ => None,
    }
}

/// What such a command finds in its environment, `NAME=VALUE` each: what was restored, by its name, and for a
/// PostgreSQL that is not in a container where its programs find it. Never a password.
pub fn environment(datastore: &DatastoreId, source: &Source, of: &str, from: &DatastoreId) -> Vec<String> {
    let mut all = vec![format!("MIDWATCH_DATASTORE={datastore}"), format!("MIDWATCH_FROM={from}")];
    match source {
        Source::Postgres { container, host, port, user, .. } => {
            all.push(format!("MIDWATCH_DATABASE={of}"));
            if let Some(container) = container {
                all.push(format!("MIDWATCH_CONTAINER={container}"));
                return all;
            }
            // So that it is the one that is meant, whatever else the command leaves unsaid.
            all.push(format!("PGDATABASE={of}"));
            all.extend(host.iter().map(|host| format!("PGHOST={host}")));
            all.extend(port.iter().map(|port| format!("PGPORT={port}")));
            all.extend(user.iter().map(|user| format!("PGUSER={user}")));
            all.extend(["PGCONNECT_TIMEOUT=15", "PGAPPNAME=midwatch"].map(str::to_owned));
        }
        Source::Volume { .. } => all.push(format!("MIDWATCH_VOLUME={of}")),
        Source::Files { paths, .. } => {
            let each: Vec<String> =
                paths.iter().map(|path| format!("{}.{of}", path.trim_end_matches('/'))).collect();
            all.push(format!("MIDWATCH_PATHS={}", each.join("\n")));
        }
        // The socket of the second instance that has it is known once that runs.
        Source::Redis { .. } => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &Source, of: &str) -> Vec<String> {
        environment(&"shop-test".into(), source, of, &"shop-db".into())
    }

    fn postgres(container: Option<&str>) -> Source {
        Source::Postgres {
            container: container.map(str::to_owned),
            run_as: Some("postgres".to_owned()),
            host: Some("/run/pg".to_owned()),
            port: Some(5433),
            user: None,
            database: "shop".to_owned(),
        }
    }

    #[test]
    fn a_command_is_told_of_what_was_restored_and_never_of_what_stands() {
        let all = told(&postgres(None), "shop_restore_1");
        assert_eq!(
            all,
            [
                "MIDWATCH_DATASTORE=shop-test",
                "MIDWATCH_FROM=shop-db",
                "MIDWATCH_DATABASE=shop_restore_1",
                "PGDATABASE=shop_restore_1",
                "PGHOST=/run/pg",
                "PGPORT=5433",
                "PGCONNECT_TIMEOUT=15",
                "PGAPPNAME=midwatch",
            ]
        );
        // What a container's address means only holds in it.
        let all = told(&postgres(Some("db")), "shop_restore_1");
        assert!(all.contains(&"MIDWATCH_CONTAINER=db".to_owned()));
        assert!(!all.iter().any(|it| it.starts_with("PG")));
        let files =
            Source::Files { run_as: None, paths: vec!["/srv/a/".into(), "/b".into()], exclude: vec![] };
        assert_eq!(told(&files, "restore-1")[2], "MIDWATCH_PATHS=/srv/a.restore-1\n/b.restore-1");
        let volume = Source::Volume { volume: "up".to_owned() };
        assert_eq!(told(&volume, "up_restore_1")[2], "MIDWATCH_VOLUME=up_restore_1");
        // Nor how a Redis that stands is reached.
        let (host, user) = (Some("127.0.0.1".to_owned()), Some("app".to_owned()));
        let redis = Source::Redis { container: None, run_as: None, host, port: Some(6379), user };
        assert_eq!(told(&redis, "restore-1"), ["MIDWATCH_DATASTORE=shop-test", "MIDWATCH_FROM=shop-db"]);
    }
}
