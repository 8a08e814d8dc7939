//! `midwatch resume`: a run that ended without a word is finished, undone, or left.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;

use super::args::Args;
use super::operate::{Confirm, Desk, Operating, Standing};
use super::{Exit, context, print};
use crate::domain::clock::Clock;
use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::Operation;
use crate::domain::run::{Outcome, RunId};
use crate::domain::text::clean;
use crate::domain::unfinished::unmasked;
use crate::engine::Way;
use crate::engine::unfinished::Unfinished;
use crate::runtime::clock::SystemClock;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ResumeArgs {
    /// The run, as `midwatch runs` names it
    pub run: String,

    /// The app or datastore that it is of; without it the journal is asked, then the servers of all apps
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,

    /// What becomes of it: finish, undo or leave; without it, what stands is told
    #[arg(value_parser = way, value_name = "WAY")]
    pub way: Option<Way>,

    /// Even though a console seems to carry it out still; that one can do nothing more for it
    #[arg(long)]
    pub take_over: bool,

    /// Even though commands of the operator's machine that are left then run on this one
    #[arg(long)]
    pub run_here: bool,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the option's own sentence is the help")]
    pub confirm: Confirm,

    /// Print JSON: a line for each thing that happens
    #[arg(long)]
    pub json: bool,
}

fn way(word: &str) -> Result<Way, String> {
    [Way::Finish, Way::Undo, Way::Leave]
        .into_iter()
        .find(|way| way.word() == word)
        .ok_or_else(|| "it is one of finish, undo, leave".to_owned())
}

/// Looks, and carries it out.
pub fn run(args: &Args, resume: &ResumeArgs) -> Result<Exit, Failure> {
    let what = format!("take up the run {}", resume.run);
    let run = RunId::try_from(resume.run.clone())
        .map_err(|error| Failure::new(FailureKind::Invalid, &what, error.to_string()))?;
    let journaled = known(args, &run)?;
    let (app, datastore) = match (resume.app.clone(), journaled.clone()) {
        (Some(app), known) => (app, known.is_some_and(|known| known.datastore)),
        (None, Some(known)) => (known.app, known.datastore),
        (None, None) => found_on_servers(args, &run, &what)?,
    };
    let operating = match journaled.as_ref().and_then(|known| known.places.clone()) {
        Some(places) => Operating::schedule(args, &app, places)?,
        None => Operating::whoever(args, &app, datastore)?,
    };
    let found = match operating.unfinished(&run) {
        Err(failure) if failure.kind == FailureKind::NotFound && journaled.is_some() => {
            return never_came(args, resume, &run);
        }
        found => found?,
    };
    let Some(way) = resume.way else {
        print(&text(&found));
        return Ok(if found.over() { Exit::Well } else { Exit::Problem });
    };
    if args.read_only {
        return Err(Failure::new(FailureKind::Permission, what, "this is --read-only"));
    }
    if found.alive() && !resume.take_over {
        return Err(Failure::new(FailureKind::Conflict, what, "a console is connected that carries it out")
            .hint("wait for it; or, where you know that it does not: --take-over"));
    }
    if let Some((server, failure)) =
        found.traces.iter().find_map(|(server, it)| Some((server, it.as_ref().err()?)))
    {
        eprintln!("midwatch: {server}: {failure}");
        return Ok(Exit::of(failure));
    }
    if way == Way::Finish && !resume.run_here {
        elsewhere(&found, &what)?;
    }
    operating.resume(&found, way, &resume.confirm, resume.json)
}

/// Fails where finishing would run commands here that were meant for another machine.
fn elsewhere(it: &Unfinished, what: &str) -> Result<(), Failure> {
    let here = crate::runtime::deploying::operator();
    let theirs = it.holder().map(|holder| &holder.by);
    if theirs.is_some_and(|by| by.machine == here.machine) {
        return Ok(());
    }
    let titles: Vec<String> = it.would_run_here().map(|step| format!("`{}`", step.title)).collect();
    if titles.is_empty() {
        return Ok(());
    }
    let from = theirs.map_or_else(|| "another machine".to_owned(), |by| by.machine.clone());
    let why = format!(
        "{} would run on this machine, {}, and it was begun on {}",
        titles.join(", "),
        here.machine,
        clean(&from)
    );
    Err(Failure::new(FailureKind::Conflict, what, why).hint("where that is right: --run-here"))
}

/// The app or datastore of a run that another console began, by what the servers of all of them know, and
/// whether it is a datastore.
fn found_on_servers(args: &Args, run: &RunId, what: &str) -> Result<(String, bool), Failure> {
    let mut lost = None;
    for Standing { name, datastore, open, .. } in
        Desk::prepare(args, context::load(args)?)?.everywhere(None)?
    {
        if open.runs.iter().any(|it| it.run == *run) {
            return Ok((name, datastore));
        }
        lost = lost.or_else(|| open.lost.into_iter().next().map(|(_, failure)| failure));
    }
    Err(lost.unwrap_or_else(|| {
        let why = "neither this console's journal nor a server of its apps knows it as open";
        Failure::new(FailureKind::NotFound, what, why).hint("see what is open: midwatch runs")
    }))
}

