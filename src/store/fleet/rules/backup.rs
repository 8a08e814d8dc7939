//! A datastore is not backed up as it should be, or nobody can tell.

use crate::domain::health::Health;
use crate::domain::problem::Target;
use crate::domain::time::Timestamp;
use crate::store::fleet::datastores::Datastores;
use crate::store::fleet::finding::{Finding, Kind};

/// What is wrong with the backups of each datastore. They stand in a repository and not on the server, so
/// that nothing that is wrong there explains it.
pub fn find(datastores: &Datastores, now: Timestamp) -> impl Iterator<Item = Finding> {
    let looked = datastores.all().filter(|it| datastores.was_looked_at(it));
    looked.filter_map(move |it| {
        let verdict = datastores.verdict(it, now);
        (verdict.health != Health::Up).then(|| Finding {
            id: format!("datastore:{}", it.id).into(),
            kind: Kind::Backup,
            target: Target::Datastore(it.id.clone()),
            server: None,
            project: None,
            project_servers: Vec::new(),
            check: None,
            cause: verdict.reason,
            severity: verdict.health,
            affects: Vec::new(),
            begun: None,
        })
    })
}
