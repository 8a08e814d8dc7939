//! What can be answered to a run that waits for a second person.

use super::operate::answers::ask;
use super::{Action, Available, Risk};
use crate::domain::approval::{Verdict, Waiting};
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::page::Page;
use crate::state::prompt::{Question, Then};

const fn action(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    let (scope, risk) = (Scope::Approval, Risk::Change);
    Action { id, title, help, scope, keys, risk, in_footer: true, available: waits, run }
}

/// The actions of this page.
pub static ALL: &[Action] = &[
    action(
        "approval.approve",
        "approve",
        "sign the plan with your own key, so that the run goes on",
        &["a"],
        |s| answer(s, Verdict::Approve),
    ),
    action("approval.deny", "deny", "end the run before anything is changed", &["x"], |s| {
        answer(s, Verdict::Deny(None))
    }),
];

fn shown(state: &State) -> Option<&Waiting> {
    match state.nav.page() {
        Page::Approval(run) => state.waiting.get(run),
        _ => None,
    }
}

fn waits(state: &State) -> Available {
    match shown(state) {
        None => Err("it does not wait any more".into()),
        Some(_) => Ok(()),
    }
}

fn answer(state: &mut State, verdict: Verdict) -> Vec<Effect> {
    if state.setup.read_only {
        state.refuse("this console is --read-only");
        return Vec::new();
    }
    let Some(it) = shown(state) else { return Vec::new() };
    if verdict == Verdict::Approve && !it.alive {
        state.refuse("the console that asked is not connected: nothing would begin");
        return Vec::new();
    }
    let (word, means) = match verdict {
        Verdict::Approve => ("approve", "Your key signs this very plan; it is carried out at once by"),
        Verdict::Deny(_) => ("deny", "Nothing is changed, and the run ends, of"),
    };
    let digest = it.plan.digest();
    let says = vec![
        format!("{word}: {}", it.plan.plan().title),
        format!("{means} {}. Plan {}.", it.request.by, digest.short()),
    ];
    let then = Then::Answer(it.request.run.clone(), digest.clone(), verdict);
    ask(state, Question::Sure { says, then })
}
