//! The command line: one file a subcommand. Whatever the screen can do, this can.
//!
//! Lives here: arguments, printing, exit codes. Not here: anything that the console needs too.

// Standard output and error are what this room is for.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the command line prints")]

mod approve;
mod args;
mod backup;
mod backups;
mod check;
mod config;
mod console;
mod context;
mod daily;
mod demo;
mod deploy;
mod doctor;
mod drill;
mod exec;
mod exit;
mod headless;
mod init;
mod journal;
pub mod keys;
mod logs;
mod maintenance;
mod operate;
mod prune;
mod record;
mod releases;
mod replay;
mod repo;
mod restore;
mod resume;
mod rewind;
mod rollback;
mod runs;
mod schedule;
pub mod shell;
pub mod status;
mod tags;
mod undo;

use std::process::ExitCode;

use clap::Parser;

use crate::domain::plan::Operation;

pub use args::{Args, Command};
pub use exit::Exit;

/// Reads the arguments of this process and carries them out.
pub fn main() -> ExitCode {
    let args = Args::parse();
    crate::runtime::defects::begin();
    let result = match &args.command {
        None => console::run(&args, None),
        Some(Command::Record(record)) => record::run(&args, record),
        Some(Command::Replay(replay)) => replay::run(&args, replay),
        Some(Command::Demo(demo)) => demo::run(&args, demo),
        Some(Command::Deploy(deploy)) => deploy::run(&args, deploy),
        Some(Command::Rollback(rollback)) => rollback::run(&args, rollback),
        Some(Command::Restart(it)) => daily::run(&args, Operation::Restart, it),
        Some(Command::Stop(it)) => daily::run(&args, Operation::Stop, it),
        Some(Command::Start(it)) => daily::run(&args, Operation::Start, it),
        Some(Command::Scale(it)) => daily::run_scale(&args, it),
        Some(Command::Pull(it)) => daily::run_pull(&args, it),
        Some(Command::Maintenance(it)) => maintenance::run(&args, it),
        Some(Command::Exec(it)) => exec::run(&args, it),
        Some(Command::Backup(backup)) => backup::run(&args, backup),
        Some(Command::Backups(backups)) => backups::run(&args, backups),
        Some(Command::Restore(it)) => restore::run(&args, it),
        Some(Command::Undo(it)) => undo::run(&args, it),
        Some(Command::Drill(drill)) => drill::run(&args, drill),
        Some(Command::Schedule { command }) => schedule::run(&args, command),
        Some(Command::Prune(it)) => prune::run(&args, it),
        Some(Command::Repo { command }) => repo::run(&args, command),
        Some(Command::Releases(releases)) => releases::run(&args, releases),
        Some(Command::Tags(tags)) => tags::run(&args, tags),
        Some(Command::Runs(runs)) => runs::run(&args, runs),
        Some(Command::Approve(approve)) => approve::run(&args, approve),
        Some(Command::Resume(resume)) => resume::run(&args, resume),
        Some(Command::Journal(journal)) => journal::run(&args, journal),
        Some(Command::Logs(logs)) => logs::run(&args, logs),
        Some(Command::Doctor(doctor)) => doctor::run(&args, doctor),
        Some(Command::Init(init)) => init::run(&args, init),
        Some(Command::Check(check)) => check::run(&args, check),
        Some(Command::Config { command }) => config::run(&args, command),
        Some(Command::Status(status)) => status::run(&args, status),
        Some(Command::Keys) => keys::run(&args),
        Some(Command::Completions { shell }) => Ok(shell::completions(*shell)),
        Some(Command::Man) => shell::man(),
    };
    let exit = match result {
        Ok(exit) => exit,
        Err(failure) => {
            eprintln!("midwatch: {failure}");
            Exit::of(&failure)
        }
    };
    crate::runtime::defects::flush();
    exit.code()
}

/// Prints text and a line end. A reader that went away (`midwatch status | head`) is no failure.
fn print(text: &str) {
    let _ = is_read(text);
}

/// The same, and whether somebody still reads.
fn is_read(text: &str) -> bool {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).is_ok()
}
