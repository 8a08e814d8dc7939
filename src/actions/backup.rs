//! Backing a datastore up, and bringing all of an app back as one.

use super::operate::answers::ask;
use super::operate::plan;
use super::{Action, Available, Risk};
use crate::domain::ids::{AppId, DatastoreId};
use crate::keys::keymap::Scope;
use crate::message::change::{Asked, Manner, Wanted};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::overview::Pane;
use crate::state::page::Page;
use crate::state::prompt::{Bringing, Question};

/// The actions of this file.
pub static ALL: &[Action] = &[
    Action {
        id: "backup",
        title: "back up",
        help: "plan a backup of the datastore, of the app's or of the one on the server",
        scope: Scope::Everywhere,
        keys: &["b"],
        risk: Risk::Change,
        in_footer: false,
        available,
        run,
    },
    Action {
        id: "restore.set",
        title: "restore",
        help: "choose a set of backups of the app, all of its data and its release, and where it is brought back; then plan that",
        scope: Scope::Everywhere,
        keys: &["R"],
        risk: Risk::Change,
        in_footer: false,
        available: of_datastores,
        run: choose_set,
    },
];

fn of_datastores(state: &State) -> Available {
    if state.replayed {
        return Err("this is a recording: there is nothing to restore".into());
    }
    let Some(app) = state.app_at_hand() else { return Err("no app is selected".into()) };
    if state.datastores_of(&app).is_empty() {
        let restart = state.key_of("restart");
        return Err(format!(
            "no datastore of {app} is configured: [apps.{app}] datastores; {restart} restarts it"
        )
        .into());
    }
    Ok(())
}

/// Asks which set, and where.
fn choose_set(state: &mut State) -> Vec<Effect> {
    let Some(app) = state.app_at_hand() else { return Vec::new() };
    let choice = Bringing::new(state.sets_of(&app), None);
    ask(state, Question::Restore { datastore: DatastoreId::from(app.as_str()), choice })
}

fn available(state: &State) -> Available {
    if state.replayed {
        return Err("this is a recording: there is nothing to back up".into());
    }
    if state.setup.datastores.is_empty() {
        return Err("no datastore is configured: [datastores.NAME]".into());
    }
    if state.datastores_at_hand().is_empty() { Err("no datastore is selected".into()) } else { Ok(()) }
}

fn run(state: &mut State) -> Vec<Effect> {
    match state.datastores_at_hand().as_slice() {
        [one] => backup(state, one),
        [] => Vec::new(),
        several => choose(state, several),
    }
}

fn backup(state: &mut State, datastore: &DatastoreId) -> Vec<Effect> {
    let app = AppId::from(datastore.as_str());
    plan(state, Asked { app, what: Wanted::Backup, manner: Manner::default(), reason: None })
}

/// Goes to where one of several can be chosen.
fn choose(state: &mut State, several: &[DatastoreId]) -> Vec<Effect> {
    let effects = state.open(Page::Overview);
    state.overview.pane = Pane::Datastores;
    several.first().cloned().into_iter().for_each(|id| state.overview.datastores.select(id));
    state.settle();
    let names: Vec<&str> = several.iter().map(DatastoreId::as_str).collect();
    state.say(format!("choose one of {}, then press {} again", names.join(", "), state.key_of("backup")));
    effects
}
