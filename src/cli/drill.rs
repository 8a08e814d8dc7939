//! `midwatch drill`: restoring a backup is rehearsed.

use clap::Args as ClapArgs;

use super::args::Args;
use super::operate::{Desk, Given, Shown, Wait};
use super::{Exit, context};
use crate::domain::failure::Failure;
use crate::domain::ids::DatastoreId;
use crate::engine::gather::{Wanted, restore};
use crate::operations::drill::plan;
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct DrillArgs {
    /// The datastore, as the configuration names it
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The backup, by the first digits of its id; the newest where none is named
    #[arg(long, value_name = "ID")]
    pub backup: Option<String>,

    /// Why; it is journaled, and overrides what may be overridden
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Go on without asking
    #[arg(long)]
    pub yes: bool,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the option's own sentence is the help")]
    pub wait: Wait,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub shown: Shown,
}

/// Plans, asks and rehearses it. 1 where the backup could not be brought back, or answered wrongly.
pub fn run(args: &Args, it: &DrillArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let spec = deploying::datastore(&context.config, &DatastoreId::from(it.name.as_str()))?;
    let desk = Desk::prepare(args, context)?;
    let wanted = it.backup.as_deref().map_or(Wanted::Newest, Wanted::Id);
    desk.change(&it.wait, &it.shown, Given { yes: it.yes, name: None }, || {
        let facts = restore(&desk.engines, &spec, wanted, desk.headless.now());
        let facts = desk.headless.tasks.block_on(facts)?;
        Ok(plan(&spec, &facts, it.reason.as_deref()))
    })
}
