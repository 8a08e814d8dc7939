//! Plans a restore that is not of a whole backup of the datastore itself: of another one's, of some of it, or to
//! a moment.

use super::Means;
use super::datastores::sought;
use crate::config::Config;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::Failure;
use crate::domain::plan::Plan;
use crate::engine::gather::{self, Wanted as Sought};
use crate::message::change::Otherwise;
use crate::operations::restore_only::sensible;
use crate::operations::{Refusal, restore, rewind};
use crate::runtime::deploying;

/// Gathers and plans.
pub(super) async fn made(
    means: &Means,
    config: &Config,
    spec: &DatastoreSpec,
    it: &Otherwise,
    reason: Option<String>,
) -> Result<Result<Plan, Refusal>, Failure> {
    let engines = deploying::engines(config, &means.observers.links);
    let now = means.clock.now();
    match it {
        Otherwise::From { other, swap } => {
            let from = deploying::datastore(config, other)?;
            let facts = gather::restore_from(&engines, spec, &from, Sought::Newest, now).await?;
            Ok(restore::plan(spec, &facts, &restore::Ask { reason, swap: *swap, ..restore::Ask::default() }))
        }
        Otherwise::Only { what, backup } => {
            let ask = restore::Ask { reason, only: vec![what.clone()], ..restore::Ask::default() };
            sensible(spec, &ask)?;
            let facts = gather::restore(&engines, spec, sought(backup.as_ref()), now).await?;
            Ok(restore::plan(spec, &facts, &ask))
        }
        Otherwise::At { at, swap } => {
            let archive = deploying::archive(config, spec)?;
            let facts = gather::rewind(&engines, spec, &archive, now).await;
            Ok(rewind::plan(spec, &archive, &facts, &rewind::Ask { at: *at, reason, swap: *swap }))
        }
    }
}
