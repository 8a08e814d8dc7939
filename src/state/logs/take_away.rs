//! Marking, copying and saving lines.

use crate::message::effect::{Effect, SaveLogs};
use crate::state::State;
use crate::state::logs::view::{View, ids};
use crate::state::logs::{fold, motion};
use crate::store::logs::Cursor;

/// The most bytes that are put on a clipboard: terminals drop what is much longer.
const CLIPBOARD: usize = 64 * 1024;

/// Marks the selected line or takes its mark off, and goes one line down.
pub fn mark(state: &mut State) -> Vec<Effect> {
    motion::pause(state);
    let Some(selected) = View::of(state).selected() else { return Vec::new() };
    if !state.logs_page.marked.remove(&selected) {
        state.logs_page.marked.insert(selected);
    }
    motion::step(state, 1);
    Vec::new()
}

/// Copies the marked lines, or the selected record, as they came.
pub fn copy(state: &mut State) -> Vec<Effect> {
    let chosen: Vec<Cursor> = if state.logs_page.marked.is_empty() {
        View::of(state).selected().into_iter().map(|at| fold::head(&state.logs, at)).collect()
    } else {
        state.logs_page.marked.iter().copied().collect()
    };
    copy_lines(state, &chosen)
}

/// Copies these lines; a first line stands for its record unless that is unfolded.
pub fn copy_lines(state: &mut State, chosen: &[Cursor]) -> Vec<Effect> {
    let mut lines = Vec::new();
    for at in chosen {
        let alone = state.logs_page.folds.is_whole(*at) && !state.logs_page.marked.is_empty();
        if alone || fold::head(&state.logs, *at) != *at {
            lines.extend(state.logs.line(at.source, at.seq).map(|line| line.text));
        } else {
            lines.extend(fold::record(&state.logs, *at));
        }
    }
    let count = lines.len();
    let text = lines.join("\n");
    if count == 0 {
        state.refuse("these lines are no longer held");
    } else if text.len() > CLIPBOARD {
        state.refuse("too much for a clipboard: S saves to a file");
    } else {
        state.say(if count == 1 { "copied 1 line".to_owned() } else { format!("copied {count} lines") });
        return vec![Effect::Copy(text)];
    }
    Vec::new()
}

/// Saves the marked lines, or all that are shown.
pub fn save(state: &mut State, path: String) -> Vec<Effect> {
    let request = state.next_request();
    let page = &state.logs_page;
    let job = SaveLogs {
        path,
        store: state.logs.clone(),
        sources: ids(page),
        hits: page.filters.narrow().then(|| page.passing.hits.clone()),
        only: page.marked.iter().copied().collect(),
        end: View::of(state).end(),
    };
    vec![Effect::SaveLogs(request, job)]
}

/// The name that is offered: when it was saved.
pub fn file_name(state: &State) -> String {
    let stamp: String = state.now.rfc3339().chars().take(19).filter(|c| *c != ':' && *c != '-').collect();
    format!("midwatch-logs-{stamp}.txt")
}
