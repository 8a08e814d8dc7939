//! Plans what is asked for of a datastore: a backup, a restore, an undo, a drill.

use super::{Means, otherwise};
use crate::config::Config;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{BackupId, DatastoreId};
use crate::domain::plan::Plan;
use crate::domain::run::RunId;
use crate::engine::gather::{self, Wanted as Sought};
use crate::history::journal::last_restore;
use crate::message::change::{Asked, Wanted};
use crate::operations::set_choice::Which;
use crate::operations::{Refusal, backup, drill, restore, rewind_return, set_restore, set_undo, undo};
use crate::runtime::deploying;

/// Gathers and plans.
pub(super) async fn made(
    means: &Means,
    config: &Config,
    asked: &Asked,
) -> Result<Result<Plan, Refusal>, Failure> {
    if let Some((app, datastores)) = deploying::app_of_datastores(config, asked.app.as_str())? {
        return whole(means, config, asked, &app, &datastores).await;
    }
    let spec = deploying::datastore(config, &DatastoreId::from(asked.app.as_str()))?;
    let engines = deploying::engines(config, &means.observers.links);
    let now = means.clock.now();
    let reason = asked.reason.clone();
    let looked = async |sought: Sought<'_>| gather::restore(&engines, &spec, sought, now).await;
    match &asked.what {
        Wanted::Backup => {
            let facts = gather::datastore(&engines, &spec, now).await;
            // A repository that is not there may be one that is not mounted; it is made by hand.
            Ok(backup::plan(&spec, &facts, &backup::Ask { reason, init: false, release: None }))
        }
        Wanted::Restore { backup, swap } => {
            let facts = looked(sought(backup.as_ref())).await?;
            Ok(restore::plan(
                &spec,
                &facts,
                &restore::Ask { reason, swap: *swap, to: None, only: Vec::new() },
            ))
        }
        Wanted::Otherwise(it) => otherwise::made(means, config, &spec, it, reason).await,
        Wanted::Drill(backup) => {
            let facts = looked(sought(backup.as_ref())).await?;
            Ok(drill::plan(&spec, &facts, reason.as_deref()))
        }
        Wanted::Undo => {
            let (run, undone) = last(config, &spec.id).await?;
            if let Some((app, _)) = deploying::app_of_datastores(config, undone.app.as_str())? {
                return undone_whole(means, config, &app, (&run, &undone), reason).await;
            }
            if let Some((it, names)) = rewind_return::exchanged(&undone) {
                let facts = gather::exchanged(&engines, &spec, it, names, now).await?;
                return Ok(rewind_return::undo(&spec, (it, names), &facts, &run, reason.as_deref()));
            }
            let facts = looked(Sought::None).await?;
            Ok(undo::plan(&spec, &facts, &run, &undone, reason.as_deref()))
        }
        _ => {
            let what = format!("plan a {}", asked.what.operation().word());
            Err(Failure::new(FailureKind::Bug, what, "it was taken for a change of a datastore"))
        }
    }
}

/// Of an app: a set of its backups brought back.
async fn whole(
    means: &Means,
    config: &Config,
    asked: &Asked,
    app: &AppSpec,
    datastores: &[DatastoreSpec],
) -> Result<Result<Plan, Refusal>, Failure> {
    let Wanted::Restore { backup, swap } = &asked.what else {
        let what = format!("plan a {} of {}", asked.what.operation().word(), app.id);
        return Err(Failure::new(FailureKind::Unsupported, what, "here it is one of a datastore")
            .hint("select the datastore"));
    };
    let which = backup.as_ref().map_or(Which::Newest, |id| Which::Backup(id.as_str()));
    let engines = deploying::engines(config, &means.observers.links);
    let looked = gather::set_restore(&engines, app, datastores, which, *swap, means.clock.now()).await?;
    let ask = restore::Ask { reason: asked.reason.clone(), swap: *swap, to: None, only: Vec::new() };
    Ok(set_restore::plan(app, &looked.0, &looked.1, &ask))
}

/// Undoes such a restore, which is one of all that the app has.
async fn undone_whole(
    means: &Means,
    config: &Config,
    app: &AppSpec,
    (run, undone): (&RunId, &Plan),
    reason: Option<String>,
) -> Result<Result<Plan, Refusal>, Failure> {
    let datastores = set_undo::exchanged(undone).map(|it| deploying::datastore(config, it.datastore));
    let datastores: Vec<_> = datastores.collect::<Result<_, _>>()?;
    let engines = deploying::engines(config, &means.observers.links);
    let facts = gather::set_undo(&engines, app, &datastores, undone.leaves, means.clock.now()).await?;
    Ok(set_undo::plan(app, &facts, run, undone, reason.as_deref()))
}

pub(super) fn sought(backup: Option<&BackupId>) -> Sought<'_> {
    backup.map_or(Sought::Newest, |id| Sought::Id(id.as_str()))
}

/// The restore that is undone: the last one that took the place of what stood, by this console's journal.
async fn last(config: &Config, datastore: &DatastoreId) -> Result<(RunId, Plan), Failure> {
    let what = format!("undo the last restore of {datastore}");
    let journal = deploying::journal(config)?;
    let read = tokio::task::spawn_blocking(move || journal.entries()).await;
    let entries = read.map_err(|error| Failure::new(FailureKind::Bug, &what, error.to_string()))?;
    let entries = entries.map_err(|error| error.into_failure("read the journal"))?;
    last_restore(&entries, datastore).ok_or_else(|| {
        let why = "this console's journal knows of none that took its place and stands";
        Failure::new(FailureKind::NotFound, what, why)
            .hint(format!("one of another console: midwatch undo RUN --datastore {datastore}"))
    })
}
