//! What can be done with a run that is shown.

use super::operate::answers::ask;
use super::{Action, Available, Risk, always};
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::page::Page;
use crate::state::prompt::{Question, Then};
use crate::state::run::Run;

/// The actions of this page.
pub static ALL: &[Action] = &[
    Action {
        id: "run.detach",
        title: "detach",
        help: "leave the page; the run goes on",
        scope: Scope::Run,
        keys: &["esc"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: detach,
    },
    Action {
        id: "run.cancel",
        title: "cancel",
        help: "end the run at its next safe point; what was changed is put back",
        scope: Scope::Run,
        keys: &["c"],
        risk: Risk::Change,
        in_footer: true,
        available: goes_on,
        run: cancel,
    },
];

fn shown(state: &State) -> Option<&Run> {
    match state.nav.page() {
        Page::Run(request) => state.runs.get(*request),
        _ => None,
    }
}

fn goes_on(state: &State) -> Available {
    match shown(state) {
        Some(run) if run.goes_on() && run.cancelling => Err("it is cancelled already".into()),
        Some(run) if run.goes_on() => Ok(()),
        _ => Err("it is over".into()),
    }
}

fn detach(state: &mut State) -> Vec<Effect> {
    let goes_on = shown(state).filter(|run| run.goes_on());
    if let Some(title) = goes_on.map(|run| run.plan.plan().title.clone()) {
        let key = state.key_of("run");
        state.say(format!("{title}: goes on; {key} shows it"));
    }
    state.back()
}

fn cancel(state: &mut State) -> Vec<Effect> {
    let Some(run) = shown(state) else { return Vec::new() };
    let then = Then::Cancel(run.request);
    let says = vec![
        format!("{} ends at its next safe point.", run.plan.plan().title),
        "What was changed by then is put back, and looked at.".to_owned(),
    ];
    ask(state, Question::Sure { says, then })
}
