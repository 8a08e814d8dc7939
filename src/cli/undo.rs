//! `midwatch undo`: what a restore replaced is put in its place again.

use clap::Args as ClapArgs;

use super::args::Args;
use super::context::Context;
use super::operate::{Consent, Desk};
use super::{Exit, context};
use crate::config::Config;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::plan::{Operation, Plan};
use crate::domain::run::RunId;
use crate::engine::gather::{self, Wanted, restore};
use crate::engine::unfinished::find;
use crate::history::journal::Entry;
use crate::operations::rewind_return;
use crate::operations::rewind_undo;
use crate::operations::set_undo;
use crate::operations::undo::plan;
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct UndoArgs {
    /// The run, as `midwatch runs` names it
    pub run: String,

    /// The datastore or app that it is of, where this console's journal does not know it
    #[arg(long, value_name = "NAME")]
    pub datastore: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub consent: Consent,
}

/// Plans, asks and puts it back.
pub fn run(args: &Args, it: &UndoArgs) -> Result<Exit, Failure> {
    let what = format!("undo the run {}", it.run);
    let run = RunId::try_from(it.run.clone())
        .map_err(|error| Failure::new(FailureKind::Invalid, &what, error.to_string()))?;
    let context = context::load(args)?;
    let journaled = journaled(&context.config, &run)?;
    let name = match (&it.datastore, &journaled) {
        (Some(name), _) => name.clone(),
        (None, Some(plan)) if plan.operation.is_of_a_datastore() => plan.app.to_string(),
        (None, Some(plan)) => {
            let why = format!("it is a {} of {}", plan.operation.word(), plan.app);
            return Err(Failure::new(FailureKind::Unsupported, what, why)
                .hint(format!("go back to an earlier release: midwatch rollback {}", plan.app)));
        }
        (None, None) => {
            return Err(Failure::new(FailureKind::NotFound, what, "this console's journal does not know it")
                .hint("name what it is of: --datastore NAME"));
        }
    };
    if let Some((app, _)) = deploying::app_of_datastores(&context.config, &name)? {
        return whole(args, it, context, &app, (&run, journaled));
    }
    let id = DatastoreId::from(name.as_str());
    let spec = deploying::datastore(&context.config, &id)?;
    let whoever = deploying::whoever(&context.config, &name, true)?;
    let desk = Desk::prepare(args, context)?;
    let undone = match journaled {
        Some(plan) => plan,
        None => desk.headless.tasks.block_on(find(&desk.engines, &whoever, &run))?.plan.plan().clone(),
    };
    if let Some((brought, names)) = rewind_return::exchanged(&undone) {
        let facts = gather::exchanged(&desk.engines, &spec, brought, names, desk.headless.now());
        let facts = desk.headless.tasks.block_on(facts)?;
        let reason = it.consent.reason.as_deref();
        let planned = rewind_return::undo(&spec, (brought, names), &facts, &run, reason);
        return desk.carry_out(planned, &it.consent.shown, it.consent.given());
    }
    if let Some(brought) = rewind_undo::brought(&undone) {
        let facts = gather::rewound(&desk.engines, &spec, brought, desk.headless.now());
        let facts = desk.headless.tasks.block_on(facts)?;
        let planned = rewind_undo::undo(&spec, brought, &facts, &run, it.consent.reason.as_deref());
        return desk.carry_out(planned, &it.consent.shown, it.consent.given());
    }
    let facts = restore(&desk.engines, &spec, Wanted::None, desk.headless.now());
    let facts = desk.headless.tasks.block_on(facts)?;
    let planned = if matches!(undone.operation, Operation::Restore | Operation::Undo) {
        plan(&spec, &facts, &run, &undone, it.consent.reason.as_deref())
    } else {
        let why = format!("it is a {}, which has nothing to undo", undone.operation.word());
        return Err(Failure::new(FailureKind::Unsupported, what, why));
    };
    desk.carry_out(planned, &it.consent.shown, it.consent.given())
}

/// Puts all of an app back.
fn whole(
    args: &Args,
    it: &UndoArgs,
    context: Context,
    app: &AppSpec,
    (run, journaled): (&RunId, Option<Plan>),
) -> Result<Exit, Failure> {
    let desk = Desk::prepare(args, context)?;
    let undone = match journaled {
        Some(plan) => plan,
        None => desk.headless.tasks.block_on(find(&desk.engines, app, run))?.plan.plan().clone(),
    };
    let datastores = set_undo::exchanged(&undone);
    let datastores = datastores.map(|it| deploying::datastore(&desk.context.config, it.datastore));
    let datastores: Vec<_> = datastores.collect::<Result<_, _>>()?;
    let facts = gather::set_undo(&desk.engines, app, &datastores, undone.leaves, desk.headless.now());
    let facts = desk.headless.tasks.block_on(facts)?;
    let planned = set_undo::plan(app, &facts, run, &undone, it.consent.reason.as_deref());
    desk.carry_out(planned, &it.consent.shown, it.consent.given())
}

/// The plan of a run that this console began.
fn journaled(config: &Config, run: &RunId) -> Result<Option<Plan>, Failure> {
    let entries = deploying::journal(config)?.entries();
    let entries = entries.map_err(|error| error.into_failure("read the journal"))?;
    Ok(entries.into_iter().find_map(|it| match it.entry {
        Entry::RunBegun { run: begun, plan, .. } if begun == *run => serde_json::from_value(plan).ok(),
        _ => None,
    }))
}
