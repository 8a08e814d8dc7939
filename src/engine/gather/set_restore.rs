//! How an app and its datastores stand, before a set of its backups is brought back or such a restore is
//! undone. Nothing is changed.

use futures_util::future::join_all;

use super::checks::checks;
use super::datastore::stock;
use super::restore::{Wanted, restore};
use super::{Want, gather};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::release::ReleaseNumber;
use crate::domain::time::Timestamp;
use crate::engine::ground::Engines;
use crate::operations::set::{Release, part};
use crate::operations::set_choice::{Chosen, Which, chosen};
use crate::operations::set_swap::SetFacts;

/// Chooses the set, and reads how all stands that it is of; `swap` where the release goes back too. A set that
/// is not there, or not whole, is a failure.
pub async fn set_restore(
    engines: &Engines,
    app: &AppSpec,
    datastores: &[DatastoreSpec],
    which: Which<'_>,
    swap: bool,
    now: Timestamp,
) -> Result<(Chosen, SetFacts), Failure> {
    let what = format!("restore {} as one set", app.id);
    let Some(first) = datastores.first() else {
        let failure = Failure::new(FailureKind::Invalid, what, "it has no datastores");
        return Err(failure.hint(format!("name them: [apps.{}] datastores = […]", app.id)));
    };
    let server = app.servers.first().cloned().unwrap_or_else(|| ServerId::from(ServerId::LOCAL));
    let files = part(app, &Release { server, paths: Vec::new(), current: None, lock: None }, first);
    let stocks = join_all(datastores.iter().chain([&files]).map(|spec| stock(engines, spec))).await;
    let mut stocks: Vec<_> = stocks.into_iter().collect::<Result<_, _>>()?;
    let files = stocks.pop().map(|it| it.backups).unwrap_or_default();
    let stocks: Vec<_> =
        datastores.iter().zip(stocks).map(|(spec, it)| (spec.id.clone(), it.backups)).collect();
    let set = chosen(&app.id, &stocks, &files, which)?;
    let id = |spec: &DatastoreSpec| set.members.get(&spec.id).map(|it| it.id.clone());
    let to = set.release.filter(|_| swap);
    let facts = facts(engines, app, datastores, &id, to, swap, now).await?;
    Ok((set, facts))
}

/// Reads how all stands that a restore exchanged, where this release is to stand afterwards.
pub async fn set_undo(
    engines: &Engines,
    app: &AppSpec,
    datastores: &[DatastoreSpec],
    to: Option<ReleaseNumber>,
    now: Timestamp,
) -> Result<SetFacts, Failure> {
    facts(engines, app, datastores, &|_| None, to, true, now).await
}

async fn facts(
    engines: &Engines,
    app: &AppSpec,
    datastores: &[DatastoreSpec],
    backup: &(dyn Fn(&DatastoreSpec) -> Option<String> + Sync),
    to: Option<ReleaseNumber>,
    stops: bool,
    now: Timestamp,
) -> Result<SetFacts, Failure> {
    let parts = join_all(datastores.iter().map(async |spec| {
        let id = backup(spec);
        let wanted = id.as_deref().map_or(Wanted::None, Wanted::Id);
        restore(engines, spec, wanted, now).await.map(|facts| (spec.clone(), facts))
    }));
    let want = to.map_or(Want::Standing, Want::Release);
    // Where the app is stopped and started with the release that it has, its checks tell as much as of another.
    let asked = async { if stops && to.is_none() { Some(checks(engines, app).await) } else { None } };
    let (parts, mut standing, asked) = tokio::join!(parts, gather(engines, app, &want, &[], now), asked);
    standing.checks.extend(asked.into_iter().flatten());
    Ok(SetFacts { as_of: now, parts: parts.into_iter().collect::<Result<_, _>>()?, app: standing })
}
