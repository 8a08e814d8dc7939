//! `midwatch doctor`: whether each server lets itself be looked at, what is missing there, and the
//! one command that mends it; and whether each repository over SFTP is reached.

mod accept;
mod examine;
mod log_file;
mod repository;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use futures_util::future::join_all;
use serde::Serialize;

use super::args::Args;
use super::headless::Headless;
use super::{Exit, context, print};
use crate::config::{SftpPlace, nearest};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use accept::Accepting;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct DoctorArgs {
    /// Which servers, and which repositories over SFTP, as repository/NAME; all where none is named
    pub servers: Vec<String>,

    /// Accept this server's or repository's host key where it is not known, and keep it; may be given several
    /// times. Compare the fingerprint that is printed with the server's own
    #[arg(long, value_name = "SERVER")]
    pub accept_host_key: Vec<String>,

    /// How many seconds a server has for all of it
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub deadline: u64,

    /// Print one JSON object: `servers[]` with `name` and `steps[]` of `step`, `outcome` (`good`,
    /// `missing`, `failed`, `absent`), `said`, `mend` (a sentence), `command` (the one in it, if any)
    #[arg(long)]
    pub json: bool,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It is as it should be.
    Good,
    /// The server has no such thing, and need not have it.
    Absent,
    /// It is there, and we may not use it.
    Missing,
    /// It does not work.
    Failed,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    #[serde(rename = "step")]
    name: String,
    outcome: Outcome,
    said: String,
    /// What mends it.
    mend: Option<String>,
    /// The command in that, as it is run.
    command: Option<String>,
}

impl Step {
    fn new(step: impl Into<String>, outcome: Outcome, said: impl Into<String>) -> Self {
        Self { name: step.into(), outcome, said: said.into(), mend: None, command: None }
    }

    fn of(step: impl Into<String>, outcome: Outcome, failure: &Failure) -> Self {
        let step = Self::new(step, outcome, failure.reason());
        match &failure.hint {
            Some(hint) => step.mend(hint),
            None => step,
        }
    }

    /// The same with what mends it; the command stands in backticks there.
    fn mend(self, mend: impl Into<String>) -> Self {
        let mend = mend.into();
        let parts: Vec<&str> = mend.split('`').collect();
        let command = if let [_, command, _] = parts[..] { Some(command.to_owned()) } else { None };
        Self { mend: Some(mend), command, ..self }
    }
}

/// One server.
#[derive(Clone, Debug, Serialize)]
struct Examined {
    name: String,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Report {
    servers: Vec<Examined>,
}

/// Examines them all at once. 3 where one was not reached, 1 where something is missing.
pub fn run(args: &Args, doctor: &DoctorArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let config = &context.config;
    let over_sftp = config.repositories.iter().filter_map(|(id, it)| Some((id, it.place.sftp()?)));
    let repositories: BTreeMap<ServerId, &SftpPlace> =
        over_sftp.map(|(id, place)| (ServerId::of_repository(id), place)).collect();
    let all = config.servers.keys().chain(repositories.keys());
    let picked = pick(all.clone(), &doctor.servers)?;
    let accepted = pick(all, &doctor.accept_host_key)?;
    let accepted = if doctor.accept_host_key.is_empty() { Vec::new() } else { accepted };
    let headless = Headless::prepare(&context, args.read_only, Arc::new(Accepting::new(accepted)))?;
    let deadline = Duration::from_secs(doctor.deadline.max(1));
    let links = &headless.observers.links;
    let repositories = &repositories;
    let examined = headless.tasks.block_on(join_all(picked.into_iter().map(|id| async move {
        let steps = match (config.servers.get(&id), repositories.get(&id)) {
            (Some(server), _) => examine::examine(links, &id, server, deadline).await,
            (None, Some(place)) => repository::examine(links, &id, place, deadline).await,
            (None, None) => Vec::new(),
        };
        Examined { name: id.to_string(), steps }
    })));
    let exit = exit(&examined);
    let report = Report { servers: examined };
    if doctor.json {
        // Only strings: there is nothing in it that has no JSON form.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&report));
    }
    Ok(exit)
}

/// The servers of these names, or all of them.
fn pick<'a>(
    all: impl Iterator<Item = &'a ServerId> + Clone,
    names: &[String],
) -> Result<Vec<ServerId>, Failure> {
    if names.is_empty() {
        return Ok(all.cloned().collect());
    }
    let one = |name: &String| {
        all.clone().find(|id| id.as_str() == name).cloned().ok_or_else(|| {
            let failure =
                Failure::new(FailureKind::NotFound, format!("examine {name}"), "no server is called so");
            match nearest(name, all.clone().map(ServerId::as_str)) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure,
            }
        })
    };
    names.iter().map(one).collect()
}

fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    for server in &report.servers {
        lines.push(server.name.clone());
        for step in &server.steps {
            let outcome = match step.outcome {
                Outcome::Good => "good",
                Outcome::Absent => "absent",
                Outcome::Missing => "missing",
                Outcome::Failed => "FAILED",
            };
            lines.push(format!("  {outcome:<8} {:<12} {}", step.name, step.said));
            lines.extend(step.mend.iter().map(|mend| format!("{:24}mend: {mend}", "")));
        }
    }
    lines.join("\n")
}

fn exit(examined: &[Examined]) -> Exit {
    let any = |wanted: &dyn Fn(&Step) -> bool| examined.iter().any(|it| it.steps.iter().any(wanted));
    if any(&|step| step.outcome == Outcome::Failed && examine::REACH.contains(&step.name.as_str())) {
        Exit::Unreachable
    } else if any(&|step| matches!(step.outcome, Outcome::Failed | Outcome::Missing)) {
        Exit::Problem
    } else {
        Exit::Well
    }
}
