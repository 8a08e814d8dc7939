//! `midwatch approve`: another operator's run that waits for a second person goes on, or does not.

use clap::Args as ClapArgs;
use serde_json::json;

use super::args::Args;
use super::operate::{Desk, Operating, Standing, text};
use super::{Exit, context, print};
use crate::domain::approval::{Verdict, Waiting};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::RunId;
use crate::domain::text::clean;
use crate::engine::approval::Taken;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ApproveArgs {
    /// The run, as `midwatch runs` names it
    pub run: String,

    /// The app or datastore that it changes; without it all are looked at
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,

    /// End the run instead, before anything is changed
    #[arg(long)]
    pub deny: bool,

    /// With --deny: why, for whoever asked
    #[arg(long, value_name = "TEXT", requires = "deny")]
    pub reason: Option<String>,

    /// Go on without asking
    #[arg(long)]
    pub yes: bool,

    /// Print JSON: the run with its plan on one line, then the answer
    #[arg(long)]
    pub json: bool,
}

/// Looks, shows, asks, answers.
pub fn run(args: &Args, approve: &ApproveArgs) -> Result<Exit, Failure> {
    let what = format!("approve the run {}", approve.run);
    let run = RunId::try_from(approve.run.clone())
        .map_err(|error| Failure::new(FailureKind::Invalid, &what, error.to_string()))?;
    let desk = Desk::prepare(args, context::load(args)?)?;
    let mut lost = None;
    for Standing { spec, open, .. } in desk.everywhere(approve.app.as_deref())? {
        if let Some(waiting) = open.waiting.iter().find(|it| it.request.run == run) {
            return answer(args, approve, &Operating::over(desk, spec), waiting);
        }
        lost = lost.or_else(|| open.lost.into_iter().next().map(|(_, failure)| failure));
    }
    // It may wait where nobody could look.
    Err(lost.unwrap_or_else(|| {
        Failure::new(FailureKind::NotFound, what, "no run of that name waits for a second person")
            .hint("see what does: midwatch runs")
    }))
}

fn answer(
    args: &Args,
    approve: &ApproveArgs,
    operating: &Operating,
    waiting: &Waiting,
) -> Result<Exit, Failure> {
    let plan = waiting.plan.plan();
    if approve.json {
        print(&serde_json::to_string(waiting).unwrap_or_default());
    } else {
        let request = &waiting.request;
        print(&format!(
            "{} asks, logged in with {}; {} s left\nplan {}\n",
            clean(&request.by.to_string()),
            clean(&request.key),
            waiting.left.as_secs(),
            request.digest,
        ));
        // It comes from a server.
        for line in text::plan(plan, waiting.plan.digest()).lines() {
            print(&clean(line));
        }
    }
    if args.read_only {
        return Err(Failure::new(FailureKind::Permission, &plan.title, "this is --read-only"));
    }
    let verdict = if approve.deny { Verdict::Deny(approve.reason.clone()) } else { Verdict::Approve };
    let Some(taken) = operating.answer(waiting, &verdict, approve.yes)? else { return Ok(Exit::Usage) };
    let word = if approve.deny { "denied" } else { "approved" };
    if approve.json {
        print(
            &json!({ "run": waiting.request.run, "answer": word, "taken": taken == Taken::Yes }).to_string(),
        );
    } else {
        print(&match taken {
            Taken::Yes => format!("{word}, and the run knows it"),
            Taken::NotYet => format!("{word}; the run has not looked at it yet: midwatch runs"),
        });
    }
    Ok(Exit::Well)
}
