//! `midwatch restore NAME --at TIME`: a PostgreSQL server as it was at a moment, beside the one that stands.

use super::Exit;
use super::args::Args;
use super::context::Context;
use super::logs::time;
use super::operate::Desk;
use super::restore::RestoreArgs;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::{Failure, FailureKind};
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
    if it.swap {
        let what = format!("restore {} to {at} in the place of what stands", spec.id);
        let why = "all of the server would change places, and midwatch does that beside only";
        return Err(Failure::new(FailureKind::Unsupported, what, why).hint(
            "without --swap; then by hand: stop the second instance and the server, call its data directory another name, give the new one its name, start the server (docs/backups.md, \"To a moment\")",
        ));
    }
    let archive = deploying::archive(&context.config, spec)?;
    let desk = Desk::prepare(args, context)?;
    // As long ago as it was said now: a plan that is made anew is of the same moment.
    let at = time(at, desk.headless.now())?;
    let ask = Ask { at, reason: it.consent.reason.clone() };
    desk.change(&it.wait, &it.consent.shown, it.consent.given(), || {
        let facts = rewind(&desk.engines, spec, &archive, desk.headless.now());
        let facts = desk.headless.tasks.block_on(facts);
        Ok(plan(spec, &archive, &facts, &ask))
    })
}
