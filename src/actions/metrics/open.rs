//! Opening the page on servers, choosing others, and asking the database for what is not live.

use crate::domain::failure::Failure;
use crate::domain::ids::{RequestId, ServerId};
use crate::domain::metric::Metric;
use crate::domain::past::{Kept, Past, PastNews};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::metrics::MOST_SERVERS;
use crate::state::metrics::picker::{Choice, Picker};
use crate::state::overlay::Overlay;
use crate::state::page::Page;

/// Opens the page on these servers, laid over each other, with the usual metrics; where it was open
/// on them already it stays as it is.
pub fn open(state: &mut State, servers: &[ServerId]) -> Vec<Effect> {
    if !servers.is_empty() && servers != state.metrics.servers.as_slice() {
        state.metrics.metrics.clear();
        show(state, servers.to_vec());
    }
    state.nav.open(Page::Metrics);
    if state.metrics.servers.is_empty() {
        return pick(state);
    }
    ask(state)
}

/// Opens the page on one metric of a server.
pub fn open_on(state: &mut State, server: &ServerId, metric: Metric) -> Vec<Effect> {
    show(state, vec![server.clone()]);
    state.metrics.metrics = vec![metric];
    state.nav.open(Page::Metrics);
    ask(state)
}

/// Opens the choice of metrics and servers, with what is shown marked.
pub fn pick(state: &mut State) -> Vec<Effect> {
    let page = &state.metrics;
    let metrics = page.metrics().iter().cloned().map(Choice::Metric);
    let servers = page.servers.iter().cloned().map(Choice::Server);
    let marked = metrics.chain(servers).collect();
    let request = state.next_request();
    state.metrics.picker = Some(Picker { marked, asked: Some(request), ..Picker::default() });
    vec![Effect::Kept(request)]
}

/// Takes what the database holds into the choice that asked for it, if that is open still.
pub fn offered(state: &mut State, request: RequestId, kept: Kept) {
    if let Some(picker) = state.metrics.picker.as_mut().filter(|it| it.asked == Some(request)) {
        picker.asked = None;
        picker.kept = kept;
    }
}

/// Whether a failure was the answer to a choice: it offers what is live then, and the page says by
/// itself why there is no more.
pub fn not_offered(state: &mut State, request: RequestId) -> bool {
    let picker = state.metrics.picker.as_mut();
    picker.and_then(|it| it.asked.take_if(|asked| *asked == request)).is_some()
}

/// Shows what was chosen, and of that what was not shown before first: its chart may stand below the others.
pub fn picked(state: &mut State, servers: Vec<ServerId>, metrics: Vec<Metric>) -> Vec<Effect> {
    let new = metrics.iter().find(|metric| !state.metrics.metrics().contains(metric)).cloned();
    show(state, servers);
    let page = &mut state.metrics;
    page.metrics = metrics;
    let charts = page.charts();
    page.focused = new.and_then(|new| charts.iter().position(|it| it.metrics.contains(&new))).unwrap_or(0);
    ask(state)
}

fn show(state: &mut State, mut servers: Vec<ServerId>) {
    if servers.len() > MOST_SERVERS {
        state.refuse(format!("{} servers were chosen; the first {MOST_SERVERS} are shown", servers.len()));
        servers.truncate(MOST_SERVERS);
    }
    let page = &mut state.metrics;
    page.servers = servers;
    page.focused = 0;
    page.alone = false;
}

/// Asks the database, where what is shown is not all at hand.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let window = state.metrics_window();
    let keys = state.metrics_keys();
    if keys.is_empty() {
        return Vec::new();
    }
    let Some(query) = state.metrics.past.wanted(&keys, window.from, window.to.min(state.now), state.now)
    else {
        return Vec::new();
    };
    let request = state.next_request();
    state.metrics.past.asked = Some((request, query.clone()));
    vec![Effect::Past(request, query)]
}

/// Takes the database's answer; gives back whether it was one to this page's last question.
pub fn answered(state: &mut State, request: RequestId, answer: Result<Past, Failure>) -> bool {
    state.metrics.past.answer(request, answer)
}

/// Takes news of the database. A file that was replaced stays on the screen until it is dismissed:
/// nothing else tells where the old one is.
pub fn news(state: &mut State, news: PastNews) -> Vec<Effect> {
    match news {
        PastNews::Kept => {
            state.metrics.not_kept = None;
            state.metrics.past.forget();
            state.say("history is kept again");
        }
        PastNews::Stopped(failure) => {
            state.refuse(format!("no history: {}", failure.reason()));
            state.metrics.not_kept = Some(failure);
        }
        PastNews::Replaced(failure) => {
            state.metrics.not_kept = None;
            state.metrics.past.forget();
            state.overlays.push(Overlay::Failure(failure));
        }
    }
    Vec::new()
}
