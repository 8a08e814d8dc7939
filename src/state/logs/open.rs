//! Opening the page on sources, the choice of them, and one record whole.

use std::collections::BTreeSet;

use super::{LogsPage, narrow};
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::time::Timestamp;
use crate::message::effect::{Back, Effect};
use crate::state::State;
use crate::state::logs::detail::Detail;
use crate::state::logs::layout::layout;
use crate::state::logs::picker::Picker;
use crate::state::logs::shown::{Reach, Shown, Stream};
use crate::state::logs::view::View;
use crate::state::logs::{fold, motion};
use crate::state::page::Page;
use crate::store::fleet::Fleet;
use crate::store::logs::{LogStore, OVERLAP};

/// How many lines of a source are read from before it was opened.
const BACK: u64 = 10_000;

/// Opens the page on these sources, in this order, following. The ones that were shown and are not
/// among them are given up; the rest goes on as it was.
pub fn open(state: &mut State, sources: Vec<LogSource>) -> Vec<Effect> {
    show(state, sources, None)
}

/// Opens the page on these sources at a time, stopped there: on the lines of a stretch of time around
/// it and no others, until the reader takes that away or opens the page from elsewhere.
pub fn open_at(
    state: &mut State,
    sources: Vec<LogSource>,
    at: Timestamp,
    stretch: (Timestamp, Timestamp),
) -> Vec<Effect> {
    let mut effects = show(state, sources, Some(stretch.0));
    let page = &mut state.logs_page;
    (page.filters.since, page.filters.until) = (Some(stretch.0), Some(stretch.1));
    page.stretch = Some(stretch);
    effects.extend(reach_back(state, stretch.0));
    effects.extend(narrow::changed(state));
    motion::wait_at(state, at);
    effects
}

/// Takes away the stretch of time that the page was opened on from elsewhere, unless the reader set
/// another one since.
pub fn forget_stretch(page: &mut LogsPage) {
    let filters = &mut page.filters;
    if let Some((since, until)) = page.stretch.take()
        && (filters.since, filters.until) == (Some(since), Some(until))
    {
        (filters.since, filters.until) = (None, None);
    }
}

fn show(state: &mut State, sources: Vec<LogSource>, since: Option<Timestamp>) -> Vec<Effect> {
    let wanted: BTreeSet<&LogSource> = sources.iter().collect();
    let mut effects = Vec::new();
    let mut before = std::mem::take(&mut state.logs_page.shown);
    before.retain(|shown| {
        let stays = wanted.contains(&shown.source);
        if !stays {
            effects.push(Effect::Unfollow(shown.source.clone()));
        }
        stays
    });
    let mut seen = BTreeSet::new();
    for source in sources {
        if !seen.insert(source.clone()) {
            continue;
        }
        if let Some(at) = before.iter().position(|shown| shown.source == source) {
            state.logs_page.shown.push(before.swap_remove(at));
            continue;
        }
        let id = state.logs.intern(&source);
        // Lines that are still held from an earlier look would be read a second time.
        state.logs.clear(&source);
        let back = Back { since, lines: since.is_none().then_some(BACK) };
        effects.push(Effect::Follow { source: source.clone(), back });
        let stream = opening(&state.fleet, &source, state.now);
        state.logs_page.shown.push(Shown { source, id, stream, back_to: since, stale: false, reach: None });
    }
    state.logs_page.marked.clear();
    state.logs_page.detail = None;
    motion::follow(&mut state.logs_page);
    state.nav.open(Page::Logs);
    effects.extend(narrow::changed(state));
    effects
}

/// How the stream of a source begins: of a server that is not reached it says so at once.
fn opening(fleet: &Fleet, source: &LogSource, now: Timestamp) -> Stream {
    match fleet.server(&source.server).and_then(|server| server.link_lost.as_ref()) {
        Some((failure, since)) => Stream::Failed { since: *since, failure: failure.clone() },
        None => Stream::Opening { since: now },
    }
}

/// Reads what is missing of the sources from a time on, where what is held begins later.
pub fn reach_back(state: &mut State, to: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    for shown in &mut state.logs_page.shown {
        let held = state.logs.sources().find(|info| info.id == shown.id);
        let begins = held.and_then(|info| info.span).map(|(first, _)| first);
        let asked = shown.back_to.is_some_and(|back_to| back_to <= to);
        let dropped = held.is_some_and(|info| info.dropped > 0);
        if asked || dropped || begins.is_some_and(|begins| begins <= to) {
            continue;
        }
        shown.back_to = Some(to);
        match begins {
            Some(begins) if !matches!(shown.source.stream, LogStream::File { .. }) => {
                // One that is under way is read to its end first, so that nothing is left out between.
                if shown.reach.is_none() {
                    effects.push(reach(&mut state.logs, shown, to, begins));
                }
            }
            // Of a file whose lines tell no time nobody knows what stands before a time; and where nothing
            // is held there is nothing to keep.
            _ => {
                state.logs.clear(&shown.source);
                shown.stale = true;
                shown.stream = opening(&state.fleet, &shown.source, state.now);
                let back = Back { since: Some(to), lines: None };
                effects.push(Effect::Follow { source: shown.source.clone(), back });
            }
        }
    }
    effects
}

/// Reads a source from a time on to where what is held begins.
pub(super) fn reach(logs: &mut LogStore, shown: &mut Shown, from: Timestamp, begins: Timestamp) -> Effect {
    logs.begin_earlier(&shown.source);
    shown.reach = Some(Reach { from, begun: false });
    Effect::Reach { source: shown.source.clone(), from, until: begins + OVERLAP }
}

/// Opens the choice of sources, with the shown ones marked.
pub fn pick(state: &mut State) -> Vec<Effect> {
    let marked = state.logs_page.shown.iter().map(|shown| shown.source.clone()).collect();
    state.logs_page.picker = Some(Picker { marked, ..Picker::default() });
    Vec::new()
}

/// Shows the selected record whole; the screen stops.
pub fn detail(state: &mut State) -> Vec<Effect> {
    motion::pause(state);
    if let Some(selected) = View::of(state).selected() {
        let head = fold::head(&state.logs, selected);
        state.logs_page.detail = Some(Detail { head, first: 0 });
    }
    Vec::new()
}

/// Folds or unfolds the selected record.
pub fn fold(state: &mut State) {
    motion::pause(state);
    let Some(selected) = View::of(state).selected() else { return };
    let head = fold::head(&state.logs, selected);
    if fold::tail_len(&state.logs, head) == 0 {
        state.refuse("this record has one line");
        return;
    }
    state.logs_page.folds.flip(head);
    state.logs_page.selected = Some(head);
    motion::settle(state);
    let last = fold::last(&state.logs, head);
    if state.logs_page.folds.is_whole(head) {
        // All of what unfolded comes onto the screen, as far as its first line stays there.
        motion::select(state, last);
        motion::select(state, head);
    }
}

/// Shows or hides the histogram.
pub fn histogram(state: &mut State) {
    let shown = layout(&state.logs_page, state.size).histogram.height > 0;
    state.logs_page.histogram = Some(!shown);
    motion::settle(state);
}
