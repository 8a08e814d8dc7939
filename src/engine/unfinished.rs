//! A run as its servers know it: for one that ended without a word, and for those who want to know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::approval::{list, merged, pieces};
use super::gather::holding;
use super::ground::{Engines, Ground};
use super::mark::mark;
use crate::domain::approval::Waiting;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::{FrozenPlan, StepId};
use crate::domain::release::lock::Holder;
use crate::domain::run::RunId;
use crate::domain::text::clean;
use crate::domain::unfinished::Here;
pub use crate::domain::unfinished::{Trace, Unfinished};
use crate::operations::facts::Held;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the app's folder, `$2` the run.
const SCRIPT: &str = concat!(
    mark!(),
    r#"cd "$1/.midwatch" 2>/dev/null || exit 0; r=$2
[ -e lock ] && sed 's/^/lock /' lock
cd "runs/$r" 2>/dev/null || exit 0
[ -e plan.json ] && sed 's/^/plan /' plan.json
[ -e outcome.json ] && sed 's/^/outcome /' outcome.json
for s in steps/*/begun; do [ -e "$s" ] && s=${s%/begun} && echo "begun ${s#steps/}"; done
for s in steps/*/by; do [ -e "$s" ] && s=${s%/by} && echo "here ${s#steps/} $(cat "$s/exit" 2>/dev/null || echo -) $(head -c 200 "$s/by")"; done
if [ -e alive ]; then read -r p b <alive; [ "$p $b" = "$(m "$p")" ] && echo alive; fi
exit 0"#
);

/// Names the runs of the app in `$1` that have no end, who holds its lock, and those that wait for a second
/// person.
const OPEN: &str = concat!(
    mark!(),
    list!(),
    r#"cd "$1/.midwatch" 2>/dev/null || exit 0
[ -e lock ] && sed 's/^/lock /' lock 2>/dev/null
cd runs 2>/dev/null || exit 0
for r in *; do [ -d "$r" ] && [ ! -e "$r/outcome.json" ] && echo "open $r"; done
exit 0"#
);

/// What goes on, or stopped, on an app's servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Open {
    /// The runs that have no end on one of them, oldest first.
    pub runs: Vec<Unfinished>,
    /// On which servers a run has no end, whether it can be read or not.
    pub open_on: BTreeMap<RunId, Vec<ServerId>>,
    /// Who holds the lock of one of them.
    pub holders: Vec<Holder>,
    /// Those that wait for a second person, oldest first.
    pub waiting: Vec<Waiting>,
    /// The servers that could not be asked, and why.
    pub lost: Vec<(ServerId, Failure)>,
}

/// Looks at all servers of an app.
pub async fn all(engines: &Engines, spec: &AppSpec) -> Open {
    let asked = join_all(spec.places.iter().map(async |(server, place)| {
        let open = async {
            let ground = Ground::reach(engines, server, place).await?;
            let what = format!("look for interrupted runs on {server}");
            ground.done(RemoteCommand::script(OPEN).arg(&place.directory), &what, DEADLINE).await
        };
        (server.clone(), open.await)
    }))
    .await;
    let mut open = Open::default();
    let mut waiting = Vec::new();
    for (server, told) in asked {
        match told {
            Ok(text) => {
                let (runs, holder) = named(&text);
                for run in runs {
                    open.open_on.entry(run).or_default().push(server.clone());
                }
                open.holders.extend(holder);
                waiting.push((server, pieces(&text)));
            }
            Err(failure) => open.lost.push((server, failure)),
        }
    }
    for run in open.open_on.keys() {
        match find(engines, spec, run).await {
            Ok(it) => open.runs.push(it),
            // It ended between the two looks, or its plan cannot be read: the preflight tells of it.
            Err(failure) => tracing::warn!(%run, %failure, "a run without an end cannot be read"),
        }
    }
    Open { waiting: merged(waiting), ..open }
}

/// The runs of which [`OPEN`] tells that they have no end, that of the lock among them, and who holds that.
fn named(text: &str) -> (BTreeSet<RunId>, Option<Holder>) {
    let of = |word: &str| -> Vec<&str> { text.lines().filter_map(|line| line.strip_prefix(word)).collect() };
    let holder = match holding(&of("lock ")) {
        Some(Held::By(holder)) => Some(holder),
        Some(Held::Unreadable(_)) | None => None,
    };
    let named = of("open ").into_iter().filter_map(|run| RunId::try_from(run.to_owned()).ok());
    (named.chain(holder.iter().map(|it| it.run.clone())).collect(), holder)
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
    // What the plan does not touch has no say; what it touches and this console does not count among the
    // app's servers has.
    traces.retain(|server, _| plan.plan().places.contains_key(server));
    for (server, place) in &plan.plan().places {
        if !traces.contains_key(server) {
            let read = match Ground::reach(engines, server, place).await {
                Ok(ground) => trace(&ground, run).await.map(|(trace, _)| trace),
                Err(failure) => Err(failure.hint(format!(
                    "the run's plan calls it so, as it was made on another console: add [servers.{server}]"
                ))),
            };
            traces.insert(server.clone(), read);
        }
    }
    Ok(Unfinished { run: run.clone(), plan, traces })
}

async fn trace(ground: &Ground, run: &RunId) -> Result<(Trace, Option<String>), Failure> {
    let what = format!("read the run {run} on {}", ground.server);
    let command = RemoteCommand::script(SCRIPT).args([ground.place.directory.as_str(), run.as_str()]);
    let text = ground.done(command, &what, DEADLINE).await?;
    Ok(read(&text, run))
}

/// `STEP EXIT WHO`, the code a `-` where there is none.
fn here(value: &str) -> Option<(StepId, Here)> {
    let mut words = value.splitn(3, ' ');
    let step = StepId(words.next()?.parse().ok()?);
    let exit = words.next()?.parse().ok();
    Some((step, Here { by: clean(words.next()?.trim()).into_owned(), exit }))
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
            "here" => trace.here.extend(here(value)),
            "alive" => trace.alive = true,
            _ => {}
        }
    }
    (trace, plan)
}
