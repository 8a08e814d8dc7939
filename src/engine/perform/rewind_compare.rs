//! Sees how a server that was brought back to a moment differs from the one that stands.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Done, Task};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::Rewind;
use crate::domain::run::Progress;
use crate::domain::text::{clean, shorten};
use crate::engine::restore::psql::{Server, password};
use crate::engine::restore::tables::{differences, read};
use crate::operations::rewind_return::exchanged;

const DEADLINE: Duration = Duration::from_secs(60);
/// So many databases beside the datastore's own are compared.
const OTHERS: usize = 8;

const STANDS: &str = "select pg_is_in_recovery() or current_setting('archive_mode') <> 'off'";

const DATABASES: &str =
    "select coalesce(json_agg(datname), '[]') from pg_database where datallowconn and not datistemplate";

async fn databases(task: &Task<'_>, server: &Server<'_>) -> Result<BTreeSet<String>, Failure> {
    let what = task.what();
    let text = server.ask(task.ground, server.elsewhere(), &[DATABASES], &what, DEADLINE).await?;
    serde_json::from_str(text.trim()).map_err(|_| {
        Failure::new(FailureKind::Invalid, &what, format!("it said {:?}", shorten(&clean(&text), 120)))
    })
}

/// Sees that it is a server of its own that has come to its moment, and how its databases differ from those that
/// stand.
pub(super) async fn compare(task: &Task<'_>, it: &Rewind, port: u16) -> Result<Done, Failure> {
    let what = task.what();
    let second = it.second(port);
    let restored = Server::new(&second, None);
    let stands = restored.ask(task.ground, restored.elsewhere(), &[STANDS], &what, DEADLINE).await?;
    if stands.trim() != "f" {
        let why = "the second instance has not come to its moment, or would archive";
        return Err(Failure::new(FailureKind::Conflict, what, why));
    }
    let secret = password(task.ground, &it.datastore).await?;
    let live = Server::new(&it.source, secret.as_ref());
    let (then, now) = (databases(task, &restored).await?, databases(task, &live).await?);
    let own = it.source.database();
    if !then.contains(own) {
        let why = format!("there was no database {own} then");
        return Err(Failure::new(FailureKind::NotFound, what, why).hint("another moment: --at TIME"));
    }
    let mut all = Vec::new();
    let others = then.iter().filter(|name| *name != own && now.contains(*name)).take(OTHERS);
    for name in std::iter::once(own).chain(others.map(String::as_str)) {
        let tables = read(task.ground, &restored, name, &[]).await?;
        if !now.contains(name) {
            all.push(format!("{name}: {} tables restored, and it does not stand any more", tables.len()));
            continue;
        }
        let (said, lines) = differences(&tables, &read(task.ground, &live, name, &[]).await?);
        all.push(format!("{name}: {said}"));
        all.extend(lines);
    }
    let only = |some: &BTreeSet<String>, others: &BTreeSet<String>| -> Vec<String> {
        some.difference(others).filter(|name| *name != own).map(|name| clean(name).into_owned()).collect()
    };
    for (names, word) in [(only(&then, &now), "restored alone"), (only(&now, &then), "live alone")] {
        if !names.is_empty() {
            all.push(format!("{word}: {}", shorten(&names.join(", "), 200)));
        }
    }
    // What is to take the place of what stands is stopped for that.
    if exchanged(task.confirmed.plan.plan()).is_none()
        && let Source::Postgres { user, .. } = &second
    {
        let user = user.as_deref().unwrap_or(&it.owner);
        all.push(format!(
            "it runs on, until it is undone: psql -h {} -p {port} -U {user}, as {}",
            it.into, it.owner
        ));
    }
    for line in &all {
        task.listen.progress(Progress::Saying(line.clone())).await;
    }
    Ok(Done { said: all.join("; "), exit: None })
}
