//! `midwatch backup`: datastores into their repositories.

use clap::Args as ClapArgs;

use super::args::Args;
use super::operate::{Desk, Given, Shown, Wait};
use super::{Exit, context};
use crate::config::Config;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::engine::gather;
use crate::operations::backup::{Ask, plan};
use crate::operations::{Refusal, set};
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct BackupArgs {
    /// The datastores, as the configuration names them; an app for all of its own and its release, as one set
    #[arg(required_unless_present = "all", value_name = "NAME")]
    pub names: Vec<String>,

    /// All datastores of the configuration, one after the other
    #[arg(long, conflicts_with = "names")]
    pub all: bool,

    /// Make the repository where there is none yet
    #[arg(long)]
    pub init: bool,

    /// Why; it stands in the backup and the journal, and overrides what may be overridden
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

/// Plans, asks and takes each; goes on after one that fails, and ends as the first of those did.
pub fn run(args: &Args, backup: &BackupArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let config = &context.config;
    let names: Vec<DatastoreId> = if backup.all {
        config.datastores.keys().cloned().collect()
    } else {
        backup.names.iter().map(|name| DatastoreId::from(name.as_str())).collect()
    };
    if names.is_empty() {
        let failure = Failure::new(FailureKind::NotFound, "back up", "no datastore is configured");
        return Err(failure.hint("add one: [datastores.NAME] with `kind`, `server` and `repository`"));
    }
    let specs: Vec<Target> = names.iter().map(|name| target(config, name)).collect::<Result<_, _>>()?;
    let desk = Desk::prepare(args, context)?;
    let mut exit = Exit::Well;
    for spec in &specs {
        let ended = match spec {
            Target::Datastore(spec) => one(&desk, spec, backup),
            Target::App(spec, datastores) => whole(&desk, spec, datastores, backup),
        };
        let ended = ended.unwrap_or_else(|failure| {
            eprintln!("midwatch: {failure}");
            Exit::of(&failure)
        });
        if exit == Exit::Well {
            exit = ended;
        }
    }
    Ok(exit)
}

/// What a name is of: a datastore, or an app with all of its own.
enum Target {
    Datastore(Box<DatastoreSpec>),
    App(Box<AppSpec>, Vec<DatastoreSpec>),
}

fn target(config: &Config, name: &DatastoreId) -> Result<Target, Failure> {
    Ok(match deploying::app_of_datastores(config, name.as_str())? {
        Some((app, datastores)) => Target::App(Box::new(app), datastores),
        None => Target::Datastore(Box::new(deploying::datastore(config, name)?)),
    })
}

fn whole(
    desk: &Desk,
    spec: &AppSpec,
    datastores: &[DatastoreSpec],
    backup: &BackupArgs,
) -> Result<Exit, Failure> {
    let ask = Ask { reason: backup.reason.clone(), init: false, release: None };
    desk.change(&backup.wait, &backup.shown, Given { yes: backup.yes, name: None }, || {
        let facts = gather::set(&desk.engines, spec, datastores, desk.headless.now());
        Ok(match desk.headless.tasks.block_on(facts) {
            Ok(facts) => set::plan(spec, &facts, &ask),
            Err(lost) => Err(Refusal::Unreachable(lost)),
        })
    })
}

fn one(desk: &Desk, spec: &DatastoreSpec, backup: &BackupArgs) -> Result<Exit, Failure> {
    let ask = Ask { reason: backup.reason.clone(), init: backup.init, release: None };
    desk.change(&backup.wait, &backup.shown, Given { yes: backup.yes, name: None }, || {
        let now = desk.headless.now();
        let facts = desk.headless.tasks.block_on(gather::datastore(&desk.engines, spec, now));
        Ok(plan(spec, &facts, &ask))
    })
}
