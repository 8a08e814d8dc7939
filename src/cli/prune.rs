//! `midwatch prune`: what nothing keeps goes, with the room that it took.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args as ClapArgs;

use super::args::Args;
use super::operate::{Consent, Desk};
use super::{Exit, context};
use crate::config::Config;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{DatastoreId, RepositoryId};
use crate::engine::gather;
use crate::operations::prune::plan;
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct PruneArgs {
    /// Repositories, or datastores, of which alone backups go then
    #[arg(required_unless_present = "all", value_name = "REPOSITORY|NAME")]
    pub names: Vec<String>,

    /// All repositories of the configuration, one after the other
    #[arg(long, conflicts_with = "names")]
    pub all: bool,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub consent: Consent,
}

/// Plans, asks and prunes each; goes on after one that fails, and ends as the first of those did.
pub fn run(args: &Args, it: &PruneArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let wanted = wanted(&context.config, it)?;
    let specs = context.config.datastores.keys().map(|id| deploying::datastore(&context.config, id));
    let specs: Vec<DatastoreSpec> = specs.collect::<Result<_, _>>()?;
    let desk = Desk::prepare(args, context)?;
    let mut exit = Exit::Well;
    for (id, only) in &wanted {
        let its: Vec<DatastoreSpec> = specs.iter().filter(|spec| spec.repository == *id).cloned().collect();
        let ended = one(&desk, id, &its, only, it).unwrap_or_else(|failure| {
            eprintln!("midwatch: {failure}");
            Exit::of(&failure)
        });
        if exit == Exit::Well {
            exit = ended;
        }
    }
    Ok(exit)
}

/// The repositories, each with the datastores of which something may go; all where there are none.
fn wanted(config: &Config, it: &PruneArgs) -> Result<BTreeMap<RepositoryId, BTreeSet<DatastoreId>>, Failure> {
    let mut wanted: BTreeMap<RepositoryId, Option<BTreeSet<DatastoreId>>> = BTreeMap::new();
    if it.all {
        wanted.extend(config.repositories.keys().map(|id| (id.clone(), None)));
    }
    for name in &it.names {
        let repository = RepositoryId::from(name.as_str());
        if config.repositories.contains_key(&repository) {
            wanted.insert(repository, None);
            continue;
        }
        let spec = deploying::datastore(config, &DatastoreId::from(name.as_str()))?;
        if let Some(only) = wanted.entry(spec.repository).or_insert_with(|| Some(BTreeSet::new())) {
            only.insert(spec.id);
        }
    }
    if wanted.is_empty() {
        let failure = Failure::new(FailureKind::NotFound, "prune", "no repository is configured");
        return Err(failure.hint("add one: [repositories.NAME] with `path` and `password`"));
    }
    Ok(wanted.into_iter().map(|(id, only)| (id, only.unwrap_or_default())).collect())
}

fn one(
    desk: &Desk,
    id: &RepositoryId,
    specs: &[DatastoreSpec],
    only: &BTreeSet<DatastoreId>,
    it: &PruneArgs,
) -> Result<Exit, Failure> {
    let gathered = gather::prune(&desk.engines, id, specs, only, desk.headless.now());
    let (facts, judged, estimate) = desk.headless.tasks.block_on(gathered)?;
    let planned = plan(&facts, specs, &judged, &estimate, it.consent.reason.as_deref());
    desk.carry_out(planned, &it.consent.shown, it.consent.given())
}
