//! What is done with volumes, files and Redis: they are brought back beside what stands, compared with it,
//! put in its place, taken back, asked and removed. What stands on the server says how far that is.

mod started;

use super::load::carried;
use super::{Done, Task, mask};
use crate::domain::assertion::Assertion;
use crate::domain::beside::{called, standing};
use crate::domain::datastore::{Source, folder};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::plan::Act;
use crate::domain::probe::Probe;
use crate::domain::run::Progress;
use crate::domain::text::{clean, shorten};
use crate::engine::dump::within::secret_line;
use crate::engine::guarded;
use crate::engine::restore::files::Files;
use crate::engine::restore::load::Brought;
use crate::engine::restore::psql::password;
use crate::engine::restore::redis::Redis;
use crate::engine::restore::volume;
use crate::operations::restore_facts::Data;

/// What changes places.
pub(super) struct Swapped<'a> {
    pub(super) datastore: &'a DatastoreId,
    pub(super) source: &'a Source,
    pub(super) from: &'a str,
    pub(super) aside: Option<&'a str>,
    pub(super) stops: &'a [String],
}

/// The kinds that are done here.
enum Kind<'a> {
    Volume(&'a str),
    Files(Files<'a>),
    Redis(Redis<'a>),
}

async fn kind<'a>(
    task: &Task<'_>,
    datastore: &'a DatastoreId,
    source: &'a Source,
) -> Result<Kind<'a>, Failure> {
    match source {
        Source::Volume { volume } => Ok(Kind::Volume(volume)),
        Source::Files { run_as, paths, .. } => {
            Ok(Kind::Files(Files { datastore, run_as: run_as.as_deref(), paths }))
        }
        Source::Redis { .. } => {
            let password = password(task.ground, datastore).await?;
            Ok(Kind::Redis(Redis { source, password, folder: folder(datastore) }))
        }
        Source::Postgres { .. } => {
            let why = format!("it is of kind {}", source.kind());
            Err(Failure::new(FailureKind::Bug, task.what(), why))
        }
    }
}

async fn look(task: &Task<'_>, kind: &Kind<'_>) -> Result<Data, Failure> {
    match kind {
        Kind::Volume(volume) => volume::look(task.ground, volume).await,
        Kind::Files(files) => files.look(task.ground, &[]).await,
        Kind::Redis(redis) => Ok(redis.look(task.ground).await?.0),
    }
}

async fn change(task: &Task<'_>, kind: &Kind<'_>, words: Vec<String>) -> Result<(), Failure> {
    let password = match kind {
        Kind::Redis(redis) => redis.password.as_ref(),
        Kind::Volume(_) | Kind::Files(_) => None,
    };
    guarded::change(task, words, Some(secret_line(password))).await
}

fn well(said: impl Into<String>) -> Done {
    Done { said: said.into(), exit: None }
}

/// Whether the names are as they should be after it: what was restored is not under its own any more.
fn done(there: &Data, from: &str, aside: Option<&str>) -> bool {
    // What is begun and not ended of files has a mark beside it.
    let half = format!("{from}.id");
    there.live.is_some()
        && !there.names.contains(from)
        && !there.names.contains(&half)
        && aside.is_none_or(|aside| there.names.contains(aside))
}

/// Whether the run that this step is of, and that was taken up again, has put what was restored of a datastore
/// in its place.
pub(super) async fn is_done(task: &Task<'_>, of: &DatastoreId) -> Result<bool, Failure> {
    if !task.resumed {
        return Ok(false);
    }
    for (_, step) in task.confirmed.plan.plan().steps() {
        if let Act::Swap { datastore, source, from, aside: Some(aside), .. } = &step.act
            && datastore == of
        {
            let there = look(task, &kind(task, datastore, source).await?).await?;
            return Ok(done(&there, from, Some(aside)));
        }
    }
    Ok(false)
}

