//! What a person answered before something is changed, and what follows.

use super::plan;
use crate::actions::exec;
use crate::domain::approval::Verdict;
use crate::domain::plan::{Plan, PlanDigest};
use crate::domain::run::RunId;
use crate::domain::setup::Guard;
use crate::domain::unfinished::Way;
use crate::message::change::Asked;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::state::plan::Stand;
use crate::state::prompt::{Answered, Prompt, Question, Then};
use crate::state::run::Run;

/// Takes an answer.
pub fn take(state: &mut State, answered: Answered) -> Vec<Effect> {
    match answered {
        Answered::Change(app, what, manner) => plan(state, Asked { app, what, manner, reason: None }),
        Answered::Reason(reason) => match state.plan.asked.clone() {
            Some(asked) => plan(state, Asked { reason: Some(reason), ..asked }),
            None => Vec::new(),
        },
        Answered::Yes(Then::CarryOut) => carry_out(state),
        Answered::Yes(Then::Resume(run, way)) => resume(state, &run, way),
        Answered::Yes(Then::Cancel(request)) => {
            let Some(run) = state.runs.get_mut(request).filter(|run| run.goes_on()) else {
                return Vec::new();
            };
            run.cancelling = true;
            vec![Effect::CancelRun(request)]
        }
        Answered::Yes(Then::Answer(run, digest, verdict)) => approve(state, &run, &digest, verdict),
        Answered::Find(datastore, typed) => state.find_files(&datastore, typed),
        Answered::Exec(asked) => exec::chosen(state, asked),
        Answered::Yes(Then::Exec(asked)) => state.open_exec(*asked),
        Answered::Yes(Then::Quit) => vec![Effect::Quit],
    }
}

/// Asks something before it is done.
pub fn ask(state: &mut State, question: Question) -> Vec<Effect> {
    state.overlays.push(Overlay::Prompt(Box::new(Prompt::new(question, state.now))));
    Vec::new()
}

/// Asks for the app's name where its environment wants that; `None` where a key is enough.
pub fn guarded(state: &mut State, plan: &Plan, then: Then) -> Option<Vec<Effect>> {
    match plan.guard {
        // A second person is asked by the run itself, before it changes anything.
        Guard::Confirm | Guard::TwoPerson => None,
        Guard::TypeName => {
            let says = match &then {
                Then::Resume(_, way) => format!("{}: {}", way.word(), plan.title),
                _ => plan.title.clone(),
            };
            Some(ask(state, Question::Name { app: plan.app.clone(), says, then }))
        }
    }
}

/// Carries out the plan that is shown.
pub fn carry_out(state: &mut State) -> Vec<Effect> {
    let Stand::Shown { planned, .. } = std::mem::take(&mut state.plan.stand) else { return Vec::new() };
    let request = state.next_request();
    let run = Run::new(request, planned.plan.clone(), planned.last, state.now);
    state.plan.leave();
    begin(state, run, Effect::Run(request, Box::new(planned.plan)))
}

/// Answers a run of another console; only the plan that was shown.
fn approve(state: &mut State, run: &RunId, digest: &PlanDigest, verdict: Verdict) -> Vec<Effect> {
    let Some(it) = state.waiting.get(run).filter(|it| it.plan.digest() == digest).cloned() else {
        state.refuse("it does not wait any more");
        return Vec::new();
    };
    let request = state.next_request();
    state.say("the answer is on its way");
    vec![Effect::Approve(request, Box::new(it), verdict)]
}

/// Takes up an interrupted run.
fn resume(state: &mut State, run: &RunId, way: Way) -> Vec<Effect> {
    let Some(it) = state.interrupted.get(run).cloned() else { return Vec::new() };
    let request = state.next_request();
    let mut run = Run::new(request, it.plan.clone(), None, state.now);
    run.way = Some(way);
    run.id = Some(it.run.clone());
    begin(state, run, Effect::Resume(request, Box::new(it), way))
}

/// Shows a run in the place of what it was confirmed on.
fn begin(state: &mut State, run: Run, effect: Effect) -> Vec<Effect> {
    let (request, app) = (run.request, run.app().clone());
    state.runs.begin(run);
    state.note_interrupted(&app);
    state.nav.replace(Page::Run(request));
    state.settle();
    vec![effect, state.watch()]
}
