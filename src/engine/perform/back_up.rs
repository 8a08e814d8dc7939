//! Takes a backup: what is read on the server streams into the repository here, and touches no disk in
//! between.
//!
//! A snapshot is written last, after whoever read the datastore ended well and what was stored was read
//! back and compared. So a run that is cancelled, killed or cut anywhere leaves no backup, only bytes in the
//! repository that belong to nothing, which pruning removes.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::time::{Instant, sleep};

use super::pace::{PACE, far};
use super::{Done, Task, rewind_exchange};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::{Act, Operation};
use crate::domain::quantity::Bytes as Size;
use crate::domain::run::Progress;
use crate::engine::dump::{self, postgres, pump};
use crate::repository::list::tag;
use crate::repository::{Content, Entry, Label, RepositoryError, incoming};

pub(super) async fn back_up(task: &Task<'_>) -> Result<Done, Failure> {
    let what = task.what();
    let Act::BackUp { datastore, source, repository, makes, about, role_passwords, .. } = &task.step.act
    else {
        return Err(Failure::new(FailureKind::Bug, what, "it is no backup"));
    };
    let done = match source {
        Source::Postgres { .. } => {
            super::swap::is_done(task, datastore).await? || rewind_exchange::is_done(task, datastore).await?
        }
        _ => super::data::is_done(task, datastore).await?,
    };
    if done {
        // What stands now is what was restored; what stood before was read before that.
        return Ok(Done { said: "it was taken before, and changed places since".to_owned(), exit: None });
    }
    let vault = task.ground.vaults().repository(repository)?;
    let secret = match task.ground.vaults().passwords.get(datastore) {
        Some(password) => Some(
            password
                .resolve()
                .await
                .map_err(|error| error.into_failure(&format!("read the password of {datastore}")))?,
        ),
        None => None,
    };
    let mut entries: Vec<Entry> = Vec::new();
    if let Source::Postgres { .. } = source {
        let globals = postgres::globals(task.ground, source, secret.as_ref(), *role_passwords).await?;
        entries.push(Entry { name: "globals.sql".to_owned(), content: Content::Here(globals) });
    }
    let flow = dump::open(task.ground, source, secret.as_ref()).await?;
    let (feed, taken) = incoming();
    let (tell_sum, sum) = tokio::sync::oneshot::channel();
    entries.push(Entry { name: source.file().to_owned(), content: Content::Stream(taken, sum) });

    let (read, checking) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (counter, flag) = (Arc::clone(&read), Arc::clone(&checking));
    let pumping = async {
        let pumped = pump(flow, feed, &what, |bytes| counter.store(bytes, Ordering::Relaxed)).await?;
        // Whoever compares takes it; where it has failed before, nobody does.
        let _ = tell_sum.send(pumped.sum);
        Ok::<u64, Failure>(pumped.sum.bytes)
    };
    let storing = vault.write(label(task), entries, *makes, move || flag.store(true, Ordering::Relaxed));
    let both = async { tokio::join!(pumping, storing) };
    let (pumped, stored) = tokio::select! {
        both = both => both,
        never = tell(task, &read, &checking, *about) => match never {},
    };
    let failed =
        |error: RepositoryError| error.into_failure(&format!("store it in the repository {repository}"));
    match (pumped, stored) {
        (Ok(bytes), Ok(stored)) => {
            let snapshot = stored.id.get(..8).unwrap_or(&stored.id);
            let said =
                format!("backup {snapshot}: {} read, {} stored, read back whole", Size(bytes), stored.stored);
            Ok(Done { said, exit: None })
        }
        // Of two failures one follows from the other: a repository that fails takes no more, and a stream
        // that breaks is cut there.
        (Err(failure), Ok(_) | Err(RepositoryError::Cut(_) | RepositoryError::Stopped)) => Err(failure),
        (_, Err(error)) => Err(failed(error)),
    }
}

/// Tells how far it is, for ever.
async fn tell(task: &Task<'_>, read: &AtomicU64, checking: &AtomicBool, about: Option<Size>) -> Infallible {
    let start = Instant::now();
    loop {
        sleep(PACE).await;
        let bytes = Size(read.load(Ordering::Relaxed));
        let word = if checking.load(Ordering::Relaxed) {
            format!("reading {bytes} back")
        } else if bytes.0 == 0 {
            "waiting for its first bytes".to_owned()
        } else {
            far(bytes, about, start.elapsed())
        };
        task.listen.progress(Progress::Saying(word)).await;
    }
}

/// What the backup says of itself, to us and to restic.
fn label(task: &Task<'_>) -> Label {
    let plan = task.confirmed.plan.plan();
    let name = match &task.step.act {
        Act::BackUp { datastore, .. } => datastore.as_str(),
        _ => plan.app.as_str(),
    };
    let mut tags = vec![
        format!("{}{name}", tag::DATASTORE),
        format!("{}{}", tag::BY, task.confirmed.by),
        format!("{}{}", tag::RUN, task.run),
    ];
    // Nobody is to take what a restore replaced for one that was wanted.
    let reason = match plan.operation {
        Operation::Restore => Some(format!("what stood before: {}", plan.title)),
        _ => plan.reason.clone(),
    };
    tags.extend(reason.iter().map(|reason| format!("{}{reason}", tag::WHY)));
    if plan.operation == Operation::Restore {
        tags.push(format!("{}{}", tag::KIND, tag::SAFETY));
    }
    if let Act::BackUp { release: Some(release), .. } = &task.step.act {
        tags.push(format!("{}{release}", tag::RELEASE));
    }
    if let Act::BackUp { set: true, .. } = &task.step.act {
        tags.push(format!("{}{}", tag::SET, task.run));
    }
    Label {
        folder: name.to_owned(),
        host: task.ground.server.to_string(),
        user: task.confirmed.by.user.clone(),
        at: task.began,
        tags,
        description: reason,
    }
}