/// Whether a Redis has begun to take it over, by a run that was taken up again: it is whole then, masked where
/// it had to be, and to be had once alone, since what stood may be half there.
async fn is_taken(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    from: &str,
) -> Result<bool, Failure> {
    if !task.resumed || !matches!(source, Source::Redis { .. }) {
        return Ok(false);
    }
    let names = look(task, &kind(task, datastore, source).await?).await?.names;
    Ok(names.contains(&format!("{from}.id")))
}

/// Has the operator's command mask what was brought for a Redis, by a second instance of it; nothing where it is
/// further than that. Gives the command, and what it reads first.
pub(super) async fn masking(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    of: &str,
    seconds: u64,
    words: [&[String]; 2],
) -> Result<Option<(Vec<String>, Vec<u8>)>, Failure> {
    if is_taken(task, datastore, source, of).await? {
        return Ok(None);
    }
    match kind(task, datastore, source).await? {
        // The second instance has no password.
        Kind::Redis(redis) => Ok(Some((redis.masked(of, seconds, words[0], words[1]), secret_line(None)))),
        Kind::Volume(_) | Kind::Files(_) => {
            let why = format!("it is of kind {}", source.kind());
            Err(Failure::new(FailureKind::Bug, task.what(), why))
        }
    }
}

/// What the run calls what stands, where it puts another in its place.
fn aside<'a>(task: &'a Task<'_>, of: &DatastoreId) -> Option<&'a str> {
    task.confirmed.plan.plan().steps().find_map(|(_, step)| match &step.act {
        Act::Swap { datastore, aside, .. } if datastore == of => aside.as_deref(),
        _ => None,
    })
}

const THERE: &str = "it is in its place already";
const TAKEN: &str = "it is being taken over already";

pub(super) async fn load(task: &Task<'_>) -> Result<Done, Failure> {
    let what = task.what();
    let Act::Load { datastore, source, repository, backup, about, into, from, only } = &task.step.act else {
        return Err(Failure::new(FailureKind::Bug, what, "it brings nothing back"));
    };
    mask::settled(task, datastore).await?;
    if is_done(task, datastore).await? {
        return Ok(well(THERE));
    }
    if is_taken(task, datastore, source, into).await? {
        return Ok(well(TAKEN));
    }
    let vault = task.ground.vaults().repository(repository)?;
    let of = from.as_ref().map_or(datastore, |from| &from.datastore);
    let packed = from.as_ref().map(|from| from.paths.as_slice()).unwrap_or_default();
    let it = Brought { vault, snapshot: backup, folder: of.as_str(), file: source.file() };
    let kind = kind(task, datastore, source).await?;
    let bytes = match &kind {
        Kind::Volume(of) => {
            change(task, &kind, volume::changing(volume::MAKE, &[into, of])).await?;
            carried(task, volume::filling(into, of, only.members()), None, it, *about).await?
        }
        Kind::Files(files) => {
            change(task, &kind, files.cleared(into, packed, only.members())).await?;
            let bytes = carried(task, files.filling(into, packed, only.members()), None, it, *about).await?;
            files.filled(task.ground, into, &what).await?;
            bytes
        }
        Kind::Redis(redis) => {
            // With what a swap that never began to be taken over kept of what still stands: it would look as if it
            // had come to its end, while what it brings is not there.
            let kept = aside(task, datastore);
            change(task, &kind, redis.dropped(&[into.as_str()].into_iter().chain(kept).collect::<Vec<_>>()))
                .await?;
            let secret = redis.password.as_ref();
            let masked = mask::step_of(task, datastore).is_some();
            let (filling, name) = redis.filling(into, masked);
            let bytes = carried(task, filling, secret, it, *about).await?;
            let (keys, _) = redis.keys(task.ground, &name, &[], &what).await?;
            let yet = if masked { ", and yet to be masked" } else { "" };
            return Ok(well(format!("{bytes} read; a second instance reads {keys}{yet}")));
        }
    };
    Ok(well(format!("{bytes} read and restored")))
}

