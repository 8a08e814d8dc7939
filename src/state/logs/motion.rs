//! Moving over the lines. Every motion but following stops the screen first; from then on it moves
//! only by what the reader does.

use super::LogsPage;
use super::place::{Frozen, Place, Top};
use super::view::{View, ids};
use crate::domain::level::Level;
use crate::domain::time::Timestamp;
use crate::state::State;
use crate::state::list::Move;
use crate::store::logs::{Cursor, Entry, Flags};

/// Shows the newest lines as they come.
pub fn follow(page: &mut LogsPage) {
    page.place = Place::Following;
    page.selected = None;
    page.awaited = None;
    page.bars.counted = None;
}

/// Stops the screen as it is.
pub fn pause(state: &mut State) {
    state.logs_page.anchor = None;
    state.logs_page.seek = None;
    state.logs_page.awaited = None;
    if state.logs_page.place != Place::Following {
        return;
    }
    let frozen = Frozen::now(&state.logs, &ids(&state.logs_page));
    let view = View::of(state);
    let selected = view.selected();
    let nothing = Top { cursor: Cursor::START, skip: 0 };
    let top = view.last_top().unwrap_or(nothing);
    let page = &mut state.logs_page;
    page.place = Place::Paused { top, frozen };
    page.selected = selected;
}

/// Lets what came meanwhile be reached, without moving.
pub fn catch_up(state: &mut State) {
    let now = Frozen::now(&state.logs, &ids(&state.logs_page));
    if let Place::Paused { frozen, .. } = &mut state.logs_page.place {
        *frozen = now;
        state.logs_page.bars.counted = None;
    }
}

/// Moves the selection by lines, down where positive.
pub fn step(state: &mut State, lines: isize) {
    pause(state);
    let to = selection_after(state, lines);
    let to = match to {
        None if lines > 0 => {
            catch_up(state);
            selection_after(state, lines)
        }
        to => to,
    };
    if let Some(to) = to {
        select(state, to);
    }
}

/// The line so many lines on, or the last one that way; `None` where there is none.
fn selection_after(state: &State, lines: isize) -> Option<Cursor> {
    let view = View::of(state);
    let from = view.selected()?;
    let cursor = |entry: Entry<'_>| entry.cursor;
    let count = lines.unsigned_abs();
    if lines < 0 {
        view.backward(from).take(count).last().map(cursor)
    } else {
        view.forward(from.next()).take(count).last().map(cursor)
    }
}

/// Selects a line and brings it onto the screen: by as few rows as that takes.
pub fn select(state: &mut State, line: Cursor) {
    pause(state);
    state.logs_page.selected = Some(line);
    let view = View::of(state);
    let rows = view.rows();
    let whole = |cursor: Cursor| {
        let shown = rows.iter().filter(|row| row.entry.cursor == cursor).count();
        let needed = rows.iter().find(|row| row.entry.cursor == cursor);
        needed.is_some_and(|row| shown >= view.height_of(&row.entry).min(rows.len()))
    };
    let above = rows.first().is_none_or(|row| line <= row.entry.cursor);
    let top = if whole(line) {
        None
    } else if above {
        Some(Top { cursor: line, skip: 0 })
    } else {
        view.top_above(line.next(), usize::from(view.area.height))
    };
    set_top(state, top);
}

/// Selects a line and, where it is not on the screen, shows it with what stood before it.
pub fn visit(state: &mut State, line: Cursor) {
    pause(state);
    let view = View::of(state);
    if view.rows().iter().any(|row| row.entry.cursor == line) {
        select(state, line);
        return;
    }
    let top = view.top_above(line, usize::from(view.area.height) / 3);
    let top = top.unwrap_or(Top { cursor: line, skip: 0 });
    let top = view.last_top().map_or(top, |last| top.min(last));
    state.logs_page.selected = Some(line);
    set_top(state, Some(top));
}

/// Moves the screen by rows, down where positive; a selection that would leave it stays at its edge.
pub fn scroll(state: &mut State, rows: isize) {
    pause(state);
    let Place::Paused { top, .. } = state.logs_page.place else { return };
    let mut to = moved(state, top, rows);
    if to == top && rows > 0 {
        catch_up(state);
        to = moved(state, top, rows);
    }
    if to == top {
        // The screen cannot go on, the selection still can.
        let view = View::of(state);
        let edge =
            if rows < 0 { view.forward(Cursor::START).next() } else { view.backward(Cursor::END).next() };
        if let Some(edge) = edge {
            state.logs_page.selected = Some(edge.cursor);
        }
        return;
    }
    set_top(state, Some(to));
    keep_selection_in_sight(state);
}

fn moved(state: &State, top: Top, rows: isize) -> Top {
    let view = View::of(state);
    let count = rows.unsigned_abs();
    if rows >= 0 {
        return view.top_below(top, count);
    }
    match count.checked_sub(top.skip) {
        None => Top { skip: top.skip - count, ..top },
        Some(left) => view.top_above(top.cursor, left).filter(|_| left > 0).unwrap_or(Top { skip: 0, ..top }),
    }
}

fn keep_selection_in_sight(state: &mut State) {
    let view = View::of(state);
    let rows = view.rows();
    let (Some(first), Some(last), Some(selected)) = (rows.first(), rows.last(), view.selected()) else {
        return;
    };
    state.logs_page.selected = Some(selected.clamp(first.entry.cursor, last.entry.cursor));
}

