//! `midwatch schedule`: timers of systemd's that back datastores up, or rehearse restoring them.

mod list;

use std::path::Path;

use clap::{Args as ClapArgs, Subcommand};

use super::Exit;
use super::args::Args;
use super::context::{self, Context};
use super::operate::{Consent, Desk};
use crate::config::repository_sftp::SftpPlace;
use crate::config::{Config, Secret};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{DatastoreId, ServerId};
use crate::domain::schedule::{Chore, ScheduleName, Scope};
use crate::domain::shell::quote;
use crate::engine::gather::schedule::{Sought, schedule, schedules};
use crate::operations::schedule::{Ask, Does, Gone, install, remove, runs_as};
use crate::runtime::deploying;

pub use list::ListArgs;

/// What to do with schedules.
#[derive(Clone, Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Write a timer and its service, enable it, and read it back
    Install(InstallArgs),
    /// List the schedules on all servers, with their last and their next run
    List(ListArgs),
    /// Take a timer, its service and the secrets that it needed away
    Remove(RemoveArgs),
}

/// Which schedule, and how it is confirmed.
#[derive(Clone, Debug, ClapArgs)]
pub struct Which {
    /// The datastore, as the configuration names it
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The one that rehearses restoring it, and not the one that backs it up
    #[arg(long)]
    pub drill: bool,

    /// The server that the timer is on
    #[arg(long, value_name = "SERVER")]
    pub on: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub consent: Consent,
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// This program with this configuration, on this machine
    Midwatch,
    /// restic, on the datastore's server
    Restic,
}

/// The arguments of an installation.
#[derive(Clone, Debug, ClapArgs)]
pub struct InstallArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub which: Which,

    /// When, as systemd writes it (`daily`, `*-*-* 02:00:00`); each night at two, a drill on Sundays at four
    #[arg(long, value_name = "CALENDAR")]
    pub at: Option<String>,

    /// What runs: midwatch on this machine, restic on a server
    #[arg(long, value_enum)]
    pub by: Option<By>,

    /// The repository as restic takes it on that server: a folder there, sftp:…, s3:…, rest:…
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,

    /// By the user's own systemd, where nothing may be written for the machine's
    #[arg(long)]
    pub user: bool,

    /// Run it once at the end, and put everything back where that fails
    #[arg(long)]
    pub start: bool,
}

/// The arguments of a removal.
#[derive(Clone, Debug, ClapArgs)]
pub struct RemoveArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub which: Which,
}

/// Carries it out.
pub fn run(args: &Args, command: &ScheduleCommand) -> Result<Exit, Failure> {
    match command {
        ScheduleCommand::Install(install) => installed(args, install),
        ScheduleCommand::List(list) => list::run(args, list),
        ScheduleCommand::Remove(it) => removed(args, &it.which),
    }
}

impl Which {
    const fn chore(&self) -> Chore {
        if self.drill { Chore::Drill } else { Chore::Backup }
    }

    /// The server that was named, where it is one.
    fn server(&self, config: &Config) -> Result<Option<ServerId>, Failure> {
        let Some(name) = &self.on else { return Ok(None) };
        let id = ServerId::from(name.as_str());
        if config.servers.contains_key(&id) {
            return Ok(Some(id));
        }
        let what = format!("find the server {name}");
        Err(Failure::new(FailureKind::NotFound, what, "the configuration has no server of that name"))
    }
}

/// This machine, as the configuration names it.
fn here(config: &Config) -> Option<&ServerId> {
    config.servers.iter().find(|(_, server)| server.local).map(|(id, _)| id)
}

