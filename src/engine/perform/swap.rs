//! Puts one database in the place of another by their names: one transaction, so that there is no moment,
//! and no way to be killed, in which one of the names is missing.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::{Done, Task};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::plan::Act;
use crate::domain::sql::{fill, identifier};
use crate::engine::restore::load::drop;
use crate::engine::restore::psql::{Server, password, unconnected};

const DEADLINE: Duration = Duration::from_secs(60);

/// How often the way back tries a server that takes no connections, and how long it waits in between.
const RETURNS: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// How long one try may hold new sessions up: those that are left are ended, and it is tried again.
const PATIENCE: &str = "set statement_timeout = '900ms'";

const NUMBERS: &str = "select json_object_agg(datname, oid) from pg_database";

/// What changes its name.
pub(super) struct Names<'a> {
    pub(super) datastore: &'a DatastoreId,
    pub(super) source: &'a Source,
    pub(super) from: &'a str,
    pub(super) aside: Option<&'a str>,
}

type Numbers = std::collections::BTreeMap<String, u32>;

async fn numbers(task: &Task<'_>, server: &Server<'_>) -> Result<Numbers, Failure> {
    let what = format!("look at the databases on {}", task.ground.server);
    let text = server.ask(task.ground, server.elsewhere(), &[NUMBERS], &what, DEADLINE).await?;
    // The numbers come as text or as numbers, by the server's version.
    let found: std::collections::BTreeMap<String, serde_json::Value> = serde_json::from_str(text.trim())
        .map_err(|error| Failure::new(FailureKind::Invalid, &what, error.to_string()))?;
    let number = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|it| u32::try_from(it).ok()),
    };
    Ok(found.into_iter().filter_map(|(name, it)| Some((name, number(&it)?))).collect())
}

/// The same for the way back, once a server that is being restarted takes connections again.
async fn numbers_again(task: &Task<'_>, server: &Server<'_>) -> Result<Numbers, Failure> {
    for _ in 0..RETURNS {
        match numbers(task, server).await {
            Err(failure) if unconnected(&failure) => sleep(PAUSE).await,
            told => return told,
        }
    }
    numbers(task, server).await
}

/// Whether the names are as they should be after it.
fn done(there: &Numbers, it: &Names<'_>) -> bool {
    !there.contains_key(it.from)
        && there.contains_key(it.source.database())
        && it.aside.is_none_or(|aside| there.contains_key(aside))
}

/// Whether the run that this step is of, and that was taken up again, has put what was restored of a
/// datastore in its place already.
pub(super) async fn is_done(task: &Task<'_>, of: &DatastoreId) -> Result<bool, Failure> {
    if !task.resumed {
        return Ok(false);
    }
    for (_, step) in task.confirmed.plan.plan().steps() {
        if let Act::Swap { datastore, source, from, aside, .. } = &step.act
            && datastore == of
        {
            let secret = password(task.ground, datastore).await?;
            let there = numbers(task, &Server::new(source, secret.as_ref())).await?;
            let names = Names { datastore, source, from, aside: aside.as_deref() };
            // Without one aside, a database of that name says nothing.
            return Ok(aside.is_some() && done(&there, &names));
        }
    }
    Ok(false)
}

pub(super) async fn swap(task: &Task<'_>, it: &Names<'_>) -> Result<Done, Failure> {
    let secret = password(task.ground, it.datastore).await?;
    let server = Server::new(it.source, secret.as_ref());
    let there = numbers(task, &server).await?;
    let well = |said: &str| Ok(Done { said: said.to_owned(), exit: None });
    if done(&there, it) && task.resumed {
        return well("it is so already");
    }
    let name = it.source.database();
    let conflict = |why: String| Err(Failure::new(FailureKind::Conflict, task.what(), why));
    let Some(new) = there.get(it.from) else { return conflict(format!("{} is not there", it.from)) };
    let old = match (it.aside, there.get(name)) {
        (Some(aside), Some(old)) if !there.contains_key(aside) => *old,
        (Some(aside), Some(_)) => return conflict(format!("there is a database {aside} already")),
        (Some(_), None) => return conflict(format!("{name} is not there any more")),
        (None, Some(_)) => return conflict(format!("there is a database {name} by now")),
        (None, None) => 0,
    };
    let end = |numbers: String| {
        format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datid in ({numbers}) and pid <> pg_backend_pid()"
        )
    };
    let rename =
        |from: &str, to: &str| fill("alter database $1 rename to $2", &[&identifier(from), &identifier(to)]);
    let mut statements = vec![PATIENCE.to_owned(), "begin".to_owned()];
    statements.extend(it.aside.map(|aside| rename(name, aside)));
    statements.extend([rename(it.from, name), "commit".to_owned()]);
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let swapped = server.swap(task, &end(format!("{old}, {new}")), &end(old.to_string()), &statements).await;
    // Its end may not have been heard of, so what stands counts.
    match (swapped, numbers(task, &server).await) {
        (_, Ok(there)) if done(&there, it) => {
            well(&it.aside.map_or_else(String::new, |aside| format!("what stood there is called {aside}")))
        }
        (Err(failure), _) | (Ok(()), Err(failure)) => Err(failure),
        (Ok(()), Ok(_)) => conflict("it ended well, and the names are not changed".to_owned()),
    }
}

/// The way back, from wherever the run was.
pub(super) async fn back(task: &Task<'_>, it: &Names<'_>, drops: bool) -> Result<Done, Failure> {
    let secret = password(task.ground, it.datastore).await?;
    let server = Server::new(it.source, secret.as_ref());
    let there = numbers_again(task, &server).await?;
    if let Some(aside) = it.aside
        && done(&there, it)
    {
        let back = Names { from: aside, aside: Some(it.from), ..*it };
        return swap(task, &back).await;
    }
    let well = |said: &str| Ok(Done { said: said.to_owned(), exit: None });
    if !there.contains_key(it.from) || !drops {
        return well("nothing was changed");
    }
    server.change(task, &[&drop(it.from)]).await?;
    well("what was restored half is dropped")
}

pub(super) async fn drop_all(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    databases: &[String],
) -> Result<Done, Failure> {
    let secret = password(task.ground, datastore).await?;
    let statements: BTreeSet<String> = databases.iter().map(|name| drop(name)).collect();
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let server = Server::new(source, secret.as_ref());
    numbers_again(task, &server).await?;
    server.change(task, &statements).await?;
    Ok(Done { said: format!("{} dropped", databases.len()), exit: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_tells_whether_the_names_were_changed() {
        let source = Source::Postgres {
            container: None,
            run_as: None,
            host: None,
            port: None,
            user: None,
            database: "shop".to_owned(),
        };
        let datastore = DatastoreId::from("shop-db");
        let it = Names { datastore: &datastore, source: &source, from: "new", aside: Some("old") };
        let judged = |names: &[&str]| done(&names.iter().map(|name| ((*name).to_owned(), 1)).collect(), &it);
        assert!(judged(&["shop", "old"]));
        assert!(!judged(&["shop", "new"]));
        assert!(!judged(&["new", "old"]));
        assert!(!judged(&["shop"]));
        assert!(!judged(&["old"]));
    }
}
