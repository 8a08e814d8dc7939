//! Changing what passes the filters, and the searches that this takes.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::ids::RequestId;
use crate::message::effect::{Effect, SearchLogs, SearchPurpose};
use crate::state::State;
use crate::state::logs::filters::{self, Filters, Manner};
use crate::state::logs::search::Search;
use crate::state::logs::view::ids;
use crate::state::logs::{LogsPage, motion};
use crate::store::logs::{Hits, Query, SegmentHits, Unsearched, search};

/// So few bytes of new lines are searched at once: that costs less than handing them over.
const AT_ONCE: usize = 16 * 1024;

/// The next least level.
pub fn next_level(state: &mut State) -> Vec<Effect> {
    state.logs_page.filters.next_level();
    changed(state)
}

/// Adds a term.
pub fn add(state: &mut State, manner: Manner, text: &str) -> Vec<Effect> {
    state.logs_page.filters.add(manner, text);
    changed(state)
}

/// Clears everything.
pub fn clear(state: &mut State) -> Vec<Effect> {
    state.logs_page.filters = Filters::default();
    state.logs_page.marked.clear();
    changed(state)
}

/// Takes back the last term, else the stretch of time, else the level.
pub fn undo(state: &mut State) -> Vec<Effect> {
    let filters = &mut state.logs_page.filters;
    if filters.terms.pop().is_none() && filters.until.take().is_none() && filters.since.take().is_none() {
        filters.level = None;
    }
    changed(state)
}

/// After the filters or the sources changed: everything is searched anew.
pub fn changed(state: &mut State) -> Vec<Effect> {
    let page = &mut state.logs_page;
    let colored = page.filters.terms.iter().filter(|term| term.manner != Manner::Exclude);
    page.colored = colored.filter_map(|term| filters::colored(&term.text)).collect();
    page.anchor = page.selected;
    page.bars.counted = None;
    let query = page.filters.narrow().then(|| page.filters.query());
    let mut effects = begin(state, SearchPurpose::Filter, query);
    motion::settle(state);
    effects.extend(sought(state));
    effects
}

/// After what is looked for changed.
pub fn sought(state: &mut State) -> Vec<Effect> {
    let page = &mut state.logs_page;
    page.sought = filters::colored(&page.filters.find).filter(|_| !page.filters.find.trim().is_empty());
    let query = page.filters.find_query();
    begin(state, SearchPurpose::Find, query)
}

/// After lines came: what is new is searched too.
pub fn more(state: &mut State) -> Vec<Effect> {
    let mut effects = go_on(state, SearchPurpose::Filter);
    effects.extend(go_on(state, SearchPurpose::Find));
    effects
}

/// Takes what a search found; what answers an earlier one is ignored.
pub fn found(state: &mut State, request: RequestId, segments: Vec<SegmentHits>, done: bool) -> Vec<Effect> {
    for purpose in [SearchPurpose::Filter, SearchPurpose::Find] {
        let of = search_of(&mut state.logs_page, purpose);
        if of.request != Some(request) {
            continue;
        }
        let hits = Arc::make_mut(&mut of.hits);
        for found in segments {
            hits.take(found);
        }
        of.running = !done;
        match purpose {
            SearchPurpose::Filter if state.logs_page.awaited.is_some() => motion::go_on_waiting(state),
            SearchPurpose::Filter => resettle(state, done),
            SearchPurpose::Find => seek(state),
        }
        // Lines that came while it ran.
        return if done { go_on(state, purpose) } else { Vec::new() };
    }
    Vec::new()
}

/// Forgets what was found in lines that are no longer held.
pub fn forget_dropped(state: &mut State) {
    let State { logs, logs_page, .. } = state;
    for of in [&mut logs_page.passing, &mut logs_page.found] {
        if of.matcher.is_some() {
            Arc::make_mut(&mut of.hits).keep(|key| logs.line(key.source, key.first).is_some());
        }
    }
}

fn begin(state: &mut State, purpose: SearchPurpose, query: Option<Query>) -> Vec<Effect> {
    // A mistake was told when it was typed; what cannot be compiled never gets here.
    let matcher = query.and_then(|query| query.compile().ok());
    *search_of(&mut state.logs_page, purpose) = Search { matcher, ..Search::default() };
    go_on(state, purpose)
}

/// Searches what was not searched yet, unless a search is under way.
fn go_on(state: &mut State, purpose: SearchPurpose) -> Vec<Effect> {
    let sources = ids(&state.logs_page);
    let request = state.next_request();
    let State { logs, logs_page, .. } = state;
    let of = search_of(logs_page, purpose);
    let Some(matcher) = of.matcher.as_ref().filter(|_| !of.running) else { return Vec::new() };
    let work = Unsearched::of(&logs.snapshot(&sources), &of.hits);
    if work.is_empty() {
        return Vec::new();
    }
    if of.request.is_some() && work.bytes() <= AT_ONCE {
        let found = Mutex::new(Vec::new());
        let keep = |segments: Vec<SegmentHits>| {
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(segments);
        };
        search(&work, matcher, 1, &|| false, &keep);
        let hits: &mut Hits = Arc::make_mut(&mut of.hits);
        found.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().for_each(|it| hits.take(it));
        return Vec::new();
    }
    let matcher = matcher.clone();
    of.request = Some(request);
    of.running = true;
    vec![Effect::SearchLogs(request, SearchLogs { purpose, matcher, work })]
}

/// While the filters are searched for, the screen stays by the line at which they were changed.
fn resettle(state: &mut State, done: bool) {
    if let Some(anchor) = state.logs_page.anchor {
        state.logs_page.selected = Some(anchor);
        motion::settle(state);
    }
    if done {
        state.logs_page.anchor = None;
    }
}

/// Goes to what was found nearest to where the reader was: further up before further down.
fn seek(state: &mut State) {
    let Some(from) = state.logs_page.seek else { return };
    if motion::to_nearest_found(state, from) {
        let running = state.logs_page.found.running;
        state.logs_page.seek = running.then_some(from);
    }
}

fn search_of(page: &mut LogsPage, purpose: SearchPurpose) -> &mut Search {
    match purpose {
        SearchPurpose::Filter => &mut page.passing,
        SearchPurpose::Find => &mut page.found,
    }
}
