//! What can be done with the lines of logs.

pub mod keys;
pub mod mouse;

use super::{Action, Available, Risk, always};
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::logs::filters::Manner;
use crate::state::logs::place::Place;
use crate::state::logs::prompt::Purpose;
use crate::state::logs::{motion, narrow, open, take_away};

const fn action(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action {
        id,
        title,
        help,
        scope: Scope::Logs,
        keys,
        risk: Risk::Read,
        in_footer: false,
        available: some_lines,
        run,
    }
}

/// It can be done without any line.
const fn any_time(mut action: Action) -> Action {
    action.available = always;
    action
}

const fn in_footer(mut action: Action) -> Action {
    action.in_footer = true;
    action
}

/// The actions of this page.
pub static ALL: &[Action] = &[
    in_footer(any_time(action(
        "logs.sources",
        "sources",
        "choose whose lines are shown",
        &["o"],
        open::pick,
    ))),
    in_footer(any_time(action(
        "logs.follow",
        "follow",
        "follow the newest lines, or stop the screen where it is",
        &["f", "p"],
        |state| quietly(state, toggle_follow),
    ))),
    in_footer(any_time(action(
        "logs.find",
        "find",
        "look for words or a /pattern/ as you type",
        &["/"],
        |state| keys::ask(state, Purpose::Find),
    ))),
    in_footer(any_time(action(
        "logs.include",
        "only",
        "show only lines with words, a /pattern/ or a field (status>=500)",
        &["&"],
        |state| keys::ask(state, Purpose::Term(Manner::Include)),
    ))),
    in_footer(any_time(action(
        "logs.exclude",
        "without",
        "leave out lines with words, a /pattern/ or a field",
        &["-", "!"],
        |state| keys::ask(state, Purpose::Term(Manner::Exclude)),
    ))),
    in_footer(action("logs.next_error", "error", "go to the next error", &["e"], |state| {
        go(state, "no later error", |state| motion::to_error(state, true))
    })),
    action("logs.previous_error", "last error", "go to the previous error", &["E"], |state| {
        go(state, "no earlier error", |state| motion::to_error(state, false))
    }),
    in_footer(any_time(action(
        "logs.level",
        "level",
        "show only lines of a level or worse; again for the next, then all",
        &["L"],
        narrow::next_level,
    ))),
    in_footer(action(
        "logs.detail",
        "whole",
        "show the record whole, with all its fields",
        &["enter"],
        open::detail,
    )),
    in_footer(action("logs.jump", "time", "go to a time: 03:12, -15m, 2026-11-20 03:12", &["t"], |state| {
        keys::ask(state, Purpose::Jump)
    })),
    in_footer(action("logs.wrap", "wrap", "break long lines, or cut them", &["w"], |state| {
        quietly(state, |state| {
            state.logs_page.wrap = !state.logs_page.wrap;
            state.logs_page.shift = 0;
            motion::settle(state);
        })
    })),
    in_footer(action("logs.copy", "copy", "copy the marked lines, or this record", &["y"], take_away::copy)),
    in_footer(action(
        "logs.save",
        "save",
        "save what is shown, or marked, with secrets masked",
        &["S"],
        |state| keys::ask(state, Purpose::Save),
    )),
    any_time(action("logs.clear", "clear", "clear all filters and marks", &["c"], narrow::clear)),
    any_time(action("logs.undo_filter", "last filter", "take the last filter back", &["x"], narrow::undo)),
    any_time(action(
        "logs.highlight",
        "highlight",
        "color words or a /pattern/, hiding nothing",
        &["*"],
        |state| keys::ask(state, Purpose::Term(Manner::Highlight)),
    )),
    any_time(action("logs.since", "since", "show no lines before a time", &["["], |state| {
        keys::ask(state, Purpose::Since)
    })),
    any_time(action("logs.until", "until", "show no lines from a time on", &["]"], |state| {
        keys::ask(state, Purpose::Until)
    })),
    action(
        "logs.next_found",
        "next",
        "go to the next line that holds what was looked for",
        &["n"],
        |state| go(state, "not found further down", |state| motion::to_found(state, true)),
    ),
    action("logs.previous_found", "previous", "go to the previous line that holds it", &["N"], |state| {
        go(state, "not found further up", |state| motion::to_found(state, false))
    }),
    action("logs.mark", "mark", "mark this line, or take its mark off", &["space"], take_away::mark),
    action("logs.fold", "unfold", "show this record's lines, or its first alone", &["z"], |state| {
        quietly(state, open::fold)
    }),
    action(
        "logs.fold_all",
        "unfold all",
        "show all lines of all records, or the first alone",
        &["Z"],
        |state| {
            quietly(state, |state| {
                state.logs_page.folds.flip_all();
                motion::settle(state);
            })
        },
    ),
    action(
        "logs.raw",
        "raw",
        "show lines in JSON as they came, or as sentence and fields",
        &["J"],
        |state| {
            quietly(state, |state| {
                state.logs_page.raw = !state.logs_page.raw;
                motion::settle(state);
            })
        },
    ),
    any_time(action(
        "logs.histogram",
        "histogram",
        "show or hide how many lines and errors came when",
        &["H"],
        |state| quietly(state, open::histogram),
    )),
    any_time(action("logs.zone", "time zone", "times in UTC, or in this machine's zone", &["u"], |state| {
        quietly(state, |state| state.logs_page.local_time = !state.logs_page.local_time)
    })),
    action("logs.half_down", "half down", "half a screen down", &["ctrl-d"], |state| {
        quietly(state, |s| half(s, 1))
    }),
    action("logs.half_up", "half up", "half a screen up", &["ctrl-u"], |state| {
        quietly(state, |s| half(s, -1))
    }),
    action("logs.left", "left", "move long lines to the right", &["h", "left"], |state| {
        quietly(state, |state| shift(state, -1))
    }),
    action("logs.right", "right", "move long lines to the left", &["l", "right"], |state| {
        quietly(state, |state| shift(state, 1))
    }),
    action("logs.line_start", "line start", "back to the start of the lines", &["0"], |state| {
        quietly(state, |state| state.logs_page.shift = 0)
    }),
];

/// Cells that long lines move by.
const SHIFT: u16 = 16;
/// The most that they can.
const FARTHEST: u16 = 16_000;

fn some_lines(state: &State) -> Available {
    if state.logs_page.shown.is_empty() { Err("no source is shown".into()) } else { Ok(()) }
}

fn quietly(state: &mut State, what: impl FnOnce(&mut State)) -> Vec<Effect> {
    what(state);
    Vec::new()
}

fn toggle_follow(state: &mut State) {
    if state.logs_page.place == Place::Following {
        motion::pause(state);
    } else {
        motion::follow(&mut state.logs_page);
    }
}

fn go(state: &mut State, nowhere: &'static str, to: impl FnOnce(&mut State) -> bool) -> Vec<Effect> {
    if !to(state) {
        state.refuse(nowhere);
    }
    Vec::new()
}

fn half(state: &mut State, sign: isize) {
    let layout = crate::state::logs::layout::layout(&state.logs_page, state.size);
    motion::scroll(state, sign * isize::try_from(layout.lines.height / 2).unwrap_or(1).max(1));
}

fn shift(state: &mut State, sign: i32) {
    let page = &mut state.logs_page;
    if page.wrap {
        state.refuse("lines are wrapped: w cuts them");
        return;
    }
    page.shift = if sign < 0 { page.shift.saturating_sub(SHIFT) } else { (page.shift + SHIFT).min(FARTHEST) };
}
