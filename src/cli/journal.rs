//! `midwatch journal`: the record of runs and of every command that was sent.

use clap::{Args as ClapArgs, Subcommand};

use super::args::Args;
use super::{Exit, context, print};
use crate::domain::failure::{Failure, FailureKind};
use crate::history::journal::{Entry, Journal, Written, verify};
use crate::runtime::deploying;

/// What to do with the journal; without it, its runs are listed.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Look at every byte: exit 1 where one was changed
    Verify,
    /// Print all that a run did
    Show {
        /// The run
        run: String,
    },
    /// Print the whole journal as JSON Lines
    Export,
}

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct JournalArgs {
    /// What to do
    #[command(subcommand)]
    pub command: Option<JournalCommand>,
}

/// Carries it out.
pub fn run(args: &Args, journal: &JournalArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let it = deploying::journal(&context.config)?;
    match &journal.command {
        Some(JournalCommand::Verify) => verified(&it),
        Some(JournalCommand::Export) => {
            for entry in entries(&it)? {
                print(&serde_json::to_string(&entry).unwrap_or_default());
            }
            Ok(Exit::Well)
        }
        Some(JournalCommand::Show { run }) => show(&it, run),
        None => list(&it),
    }
}

fn entries(journal: &Journal) -> Result<Vec<Written>, Failure> {
    journal.entries().map_err(|error| error.into_failure("read the journal"))
}

fn verified(journal: &Journal) -> Result<Exit, Failure> {
    let text = journal.read().map_err(|error| error.into_failure("read the journal"))?;
    let path = journal.path().display();
    match verify(&text) {
        Ok(it) => {
            print(&format!(
                "{path}: whole: {} entries, {} cut off and told of; head {}",
                it.entries, it.torn, it.head
            ));
            Ok(Exit::Well)
        }
        Err(wrong) => {
            print(&format!("{path}: NOT as it was written: {wrong}"));
            Ok(Exit::Problem)
        }
    }
}

fn run_of(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::RunBegun { run, .. }
        | Entry::RunTaken { run, .. }
        | Entry::ApprovalAsked { run, .. }
        | Entry::ApprovalGiven { run, .. }
        | Entry::StepBegun { run, .. }
        | Entry::StepEnded { run, .. }
        | Entry::ExecBegun { run, .. }
        | Entry::ExecEnded { run, .. }
        | Entry::RunEnded { run, .. } => Some(run.as_str()),
        Entry::Torn { .. } => None,
    }
}

fn show(journal: &Journal, run: &str) -> Result<Exit, Failure> {
    let mut found = false;
    for written in entries(journal)?.iter().filter(|it| run_of(&it.entry) == Some(run)) {
        found = true;
        print(&line(written));
    }
    if found {
        return Ok(Exit::Well);
    }
    let what = format!("show the run {run}");
    Err(Failure::new(FailureKind::NotFound, what, "the journal has none of that name")
        .hint("list them: midwatch journal"))
}

fn line(written: &Written) -> String {
    let at = written.at.rfc3339();
    match &written.entry {
        Entry::RunBegun { by, digest, plan, .. } => {
            let title = plan.get("title").and_then(serde_json::Value::as_str).unwrap_or_default();
            format!("{at}  {by} begins: {title} (plan {})", digest.short())
        }
        Entry::ApprovalAsked { by, key, .. } => {
            format!("{at}  {by}, logged in with {key}, asks for a second person")
        }
        Entry::ApprovalGiven { by, key, digest, signature, .. } => format!(
            "{at}  {by} approves plan {} with {key}, signature {}",
            digest.short(),
            signature.get(..12).unwrap_or(signature)
        ),
        Entry::RunTaken { by, way, .. } => format!("{at}  {by} takes it up, to {way} it"),
        Entry::StepBegun { step, server, command, .. } => {
            format!("{at}  {step:>3} {server} $ {}", command.replace('\n', "\n      "))
        }
        Entry::StepEnded { step, server, exit, took, failure, said, .. } => {
            let exit = exit.map(|code| format!(", exit {code}")).unwrap_or_default();
            let how =
                failure.as_ref().map_or_else(|| "ok".to_owned(), |it| format!("failed: {}", it.reason()));
            let said = if said.is_empty() { String::new() } else { format!(": {said}") };
            format!("{at}  {step:>3} {server}   {how} after {:.1} s{exit}{said}", took.as_secs_f32())
        }
        Entry::RunEnded { outcome, because, .. } => {
            let why = because.as_ref().map(|it| format!(": {}", it.reason())).unwrap_or_default();
            format!("{at}  {}{why}", outcome.word())
        }
        Entry::ExecBegun { by, server, container, command, .. } => {
            format!("{at}  {by} in {container} on {server} $ {command}")
        }
        Entry::ExecEnded { exit, took, failure, .. } => {
            let exit = exit.map(|code| format!(", exit {code}")).unwrap_or_default();
            let how = failure.as_ref().map_or_else(|| "over".to_owned(), Failure::reason);
            format!("{at}  {how} after {:.1} s{exit}", took.as_secs_f32())
        }
        Entry::Torn { text } => format!("{at}  a line was cut off by a kill: {} bytes", text.len()),
    }
}

/// The runs, oldest first, with how each ended.
fn list(journal: &Journal) -> Result<Exit, Failure> {
    let all = entries(journal)?;
    for written in &all {
        if let Entry::ExecBegun { run, by, server, container, .. } = &written.entry {
            let over =
                all.iter().any(|it| matches!(&it.entry, Entry::ExecEnded { run: ended, .. } if ended == run));
            let end = if over { "over" } else { "no end" };
            print(&format!("{run}  {end:<9}  {by:<20}  exec in {container} on {server}"));
            continue;
        }
        let Entry::RunBegun { run, by, plan, .. } = &written.entry else { continue };
        let end = all.iter().find_map(|it| match &it.entry {
            Entry::RunEnded { run: ended, outcome, .. } if ended == run => Some(outcome.word()),
            _ => None,
        });
        let title = plan.get("title").and_then(serde_json::Value::as_str).unwrap_or_default();
        print(&format!("{run}  {:<9}  {by:<20}  {title}", end.unwrap_or("no end")));
    }
    if all.is_empty() {
        print("the journal is empty");
    }
    Ok(Exit::Well)
}
