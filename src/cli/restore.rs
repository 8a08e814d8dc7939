//! `midwatch restore`: a backup is brought back, beside what stands or in its place.

use std::path::Path;

use clap::Args as ClapArgs;

use super::args::Args;
use super::context::Context;
use super::operate::{Consent, Desk, Wait};
use super::{Exit, context, print};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::release::ReleaseNumber;
use crate::engine::gather::{Wanted, restore, restore_from, set_restore};
use crate::engine::here::{Here, bring};
use crate::operations::restore::{Ask, plan};
use crate::operations::restore_only::sensible;
use crate::operations::set_choice::Which;
use crate::operations::set_restore;
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct RestoreArgs {
    /// The datastore, as the configuration names it; an app for all of its own and its release, as one set
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The backup, by the first digits of its id, or any of a set; the newest where none is named
    #[arg(long, value_name = "ID")]
    pub backup: Option<String>,

    /// The datastore of the same kind that the backup is of, where it is another: of any server, environment or
    /// repository; masked where NAME's configuration has a mask
    #[arg(long, value_name = "OTHER", conflicts_with = "release")]
    pub from: Option<String>,

    /// Of an app the newest set of this release
    #[arg(long, value_name = "N", conflicts_with_all = ["backup", "to", "only"])]
    pub release: Option<u32>,

    /// Beside what stands, which is not touched; so it is done where nothing is said
    #[arg(long, conflicts_with = "swap")]
    pub beside: bool,

    /// In the place of what stands: that is backed up before, and kept beside
    #[arg(long, conflicts_with = "to")]
    pub swap: bool,

    /// The name of the new database or volume beside; a path, which has a slash, is a file here that the
    /// backup is brought to, or with a slash at its end a folder for the files of it
    #[arg(long, value_name = "NAME|PATH")]
    pub to: Option<String>,

    /// Of PostgreSQL as it was then, by what keeps its write-ahead log: a time (`2026-11-20T03:00:00Z`), or how
    /// long ago (`10m`); beside what stands, or with `--swap` in its place
    #[arg(long, value_name = "TIME", conflicts_with_all = ["backup", "release", "to", "only", "from"])]
    pub at: Option<String>,

    /// Of files or a volume this path alone, with what is below it; of PostgreSQL this table, or several with
    /// commas between. Beside what stands, or files into a folder here; may be given again
    #[arg(long, value_name = "PATH|TABLE")]
    pub only: Vec<String>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the option's own sentence is the help")]
    pub wait: Wait,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub consent: Consent,
}

/// Brings it to a path here, which changes nothing anywhere else.
fn here(
    args: &Args,
    it: &RestoreArgs,
    context: Context,
    spec: &DatastoreSpec,
    path: &str,
) -> Result<Exit, Failure> {
    let shown = &it.consent.shown;
    if shown.dry_run || shown.shell || shown.json {
        let what = format!("restore {} to {path}", spec.id);
        return Err(Failure::new(FailureKind::Invalid, what, "it has no plan: it is written here alone"));
    }
    let desk = Desk::prepare(args, context)?;
    let brought = bring(&desk.engines, spec, it.backup.as_deref(), &it.only, Path::new(path));
    let Here { backup, bytes } = desk.headless.tasks.block_on(brought)?;
    print(&format!("{path}: backup {} of {}, {bytes}", backup.short(), backup.at.rfc3339()));
    Ok(Exit::Well)
}

/// Brings all of an app back.
fn whole(
    args: &Args,
    it: &RestoreArgs,
    context: Context,
    app: &AppSpec,
    datastores: &[DatastoreSpec],
) -> Result<Exit, Failure> {
    if it.to.is_some() || it.at.is_some() || it.from.is_some() || !it.only.is_empty() {
        let what = format!("restore {} as one set", app.id);
        let failure =
            Failure::new(FailureKind::Unsupported, what, "it goes beside what stands, or in its place");
        let first = datastores.first().map(|it| it.id.as_str()).unwrap_or_default();
        return Err(failure.hint(format!("a datastore alone: midwatch restore {first} --to …")));
    }
    let which = match (&it.backup, it.release) {
        (Some(id), _) => Which::Backup(id),
        (None, Some(number)) => Which::Release(ReleaseNumber(number)),
        (None, None) => Which::Newest,
    };
    let desk = Desk::prepare(args, context)?;
    let ask = Ask { reason: it.consent.reason.clone(), swap: it.swap, ..Ask::default() };
    desk.change(&it.wait, &it.consent.shown, it.consent.given(), || {
        let facts = set_restore(&desk.engines, app, datastores, which, it.swap, desk.headless.now());
        let (set, facts) = desk.headless.tasks.block_on(facts)?;
        Ok(set_restore::plan(app, &set, &facts, &ask))
    })
}

/// Plans, asks and brings it back.
pub fn run(args: &Args, it: &RestoreArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    if let Some((app, datastores)) = deploying::app_of_datastores(&context.config, &it.name)? {
        return whole(args, it, context, &app, &datastores);
    }
    let spec = deploying::datastore(&context.config, &DatastoreId::from(it.name.as_str()))?;
    if let Some(at) = &it.at {
        return super::rewind::run(args, it, context, &spec, at);
    }
    let from =
        it.from.as_ref().map(|it| deploying::datastore(&context.config, &DatastoreId::from(it.as_str())));
    let from = from.transpose()?;
    if let Some(path) = it.to.as_ref().filter(|to| to.contains('/')) {
        if let Some(from) = &from {
            let what = format!("restore {} from {} to {path}", spec.id, from.id);
            let failure = Failure::new(FailureKind::Unsupported, what, "nothing is masked on its way here");
            return Err(failure.hint(format!("as it is: midwatch restore {} --to {path}", from.id)));
        }
        return here(args, it, context, &spec, path);
    }
    if let Some(to) = it.to.as_ref().filter(|to| to.is_empty() || to.len() > 63) {
        let why = format!("a database's name has 1 to 63 bytes, {to:?} has {}", to.len());
        return Err(Failure::new(FailureKind::Invalid, format!("restore {}", spec.id), why));
    }
    if it.release.is_some() {
        let what = format!("restore {}", spec.id);
        let failure = Failure::new(FailureKind::Unsupported, what, "a release is one of an app");
        return Err(failure.hint("of a datastore a backup is named: --backup ID"));
    }
    let wanted = it.backup.as_deref().map_or(Wanted::Newest, Wanted::Id);
    let (reason, to) = (it.consent.reason.clone(), it.to.clone());
    let ask = Ask { reason, swap: it.swap, to, only: it.only.clone() };
    if !ask.only.is_empty() {
        sensible(&spec, &ask)?;
    }
    let desk = Desk::prepare(args, context)?;
    desk.change(&it.wait, &it.consent.shown, it.consent.given(), || {
        let now = desk.headless.now();
        let facts = desk.headless.tasks.block_on(async {
            match &from {
                Some(from) => restore_from(&desk.engines, &spec, from, wanted, now).await,
                None => restore(&desk.engines, &spec, wanted, now).await,
            }
        })?;
        Ok(plan(&spec, &facts, &ask))
    })
}