fn installed(args: &Args, it: &InstallArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let config = &context.config;
    let which = &it.which;
    let spec = deploying::datastore(config, &DatastoreId::from(which.name.as_str()))?;
    let what = format!("schedule {}", spec.id);
    let Some(on) = which.server(config)?.or_else(|| here(config).cloned()) else {
        let failure =
            Failure::new(FailureKind::Invalid, what, "this machine is no server of the configuration");
        return Err(failure.hint(format!(
            "name one: --on {}, or add this one: [servers.console] local = true",
            spec.server
        )));
    };
    let local = config.servers.get(&on).is_some_and(|server| server.local);
    let by = it.by.unwrap_or(if local { By::Midwatch } else { By::Restic });
    let does = match by {
        By::Midwatch if local => midwatch(&context, &spec, &on)?,
        By::Midwatch => {
            let why = format!("midwatch runs where it is, and {on} is another machine");
            let hint =
                "restic does it there: --by restic; or install midwatch there, and schedule it from there";
            return Err(Failure::new(FailureKind::Invalid, what, why).hint(hint));
        }
        By::Restic => restic(config, it, &spec, &on, local)?,
    };
    let ask = Ask {
        chore: which.chore(),
        server: on.clone(),
        scope: it.user.then_some(Scope::User),
        calendar: it.at.clone().unwrap_or_else(|| usual(which.chore()).to_owned()),
        password: config.datastores.get(&spec.id).is_some_and(|it| it.password.is_some()),
        unreachable: if by == By::Midwatch { unreachable(config, &spec) } else { Vec::new() },
        does,
        start: it.start,
        reason: which.consent.reason.clone(),
    };
    let (folder, away) = match &ask.does {
        Does::Restic { address, .. } => {
            (address.starts_with('/').then(|| address.clone()), sftp(address, &what)?)
        }
        Does::Midwatch { .. } => (repository(config, &spec), None),
    };
    let source = spec.source.clone();
    let sought = match (&folder, &away) {
        (_, Some(place)) => Sought::Sftp { place, who: runs_as(&source) },
        (Some(folder), None) => Sought::Folder(folder),
        (None, None) => Sought::Nowhere,
    };
    let spec = deploying::at(config, spec, &on);
    let name = ask.name(&spec);
    let desk = Desk::prepare(args, context)?;
    let now = desk.headless.now();
    let facts = schedule(&desk.engines, &spec, &name, &on, &ask.calendar, sought, now);
    let facts = desk.headless.tasks.block_on(facts);
    desk.carry_out(install(&spec, &facts, &ask), &which.consent.shown, which.consent.given())
}

fn removed(args: &Args, which: &Which) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let config = &context.config;
    let spec = deploying::datastore(config, &DatastoreId::from(which.name.as_str()))?;
    let named = which.server(config)?;
    let likely: Vec<ServerId> = here(config).into_iter().chain([&spec.server]).cloned().collect();
    let desk = Desk::prepare(args, context)?;
    let on = match named {
        Some(on) => on,
        None => found(&desk, &spec, which.chore(), likely),
    };
    let spec = deploying::at(&desk.context.config, spec, &on);
    let name = ScheduleName { chore: which.chore(), datastore: spec.id.clone() };
    let facts = schedule(
        &desk.engines,
        &spec,
        &name,
        &on,
        usual(which.chore()),
        Sought::Nowhere,
        desk.headless.now(),
    );
    let facts = desk.headless.tasks.block_on(facts);
    let gone = Gone { chore: which.chore(), server: on, reason: which.consent.reason.clone() };
    desk.carry_out(remove(&spec, &facts, &gone), &which.consent.shown, which.consent.given())
}

/// Where it is, of those where it would be; the last of them where it is on none.
fn found(desk: &Desk, spec: &DatastoreSpec, chore: Chore, mut likely: Vec<ServerId>) -> ServerId {
    let last = likely.pop().unwrap_or_else(|| spec.server.clone());
    let holds = |on: &ServerId| {
        let all = desk.headless.tasks.block_on(schedules(&desk.engines, on)).unwrap_or_default();
        all.iter().any(|it| it.datastore == spec.id && it.scheduled.chore == chore)
    };
    likely.into_iter().find(holds).unwrap_or(last)
}

const fn usual(chore: Chore) -> &'static str {
    match chore {
        Chore::Backup => "*-*-* 02:00:00",
        Chore::Drill => "Sun *-*-* 04:00:00",
    }
}

