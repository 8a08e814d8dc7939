//! What becomes of a run that was interrupted.

use super::operate::answers::{ask, guarded};
use super::{Action, Available, Risk};
use crate::domain::unfinished::{Unfinished, Way};
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
    let (scope, risk) = (Scope::Unfinished, Risk::Change);
    Action { id, title, help, scope, keys, risk, in_footer: true, available: left_alone, run }
}

/// The actions of this page.
pub static ALL: &[Action] = &[
    action("unfinished.finish", "finish", "do the steps that are left", &["f"], |s| take_up(s, Way::Finish)),
    action("unfinished.undo", "undo", "put back what was changed", &["u"], |s| take_up(s, Way::Undo)),
    action(
        "unfinished.leave",
        "leave as it is",
        "give the locks back, and tell it as partial",
        &["v"],
        |s| take_up(s, Way::Leave),
    ),
];

fn shown(state: &State) -> Option<&Unfinished> {
    match state.nav.page() {
        Page::Unfinished(run) => state.interrupted.get(run),
        _ => None,
    }
}

fn left_alone(state: &State) -> Available {
    let Some(it) = shown(state) else { return Err("it has an end now".into()) };
    if it.alive() {
        return Err("a console is connected that carries it out".into());
    }
    match it.traces.iter().find(|(_, trace)| trace.is_err()) {
        Some((server, _)) => Err(format!("{server} could not be read").into()),
        None => Ok(()),
    }
}

fn take_up(state: &mut State, way: Way) -> Vec<Effect> {
    if state.setup.read_only {
        state.refuse("this console is --read-only");
        return Vec::new();
    }
    let Some(it) = shown(state) else { return Vec::new() };
    let (run, plan) = (it.run.clone(), it.plan.plan().clone());
    let says = match way {
        Way::Finish => "The steps that are left are done; nothing that was done is done again.",
        Way::Undo => "What was changed is put back as it was before, and looked at.",
        Way::Leave => "Nothing is done; the locks are given back, and it is told as partial.",
    };
    let here: Vec<String> = it.would_run_here().map(|step| format!("`{}`", step.title)).collect();
    let then = Then::Resume(run, way);
    if let Some(effects) = guarded(state, &plan, then.clone()) {
        return effects;
    }
    let title = format!("{}: {}", way.word(), plan.title);
    let mut says = vec![title, says.to_owned()];
    if way == Way::Finish && !here.is_empty() {
        says.push(format!("On this machine it runs {}.", here.join(", ")));
    }
    ask(state, Question::Sure { says, then })
}
