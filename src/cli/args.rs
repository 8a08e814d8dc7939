//! The arguments; help, man page and completions derive from here.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::check::CheckArgs;
use super::config::ConfigCommand;
use super::record::RecordArgs;
use super::replay::ReplayArgs;
use super::status::StatusArgs;

/// A terminal console for the engineer on call: health, logs and metrics of your servers, live,
/// over plain SSH. Without a subcommand it opens the console.
#[derive(Debug, Parser)]
#[command(name = "midwatch", version, max_term_width = 100)]
pub struct Args {
    /// The configuration file, instead of the usual place
    #[arg(long, global = true, value_name = "FILE", env = "MIDWATCH_CONFIG")]
    pub config: Option<PathBuf>,

    /// Refuse everything that would change something; nothing inside can lift it
    #[arg(long, global = true)]
    pub read_only: bool,

    /// The theme, instead of the configured one
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// What to do; without it, the console
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at everything once, and print it
    Status(StatusArgs),
    /// Open the console, and record what it is told
    Record(RecordArgs),
    /// Play a recording in the console
    Replay(ReplayArgs),
    /// Make the checks once, and judge by that
    Check(CheckArgs),
    /// Work with the configuration
    Config {
        /// What to do with it
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print the keys of the console, as they are configured
    Keys,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}
