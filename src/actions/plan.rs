//! What can be done with a plan that is shown.

use std::collections::BTreeMap;

use super::operate::answers::{ask, carry_out, guarded};
use super::operate::plan as plan_again;
use super::{Action, Available, Risk, always};
use crate::domain::plan::FrozenPlan;
use crate::keys::keymap::Scope;
use crate::message::change::Asked;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::plan::{READING_TIME, Stand};
use crate::state::prompt::{Question, Then};

/// The actions of this page.
pub static ALL: &[Action] = &[
    Action {
        id: "plan.confirm",
        title: "carry out",
        help: "carry out the plan, after what its environment asks for; where it is refused, give a reason",
        scope: Scope::Plan,
        keys: &["enter"],
        risk: Risk::Change,
        in_footer: true,
        available: confirmable,
        run: confirm,
    },
    Action {
        id: "plan.wait",
        title: "wait",
        help: "where another run holds the lock, wait until it is given back, then plan anew",
        scope: Scope::Plan,
        keys: &["w"],
        risk: Risk::Read,
        in_footer: true,
        available: locked,
        run: wait,
    },
    Action {
        id: "plan.again",
        title: "again",
        help: "look at the servers again and plan anew",
        scope: Scope::Plan,
        keys: &["ctrl-r"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: again,
    },
    Action {
        id: "plan.choose",
        title: "choose",
        help: "choose servers, services and strategy of what is planned, then plan it again",
        scope: Scope::Plan,
        keys: &["o"],
        risk: Risk::Read,
        in_footer: true,
        available: in_parts,
        run: choose,
    },
    Action {
        id: "plan.copy",
        title: "copy as shell",
        help: "copy the plan as a person would type it on its servers",
        scope: Scope::Plan,
        keys: &["y"],
        risk: Risk::Read,
        in_footer: true,
        available: shown,
        run: copy,
    },
];

fn shown(state: &State) -> Available {
    if state.plan.plan().is_some() { Ok(()) } else { Err("there is no plan yet".into()) }
}

/// Whether what is planned can be of a part of its app.
fn in_parts(state: &State) -> Available {
    let Some(asked) = &state.plan.asked else { return Err("there is no plan yet".into()) };
    if !asked.what.is_in_parts() {
        return Err("it is asked for as a whole".into());
    }
    let options = state.options_of(&asked.app, asked.what.operation());
    if options.rows().next().is_some() { Ok(()) } else { Err("there is nothing to choose between".into()) }
}

/// Whether a lock stands in the way that can be waited for.
fn locked(state: &State) -> Available {
    match state.plan.plan().map(FrozenPlan::plan) {
        Some(plan) if plan.awaits_lock() => Ok(()),
        Some(_) => Err("no lock of another run alone stands in its way".into()),
        None => Err("there is no plan yet".into()),
    }
}

fn wait(state: &mut State) -> Vec<Effect> {
    let Some(plan) = state.plan.plan() else { return Vec::new() };
    let places = plan.plan().places.clone();
    let request = state.next_request();
    state.plan.wait(request, state.now);
    vec![Effect::AwaitLock(request, places)]
}

fn choose(state: &mut State) -> Vec<Effect> {
    let Some(Asked { app, what, .. }) = state.plan.asked.clone() else { return Vec::new() };
    let mut options = state.options_of(&app, what.operation());
    // Nothing is typed: the keys go to the first row at once.
    options.turn(true, false);
    ask(state, Question::Manner { app, what, options })
}

fn again(state: &mut State) -> Vec<Effect> {
    match state.plan.asked.clone() {
        Some(asked) => plan_again(state, asked),
        None => Vec::new(),
    }
}

fn copy(state: &mut State) -> Vec<Effect> {
    let Some(text) = state.plan.plan().map(|plan| plan.plan().as_shell(&BTreeMap::new())) else {
        return Vec::new();
    };
    state.say("copied the plan as shell");
    vec![Effect::Copy(text)]
}

/// What stands in the way of it, but that it was just shown.
fn confirmable(state: &State) -> Available {
    let plan = match &state.plan.stand {
        Stand::Nothing => return Err("nothing is planned".into()),
        Stand::Looking { .. } => return Err("the servers are still looked at".into()),
        Stand::Waiting { .. } => return Err("another run holds the lock; this waits for it".into()),
        Stand::Failed(_) => {
            return Err(format!("there is no plan; {} plans again", state.key_of("plan.again")).into());
        }
        Stand::Shown { planned, .. } => planned.plan.plan(),
    };
    if state.setup.read_only {
        return Err("this console is --read-only".into());
    }
    match plan.refusals().find(|finding| !finding.may_override) {
        Some(hard) => Err(format!("no reason overrides this: {}", hard.found).into()),
        None => Ok(()),
    }
}

fn confirm(state: &mut State) -> Vec<Effect> {
    let Stand::Shown { planned, since } = &state.plan.stand else { return Vec::new() };
    let (plan, since) = (planned.plan.plan().clone(), *since);
    if since.age(state.now) < READING_TIME {
        state.refuse("this was just shown: Enter again carries it out");
        return Vec::new();
    }
    let refused: Vec<String> = plan.refusals().map(|finding| finding.found.clone()).collect();
    if !refused.is_empty() {
        return ask(state, Question::Reason { refused });
    }
    match guarded(state, &plan, Then::CarryOut) {
        Some(effects) => effects,
        None => carry_out(state),
    }
}
