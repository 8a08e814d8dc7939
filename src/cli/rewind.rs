//! `midwatch restore NAME --at TIME`: a PostgreSQL server as it was at a moment, beside the one that stands or in its place.

use super::Exit;
use super::args::Args;
use super::context::Context;
use super::logs::time;
use super::operate::Desk;
use super::restore::RestoreArgs;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::Failure;
use crate::engine::gather::rewind;
use crate::operations::rewind::{Ask, plan};
use crate::runtime::deploying;

/// Plans, asks and brings it back.
pub fn run(
    args: &Args,
    it: &RestoreArgs,
    context: Context,
    spec: &DatastoreSpec,
    at: &str,
) -> Result<Exit, Failure> {
    let archive = deploying::archive(&context.config, spec)?;
    let desk = Desk::prepare(args, context)?;
    // As long ago as it was said now: a plan that is made anew is of the same moment.
    let at = time(at, desk.headless.now())?;
    let ask = Ask { at, reason: it.consent.reason.clone(), swap: it.swap };
    desk.change(&it.wait, &it.consent.shown, it.consent.given(), || {
        let facts = rewind(&desk.engines, spec, &archive, desk.headless.now());
        let facts = desk.headless.tasks.block_on(facts);
        Ok(plan(spec, &archive, &facts, &ask))
    })
}