/// This program as it was started, with the configuration that it read.
fn midwatch(context: &Context, spec: &DatastoreSpec, on: &ServerId) -> Result<Does, Failure> {
    let what = format!("schedule {}", spec.id);
    let invalid = |why: &str| Failure::new(FailureKind::Invalid, &what, why.to_owned());
    let text = |path: &Path| {
        let path = std::path::absolute(path).map_err(|error| invalid(&error.to_string()))?;
        path.into_os_string().into_string().map_err(|_| invalid("a path is not text"))
    };
    let source = context.source().ok_or_else(|| invalid("there is no file of configuration"))?;
    let program = std::env::current_exe().map_err(|error| invalid(&error.to_string()))?;
    let mut writes: Vec<String> = repository(&context.config, spec).into_iter().collect();
    let journal = deploying::journal(&context.config)?;
    writes.extend(journal.path().parent().map(text).transpose()?);
    if spec.server == *on {
        // The datastore's lock is kept there.
        let home = crate::config::locate::home().ok_or_else(|| invalid("this user has no home directory"))?;
        writes.push(text(&home.join(".local/state/midwatch"))?);
    }
    writes.sort();
    writes.dedup();
    let found = |name: &str| std::env::var(name).ok().map(|text| (name.to_owned(), text));
    let environment = ["XDG_STATE_HOME", "XDG_DATA_HOME"].into_iter().filter_map(found).collect();
    Ok(Does::Midwatch { program: text(&program)?, config: text(&source)?, writes, environment })
}

fn restic(
    config: &Config,
    it: &InstallArgs,
    spec: &DatastoreSpec,
    on: &ServerId,
    local: bool,
) -> Result<Does, Failure> {
    let what = format!("schedule {} by restic", spec.id);
    let invalid = |why: String| Failure::new(FailureKind::Invalid, &what, why);
    if *on != spec.server {
        return Err(
            invalid(format!("restic reads it on {} only", spec.server)).hint(format!("--on {}", spec.server))
        );
    }
    let own = repository(config, spec).filter(|_| local);
    let Some(address) = it.to.clone().or(own) else {
        let why = format!("the repository {} is not a folder of {on}", spec.repository);
        let place = config.repositories.get(&spec.repository).and_then(|it| it.place.sftp());
        let to = place.map_or_else(|| "ADDRESS".to_owned(), |place| quote(&place.to_string()).into_owned());
        return Err(invalid(why).hint(format!("name it as that server sees it: --to {to}")));
    };
    // An address may hold a password, and would stand in the unit for everybody to read. SSH's has a name alone.
    let login = address.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    if login.is_some_and(|(login, _)| !address.starts_with("sftp:") || login.contains(':')) {
        let hint = "give the account to the server in another way, as restic's documentation has it";
        return Err(
            invalid("the address holds a login, which everybody there could read".to_owned()).hint(hint)
        );
    }
    let ssh = sftp(&address, &what)?.map(|place| place.login());
    Ok(Does::Restic { address, ssh })
}

/// Where an address leads that is reached by SSH.
fn sftp(address: &str, what: &str) -> Result<Option<SftpPlace>, Failure> {
    let read = address.strip_prefix("sftp:").map(SftpPlace::read).transpose();
    read.map_err(|why| Failure::new(FailureKind::Invalid, what, why))
}

/// The folder of its repository on this machine, where it is one.
fn repository(config: &Config, spec: &DatastoreSpec) -> Option<String> {
    let place = &config.repositories.get(&spec.repository)?.place;
    place.folder().map(|path| path.display().to_string())
}

/// The secrets that are where a service does not come.
fn unreachable(config: &Config, spec: &DatastoreSpec) -> Vec<String> {
    let repository =
        config.repositories.get(&spec.repository).map(|it| ("the repository's password", &it.password));
    let datastore = config.datastores.get(&spec.id).and_then(|it| it.password.as_ref());
    let datastore = datastore.map(|secret| ("the datastore's password", secret));
    let without = |secret: &Secret| matches!(secret, Secret::Env(_) | Secret::Keyring { .. });
    let all = repository.into_iter().chain(datastore).filter(|(_, secret)| without(secret));
    all.map(|(whose, secret)| format!("{whose} is in {secret}, which the service does not have")).collect()
}
