//! Access logs as rows: requests a second, the share of them that fails, and times to answer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells::{self, NOTHING};
use super::overview::{count, head, noted};
use crate::domain::access::{AccessKey, AccessStats};
use crate::domain::cadence;
use crate::domain::metric::{Metric, MetricUnit};
use crate::domain::reading::{Freshness, Reading};
use crate::domain::time::Age;
use crate::state::State;
use crate::state::order::Order;
use crate::state::requests::Requests;
use crate::store::fleet::rules::access::ENOUGH;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw, draw_empty};
use crate::widgets::text::{Align, width};

const SPARK: u16 = 8;

const REST: [Column; 8] = [
    Column::flexible("log", 6, 28, 0),
    Column::fixed("req/s", MetricUnit::Number.width() as u16, Align::Right, 0),
    Column::fixed("", SPARK, Align::Left, 3),
    Column::fixed("errors", MetricUnit::Percent.width() as u16, Align::Right, 0),
    Column::fixed("p50", MetricUnit::Millis.width() as u16, Align::Right, 0),
    Column::fixed("p95", MetricUnit::Millis.width() as u16, Align::Right, 0),
    Column::fixed("p99", MetricUnit::Millis.width() as u16, Align::Right, 0),
    Column::flexible("", 14, 200, 2),
];

/// The column that an order stands for, without that of the server.
const fn sorted(order: Order) -> Option<usize> {
    match order {
        Order::Often => Some(1),
        Order::Errors => Some(3),
        Order::Took => Some(5),
        _ => None,
    }
}

/// What of the table is shown.
pub struct Shown<'a> {
    /// The logs.
    pub requests: &'a Requests,
    /// Whether the pane takes the keys.
    pub focused: bool,
    /// Whether the server stands in each row.
    pub with_server: bool,
    /// What is said where there are none.
    pub none: &'a str,
}

/// Draws the pane: a row for each log.
pub fn pane(state: &State, area: Rect, shown: &Shown<'_>, theme: &Theme, buf: &mut Buffer) {
    let it = shown.requests;
    let rows = &it.rows;
    let note = if it.all == 0 { String::new() } else { count(rows.len(), it.all) };
    let note = noted(note, &it.list, area, 2, rows);
    let order = it.order.order();
    let right = match order.word() {
        _ if rows.is_empty() => String::new(),
        "" => "over the last minute".to_owned(),
        word => format!("{word}, over the last minute"),
    };
    let Some(body) = head(buf, area, "REQUESTS", &note, &right, shown.focused, theme) else { return };
    if rows.is_empty() {
        let why = if it.all == 0 { shown.none } else { "no access log passes the filter" };
        return draw_empty(buf, body, why, Role::Muted, theme);
    }
    let mut columns = REST.to_vec();
    if shown.with_server {
        let widest = rows.iter().map(|key| width(key.server.as_str())).max().unwrap_or(0);
        columns.insert(0, Column::fixed("server", widest.clamp(6, 16), Align::Left, 0));
    }
    let window = Window {
        rows: rows.len(),
        first: it.list.first,
        selected: it.list.index().filter(|_| shown.focused),
        focused: shown.focused,
        headed: true,
        sorted: sorted(order).map(|column| (column + usize::from(shown.with_server), true)),
    };
    draw(buf, body, &columns, window, theme, |i| {
        let mut cells = row(state, &rows[i], theme);
        if shown.with_server {
            cells.insert(0, Cell::new(rows[i].server.to_string(), theme.style(Role::Muted)));
        }
        Row { cells, ..Row::default() }
    });
}

