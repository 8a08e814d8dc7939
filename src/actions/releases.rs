//! What can be done with the releases of an app.

use super::operate::plan;
use super::{Action, Available, Risk, always};
use crate::domain::plan::Operation;
use crate::keys::keymap::Scope;
use crate::message::change::{Asked, Manner, Wanted};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::state::prompt::{Prompt, Question};

/// The actions of this page.
pub static ALL: &[Action] = &[
    Action {
        id: "releases.back-to",
        title: "roll back",
        help: "plan a rollback to the selected release, and show it",
        scope: Scope::Releases,
        keys: &["enter"],
        risk: Risk::Change,
        in_footer: true,
        available: selected,
        run: back_to,
    },
    Action {
        id: "releases.choose",
        title: "choose",
        help: "choose servers, services and strategy of a rollback to the selected release, then plan it",
        scope: Scope::Releases,
        keys: &["o"],
        risk: Risk::Read,
        in_footer: true,
        available: selectable,
        run: ask_manner,
    },
    Action {
        id: "releases.again",
        title: "read again",
        help: "read the releases from the servers again",
        scope: Scope::Releases,
        keys: &["ctrl-r"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: |state| match state.nav.page().clone() {
            Page::Releases(app) => vec![state.load_releases(&app)],
            _ => Vec::new(),
        },
    },
];

fn selected(state: &State) -> Available {
    let page = &state.releases;
    match page.list.selected.and_then(|number| page.entry(number)) {
        None if page.waits() => Err("the servers are still asked".into()),
        None => Err("there is no release".into()),
        Some(it) if it.current => Err("this one is in place".into()),
        Some(_) => Ok(()),
    }
}

/// A part of the app may go to the release that is in place: the rest may be of another.
fn selectable(state: &State) -> Available {
    match state.releases.list.selected.and_then(|number| state.releases.entry(number)) {
        Some(_) => Ok(()),
        None => selected(state),
    }
}

fn back_to(state: &mut State) -> Vec<Effect> {
    let (Page::Releases(app), Some(number)) = (state.nav.page().clone(), state.releases.list.selected) else {
        return Vec::new();
    };
    plan(state, Asked { app, what: Wanted::Release(number), manner: Manner::default(), reason: None })
}

/// Asks on which servers, which services and by which strategy.
fn ask_manner(state: &mut State) -> Vec<Effect> {
    let (Page::Releases(app), Some(to)) = (state.nav.page().clone(), state.releases.list.selected) else {
        return Vec::new();
    };
    let mut options = state.options_of(&app, Operation::Rollback);
    // Nothing is typed: the keys go to the first row at once.
    options.turn(true, false);
    let question = Question::Manner { app, what: Wanted::Release(to), options };
    state.overlays.push(Overlay::Prompt(Box::new(Prompt::new(question, state.now))));
    Vec::new()
}
