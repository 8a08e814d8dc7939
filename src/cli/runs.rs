//! `midwatch runs`: what changes or changed the apps and datastores, by this console's journal and by the
//! servers.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::args::Args;
use super::operate::{Desk, Standing};
use super::{Exit, context, print};
use crate::domain::deploy::{AppSpec, Place};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::run::{Outcome, RunId};
use crate::domain::text::clean;
use crate::engine::Engines;
use crate::engine::unfinished::{Open, find};
use crate::history::journal::Entry;
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
    /// For how many seconds more it waits for a second person, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<u64>,
    /// Whether this console began it and no server ever heard of it: nothing was changed.
    never_came: bool,
    /// Where it is written down, as far as this console's journal says: what is of an app and what is of a
    /// datastore of the same name lies in different folders.
    #[serde(skip)]
    places: BTreeMap<ServerId, Place>,
}

impl Known {
    fn new(run: RunId, app: String, what: String, by: String) -> Self {
        Self {
            run,
            app,
            what,
            by,
            outcome: None,
            open_on: Vec::new(),
            waits: None,
            never_came: false,
            places: BTreeMap::new(),
        }
    }

    /// Whether it is written down where these are.
    fn is_at(&self, places: &BTreeMap<ServerId, Place>) -> bool {
        let same = |(server, it): (&ServerId, &Place)| {
            places.get(server).is_some_and(|place| place.directory == it.directory)
        };
        self.places.iter().any(same)
    }

    fn is_open(&self) -> bool {
        self.outcome.is_none() && !self.never_came
    }
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
        ask(&Desk::prepare(args, context)?, &mut known, &mut failures)?;
    }
    let report = Report { runs: known.into_values().collect(), failures };
    if runs.json {
        // It holds strings and numbers only.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&report));
    }
    let open = report.runs.iter().any(Known::is_open);
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
                let places = plan.get("places").and_then(|it| serde_json::from_value(it.clone()).ok());
                let known = Known::new(run.clone(), app, what, by.to_string());
                all.insert(run, Known { places: places.unwrap_or_default(), ..known });
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

/// Asks the servers of all apps and datastores.
fn ask(
    desk: &Desk,
    known: &mut BTreeMap<RunId, Known>,
    failures: &mut BTreeMap<ServerId, Failure>,
) -> Result<(), Failure> {
    for Standing { spec, open, .. } in desk.everywhere(None)? {
        enter(&spec, &open, known);
        desk.headless.tasks.block_on(settle(&desk.engines, &spec, &open, known));
        failures.extend(open.lost);
    }
    Ok(())
}

/// Enters what has no end, and what waits.
fn enter(spec: &AppSpec, open: &Open, known: &mut BTreeMap<RunId, Known>) {
    let app = spec.id.as_str();
    for (run, servers) in &open.open_on {
        let it = known.entry(run.clone()).or_insert_with(|| {
            let plan = open.runs.iter().find(|it| it.run == *run).map(|it| it.plan.plan());
            let holder = open.holders.iter().find(|it| it.run == *run);
            let what = plan.map(|it| it.title.clone()).or(holder.map(|it| it.what.clone()));
            let by = holder.map_or_else(|| "another console".to_owned(), |it| it.by.to_string());
            Known::new(run.clone(), app.to_owned(), what.unwrap_or_else(|| format!("a run on {app}")), by)
        });
        it.outcome = None;
        for server in servers {
            if !it.open_on.contains(server) {
                it.open_on.push(server.clone());
            }
        }
    }
    for it in &open.waiting {
        let request = &it.request;
        let run = known.entry(request.run.clone()).or_insert_with(|| {
            let plan = it.plan.plan();
            Known::new(request.run.clone(), app.to_owned(), plan.title.clone(), request.by.to_string())
        });
        (run.outcome, run.waits) = (None, Some(it.left.as_secs()));
    }
}

/// What this console knows of no end of, and no server has open: another may have brought that about.
async fn settle(engines: &Engines, spec: &AppSpec, open: &Open, known: &mut BTreeMap<RunId, Known>) {
    let app = spec.id.as_str();
    let silent = known.values_mut().filter(|it| it.app == app && it.outcome.is_none());
    for it in silent.filter(|it| it.is_at(&spec.places) && it.open_on.is_empty() && it.waits.is_none()) {
        match find(engines, spec, &it.run).await {
            Ok(found) => it.outcome = found.end().map(|end| end.outcome).filter(|_| found.over()),
            Err(failure) => it.never_came = failure.kind == FailureKind::NotFound && open.lost.is_empty(),
        }
    }
}

fn text(report: &Report) -> String {
    let mut out: Vec<String> = Vec::new();
    for it in &report.runs {
        let how = match (it.outcome, it.waits) {
            (Some(outcome), _) => outcome.word(),
            (None, Some(_)) => "WAITS",
            (None, None) if it.never_came => "not begun",
            (None, None) => "NO END",
        };
        out.push(format!("{}  {how:<9}  {:<20}  {}", it.run, it.by, it.what));
        if let Some(left) = it.waits {
            out.push(format!("    waits for a second person, {left} s more: midwatch approve {}", it.run));
        }
        if it.never_came {
            out.push("    it never came to a server: nothing was changed".to_owned());
        }
        if !it.open_on.is_empty() {
            let on: Vec<&str> = it.open_on.iter().map(ServerId::as_str).collect();
            out.push(format!("    no end on {}: midwatch resume {} --app {}", on.join(", "), it.run, it.app));
        }
    }
    if out.is_empty() {
        out.push("there are no runs".to_owned());
    }
    out.extend(report.failures.iter().map(|(server, failure)| format!("{server}: {failure}")));
    // Much of it comes from servers.
    out.iter().map(|line| clean(line)).collect::<Vec<_>>().join("\n")
}
