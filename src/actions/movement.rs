//! Moving the selection, and between panes.

use super::{Action, Risk, always};
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::list::Move;

/// A movement by its chords; none of them stands in the footer: hands know them.
const fn movement(
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
        scope: Scope::Everywhere,
        keys,
        risk: Risk::Read,
        in_footer: false,
        available: always,
        run,
    }
}

/// The actions of this file.
pub static ALL: &[Action] = &[
    movement("down", "down", "select the next row", &["j", "down"], |s| s.step(Move::Rows(1))),
    movement("up", "up", "select the row before", &["k", "up"], |s| s.step(Move::Rows(-1))),
    movement("page-down", "page down", "go a page down", &["ctrl-f", "pagedown"], |s| s.step(Move::Pages(1))),
    movement("page-up", "page up", "go a page up", &["ctrl-b", "pageup"], |s| s.step(Move::Pages(-1))),
    movement("top", "top", "go to the first row", &["g", "home"], |s| s.step(Move::Top)),
    movement("bottom", "bottom", "go to the last row", &["G", "end"], |s| s.step(Move::Bottom)),
    movement("next-pane", "next pane", "give the keys to the next pane", &["tab"], |s| s.next_pane(1)),
    movement("previous-pane", "pane before", "give the keys to the pane before", &["shift-tab"], |s| {
        s.next_pane(-1)
    }),
];