/// A run that was begun here and never came to a server: there is nothing to finish or to undo.
fn never_came(args: &Args, resume: &ResumeArgs, run: &RunId) -> Result<Exit, Failure> {
    use crate::history::journal::Entry;
    let Some(way) = resume.way else {
        print(&format!(
            "{run}\n  it never came to a server: nothing was changed\n\nwrite that down:  midwatch resume {run} leave"
        ));
        return Ok(Exit::Problem);
    };
    let what = format!("{} the run {run}", way.word());
    if way == Way::Finish {
        return Err(Failure::new(FailureKind::Conflict, what, "it never came to a server")
            .hint("do it anew; this one: leave"));
    }
    if args.read_only {
        return Err(Failure::new(FailureKind::Permission, what, "this is --read-only"));
    }
    let journal = crate::runtime::deploying::journal(&context::load(args)?.config)?;
    let end = Entry::RunEnded { run: run.clone(), outcome: Outcome::Cancelled, because: None };
    journal.append(SystemClock.now(), &[end]).map_err(|error| error.into_failure("write the journal"))?;
    print("cancelled: it never came to a server, and nothing was changed");
    Ok(Exit::Well)
}

/// What this console's journal knows of a run.
#[derive(Clone)]
struct Known {
    app: String,
    /// Whether it is one of a datastore.
    datastore: bool,
    /// Where it is written down, where the configuration alone does not say it: of a schedule, and of a set.
    places: Option<BTreeMap<ServerId, Place>>,
}

fn known(args: &Args, run: &RunId) -> Result<Option<Known>, Failure> {
    use crate::history::journal::Entry;
    let journal = crate::runtime::deploying::journal(&context::load(args)?.config)?;
    let entries = journal.entries().map_err(|error| error.into_failure("read the journal"))?;
    Ok(entries.into_iter().find_map(|it| match it.entry {
        Entry::RunBegun { run: begun, plan, .. } if begun == *run => {
            let text = |name: &str| plan.get(name).and_then(serde_json::Value::as_str);
            let operation = text("operation").and_then(Operation::of);
            let own =
                |it: &Operation| it.is_of_a_schedule() || it.is_of_a_repository() || *it == Operation::Backup;
            let places = operation.filter(own).and_then(|_| plan.get("places"));
            Some(Known {
                app: text("app")?.to_owned(),
                datastore: operation.is_some_and(Operation::is_of_a_datastore),
                places: places.and_then(|it| serde_json::from_value(it.clone()).ok()),
            })
        }
        _ => None,
    }))
}

/// What stands where, and the ways on.
fn text(it: &Unfinished) -> String {
    let mut out = vec![format!("{}  {}", it.run, it.plan.plan().title)];
    if let Some(holder) = it.holder() {
        out.push(format!("  {} since {}", holder.by, holder.since.rfc3339()));
    }
    let touching = it.touching();
    let touched = |server| touching.iter().any(|(it, _)| it == server);
    for (server, trace) in &it.traces {
        let stands = match trace {
            Err(failure) => failure.to_string(),
            Ok(trace) if !trace.known => "it never came to this server".to_owned(),
            Ok(trace) => match &trace.end {
                Some(end) => format!("over: {}", end.outcome.word()),
                None if trace.alive => "a console is connected that carries it out".to_owned(),
                None if touched(server) => {
                    let steps = it.plan.plan().steps();
                    let last =
                        steps.filter(|(at, step)| *at == server && trace.begun.contains(&step.id)).last();
                    let last = last.map(|(_, step)| step.title.as_str()).unwrap_or_default();
                    format!("in between: it was changed; the last thing begun was: {last}")
                }
                None => "as before: nothing was changed".to_owned(),
            },
        };
        out.push(format!("  {server}: {stands}"));
    }
    out.extend(it.unmasked().iter().map(|(server, of)| format!("  {server}: {}", unmasked(of))));
    out.extend(it.ran_here().map(|(step, here)| format!("  {}", here.says(&step.title))));
    for step in it.would_run_here() {
        let shell = it.plan.plan().places.values().next().map(|place| step.act.shell(place));
        out.push(format!(
            "  not run yet: `{}`; finishing runs it on the machine of whoever does: {}",
            step.title,
            clean(&shell.unwrap_or_default())
        ));
    }
    if !it.over() {
        out.push(format!(
            "\nfinish it:  midwatch resume {0} finish\nundo it:    midwatch resume {0} undo\nleave it:   midwatch resume {0} leave",
            it.run
        ));
    }
    out.join("\n")
}
