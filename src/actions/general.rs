//! What can be done everywhere.

use super::{Action, Available, Risk, always};
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::state::prompt::{Question, Then};
use crate::state::text_input::TextInput;

/// The actions of this file.
pub static ALL: &[Action] = &[
    Action {
        id: "help",
        title: "help",
        help: "show the keys that count here",
        scope: Scope::Everywhere,
        keys: &["?", "f1"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: |state| overlay(state, Overlay::Help { first: 0 }),
    },
    Action {
        id: "palette",
        title: "palette",
        help: "find an action, a server, an app or a check by typing a part of its name",
        scope: Scope::Everywhere,
        keys: &[":", "ctrl-p"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: |state| overlay(state, Overlay::Palette { input: TextInput::default(), selected: 0 }),
    },
    Action {
        id: "checks",
        title: "checks",
        help: "show all checks, the worst first, wherever they are seen from",
        scope: Scope::Everywhere,
        keys: &["c"],
        risk: Risk::Read,
        in_footer: false,
        available: always,
        run: |state| state.open(Page::Checks),
    },
    Action {
        id: "themes",
        title: "themes",
        help: "pick a theme, tried on while you choose",
        scope: Scope::Everywhere,
        keys: &["T"],
        risk: Risk::Read,
        in_footer: false,
        available: always,
        run: themes,
    },
    Action {
        id: "back",
        title: "back",
        help: "leave what is typed or shown, and go back",
        scope: Scope::Everywhere,
        keys: &["esc", "backspace"],
        risk: Risk::Read,
        in_footer: true,
        available: somewhere,
        run: State::back,
    },
    Action {
        id: "quit",
        title: "quit",
        help: "end the console; what runs on the servers goes on",
        scope: Scope::Everywhere,
        keys: &["q", "ctrl-c"],
        risk: Risk::Read,
        in_footer: true,
        available: always,
        run: quit,
    },
];

fn somewhere(state: &State) -> Available {
    if state.leads_back() { Ok(()) } else { Err("this is the first page".into()) }
}

/// Asks first where a run would be left in the middle.
fn quit(state: &mut State) -> Vec<Effect> {
    let mut going_on = state.runs.going_on();
    let Some(run) = going_on.next() else { return vec![Effect::Quit] };
    let more = match going_on.count() {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let says = vec![
        format!("{} goes on{more}.", run.plan.plan().title),
        "Whatever a server does now goes on to its end there, and then nothing further is done.".to_owned(),
        "The next start names the run; it can then be finished, undone or left.".to_owned(),
    ];
    super::operate::answers::ask(state, Question::Sure { says, then: Then::Quit })
}

fn overlay(state: &mut State, overlay: Overlay) -> Vec<Effect> {
    state.overlays.push(overlay);
    Vec::new()
}

fn themes(state: &mut State) -> Vec<Effect> {
    let names: Vec<String> = state.themes.clone();
    let selected = names.iter().position(|name| *name == state.theme).unwrap_or(0);
    let before = state.theme.clone();
    overlay(state, Overlay::Themes { names, selected, before })
}
