//! Making a Compose project that runs already an app of the configuration.

use super::{Action, Available, Risk, always};
use crate::domain::app::App;
use crate::domain::link::Link;
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::adopt::{Of, Stand};
use crate::state::page::Page;
use crate::state::plan::READING_TIME;
use crate::store::fleet::ServerLive;

/// The actions of this file.
pub static ALL: &[Action] = &[
    Action {
        id: "adopt",
        title: "adopt",
        help: "add the app, a Compose project that runs already, to the configuration, so that it can be deployed",
        scope: Scope::Everywhere,
        keys: &[],
        risk: Risk::Read,
        in_footer: false,
        available: adoptable,
        run: look,
    },
    Action {
        id: "adopt.write",
        title: "add it",
        help: "add what is shown to the configuration's file; where there is nothing to add, look again",
        scope: Scope::Adopt,
        keys: &["enter"],
        risk: Risk::Change,
        in_footer: true,
        available: always,
        run: write,
    },
    Action {
        id: "adopt.again",
        title: "look again",
        help: "look at the app's servers again",
        scope: Scope::Adopt,
        keys: &["ctrl-r"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: again,
    },
    Action {
        id: "adopt.copy",
        title: "copy",
        help: "copy what would be added",
        scope: Scope::Adopt,
        keys: &["y"],
        risk: Risk::Read,
        in_footer: true,
        available: shown,
        run: copy,
    },
];

fn adoptable(state: &State) -> Available {
    if state.replayed {
        return Err("this is a recording: there are no servers to look at".into());
    }
    let Some(app) = state.app_at_hand() else {
        return Err("select an app, or a container of a Compose project".into());
    };
    if state.setup.changeable.contains_key(&app) {
        return Err(format!("[apps.{app}] is in the configuration, and can be deployed").into());
    }
    if state.setup.source.is_none() {
        return Err("there is no configuration file to add it to: midwatch init writes one".into());
    }
    let Some(it) = state.fleet.app(&app).filter(|it| !it.containers.is_empty()) else {
        return Err(format!("no container of {app} is known").into());
    };
    // On one that is not read yet it may run too, and an entry without it would be wrong.
    let awaited = |it: &ServerLive| {
        unread(it) && it.containers.failure.is_none() && !matches!(it.link, Link::Down { .. })
    };
    match near(state, it).find(|server| awaited(server)) {
        Some(server) => Err(format!("the containers of {} are not read yet", server.id()).into()),
        None => Ok(()),
    }
}

/// The servers on which an app may run: those of its environment.
fn near<'a>(state: &'a State, app: &App) -> impl Iterator<Item = &'a ServerLive> {
    let environment = app.environment.clone();
    state.fleet.servers().filter(move |server| server.setup.environment == environment)
}

fn unread(server: &ServerLive) -> bool {
    server.containers.value().is_none()
}

fn look(state: &mut State) -> Vec<Effect> {
    let Some(app) = state.app_at_hand().and_then(|id| state.fleet.app(&id).cloned()) else {
        return Vec::new();
    };
    // Those that the configuration names without a container there have nothing to look at.
    let mut servers: Vec<_> = app.containers.iter().map(|key| key.server.clone()).collect();
    servers.sort();
    servers.dedup();
    let unknown = near(state, &app).filter(|it| unread(it) && !servers.contains(it.id()));
    let unknown = unknown.map(|it| it.id().clone()).collect();
    begin(state, Of { app: app.id, project: app.project, servers, unknown })
}

fn begin(state: &mut State, of: Of) -> Vec<Effect> {
    let request = state.next_request();
    let (project, servers) = (of.project.clone(), of.servers.clone());
    state.adopt.begin(request, of, state.now);
    let mut effects = state.open(Page::Adopt);
    effects.push(Effect::Adopt(request, project, servers));
    effects
}

fn again(state: &mut State) -> Vec<Effect> {
    match state.adopt.of.clone() {
        Some(of) => begin(state, of),
        None => Vec::new(),
    }
}

fn shown(state: &State) -> Available {
    match state.adopt.offer() {
        Some((offer, _)) if !offer.text.is_empty() => Ok(()),
        _ => Err("there is nothing to add yet".into()),
    }
}

fn copy(state: &mut State) -> Vec<Effect> {
    let Some(text) = state.adopt.offer().map(|(offer, _)| offer.text.clone()) else { return Vec::new() };
    state.say("copied the app's entry");
    vec![Effect::Copy(text)]
}

fn write(state: &mut State) -> Vec<Effect> {
    let (offer, since) = match &state.adopt.stand {
        Stand::Shown(offer, since) => (offer.clone(), *since),
        Stand::Failed(_) => return again(state),
        Stand::Nothing | Stand::Looking(_) | Stand::Writing => {
            state.refuse("there is nothing to add yet");
            return Vec::new();
        }
    };
    if let Some(app) = &offer.there {
        state.refuse(format!("[apps.{app}] is in {} already", offer.file));
        return Vec::new();
    }
    if offer.text.is_empty() {
        return again(state);
    }
    if since.age(state.now) < READING_TIME {
        state.refuse("this was just shown: Enter again adds it");
        return Vec::new();
    }
    if state.setup.read_only {
        state.refuse("this console is --read-only");
        return Vec::new();
    }
    let request = state.next_request();
    state.adopt.write(request);
    vec![Effect::AddApps(request, offer.apps.clone(), offer.text.clone())]
}
