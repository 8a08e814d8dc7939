//! The keys while the choice is open: they go there before any action.

use super::open;
use crate::keys::chord::Chord;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::metrics::picker::{self, Picked};

/// Takes a key where the choice is open; `None` where it is not.
pub fn key(state: &mut State, chord: Chord) -> Option<Vec<Effect>> {
    let mut picker = state.metrics.picker.take()?;
    let offers = picker::offers(state, &picker);
    Some(match picker.key(chord, &offers) {
        Picked::Stay => {
            state.metrics.picker = Some(picker);
            Vec::new()
        }
        Picked::Leave => Vec::new(),
        Picked::Show(servers, metrics) => open::picked(state, servers, metrics),
    })
}

/// Takes a paste, where there is a line to type in.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(picker) = &mut state.metrics.picker {
        picker.input.insert(text);
        picker.selected = None;
    }
    Vec::new()
}