pub(super) async fn compare(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    with: &str,
) -> Result<Done, Failure> {
    if is_done(task, datastore).await? {
        return Ok(well(THERE));
    }
    let what = task.what();
    let found = match kind(task, datastore, source).await? {
        Kind::Volume(live) => volume::compare(task.ground, with, live, &what).await?,
        Kind::Files(files) => files.compare(task.ground, with, &what).await?,
        Kind::Redis(redis) => {
            let (restored, _) = redis.keys(task.ground, with, &[], &what).await?;
            let (_, live) = redis.look(task.ground).await?;
            if restored.all() == 0 && live.all() > 0 {
                let why = format!("the backup holds no key, and {live} stand");
                return Err(Failure::new(FailureKind::Invalid, what, why).hint("another backup: --backup ID"));
            }
            return Ok(well(format!("{restored} restored, {live} live")));
        }
    };
    if found.is_empty() {
        let why = format!("the backup holds no file: {found}");
        return Err(Failure::new(FailureKind::Invalid, what, why).hint("another backup: --backup ID"));
    }
    Ok(well(found.to_string()))
}

pub(super) async fn ask(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    of: &str,
    assertions: &[Assertion],
) -> Result<Done, Failure> {
    let what = task.what();
    let failed = |why: String| Failure::new(FailureKind::Invalid, &what, why);
    let queries: Vec<&str> = assertions.iter().map(|it| it.query.as_str()).collect();
    let (first, answers) = answered(task, &kind(task, datastore, source).await?, of, &queries).await?;
    let mut said = vec![first];
    for (assertion, answer) in assertions.iter().zip(answers) {
        let told = assertion.judge(&answer);
        let word =
            format!("{}: {}", shorten(&clean(&assertion.query), 120), told.as_ref().unwrap_or_else(|it| it));
        if told.is_err() {
            return Err(failed(word));
        }
        task.listen.progress(Progress::Saying(word)).await;
    }
    if !assertions.is_empty() {
        said.push(format!("{} assertions hold", assertions.len()));
    }
    Ok(well(said.join(", ")))
}

/// How much there is, which must not be nothing, and the answers.
async fn answered(
    task: &Task<'_>,
    kind: &Kind<'_>,
    of: &str,
    queries: &[&str],
) -> Result<(String, Vec<String>), Failure> {
    let what = task.what();
    let failed = |why: String| Failure::new(FailureKind::Invalid, &what, why);
    if let Kind::Redis(redis) = kind {
        let (keys, answers) = redis.keys(task.ground, of, queries, &what).await?;
        if keys.all() == 0 {
            return Err(failed("the backup holds no key".to_owned()));
        }
        return Ok((keys.to_string(), answers));
    }
    let mut answers = Vec::new();
    for query in std::iter::once(&"count").chain(queries) {
        let probe = Probe::parse(query).map_err(&failed)?;
        let text = match kind {
            Kind::Volume(volume) => volume::ask(task.ground, of, volume, &probe, &what).await?,
            Kind::Files(files) => files.ask(task.ground, of, &probe, &what).await?,
            Kind::Redis(_) => break,
        };
        answers.push(shorten(&clean(text.lines().next().unwrap_or_default()), 80).into_owned());
    }
    let files = answers.remove(0);
    if files.parse::<u64>().unwrap_or(0) == 0 {
        return Err(failed("the backup holds no file".to_owned()));
    }
    Ok((format!("{files} files"), answers))
}

/// The command that changes places.
fn exchange(kind: &Kind<'_>, from: &str, aside: Option<&str>, stops: &[String]) -> Vec<String> {
    match kind {
        Kind::Redis(redis) => redis.swapped(from, aside),
        Kind::Volume(volume) => {
            let mut args = vec![*volume, from, aside.unwrap_or_default()];
            args.extend(stops.iter().map(String::as_str));
            volume::changing(volume::SWAP, &args)
        }
        Kind::Files(files) => files.swapped(from, aside, stops),
    }
}

