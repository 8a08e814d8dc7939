//! News of followed logs: lines, gaps, trouble.

use super::LogsPage;
use super::{motion, narrow, open};
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::time::Timestamp;
use crate::message::effect::Effect;
use crate::message::log_batch::{LogBatch, Part};
use crate::state::State;
use crate::state::logs::shown::{Shown, Stream};

/// Takes lines into the store.
pub fn take(state: &mut State, batch: LogBatch) -> Vec<Effect> {
    match batch.part {
        Part::Followed => followed(state, batch),
        Part::Earlier => earlier(state, &batch),
        Part::EarlierEnd(failure) => ended(state, &batch.source, failure),
    }
}

fn followed(state: &mut State, batch: LogBatch) -> Vec<Effect> {
    let LogBatch { source, chunk, gap, .. } = batch;
    let begins = chunk.is_empty() && gap == 0;
    let is_lost = state.fleet.server(&source.server).is_some_and(|server| server.link_lost.is_some());
    let shown = state.logs_page.shown.iter_mut().find(|shown| shown.source == source);
    let is_shown = shown.is_some();
    if let Some(shown) = shown {
        if shown.stale && !begins {
            return Vec::new();
        }
        shown.stale = false;
        // The last lines of a connection may come after the news that it is lost.
        if begins || !is_lost {
            shown.stream = Stream::Following;
        }
    }
    if !state.run_log.came(&source, begins) {
        return Vec::new();
    }
    if gap > 0 {
        let at = chunk.lines().next().map_or(state.now, |(_, at, ..)| at);
        let count = (gap != LogBatch::UNCOUNTED).then_some(gap);
        state.logs.gap(&source, count, at);
    }
    state.logs.append(&source, &chunk, state.now);
    if !is_shown {
        return Vec::new();
    }
    let effects = narrow::more(state);
    motion::go_on_waiting(state);
    effects
}

/// Takes lines of before what is held, as long as someone waits for them.
fn earlier(state: &mut State, batch: &LogBatch) -> Vec<Effect> {
    let LogBatch { source, chunk, gap, .. } = batch;
    let shown = state.logs_page.shown.iter_mut().find(|shown| shown.source == *source);
    let Some(reach) = shown.and_then(|shown| shown.reach.as_mut()) else { return Vec::new() };
    reach.begun |= chunk.is_empty() && *gap == 0;
    if !reach.begun || (chunk.is_empty() && *gap == 0) {
        return Vec::new();
    }
    state.logs.append_earlier(source, chunk, (*gap != LogBatch::UNCOUNTED).then_some(*gap));
    state.logs_page.bars.counted = None;
    let effects = narrow::more(state);
    motion::go_on_waiting(state);
    effects
}

/// What someone went back for is read; what was asked for meanwhile is read next.
fn ended(state: &mut State, source: &LogSource, failure: Option<Failure>) -> Vec<Effect> {
    let Some(shown) = state.logs_page.shown.iter_mut().find(|shown| shown.source == *source) else {
        return Vec::new();
    };
    // One that could not even begin has no other sign.
    let Some(reach) = shown.reach.filter(|reach| reach.begun || failure.is_some()) else { return Vec::new() };
    shown.reach = None;
    state.logs.end_earlier(source);
    if let Some(failure) = failure {
        shown.back_to = None;
        state.refuse(format!("{source} could not be read further back: {}", failure.reason()));
        return Vec::new();
    }
    let begins = state.logs.sources().find(|info| info.id == shown.id).and_then(|info| info.span);
    if let (Some(to), Some((begins, _))) = (shown.back_to.filter(|to| *to < reach.from), begins) {
        return vec![open::reach(&mut state.logs, shown, to, begins)];
    }
    // What the page was opened on may come by the streams themselves.
    let page = &mut state.logs_page;
    if page.stretch.is_none() && page.shown.iter().all(|shown| shown.reach.is_none()) {
        page.awaited = None;
    }
    Vec::new()
}

impl LogsPage {
    /// The connection that the logs of a server came over is gone: nothing comes until they begin again.
    pub fn lost(&mut self, server: &ServerId, failure: &Failure, at: Timestamp) {
        for shown in self.shown.iter_mut().filter(|shown| shown.source.server == *server) {
            shown.stream.fail(failure.clone(), at);
        }
    }

    /// Takes the failure of a follow.
    pub fn failed(&mut self, server: &ServerId, stream: &LogStream, failure: Failure, at: Timestamp) {
        let is_it = |shown: &&mut Shown| shown.source.server == *server && shown.source.stream == *stream;
        if let Some(shown) = self.shown.iter_mut().find(is_it) {
            shown.stream.fail(failure, at);
        }
    }
}
