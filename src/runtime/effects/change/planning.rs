//! From what a person asks for to a frozen plan: facts are gathered, the plan is made of them, and the
//! facts, which may hold secrets, are dropped.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Means, datastores};
use crate::domain::deploy::{AppSpec, Place};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::plan::{FrozenPlan, Operation, Plan};
use crate::domain::release::lock::{Holder, LockStand};
use crate::domain::run::Outcome;
use crate::engine::gather::{Want, gather_told};
use crate::engine::lock::wait;
use crate::history::journal::{Entry, Journal};
use crate::message::change::{Asked, Looked, Manner, Planned, Unplanned, Wanted};
use crate::message::event::{Event, Reply};
use crate::operations::{AppFacts, Refusal, daily, deploy, maintenance, pull, rollback, scale};
use crate::runtime::deploying;

/// Plans it, telling how far each server is; the answer.
pub async fn plan(means: &Means, request: RequestId, asked: &Asked) -> Reply {
    match planned(means, request, asked).await {
        Ok(planned) => Reply::Planned(Box::new(planned)),
        Err(failures) => Reply::Unplanned(failures),
    }
}

async fn planned(means: &Means, request: RequestId, asked: &Asked) -> Result<Planned, Unplanned> {
    let alone = |failure| vec![(None, failure)];
    let config = means.observers.config();
    let made = if asked.what.operation().is_of_a_datastore() {
        datastores::made(means, &config, asked).await.map_err(alone)?
    } else {
        let spec = deploying::spec(&config, &asked.app).map_err(alone)?;
        let facts = facts(means, request, &spec, asked).await;
        made(&spec, &facts, asked)
    };
    let plan = made.map_err(|refusal| match refusal {
        Refusal::Unreachable(lost) => lost.into_iter().map(|(server, it)| (Some(server), it)).collect(),
        Refusal::Senseless(failure) => alone(failure),
    })?;
    let plan = FrozenPlan::freeze(plan)
        .map_err(|error| alone(Failure::new(FailureKind::Bug, "freeze the plan", error.to_string())))?;
    let journal = deploying::journal(&config).ok();
    let (app, operation) = (asked.app.clone(), asked.what.operation());
    // Without a journal there is no last time; it is asked for again before anything is changed.
    let last = tokio::task::spawn_blocking(move || last(&journal?, &app, operation)).await.ok().flatten();
    Ok(Planned { plan, last })
}

/// Waits until nobody else changes what is in these folders, telling who does.
pub async fn lock(means: Means, request: RequestId, places: BTreeMap<ServerId, Place>) {
    let config = means.observers.config();
    let waited = async {
        let engines = deploying::engines(&config, &means.observers.links);
        let (send, mut told) = mpsc::channel::<Holder>(1);
        let waiting = async move {
            // Where the last one was not taken yet, this one is seen at the next look.
            let mut tell = |holder: &Holder| drop(send.try_send(holder.clone()));
            wait(&engines, &places, &mut tell).await
        };
        let telling = async {
            while let Some(holder) = told.recv().await {
                let stand = Reply::Lock(Box::new(LockStand::Held(holder)));
                means.out.control(Event::Reply(request, stand)).await;
            }
        };
        tokio::join!(waiting, telling).0
    };
    let reply = match waited.await {
        Ok(stand) => Reply::Lock(Box::new(stand)),
        Err(failure) => Reply::Unplanned(vec![(None, failure)]),
    };
    means.out.control(Event::Reply(request, reply)).await;
}

/// Gathers, and tells on the way.
async fn facts(means: &Means, request: RequestId, spec: &AppSpec, asked: &Asked) -> AppFacts {
    // Each server is told of twice at most, so nothing waits for room here.
    let (send, mut told) = mpsc::channel::<(ServerId, Looked)>(spec.servers.len() * 2 + 1);
    let engines = deploying::engines(&means.observers.config(), &means.observers.links);
    let gathering = async move {
        let tell = |server: &ServerId, how: Looked| {
            // The page is gone where nobody takes it.
            let _ = send.try_send((server.clone(), how));
        };
        gather_told(&engines, spec, &want(asked), &asked.manner.services, means.clock.now(), &tell).await
    };
    let telling = async {
        while let Some((server, how)) = told.recv().await {
            means.out.control(Event::Reply(request, Reply::Looked(server, how))).await;
        }
    };
    tokio::join!(gathering, telling).0
}