/// Moves by screens, keeping one row in sight; down where positive.
pub fn turn(state: &mut State, screens: isize) {
    let height = isize::try_from(View::of(state).area.height).unwrap_or(1);
    scroll(state, screens * (height - 1).max(1));
}

/// A movement as every list knows it. The end of a log is its newest line, and following it.
pub fn go(state: &mut State, by: Move) {
    match by {
        Move::Rows(rows) => step(state, rows),
        Move::Pages(pages) => turn(state, pages),
        Move::Top => to_start(state),
        Move::Bottom => follow(&mut state.logs_page),
    }
}

/// Goes to the first line.
pub fn to_start(state: &mut State) {
    pause(state);
    let first = View::of(state).forward(Cursor::START).next().map(|entry| entry.cursor);
    if let Some(first) = first {
        select(state, first);
    }
}

/// Goes to the first line of that time or later, else to the last; gives back whether there was one.
pub fn to_time(state: &mut State, at: Timestamp) -> bool {
    pause(state);
    catch_up(state);
    let view = View::of(state);
    let from = Cursor::at_time(at);
    let line = view.forward(from).next().or_else(|| view.backward(from).next());
    let Some(line) = line.map(|entry| entry.cursor) else { return false };
    visit(state, line);
    true
}

/// Goes to a time, and again with what is read until the reader moves: what stands there may not have
/// come yet.
pub fn wait_at(state: &mut State, at: Timestamp) {
    to_time(state, at);
    state.logs_page.awaited = Some(at);
}

/// Goes to the time that is waited for, if any, after lines came or were found.
pub fn go_on_waiting(state: &mut State) {
    if let Some(at) = state.logs_page.awaited {
        wait_at(state, at);
    }
}

/// The first line of the next or the previous record that is shown.
pub fn beside(state: &State, head: Cursor, forward: bool) -> Option<Cursor> {
    let view = View::of(state);
    let is_head = |at: &Cursor| super::fold::head(&state.logs, *at) == *at;
    if forward {
        view.forward(head.next()).map(|entry| entry.cursor).find(is_head)
    } else {
        view.backward(head).map(|entry| entry.cursor).find(is_head)
    }
}

/// Goes to the next (or the previous) record of an error; gives back whether there was one.
pub fn to_error(state: &mut State, forward: bool) -> bool {
    pause(state);
    catch_up(state);
    let view = View::of(state);
    let Some(mut at) = view.selected() else { return false };
    loop {
        let next = if forward {
            view.merged().next_at_least(Level::Error, at)
        } else {
            view.merged().previous_at_least(Level::Error, at)
        };
        match next {
            Some(next) if next >= view.end() => return false,
            Some(next) if view.forward(next).next().is_some_and(|entry| entry.cursor == next) => {
                visit(state, next);
                return true;
            }
            Some(next) => at = next,
            None => return false,
        }
    }
}

/// Goes to the next (or the previous) line that holds what is looked for; gives back whether there
/// was one.
pub fn to_found(state: &mut State, forward: bool) -> bool {
    let Some(at) = View::of(state).selected() else { return false };
    let next = found_from(state, at, forward);
    next.is_some_and(|next| {
        go_to_found(state, next);
        true
    })
}

/// Goes to the line that holds what is looked for at or before a place, else to the first behind it.
pub fn to_nearest_found(state: &mut State, from: Cursor) -> bool {
    let next = found_from(state, from.next(), false).or_else(|| found_from(state, from, true));
    next.is_some_and(|next| {
        go_to_found(state, next);
        true
    })
}

/// The next line behind a place that holds what is looked for, or the last one before it.
fn found_from(state: &State, at: Cursor, forward: bool) -> Option<Cursor> {
    let page = &state.logs_page;
    let found = state.logs.merged(&ids(page), Some(&page.found.hits));
    // A record is found as a whole, and gone to by its first line.
    let is_head = |entry: &Entry<'_>| !entry.line.flags.has(Flags::CONTINUATION);
    let next =
        if forward { found.forward(at.next()).find(is_head) } else { found.backward(at).find(is_head) };
    next.map(|entry| entry.cursor)
}

/// Goes to a found line.
fn go_to_found(state: &mut State, line: Cursor) {
    pause(state);
    catch_up(state);
    visit(state, line);
}

/// After anything else changed what is shown (filters, folds, wrap, size): the selected line stays
/// where it stood on the screen as far as that goes.
pub fn settle(state: &mut State) {
    let Place::Paused { top, .. } = state.logs_page.place else { return };
    let view = View::of(state);
    let height = usize::from(view.area.height);
    let last = view.last_top();
    let mut to = Top { skip: 0, ..last.map_or(top, |last| top.min(last)) };
    if let Some(selected) = view.selected() {
        let at = View::of(state).forward(selected).next().or_else(|| view.backward(selected).next());
        if let Some(at) = at {
            let lowest = view.top_above(at.cursor.next(), height).unwrap_or(to);
            to = to.max(lowest).min(Top { cursor: at.cursor, skip: 0 });
            state.logs_page.selected = Some(at.cursor);
        }
    }
    set_top(state, Some(to));
}

fn set_top(state: &mut State, to: Option<Top>) {
    if let (Some(to), Place::Paused { top, .. }) = (to, &mut state.logs_page.place) {
        *top = to;
    }
}
