//! `midwatch resume`: a run that ended without a word is finished, undone, or left.

use clap::Args as ClapArgs;

use super::args::Args;
use super::operate::Operating;
use super::{Exit, context, print};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::RunId;
use crate::engine::Way;
use crate::engine::unfinished::Unfinished;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ResumeArgs {
    /// The run, as `midwatch runs` names it
    pub run: String,

    /// The app that it changes, where this console's journal does not know the run
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,

    /// What becomes of it: finish, undo or leave; without it, what stands is told
    #[arg(value_parser = way, value_name = "WAY")]
    pub way: Option<Way>,

    /// Even though a console seems to carry it out still; that one can do nothing more for it
    #[arg(long)]
    pub take_over: bool,

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
    let app = match &resume.app {
        Some(app) => app.clone(),
        None => known(args, &run)?.ok_or_else(|| {
            Failure::new(FailureKind::NotFound, &what, "this console's journal does not know it")
                .hint("name its app: --app APP")
        })?,
    };
    let operating = Operating::on(args, &app)?;
    let found = operating.unfinished(&run)?;
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
    operating.resume(&found, way, resume.json)
}

/// The app of a run that this console's journal knows.
fn known(args: &Args, run: &RunId) -> Result<Option<String>, Failure> {
    use crate::history::journal::Entry;
    let journal = crate::runtime::deploying::journal(&context::load(args)?.config)?;
    let entries = journal.entries().map_err(|error| error.into_failure("read the journal"))?;
    Ok(entries.into_iter().find_map(|it| match it.entry {
        Entry::RunBegun { run: begun, plan, .. } if begun == *run => {
            plan.get("app").and_then(serde_json::Value::as_str).map(str::to_owned)
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
    if !it.over() {
        out.push(format!(
            "\nfinish it:  midwatch resume {0} finish\nundo it:    midwatch resume {0} undo\nleave it:   midwatch resume {0} leave",
            it.run
        ));
    }
    out.join("\n")
}