fn want(asked: &Asked) -> Want {
    match &asked.what {
        Wanted::Tag(tag) => Want::Tag(tag.clone()),
        Wanted::Digest(digest) => Want::Digest(digest.clone()),
        Wanted::AsWritten => Want::AsWritten,
        Wanted::Release(number) => Want::Release(*number),
        // What is of a datastore looks at that instead.
        Wanted::Daily(_)
        | Wanted::Scale(_)
        | Wanted::Backup
        | Wanted::Restore { .. }
        | Wanted::Otherwise(_)
        | Wanted::Undo
        | Wanted::Drill(_) => Want::Standing,
        Wanted::Pull => Want::Images,
        Wanted::Maintenance(_) => Want::Route,
    }
}

fn made(spec: &AppSpec, facts: &AppFacts, asked: &Asked) -> Result<Plan, Refusal> {
    let reason = asked.reason.clone();
    let Manner { strategy, servers, services } = asked.manner.clone();
    match &asked.what {
        Wanted::Tag(_) | Wanted::Digest(_) | Wanted::AsWritten => {
            deploy::plan(spec, facts, &deploy::Ask { servers, services, strategy, reason })
        }
        Wanted::Release(number) => {
            let ask = rollback::Ask { to: Some(*number), servers, services, strategy, reason };
            rollback::plan(spec, facts, &ask)
        }
        Wanted::Backup | Wanted::Restore { .. } | Wanted::Otherwise(_) | Wanted::Undo | Wanted::Drill(_) => {
            let what = format!("plan a {}", asked.what.operation().word());
            let why = "it was taken for a change of an app";
            Err(Refusal::Senseless(Failure::new(FailureKind::Bug, what, why)))
        }
        Wanted::Daily(operation) => {
            daily::plan(spec, facts, &daily::Ask { operation: *operation, servers, services, reason })
        }
        Wanted::Scale(services) => scale::plan(
            spec,
            facts,
            &scale::Ask { services: services.clone(), servers: asked.manner.servers.clone(), reason },
        ),
        Wanted::Maintenance(on) => {
            maintenance::plan(spec, facts, &maintenance::Ask { on: on.clone(), servers, reason })
        }
        Wanted::Pull => pull::plan(
            spec,
            facts,
            &pull::Ask {
                servers: asked.manner.servers.clone(),
                services: asked.manner.services.clone(),
                reason,
            },
        ),
    }
}

/// How long the last such run of the app took that was done. It blocks.
fn last(journal: &Journal, app: &AppId, operation: Operation) -> Option<Duration> {
    let entries = journal.entries().ok()?;
    // One that was taken up stood still in between.
    let taken = |wanted: &crate::domain::run::RunId| {
        entries.iter().any(|it| matches!(&it.entry, Entry::RunTaken { run, .. } if run == wanted))
    };
    let ended = entries.iter().rev().filter_map(|it| match &it.entry {
        Entry::RunEnded { run, outcome: Outcome::Done, .. } if !taken(run) => Some((run, it.at)),
        _ => None,
    });
    let begun = |wanted: &crate::domain::run::RunId| {
        entries.iter().find_map(|it| match &it.entry {
            Entry::RunBegun { run, plan, .. } if run == wanted => Some((it.at, plan)),
            _ => None,
        })
    };
    ended.into_iter().find_map(|(run, end)| {
        let (at, plan) = begun(run)?;
        let text = |name: &str| plan.get(name).and_then(serde_json::Value::as_str);
        let same = text("app") == Some(app.as_str()) && text("operation") == Some(operation.word());
        same.then(|| end.since(at))
    })
}
