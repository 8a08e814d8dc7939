//! A run as its servers know it: for one that ended without a word, and for those who want to know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::ground::{Engines, Ground};
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::{FrozenPlan, StepId};
use crate::domain::release::lock::Holder;
use crate::domain::run::{RunEnd, RunId};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the app's folder, `$2` the run.
const SCRIPT: &str = r#"cd "$1/.midwatch" 2>/dev/null || exit 0; r=$2
[ -e lock ] && sed 's/^/lock /' lock
cd "runs/$r" 2>/dev/null || exit 0
[ -e plan.json ] && sed 's/^/plan /' plan.json
[ -e outcome.json ] && sed 's/^/outcome /' outcome.json
for s in steps/*/begun; do [ -e "$s" ] && s=${s%/begun} && echo "begun ${s#steps/}"; done
if [ -e alive ]; then read -r p b <alive; [ "$b" = "$(cat /proc/sys/kernel/random/boot_id)" ] && kill -0 "$p" 2>/dev/null && echo alive; fi
exit 0"#;

/// What a server knows of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Whether the lock there is this run's.
    pub locked: Option<Holder>,
    /// Whether a console is connected that carries it out.
    pub alive: bool,
    /// Whether it ever came so far as to write its plan down there.
    pub known: bool,
    /// The steps that were begun there.
    pub begun: BTreeSet<StepId>,
    /// How it ended, where that was written down.
    pub end: Option<RunEnd>,
}

/// A run, with its plan and what each server knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Its name.
    pub run: RunId,
    /// Its plan.
    pub plan: FrozenPlan,
    /// By server; why where it could not be read.
    pub traces: BTreeMap<ServerId, Result<Trace, Failure>>,
}

impl Unfinished {
    /// Whether a console still carries it out.
    pub fn alive(&self) -> bool {
        self.traces.values().flatten().any(|trace| trace.alive)
    }

    /// How it ended, where at least one server was told.
    pub fn end(&self) -> Option<&RunEnd> {
        self.traces.values().flatten().find_map(|trace| trace.end.as_ref())
    }

    /// Whether every server was told how it ended.
    pub fn over(&self) -> bool {
        self.traces.values().all(|trace| trace.as_ref().is_ok_and(|it| it.end.is_some() || !it.known))
    }

    /// Who ran it.
    pub fn holder(&self) -> Option<&Holder> {
        self.traces.values().flatten().find_map(|trace| trace.locked.as_ref())
    }

    /// The steps that were begun of those that change what serves.
    pub fn touching(&self) -> BTreeSet<(ServerId, StepId)> {
        let begun = |server: &ServerId, step: StepId| matches!(self.traces.get(server), Some(Ok(trace)) if trace.begun.contains(&step));
        let steps = self.plan.plan().steps();
        let touching = steps.filter(|(server, step)| step.act.touches() && begun(server, step.id));
        touching.map(|(server, step)| (server.clone(), step.id)).collect()
    }
}

/// Reads what the servers of an app know of a run.
pub async fn find(engines: &Engines, spec: &AppSpec, run: &RunId) -> Result<Unfinished, Failure> {
    let read = join_all(spec.places.iter().map(async |(server, place)| {
        let trace = async {
            let ground = Ground::reach(engines, server, place).await?;
            trace(&ground, run).await
        };
        (server.clone(), trace.await)
    }))
    .await;
    let mut plan = None;
    let mut traces = BTreeMap::new();
    for (server, it) in read {
        let trace = match it {
            Ok((trace, bytes)) => {
                plan = plan.or(bytes);
                Ok(trace)
            }
            Err(failure) => Err(failure),
        };
        traces.insert(server, trace);
    }
    let what = format!("read the run {run}");
    let Some(bytes) = plan else {
        return Err(match traces.into_values().find_map(Result::err) {
            Some(failure) => failure,
            None => Failure::new(FailureKind::NotFound, what, format!("no server of {} knows it", spec.id)),
        });
    };
    let plan = FrozenPlan::read(&bytes).map_err(|error| Failure {
        why: Failure::chain(&error),
        ..Failure::new(FailureKind::Invalid, what, "")
    })?;
    // What the plan does not touch has no say.
    traces.retain(|server, _| plan.plan().places.contains_key(server));
    Ok(Unfinished { run: run.clone(), plan, traces })
}

async fn trace(ground: &Ground, run: &RunId) -> Result<(Trace, Option<String>), Failure> {
    let what = format!("read the run {run} on {}", ground.server);
    let command = RemoteCommand::script(SCRIPT).args([ground.place.directory.as_str(), run.as_str()]);
    let text = ground.done(command, &what, DEADLINE).await?;
    Ok(read(&text, run))
}

fn read(text: &str, run: &RunId) -> (Trace, Option<String>) {
    let mut trace = Trace::default();
    let mut plan = None;
    for line in text.lines() {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "lock" => {
                let holder = serde_json::from_str::<Holder>(value).ok().filter(|it| it.run == *run);
                trace.locked = trace.locked.or(holder);
            }
            "plan" => {
                trace.known = true;
                plan = Some(value.to_owned());
            }
            "outcome" => trace.end = serde_json::from_str(value).ok(),
            // A second try is of the same step.
            "begun" => {
                let number = value.split('.').next().and_then(|number| number.parse().ok());
                trace.begun.extend(number.map(StepId));
            }
            "alive" => trace.alive = true,
            _ => {}
        }
    }
    (trace, plan)
}