fn row<'a>(state: &State, key: &AccessKey, theme: &Theme) -> Vec<Cell<'a>> {
    let server = state.fleet.server(&key.server);
    let reading = server.and_then(|server| server.access.get(&key.label));
    let fresh = server.map_or(Freshness::Never, |server| server.access_freshness(&key.label, state.now));
    let limits = server.map_or(state.setup.thresholds, |server| server.setup.thresholds);
    let told = reading.and_then(Reading::value);
    let number = |value: Option<f32>, unit: MetricUnit, limit: Option<f32>| match value {
        Some(value) => {
            let over = limit.is_some_and(|limit| value > limit);
            Cell::new(unit.text(value), theme.style(cells::role(fresh, over)))
        }
        None => Cell::new(NOTHING, theme.style(Role::Faint)),
    };
    let millis = |of: fn(&AccessStats) -> Option<std::time::Duration>| {
        told.and_then(of).map(|time| time.as_secs_f32() * 1000.0)
    };
    let p95 = limits.p95.as_secs_f32() * 1000.0;
    vec![
        Cell::new(key.label.clone(), theme.style(Role::Text)),
        cells::value(told.map(|it| rate(it.rate)), fresh, theme),
        spark(state, key, fresh, theme),
        number(told.and_then(|it| it.errors).map(|it| it.0), MetricUnit::Percent, Some(limits.error_rate.0)),
        number(millis(|it| it.p50), MetricUnit::Millis, None),
        number(millis(|it| it.p95), MetricUnit::Millis, Some(p95)),
        number(millis(|it| it.p99), MetricUnit::Millis, None),
        note(reading, told, fresh, theme),
    ]
}

/// A rate in at most six cells, always with the digits of its size, so that they stay below each other.
fn rate(value: f64) -> String {
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        ..9_999.5 => format!("{value:.0}"),
        _ => MetricUnit::Number.text(value as f32),
    }
}

/// The course of the rate, against its own highest.
fn spark<'a>(state: &State, key: &AccessKey, fresh: Freshness, theme: &Theme) -> Cell<'a> {
    let metric = Metric::RequestRate(key.label.as_str().into());
    let every = state.fleet.server(&key.server).map_or(cadence::ACCESS, |server| server.cadence.access);
    let values = state.recent_every(&key.server, &metric, usize::from(SPARK), every);
    let top = values.iter().flatten().copied().fold(0.0, f32::max);
    let role = if fresh == Freshness::Fresh { Role::Muted } else { Role::Faint };
    Cell::Spark(values, top, theme.style(role))
}

/// Why a figure is missing, or how old they are.
fn note<'a>(
    reading: Option<&Reading<AccessStats>>,
    told: Option<&AccessStats>,
    fresh: Freshness,
    theme: &Theme,
) -> Cell<'a> {
    let failure = reading.and_then(|reading| reading.failure.as_ref()).map(|(failure, _)| failure.reason());
    let (text, role) = match (fresh, failure, told) {
        (Freshness::Stale(age), Some(why), _) => (format!("{} old: {why}", Age(age)), Role::Down),
        (_, Some(why), _) => (why, Role::Down),
        (Freshness::Stale(age), None, _) => (format!("{} old", Age(age)), Role::Unknown),
        (Freshness::Never, ..) | (_, _, None) => ("not read yet".to_owned(), Role::Unknown),
        (Freshness::Fresh, _, Some(it)) if it.unread > 0 => {
            (format!("{} unread lines", it.unread), Role::Degraded)
        }
        (Freshness::Fresh, _, Some(it)) if it.requests == 0 => ("no requests".to_owned(), Role::Muted),
        (Freshness::Fresh, _, Some(it)) if it.requests < ENOUGH => {
            (format!("too few (<{ENOUGH})"), Role::Muted)
        }
        (Freshness::Fresh, _, Some(it)) if it.p50.is_none() => ("no times told".to_owned(), Role::Muted),
        (Freshness::Fresh, ..) => (String::new(), Role::Muted),
    };
    Cell::new(text, theme.style(role))
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn a_rate_keeps_its_digits() {
        let rates = [0.0, 9.0, 26.0, 99.96, 1234.4, 12_345.0].map(rate);
        assert_eq!(rates, ["0.00", "9.00", "26.0", "100", "1234", "12.3k"]);
    }
}
