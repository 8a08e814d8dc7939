//! Through time and between charts.

use std::time::Duration;

use super::open;
use crate::domain::time::Timestamp;
use crate::message::effect::Effect;
use crate::state::State;

/// Shows a longer or a shorter time. Around the cursor where there is one, else the right end stays.
pub fn zoom(state: &mut State, longer: bool) -> Vec<Effect> {
    let Some(span) = state.metrics.span.beside(longer) else {
        state.refuse(if longer { "a day is the longest" } else { "five minutes are the shortest" });
        return Vec::new();
    };
    let before = state.metrics_window();
    state.metrics.span = span;
    if let Some(cursor) = state.metrics.cursor
        && before.column(cursor).is_some()
    {
        // The cursor keeps its place on the screen.
        let share = before.to.since(cursor).as_secs_f64() / before.to.since(before.from).as_secs_f64();
        go(state, cursor + span.length().mul_f64(share.clamp(0.0, 1.0)));
    }
    open::ask(state)
}

/// Goes half a window towards the past or the present.
pub fn pan(state: &mut State, later: bool) -> Vec<Effect> {
    let window = state.metrics_window();
    let half = state.metrics.span.length() / 2;
    if later && state.metrics.end.is_none() {
        state.refuse("this is the present");
        return Vec::new();
    }
    let end = state.metrics.end.unwrap_or(state.now);
    go(state, if later { end + half } else { end - half });
    if let Some(cursor) = state.metrics.cursor
        && window.column(cursor).is_some()
    {
        let window = state.metrics_window();
        state.metrics.cursor = Some(cursor.max(window.middle(0)).min(window.middle(window.cells - 1)));
    }
    open::ask(state)
}

/// Follows the present, without a cursor.
pub fn follow(state: &mut State) {
    state.metrics.end = None;
    state.metrics.cursor = None;
}

/// Moves the cursor by so many cells; past the left end the window moves along. The first move puts
/// it at the newest cell.
pub fn cursor(state: &mut State, by: i32) -> Vec<Effect> {
    let window = state.metrics_window();
    let held = state.metrics.cursor.filter(|at| *at >= window.from && *at < window.to);
    let Some(column) = held.and_then(|at| window.column(at)) else {
        state.metrics.cursor = Some(window.middle(window.cells - 1));
        return Vec::new();
    };
    let to = i32::from(column) + by;
    let step = window.cell() * by.unsigned_abs();
    if to < 0 {
        let end = state.metrics.end.unwrap_or(state.now);
        go(state, end - step);
        let window = state.metrics_window();
        state.metrics.cursor = Some(window.middle(0));
    } else if to >= i32::from(window.cells) {
        if let Some(end) = state.metrics.end {
            go(state, end + step);
        }
        let window = state.metrics_window();
        state.metrics.cursor = Some(window.middle(window.cells - 1));
    } else {
        state.metrics.cursor = Some(window.middle(u16::try_from(to).unwrap_or(0)));
    }
    open::ask(state)
}

/// Puts the cursor on the next event, or on the one before.
pub fn to_event(state: &mut State, forward: bool) {
    let shown = state.metrics_shown();
    let from = shown.cursor;
    let mut columns = shown.events.iter().map(|(column, _)| *column);
    let found = if forward {
        columns.find(|column| from.is_none_or(|from| *column > from))
    } else {
        columns.rfind(|column| from.is_none_or(|from| *column < from))
    };
    match found {
        Some(column) => state.metrics.cursor = Some(shown.window.middle(column)),
        None => state.refuse(if forward { "no event after this" } else { "no event before this" }),
    }
}

/// Gives the keys to another chart.
pub fn focus(state: &mut State, by: isize) {
    let last = state.metrics.charts().len().saturating_sub(1);
    state.metrics.focused = state.metrics.focused.saturating_add_signed(by).min(last);
}

/// Takes away the cursor first, then the single chart; then goes back.
pub fn back(state: &mut State) -> Vec<Effect> {
    if state.metrics.cursor.take().is_some() {
        return Vec::new();
    }
    if std::mem::take(&mut state.metrics.alone) {
        return Vec::new();
    }
    state.back()
}

/// Shows the window that ends here, or the present where that lies ahead.
fn go(state: &mut State, end: Timestamp) {
    let ahead = end + Duration::from_millis(1) >= state.now;
    state.metrics.end = if ahead { None } else { Some(end) };
}
