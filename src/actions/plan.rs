//! What can be done with a plan that is shown.

use std::collections::BTreeMap;

use super::operate::answers::{ask, carry_out, guarded};
use super::operate::plan as plan_again;
use super::{Action, Available, Risk, always};
use crate::domain::plan::Finding;
use crate::keys::keymap::Scope;
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
        available: always,
        run: confirm,
    },
    Action {
        id: "plan.again",
        title: "plan again",
        help: "look at the servers again and plan anew",
        scope: Scope::Plan,
        keys: &["ctrl-r"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: again,
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

fn confirm(state: &mut State) -> Vec<Effect> {
    let (plan, since) = match &state.plan.stand {
        Stand::Nothing => return Vec::new(),
        Stand::Looking { .. } => {
            state.refuse("the servers are still looked at");
            return Vec::new();
        }
        Stand::Failed(_) => return again(state),
        Stand::Shown { planned, since } => (planned.plan.plan().clone(), *since),
    };
    if since.age(state.now) < READING_TIME {
        state.refuse("this was just shown: Enter again carries it out");
        return Vec::new();
    }
    if state.setup.read_only {
        state.refuse("this console is --read-only");
        return Vec::new();
    }
    let refused: Vec<&Finding> = plan.refusals().collect();
    if let Some(hard) = refused.iter().find(|finding| !finding.may_override) {
        state.refuse(format!("no reason overrides this: {}", hard.found));
        return Vec::new();
    }
    if !refused.is_empty() {
        let refused = refused.iter().map(|finding| finding.found.clone()).collect();
        return ask(state, Question::Reason { refused });
    }
    match guarded(state, &plan, Then::CarryOut) {
        Some(effects) => effects,
        None => carry_out(state),
    }
}
