//! `midwatch schedule list`: which schedules there are, when each ran last and how, when it runs next.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;
use futures_util::future::join_all;
use serde::Serialize;

use crate::cli::args::Args;
use crate::cli::operate::Desk;
use crate::cli::{Exit, context, print};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::health::Health;
use crate::domain::ids::{DatastoreId, ServerId};
use crate::domain::schedule::{Chore, Scope};
use crate::domain::time::{Age, Timestamp};
use crate::engine::gather::schedule::{Listed, schedules};

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ListArgs {
    /// Only this server; may be given several times
    #[arg(long = "on", value_name = "SERVER")]
    pub servers: Vec<String>,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report {
    at: String,
    schedules: Vec<Row>,
    /// Servers that could not be asked, so that a schedule there may be missing here.
    failures: BTreeMap<ServerId, Failure>,
}

#[derive(Serialize)]
struct Row {
    datastore: DatastoreId,
    chore: Chore,
    server: ServerId,
    scope: Scope,
    by: &'static str,
    calendar: String,
    enabled: bool,
    running: bool,
    health: Health,
    reason: String,
    last_run_at: Option<String>,
    last_result: Option<String>,
    next_run_at: Option<String>,
}

/// Lists them. 1 where one failed or has no next run.
pub fn run(args: &Args, list: &ListArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let known = &context.config.servers;
    let named: Vec<ServerId> = if list.servers.is_empty() {
        known.keys().cloned().collect()
    } else {
        list.servers.iter().map(|name| ServerId::from(name.as_str())).collect()
    };
    if let Some(name) = named.iter().find(|it| !known.contains_key(*it)) {
        let what = format!("find the server {name}");
        return Err(Failure::new(
            FailureKind::NotFound,
            what,
            "the configuration has no server of that name",
        ));
    }
    let desk = Desk::prepare(args, context)?;
    let now = desk.headless.now();
    let asked = named.iter().map(async |on| (on.clone(), schedules(&desk.engines, on).await));
    let asked = desk.headless.tasks.block_on(join_all(asked));
    let mut report = Report { at: now.rfc3339(), schedules: Vec::new(), failures: BTreeMap::new() };
    for (server, found) in asked {
        match found {
            Ok(all) => report.schedules.extend(all.into_iter().map(|it| row(it, now))),
            Err(failure) => drop(report.failures.insert(server, failure)),
        }
    }
    if list.json {
        // It holds strings and numbers only.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&report, now));
        for (server, failure) in &report.failures {
            eprintln!("midwatch: {server}: {failure}");
        }
    }
    let well = report.schedules.iter().all(|it| it.health == Health::Up);
    let unasked = report.failures.values().next().map(Exit::of);
    Ok(unasked.unwrap_or(if well { Exit::Well } else { Exit::Problem }))
}

fn row(it: Listed, now: Timestamp) -> Row {
    let verdict = it.scheduled.verdict(now);
    let told = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    // systemd calls a service that never ran a success.
    let ran = it.scheduled.last.is_some() || it.scheduled.result != "success";
    Row {
        datastore: it.datastore,
        chore: it.scheduled.chore,
        server: it.scheduled.server,
        scope: it.scope,
        by: if it.restic { "restic" } else { "midwatch" },
        calendar: it.calendar,
        enabled: it.enabled,
        running: it.scheduled.running,
        health: verdict.health,
        reason: verdict.reason,
        last_run_at: told(it.scheduled.last),
        last_result: Some(it.scheduled.result).filter(|_| ran),
        next_run_at: told(it.scheduled.next),
    }
}

fn text(report: &Report, now: Timestamp) -> String {
    if report.schedules.is_empty() {
        return "no schedules: midwatch schedule install NAME".to_owned();
    }
    let mut out = Vec::new();
    for it in &report.schedules {
        let when = |at: &Option<String>| at.as_deref().and_then(Timestamp::parse_rfc3339);
        let last = match (it.running, when(&it.last_run_at), &it.last_result) {
            (true, _, _) => "runs now".to_owned(),
            (_, Some(at), result) => {
                format!("last {} ago: {}", Age(at.age(now)), result.as_deref().unwrap_or("success"))
            }
            (_, None, Some(result)) => format!("last: {result}"),
            (_, None, None) => "never ran by its timer".to_owned(),
        };
        let next =
            it.next_run_at.as_ref().map_or_else(|| "no next run".to_owned(), |at| format!("next {at}"));
        let user = if it.scope == Scope::User { " (user)" } else { "" };
        let off = if it.enabled { "" } else { ", not enabled" };
        out.push(format!(
            "{} {} on {}{user} by {}, {}{off}: {last}, {next}",
            it.chore.word(),
            it.datastore,
            it.server,
            it.by,
            it.calendar
        ));
        if it.health != Health::Up {
            out.push(format!("  {}: {}", it.health.word(), it.reason));
        }
    }
    out.join("\n")
}
