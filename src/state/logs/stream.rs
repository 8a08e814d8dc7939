//! News of followed logs: lines, gaps, trouble.

use super::LogsPage;
use super::narrow;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::log_source::LogStream;
use crate::domain::time::Timestamp;
use crate::message::effect::Effect;
use crate::message::log_batch::LogBatch;
use crate::state::State;
use crate::state::logs::shown::{Shown, Stream};

/// Takes lines into the store.
pub fn take(state: &mut State, batch: LogBatch) -> Vec<Effect> {
    let LogBatch { source, chunk, gap } = batch;
    let begins = chunk.is_empty() && gap == 0;
    let shown = state.logs_page.shown.iter_mut().find(|shown| shown.source == source);
    let is_shown = shown.is_some();
    if let Some(shown) = shown {
        if shown.stale && !begins {
            return Vec::new();
        }
        shown.stale = false;
        shown.stream = Stream::Following;
    }
    if gap > 0 {
        let at = chunk.lines().next().map_or(state.now, |(_, at, ..)| at);
        let count = (gap != LogBatch::UNCOUNTED).then_some(gap);
        state.logs.gap(&source, count, at);
    }
    state.logs.append(&source, &chunk, state.now);
    if is_shown { narrow::more(state) } else { Vec::new() }
}

impl LogsPage {
    /// Takes the failure of a follow.
    pub fn failed(&mut self, server: &ServerId, stream: &LogStream, failure: Failure, at: Timestamp) {
        let is_it = |shown: &&mut Shown| shown.source.server == *server && shown.source.stream == *stream;
        if let Some(shown) = self.shown.iter_mut().find(is_it) {
            shown.stream.fail(failure, at);
        }
    }
}
