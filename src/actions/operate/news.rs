//! What the runtime found and what runs tell, into the state.

use crate::domain::approval::Waiting;
use crate::domain::exec::ExecNews;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, RequestId};
use crate::domain::run::{News, Outcome, RunEnd, RunNews};
use crate::domain::unfinished::Unfinished;
use crate::message::change::Asked;
use crate::message::effect::Effect;
use crate::message::event::Reply;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::state::run::Run;
use crate::state::run::lines::outcome;

/// Takes an answer that is about changes; gives back those that are not.
pub fn reply(state: &mut State, request: RequestId, reply: Reply) -> Result<Vec<Effect>, Reply> {
    match reply {
        Reply::Looked(server, how) => state.plan.looked(request, server, how),
        Reply::Planned(planned) => state.plan.answered(request, Ok(planned), state.now),
        Reply::Unplanned(failures) => state.plan.answered(request, Err(failures), state.now),
        Reply::Lock(stand) => {
            let anew = state.plan.lock(request, *stand).then(|| state.plan.asked.clone()).flatten();
            return Ok(anew.map(|asked| plan_anew(state, asked)).unwrap_or_default());
        }
        Reply::Releases(ledgers) => {
            state.releases.answered(request, Ok(ledgers));
        }
        Reply::Tags(list) => {
            state.offer_versions(request, &Ok(*list));
        }
        Reply::Adoptable(offer) => {
            state.adopt.answered(request, Ok(offer), state.now);
        }
        Reply::Added(apps) => return Ok(added(state, request, &apps)),
        Reply::Exec(news) => {
            return Ok(match *news {
                ExecNews::Open(program) => state.exec_opened(request, program),
                ExecNews::Over(end) => state.exec_over(request, end),
            });
        }
        Reply::Failed(failure) if state.exec_failed(request, &failure) => {}
        Reply::Run(news) => return Ok(told(state, request, *news)),
        Reply::Failed(failure) if state.runs.get(request).is_some_and(Run::goes_on) => {
            return Ok(never_begun(state, request, failure));
        }
        Reply::Failed(failure) if state.offer_versions(request, &Err(failure.clone())) => {}
        Reply::Failed(failure) if state.adopt.answered(request, Err(failure.clone()), state.now) => {}
        Reply::Failed(failure) => {
            return if state.releases.answered(request, Err(failure.clone())) {
                Ok(Vec::new())
            } else {
                Err(Reply::Failed(failure))
            };
        }
        reply => return Err(reply),
    }
    Ok(Vec::new())
}

/// Plans what a lock stood in the way of, wherever a person is meanwhile.
fn plan_anew(state: &mut State, asked: Asked) -> Vec<Effect> {
    let request = state.next_request();
    let servers = state.servers_of(&asked.app);
    state.plan.begin(request, asked.clone(), servers, state.now);
    vec![Effect::Plan(request, asked)]
}

/// Apps were added to the configuration, which is taken up by itself.
fn added(state: &mut State, request: RequestId, apps: &[AppId]) -> Vec<Effect> {
    let names: Vec<String> = apps.iter().map(|app| format!("[apps.{app}]")).collect();
    let here = state.adopt.added(request) && *state.nav.page() == Page::Adopt;
    let effects = if here { state.back() } else { Vec::new() };
    state.say(format!("{} is in the configuration, which is taken up by itself", names.join(", ")));
    effects
}

/// Takes the runs of an app that have no end.
pub fn unfinished(state: &mut State, app: &AppId, runs: Vec<Unfinished>) -> Vec<Effect> {
    state.interrupted.take(app.clone(), runs);
    state.note_interrupted(app);
    if let Page::Unfinished(run) = state.nav.page()
        && state.interrupted.get(run).is_none()
    {
        state.say("it has an end now");
        return state.back();
    }
    state.settle();
    Vec::new()
}

/// Takes the runs of an app that wait for a second person.
pub fn waiting(state: &mut State, app: &AppId, all: Vec<Waiting>) -> Vec<Effect> {
    state.waiting.take(app.clone(), all, state.now);
    state.note_interrupted(app);
    if let Page::Approval(run) = state.nav.page()
        && state.waiting.get(run).is_none()
    {
        state.say("it does not wait any more");
        return state.back();
    }
    state.settle();
    Vec::new()
}

fn told(state: &mut State, request: RequestId, news: RunNews) -> Vec<Effect> {
    let Some(run) = state.runs.get_mut(request) else { return Vec::new() };
    if let News::Untold(name, failure) = &news.what {
        let said = format!("{name} was not told of the run: {}", failure.reason());
        run.take(news);
        state.say(said);
        return Vec::new();
    }
    run.take(news);
    if run.goes_on() {
        return Vec::new();
    }
    over(state, request)
}

/// A run that could not even be begun.
fn never_begun(state: &mut State, request: RequestId, failure: Failure) -> Vec<Effect> {
    if let Some(run) = state.runs.get_mut(request) {
        let took = run.took(state.now);
        run.end = Some(RunEnd { outcome: Outcome::Failed, because: Some(failure), stands: Vec::new(), took });
    }
    over(state, request)
}

/// A run is over: said where it is not looked at, and what failed stays until it is dismissed.
fn over(state: &mut State, request: RequestId) -> Vec<Effect> {
    let Some(run) = state.runs.get(request) else { return Vec::new() };
    let (app, title) = (run.app().clone(), run.plan.plan().title.clone());
    let Some(end) = run.end.clone() else { return Vec::new() };
    let said = format!("{title}: {}", outcome(&end, run.way));
    if *state.nav.page() != Page::Run(request) {
        match end.outcome {
            Outcome::Done | Outcome::Cancelled => state.say(said),
            Outcome::Failed | Outcome::Partial => {
                let failure = end.because.unwrap_or_else(|| Failure::new(FailureKind::Conflict, &title, ""));
                let why = std::iter::once(said).chain(failure.why);
                let stands = end.stands.iter().map(|(server, how)| format!("{server}: {how}"));
                let failure = Failure { what: title, why: why.chain(stands).collect(), ..failure };
                // Below what is open: it must not take keys that were meant for that.
                state.overlays.insert(0, Overlay::Failure(failure));
            }
        }
    }
    state.settle();
    vec![Effect::LookUnfinished(app)]
}
