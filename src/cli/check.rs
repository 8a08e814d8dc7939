//! `midwatch check`: the checks once, judged by that one attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::args::Args;
use super::headless::Headless;
use super::status::report::Check;
use super::{Exit, context, print};
use crate::collectors::checks::{Task, run_once, tasks};
use crate::config::nearest;
use crate::domain::check::CheckResult;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::health::Health;
use crate::domain::ids::CheckId;
use crate::domain::question::NobodyThere;
use crate::runtime::excused::excuse;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct CheckArgs {
    /// Which checks; all where none is named. One that looks from several places is also known as
    /// `NAME@SERVER`, for one of them
    pub names: Vec<String>,

    /// Print one JSON object; `checks` in it is as in `status --json`
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report {
    as_of: String,
    checks: Vec<Check>,
}

/// Makes them, and prints what they found. 3 where a server that a check is seen from was not
/// reached, 1 where one is not up. One that meets the maintenance of its app is no alarm.
pub fn run(args: &Args, check: &CheckArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let picked = pick(tasks(&context.config), &check.names)?;
    let headless = Headless::prepare(&context, args.read_only, Arc::new(NobodyThere))?;
    let means = Arc::new(headless.observers.means(&context.config));
    let apps = picked.iter().filter_map(|task| Some((task.id.clone(), task.config.app.clone()?))).collect();
    let (results, excused) = headless.tasks.block_on(async {
        let mut results = run_once(picked, &means).await;
        let excused = excuse(&mut results, &apps, &context.config, &means).await;
        (results, excused)
    });
    let now = headless.now();
    if check.json {
        let checks = results.iter().map(|result| Check::made(result, now)).collect();
        let report = Report { as_of: now.rfc3339(), checks };
        // Only strings and numbers: there is nothing in it that has no JSON form.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&results));
    }
    Ok(exit(&results, &excused))
}

/// The tasks of these names, each once.
fn pick(all: BTreeMap<CheckId, Task>, names: &[String]) -> Result<Vec<Task>, Failure> {
    if all.is_empty() {
        let failure = Failure::new(FailureKind::NotFound, "make the checks", "none is configured");
        return Err(failure.hint("a table [checks.NAME] in the configuration makes one: config.example.toml"));
    }
    if names.is_empty() {
        return Ok(all.into_values().collect());
    }
    let known: BTreeSet<&str> =
        all.iter().flat_map(|(id, task)| [id.as_str(), task.check.as_str()]).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name.as_str())) {
        let failure = Failure::new(
            FailureKind::NotFound,
            format!("make the check {unknown}"),
            "the configuration has none of that name",
        );
        return Err(match nearest(unknown, known) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure,
        });
    }
    let wanted =
        |task: &Task| names.iter().any(|name| *name == task.id.as_str() || *name == task.check.as_str());
    Ok(all.into_values().filter(wanted).collect())
}

fn text(results: &[CheckResult]) -> String {
    let width = results.iter().map(|it| it.check.as_str().chars().count()).max().unwrap_or(0);
    let lines = results.iter().map(|it| {
        let latency =
            it.latency.map_or_else(|| "-".to_owned(), |latency| format!("{} ms", latency.as_millis()));
        let said = if it.verdict.reason.is_empty() { &it.target } else { &it.verdict.reason };
        format!("{:<width$}  {:<8}  {latency:>8}  {said}", it.check, it.verdict.health)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn exit(results: &[CheckResult], excused: &BTreeSet<CheckId>) -> Exit {
    let bad = |it: &CheckResult| it.verdict.health != Health::Up && !excused.contains(&it.check);
    if results.iter().any(|result| result.blocked_by.is_some()) {
        Exit::Unreachable
    } else if results.iter().any(bad) {
        Exit::Problem
    } else {
        Exit::Well
    }
}
