//! The arguments; help, man page and completions derive from here.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::approve::ApproveArgs;
use super::backup::BackupArgs;
use super::backups::BackupsArgs;
use super::check::CheckArgs;
use super::config::ConfigCommand;
use super::daily::{DailyArgs, PullArgs, ScaleArgs};
use super::demo::DemoArgs;
use super::deploy::DeployArgs;
use super::doctor::DoctorArgs;
use super::drill::DrillArgs;
use super::exec::ExecArgs;
use super::init::InitArgs;
use super::journal::JournalArgs;
use super::logs::LogsArgs;
use super::maintenance::MaintenanceArgs;
use super::prune::PruneArgs;
use super::record::RecordArgs;
use super::releases::ReleasesArgs;
use super::replay::ReplayArgs;
use super::repo::RepoCommand;
use super::restore::RestoreArgs;
use super::resume::ResumeArgs;
use super::rollback::RollbackArgs;
use super::runs::RunsArgs;
use super::schedule::ScheduleCommand;
use super::status::StatusArgs;
use super::tags::TagsArgs;
use super::undo::UndoArgs;

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
    /// Play the bundled recording of an outage; nothing is connected to
    Demo(DemoArgs),
    /// Deploy an app: a new release of its images, or its Compose file as it is now
    Deploy(DeployArgs),
    /// Go back to an earlier release of an app
    Rollback(RollbackArgs),
    /// Restart the containers of an app, server by server
    Restart(DailyArgs),
    /// Stop the containers of an app
    Stop(DailyArgs),
    /// Start the containers of an app
    Start(DailyArgs),
    /// Give services of an app another number of containers on each server; deploys keep it
    Scale(ScaleArgs),
    /// Bring the images of an app onto its servers; what runs is not changed
    Pull(PullArgs),
    /// Have an app's proxy tell visitors that it is in maintenance, or send them to it again
    Maintenance(MaintenanceArgs),
    /// Run a command in a container, a shell for the most part; ends with its exit code
    Exec(ExecArgs),
    /// Back datastores up: into an encrypted repository that restic reads too
    Backup(BackupArgs),
    /// List the backups of datastores, as their repositories hold them
    Backups(BackupsArgs),
    /// Bring a backup of a datastore back: beside what stands, or in its place
    Restore(RestoreArgs),
    /// Undo a restore that took the place of what stood
    Undo(UndoArgs),
    /// Rehearse bringing a backup back: into a database of its own, which goes again
    Drill(DrillArgs),
    /// Take backups that nothing keeps out of their repositories, and free their room
    Prune(PruneArgs),
    /// Back datastores up, or rehearse restoring them, on a schedule: by timers of systemd's
    Schedule {
        /// What to do with it
        #[command(subcommand)]
        command: ScheduleCommand,
    },
    /// Work on a repository of backups itself
    Repo {
        /// What to do with it
        #[command(subcommand)]
        command: RepoCommand,
    },
    /// List the releases of an app, as its servers hold them
    Releases(ReleasesArgs),
    /// List the tags of an app's image with their dates, as its registry tells them to its servers
    Tags(TagsArgs),
    /// List what changes or changed the apps, with what ended without a word
    Runs(RunsArgs),
    /// Approve another operator's run that waits for a second person, or deny it
    Approve(ApproveArgs),
    /// Take up a run that ended without a word: finish it, undo it, or leave it
    Resume(ResumeArgs),
    /// Look at the record of runs and of every command that was sent
    Journal(JournalArgs),
    /// Print log lines of any servers, in the order of time
    Logs(LogsArgs),
    /// Test each server, and say what is missing there and what mends it
    Doctor(DoctorArgs),
    /// Write a first configuration from what is there already
    Init(InitArgs),
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
