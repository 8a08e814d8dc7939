//! The lines of the shown servers at the time of the cursor.

use std::time::Duration;

use crate::message::effect::Effect;
use crate::state::State;
use crate::state::logs::{narrow, open};

/// How much before and after the cursor's cell is shown: what is read on a chart began earlier, and
/// the clocks of servers differ.
const AROUND: Duration = Duration::from_secs(30);

/// Opens the logs page on the journal and the containers of the shown servers; where there is a
/// cursor, on the lines around its time and no others, until the reader takes that filter away.
pub fn open_at_cursor(state: &mut State) -> Vec<Effect> {
    let servers = state.metrics.servers.clone();
    let sources = servers.iter().flat_map(|server| state.server_sources(server)).collect();
    let window = state.metrics_window();
    let cell = state.metrics.cursor.and_then(|at| window.column(at)).map(|column| {
        let middle = window.middle(column);
        (middle - window.part() - AROUND, middle + window.part() + AROUND)
    });
    let mut effects = open::open(state, sources);
    if let Some((since, until)) = cell {
        state.logs_page.filters.since = Some(since);
        state.logs_page.filters.until = Some(until);
        effects.extend(open::reach_back(state, since));
        effects.extend(narrow::changed(state));
    }
    effects.push(state.watch());
    effects
}
