//! What can be done with the selected row of the overview, a server's or an app's page.

use super::{Action, Available, Risk, metrics};
use crate::domain::metric::Metric;
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::page::Page;
use crate::state::selection::Selected;

/// The actions of this file.
pub static ALL: &[Action] = &[
    Action {
        id: "open",
        title: "open",
        help: "open what is selected: a server, an app, a datastore, a backup; of a container or unit, its log",
        scope: Scope::Everywhere,
        keys: &["enter"],
        risk: Risk::Read,
        in_footer: true,
        available: something,
        run: State::open_selected,
    },
    Action {
        id: "logs",
        title: "logs",
        help: "follow the logs of what is selected or marked",
        scope: Scope::Everywhere,
        keys: &["l"],
        risk: Risk::Read,
        in_footer: true,
        available: about_something,
        run: State::open_logs,
    },
    Action {
        id: "metrics",
        title: "metrics",
        help: "show the charts of the selected server, or of the marked ones over each other",
        scope: Scope::Everywhere,
        keys: &["m"],
        risk: Risk::Read,
        in_footer: true,
        available: about_something,
        run: charts,
    },
    Action {
        id: "inspect",
        title: "inspect",
        help: "show all that is known of what is selected",
        scope: Scope::Everywhere,
        keys: &["i"],
        risk: Risk::Read,
        in_footer: false,
        available: something,
        run: State::inspect,
    },
    Action {
        id: "filter",
        title: "filter",
        help: "show only rows that hold all the words typed; !word hides those that hold it",
        scope: Scope::Everywhere,
        keys: &["/"],
        risk: Risk::Read,
        in_footer: true,
        available: filtered,
        run: State::edit_filter,
    },
    Action {
        id: "sort",
        title: "sort",
        help: "sort this list by the next column that makes sense",
        scope: Scope::Everywhere,
        keys: &["s"],
        risk: Risk::Read,
        in_footer: true,
        available: sorted,
        run: State::next_sort,
    },
    Action {
        id: "mark",
        title: "mark",
        help: "mark the selected row, to open several at once",
        scope: Scope::Everywhere,
        keys: &["space"],
        risk: Risk::Read,
        in_footer: false,
        available: something,
        run: State::mark_selected,
    },
    Action {
        id: "copy",
        title: "copy",
        help: "copy the name of what is selected to the clipboard, through SSH and tmux too",
        scope: Scope::Everywhere,
        keys: &["y"],
        risk: Risk::Read,
        in_footer: false,
        available: something,
        run: State::copy_selected,
    },
    Action {
        id: "reconnect",
        title: "reconnect now",
        help: "try the selected server again now; in logs and charts, those of theirs that are not reached",
        scope: Scope::Everywhere,
        keys: &["ctrl-r"],
        risk: Risk::Read,
        in_footer: true,
        available: on_a_server,
        run: State::reconnect_selected,
    },
];

fn something(state: &State) -> Available {
    if state.has_selection() { Ok(()) } else { Err("nothing is selected".into()) }
}

/// A change is of an app, whose logs and charts one wants beside it.
fn about_something(state: &State) -> Available {
    if state.app_at_hand().is_some() { Ok(()) } else { something(state) }
}

fn filtered(state: &State) -> Available {
    match state.nav.page() {
        Page::Overview
        | Page::Server(_)
        | Page::App(_)
        | Page::Checks
        | Page::Datastore(_)
        | Page::Files(..)
        | Page::Found(_) => Ok(()),
        _ => Err("this page has no list".into()),
    }
}

fn sorted(state: &State) -> Available {
    match state.nav.page() {
        Page::Overview
        | Page::Server(_)
        | Page::App(_)
        | Page::Checks
        | Page::Datastore(_)
        | Page::Files(..)
        | Page::Found(_) => Ok(()),
        _ => Err("this page has no list that can be sorted".into()),
    }
}

/// Of a disk or an access log its own, else those of the servers.
fn charts(state: &mut State) -> Vec<Effect> {
    if let Some(Selected::Disk(server, mount)) = state.selected() {
        return metrics::open::open_on(state, &server, Metric::Disk(mount.into()));
    }
    if let Some(Selected::Access(key)) = state.selected() {
        let metric = Metric::RequestRate(key.label.as_str().into());
        return metrics::open::open_on(state, &key.server, metric);
    }
    let servers = state.selected_servers();
    metrics::open::open(state, &servers)
}

fn on_a_server(state: &State) -> Available {
    if state.servers_to_try().is_empty() { Err("no server is selected".into()) } else { Ok(()) }
}