pub(super) async fn swap(task: &Task<'_>, it: &Swapped<'_>) -> Result<Done, Failure> {
    let kind = kind(task, it.datastore, it.source).await?;
    let there = look(task, &kind).await?;
    if !(task.resumed && done(&there, it.from, it.aside)) {
        let conflict = |why: String| Err(Failure::new(FailureKind::Conflict, task.what(), why));
        // What was begun before a kill is for the script to see.
        if !task.resumed && !there.names.contains(it.from) {
            return conflict(format!("{} is not there", called(it.source, it.from)));
        }
        if let Some(other) = there.users.iter().find(|name| !it.stops.contains(name)) {
            return conflict(format!("container {other} uses it by now"));
        }
        change(task, &kind, exchange(&kind, it.from, it.aside, it.stops)).await?;
        if !done(&look(task, &kind).await?, it.from, it.aside) {
            return conflict("it ended well, and the names are not changed".to_owned());
        }
    }
    let kept = it.aside.map(|aside| format!("what stood there is called {}", called(it.source, aside)));
    let good = started::wait(task, it.stops).await?;
    Ok(well(kept.into_iter().chain(good).collect::<Vec<_>>().join("; ")))
}

/// The way back, from wherever the run was.
pub(super) async fn back(task: &Task<'_>, it: &Swapped<'_>, drops: bool) -> Result<Done, Failure> {
    let kind = kind(task, it.datastore, it.source).await?;
    let there = look(task, &kind).await?;
    if let Some(aside) = it.aside
        && done(&there, it.from, it.aside)
    {
        change(task, &kind, exchange(&kind, aside, Some(it.from), it.stops)).await?;
        if !done(&look(task, &kind).await?, aside, Some(it.from)) {
            let why = "it ended well, and the names are not changed";
            return Err(Failure::new(FailureKind::Conflict, task.what(), why));
        }
        let restored = called(it.source, it.from);
        return Ok(well(format!("{} as before; what was restored is {restored}", standing(it.source))));
    }
    let words = match &kind {
        Kind::Volume(volume) => {
            let mut args = vec![if drops { "1" } else { "" }, volume, it.from, it.aside.unwrap_or_default()];
            args.extend(it.stops.iter().map(String::as_str));
            volume::changing(volume::BACK, &args)
        }
        Kind::Files(files) => files.back(drops, it.from, it.aside, it.stops),
        Kind::Redis(redis) => {
            // It may have begun to follow: only what was kept is known to be whole.
            if let Some(aside) = it.aside.filter(|_| there.names.contains(&format!("{}.id", it.from))) {
                change(task, &kind, redis.swapped(aside, None)).await?;
                redis.settled(task.ground, it.from, drops, &task.what()).await?;
                return Ok(well("what was kept of it is there again"));
            }
            let names: &[&str] = if drops { &[it.from] } else { &[] };
            redis.dropped(names)
        }
    };
    change(task, &kind, words).await?;
    Ok(well(if drops { "what was restored is dropped" } else { "it stands as before" }))
}

pub(super) async fn drop_all(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    names: &[String],
) -> Result<Done, Failure> {
    let kind = kind(task, datastore, source).await?;
    let words = match &kind {
        Kind::Redis(redis) => redis.dropped(&names.iter().map(String::as_str).collect::<Vec<_>>()),
        Kind::Volume(_) => {
            volume::changing(volume::DROP, &names.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Kind::Files(files) => files.dropped(names),
    };
    change(task, &kind, words).await?;
    Ok(well(format!("{} dropped", names.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Bytes;

    #[test]
    fn what_stands_tells_whether_it_was_swapped() {
        let judged = |live: bool, names: &[&str]| {
            let names = names.iter().map(|it| (*it).to_owned()).collect();
            done(&Data { live: live.then_some(Bytes(1)), names, ..Data::default() }, "new", Some("old"))
        };
        assert!(judged(true, &["old"]));
        assert!(!judged(false, &["old"]));
        assert!(!judged(true, &["old", "new"]));
        assert!(!judged(true, &["old", "new.id"]));
        assert!(!judged(true, &[]));
    }
}
