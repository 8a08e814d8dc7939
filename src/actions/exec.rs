//! A shell, or another command, in a container.

use super::operate::answers::ask;
use super::{Action, Available, Risk};
use crate::domain::exec::ExecAsked;
use crate::domain::ids::AppId;
use crate::domain::setup::Guard;
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::prompt::{Question, Then};

/// The actions of this file.
pub static ALL: &[Action] = &[Action {
    id: "exec",
    title: "shell",
    help: "open a shell in the container, or run a command there; its end leads back here",
    scope: Scope::Everywhere,
    keys: &["e"],
    risk: Risk::Change,
    in_footer: false,
    available,
    run,
}];

fn available(state: &State) -> Available {
    if state.replayed {
        return Err("this is a recording: there are no containers".into());
    }
    if state.setup.read_only {
        return Err("this console is --read-only".into());
    }
    if state.exec.is_some() {
        return Err("one is being opened".into());
    }
    let (key, _) = state.container_at_hand()?;
    match state.guard_of(&key) {
        // Nobody can approve what will be typed.
        (Guard::TwoPerson, Some(environment)) => Err(format!(
            "{environment} wants a second person for changes, and none can approve what is typed into a shell; log in to {} itself",
            key.server
        )
        .into()),
        _ => Ok(()),
    }
}

fn run(state: &mut State) -> Vec<Effect> {
    let Ok((container, it)) = state.container_at_hand() else { return Vec::new() };
    let (name, image) = (it.name.clone(), it.image.clone());
    let asked = ExecAsked { container, name, image, command: Vec::new(), user: None };
    ask(state, Question::Exec { asked })
}

/// What is to run is known: the container's name is asked for where its environment wants that.
pub fn chosen(state: &mut State, asked: ExecAsked) -> Vec<Effect> {
    if state.guard_of(&asked.container).0 == Guard::Confirm {
        return state.open_exec(asked);
    }
    let (says, app) = (asked.title(), AppId::from(asked.name.as_str()));
    ask(state, Question::Name { app, says, then: Then::Exec(Box::new(asked)) })
}
