//! The shown values as text.

use std::fmt::Write as _;

use crate::message::effect::Effect;
use crate::state::State;

/// Copies what the shown charts show, the mean of each part, as a table: one row a part in which
/// anything was read, tabs between, times in RFC 3339.
pub fn copy(state: &mut State) -> Vec<Effect> {
    let shown = state.metrics_shown();
    let series: Vec<_> = shown.charts.iter().flat_map(|chart| &chart.series).collect();
    let mut table = String::from("time");
    for one in &series {
        let _ = write!(table, "\t{} {}", one.key.server, one.key.metric);
    }
    table.push('\n');
    let mut rows = 0;
    for bin in 0..shown.window.bins() {
        let values: Vec<_> = series.iter().map(|one| one.bins.get(bin).copied().flatten()).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        table.push_str(&shown.window.at(bin).rfc3339());
        for value in values {
            table.push('\t');
            if let Some(bin) = value {
                let _ = write!(table, "{}", bin.mean);
            }
        }
        table.push('\n');
        rows += 1;
    }
    if rows == 0 {
        state.refuse("there is no value to copy");
        return Vec::new();
    }
    state.say(format!("copied {rows} rows of {} series", series.len()));
    vec![Effect::Copy(table)]
}
