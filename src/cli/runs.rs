//! `midwatch runs`: what changes or changed the apps, by this console's journal and by the servers.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::args::Args;
use super::operate::Operating;
use super::{Exit, context, print};
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, ServerId};
use crate::domain::run::{Outcome, RunId};
use crate::engine::gather::Want;
use crate::history::journal::Entry;
use crate::operations::facts::Held;
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct RunsArgs {
    /// Only this console's journal; no server is asked
    #[arg(long)]
    pub local: bool,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A run, as far as it is known.
#[derive(Clone, Debug, Serialize)]
struct Known {
    run: RunId,
    app: String,
    what: String,
    by: String,
    /// How it ended; `None` where it did not, or nobody was told.
    outcome: Option<Outcome>,
    /// The servers on which it has no end.
    open_on: Vec<ServerId>,
}

#[derive(Serialize)]
struct Report {
    runs: Vec<Known>,
    /// Servers that could not be asked, so that a run there may be missing here.
    failures: BTreeMap<ServerId, Failure>,
}

/// Lists them, oldest first. 1 where one has no end.
pub fn run(args: &Args, runs: &RunsArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let mut known = journaled(&deploying::journal(&context.config)?)?;
    let mut failures = BTreeMap::new();
    if !runs.local {
        for app in context.config.apps.keys() {
            // An app without a Compose file of its own has no ledger.
            if deploying::spec(&context.config, app).is_ok() {
                ask(args, app, &mut known, &mut failures)?;
            }
        }
    }
    let report = Report { runs: known.into_values().collect(), failures };
    if runs.json {
        // It holds strings and numbers only.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&report));
    }
    let open = report.runs.iter().any(|run| run.outcome.is_none());
    let lost = report.failures.values().next().map(Exit::of);
    Ok(lost.unwrap_or(if open { Exit::Problem } else { Exit::Well }))
}

fn journaled(journal: &crate::history::journal::Journal) -> Result<BTreeMap<RunId, Known>, Failure> {
    let mut all: BTreeMap<RunId, Known> = BTreeMap::new();
    for written in journal.entries().map_err(|error| error.into_failure("read the journal"))? {
        match written.entry {
            Entry::RunBegun { run, by, plan, .. } => {
                let text = |name: &str| {
                    plan.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
                };
                let (app, what) = (text("app"), text("title"));
                let it = Known {
                    run: run.clone(),
                    app,
                    what,
                    by: by.to_string(),
                    outcome: None,
                    open_on: Vec::new(),
                };
                all.insert(run, it);
            }
            Entry::RunEnded { run, outcome, .. } => {
                if let Some(it) = all.get_mut(&run) {
                    it.outcome = Some(outcome);
                }
            }
            _ => {}
        }
    }
    Ok(all)
}

fn ask(
    args: &Args,
    app: &AppId,
    known: &mut BTreeMap<RunId, Known>,
    failures: &mut BTreeMap<ServerId, Failure>,
) -> Result<(), Failure> {
    let operating = Operating::on(args, app.as_str())?;
    for (server, facts) in operating.facts(&Want::Standing).servers {
        let facts = match facts {
            Ok(facts) => facts,
            Err(failure) => {
                failures.insert(server, failure);
                continue;
            }
        };
        let holder = match &facts.lock {
            Some(Held::By(holder)) => Some(holder),
            _ => None,
        };
        for run in facts.unfinished.iter().chain(holder.map(|holder| &holder.run)) {
            let mine = holder.filter(|holder| holder.run == *run);
            let it = known.entry(run.clone()).or_insert_with(|| Known {
                run: run.clone(),
                app: app.to_string(),
                what: mine.map_or_else(|| format!("a run on {app}"), |it| it.what.clone()),
                by: mine.map_or_else(|| "another console".to_owned(), |it| it.by.to_string()),
                outcome: None,
                open_on: Vec::new(),
            });
            it.outcome = None;
            if !it.open_on.contains(&server) {
                it.open_on.push(server.clone());
            }
        }
    }
    Ok(())
}

fn text(report: &Report) -> String {
    let mut out: Vec<String> = Vec::new();
    for it in &report.runs {
        let how = it.outcome.map_or("NO END", Outcome::word);
        out.push(format!("{}  {how:<9}  {:<20}  {}", it.run, it.by, it.what));
        if !it.open_on.is_empty() {
            let on: Vec<&str> = it.open_on.iter().map(ServerId::as_str).collect();
            out.push(format!("    no end on {}: midwatch resume {} --app {}", on.join(", "), it.run, it.app));
        }
    }
    if out.is_empty() {
        out.push("there are no runs".to_owned());
    }
    out.extend(report.failures.iter().map(|(server, failure)| format!("{server}: {failure}")));
    out.join("\n")
}
