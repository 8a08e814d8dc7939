//! `midwatch config check`: everything that is wrong with the configuration, at once.

use clap::Subcommand;

use super::args::Args;
use super::{Exit, context, print};
use crate::actions;
use crate::domain::failure::{Failure, FailureKind};
use crate::runtime::setup;

/// What can be done with it.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read it, and print every mistake with its place; 2 is returned where there is one
    Check,
}

/// Does it.
pub fn run(args: &Args, command: &ConfigCommand) -> Result<Exit, Failure> {
    let ConfigCommand::Check = command;
    let context = context::load(args)?;
    let setup = setup::setup(&context.config, None, args.read_only);
    let (_, clashes) = actions::keymap(&setup.keys);
    if !clashes.is_empty() {
        return Err(Failure::new(FailureKind::Invalid, "use the keys", clashes.join("; ")));
    }
    let config = &context.config;
    let where_from = context.source().map_or_else(
        || "no configuration: this machine is shown".to_owned(),
        |path| format!("{} is good", path.display()),
    );
    print(&format!(
        "{where_from}; {}, {}, {}",
        count(config.servers.len(), "server"),
        count(config.apps.len(), "app"),
        count(config.checks.len(), "check")
    ));
    Ok(Exit::Well)
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
