//! `midwatch repo`: working on a repository of backups itself.

use clap::{Args as ClapArgs, Subcommand};

use super::args::Args;
use super::operate::{Desk, Given, Shown};
use super::{Exit, context};
use crate::config::{Secret, nearest};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::RepositoryId;
use crate::engine::gather;
use crate::operations::repository::{Ask, plan};

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum RepoCommand {
    /// Look it through for damage; when that was joins its datastores' health
    Check {
        /// The repository, as the configuration names it
        #[arg(value_name = "REPOSITORY")]
        name: String,

        /// Read, decrypt and compare all that is stored too
        #[arg(long)]
        read_data: bool,

        #[command(flatten)]
        #[allow(missing_docs, reason = "the options' own sentences are the help")]
        shown: Shown,
    },
    /// Show who holds locks in it, and take away those that nobody holds any more
    Unlock {
        /// The repository, as the configuration names it
        #[arg(value_name = "REPOSITORY")]
        name: String,

        /// Those too whose holder may be alive
        #[arg(long)]
        force: bool,

        #[command(flatten)]
        #[allow(missing_docs, reason = "the arguments' own sentences are the help")]
        common: Common,
    },
    /// Let another password open it
    AddKey {
        /// The repository, as the configuration names it
        #[arg(value_name = "REPOSITORY")]
        name: String,

        /// Where that password comes from: `file:PATH`, `env:NAME`, `command:WORDS` or `keyring:SERVICE/USER`
        #[arg(long, value_name = "REF")]
        secret: String,

        #[command(flatten)]
        #[allow(missing_docs, reason = "the arguments' own sentences are the help")]
        common: Common,
    },
}

/// What the changes among them share.
#[derive(Clone, Debug, ClapArgs)]
pub struct Common {
    /// Why; it is journaled
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Go on without asking
    #[arg(long)]
    pub yes: bool,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub shown: Shown,
}

/// Plans, asks and does it. 1 where it is damaged.
pub fn run(args: &Args, command: &RepoCommand) -> Result<Exit, Failure> {
    let (name, ask, reason, yes, shown) = match command {
        // It changes nothing, so nobody is asked.
        RepoCommand::Check { name, read_data, shown } => {
            (name, Ask::Check { read_data: *read_data }, None, true, shown)
        }
        RepoCommand::Unlock { name, force, common } => {
            (name, Ask::Unlock { force: *force }, common.reason.as_deref(), common.yes, &common.shown)
        }
        RepoCommand::AddKey { name, secret, common } => {
            // What is no source may be the secret itself, and is not repeated.
            secret
                .parse::<Secret>()
                .map_err(|why| Failure::new(FailureKind::Invalid, format!("add a key to {name}"), why))?;
            let ask = Ask::AddKey { secret: secret.clone() };
            (name, ask, common.reason.as_deref(), common.yes, &common.shown)
        }
    };
    let context = context::load(args)?;
    let id = RepositoryId::from(name.as_str());
    if !context.config.repositories.contains_key(&id) {
        let failure = Failure::new(
            FailureKind::NotFound,
            format!("find the repository {id}"),
            "the configuration has none of that name",
        );
        let near = nearest(name, context.config.repositories.keys().map(RepositoryId::as_str));
        return Err(near.into_iter().fold(failure, |it, near| it.hint(format!("did you mean {near}?"))));
    }
    let desk = Desk::prepare(args, context)?;
    let facts = gather::repository(&desk.engines, &id, desk.headless.now());
    let facts = desk.headless.tasks.block_on(facts)?;
    desk.carry_out(plan(&facts, &ask, reason), shown, Given { yes, name: None })
}
