//! What can be done with charts.

pub mod keys;
pub mod logs;
pub mod mouse;
pub mod open;
pub mod take_away;
pub mod travel;

use super::{Action, Available, Risk, always};
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;

const fn action(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    let (scope, risk) = (Scope::Metrics, Risk::Read);
    Action { id, title, help, scope, keys, risk, in_footer: false, available: charted, run }
}

const fn in_footer(mut action: Action) -> Action {
    action.in_footer = true;
    action
}

/// The actions of this page.
pub static ALL: &[Action] = &[
    in_footer(action("metrics.longer", "longer", "show a longer time", &["+", "]"], |s| {
        travel::zoom(s, true)
    })),
    in_footer(action("metrics.shorter", "shorter", "show a shorter time", &["minus", "["], |s| {
        travel::zoom(s, false)
    })),
    in_footer(action("metrics.left", "cursor", "read the values one cell earlier", &["left"], |s| {
        travel::cursor(s, -1)
    })),
    action("metrics.right", "right", "read the values one cell later", &["right"], |s| travel::cursor(s, 1)),
    action("metrics.left-far", "far left", "read the values ten cells earlier", &["shift-left", "H"], |s| {
        travel::cursor(s, -10)
    }),
    action("metrics.right-far", "far right", "read the values ten cells later", &["shift-right", "L"], |s| {
        travel::cursor(s, 10)
    }),
    in_footer(action(
        "metrics.earlier",
        "earlier",
        "go half of what is shown into the past",
        &["<", "pageup", ","],
        |s| travel::pan(s, false),
    )),
    action(
        "metrics.later",
        "later",
        "go half of what is shown towards the present",
        &[">", "pagedown", "."],
        |s| travel::pan(s, true),
    ),
    in_footer(action("metrics.now", "now", "follow the present again", &["n", "end"], |s| {
        travel::follow(s);
        Vec::new()
    })),
    in_footer(action(
        "metrics.event",
        "event",
        "go to the next deploy, restart or other event",
        &["e"],
        |s| {
            travel::to_event(s, true);
            Vec::new()
        },
    )),
    action("metrics.event-before", "event before", "go to the event before", &["E"], |s| {
        travel::to_event(s, false);
        Vec::new()
    }),
    in_footer(action(
        "metrics.logs",
        "logs",
        "show the log lines of these servers at the time of the cursor",
        &["l"],
        logs::open_at_cursor,
    )),
    Action {
        available: always,
        ..in_footer(action(
            "metrics.pick",
            "choose",
            "choose the metrics, and the servers that are laid over each other",
            &["o"],
            open::pick,
        ))
    },
    action("metrics.down", "chart below", "give the keys to the chart below", &["j", "down", "tab"], |s| {
        travel::focus(s, 1);
        Vec::new()
    }),
    action("metrics.up", "chart above", "give the keys to the chart above", &["k", "up", "shift-tab"], |s| {
        travel::focus(s, -1);
        Vec::new()
    }),
    action("metrics.alone", "alone", "show this chart alone, or with the others", &["enter", "z"], |s| {
        s.metrics.alone = !s.metrics.alone;
        Vec::new()
    }),
    action("metrics.copy", "copy", "copy the shown values as a table (TSV)", &["y"], take_away::copy),
    action("metrics.again", "read again", "ask the database again", &["ctrl-r"], |s| {
        s.metrics.past.forget();
        open::ask(s)
    }),
    Action {
        available: always,
        ..in_footer(action(
            "metrics.back",
            "back",
            "take the cursor away, show all charts, or go back",
            &["esc"],
            travel::back,
        ))
    },
];

fn charted(state: &State) -> Available {
    if state.metrics.servers.is_empty() { Err("no server is chosen".into()) } else { Ok(()) }
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
