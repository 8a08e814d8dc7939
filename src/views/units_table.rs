//! systemd's units and timers as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::health::{Health, Verdict};
use crate::domain::time::{Age, Timestamp};
use crate::domain::unit::{Timer, Unit};
use crate::state::State;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::Align;

const COLUMNS: [Column; 5] = [
    Column::flexible("unit", 16, 40, 0),
    Column::fixed("state", 12, Align::Left, 0),
    Column::fixed("since", 5, Align::Right, 1),
    Column::fixed("rst", 4, Align::Right, 2),
    Column::flexible("", 20, 200, 3),
];

/// Draws the units that are shown.
pub fn draw_rows(
    state: &State,
    server: &ServerLive,
    body: Rect,
    focused: bool,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let page = &state.server;
    let Some(units) = server.units.value() else { return };
    let window = Window {
        rows: page.unit_rows.len(),
        first: page.units.first,
        selected: page.units.index().filter(|_| focused),
        focused,
        headed: true,
        sorted: None,
    };
    draw(buf, body, &COLUMNS, window, theme, |i| {
        let name = &page.unit_rows[i];
        let marked = page.units.marked.contains(name);
        let unit = |list: &[Unit]| list.iter().position(|unit| unit.name == *name);
        let cells = if let Some(i) = unit(&units.failed) {
            of_unit(state, &units.failed[i], &verdict(&units.failed[i], Health::Down), theme)
        } else if let Some(i) = unit(&units.flapping) {
            of_unit(state, &units.flapping[i], &verdict(&units.flapping[i], Health::Degraded), theme)
        } else if let Some(timer) = units.timers.iter().find(|timer| timer.name == *name) {
            of_timer(state, timer, theme)
        } else if let Some(i) = unit(&units.services) {
            of_unit(state, &units.services[i], &running(&units.services[i]), theme)
        } else {
            Vec::new()
        };
        Row { cells, marked }
    });
}

/// One that is only on its way is not called up.
fn running(unit: &Unit) -> Verdict {
    if unit.active == "activating" { verdict(unit, Health::Unknown) } else { Verdict::up() }
}

fn verdict(unit: &Unit, health: Health) -> Verdict {
    Verdict::new(health, unit.result.clone())
}

fn of_unit<'a>(state: &State, unit: &Unit, verdict: &Verdict, theme: &Theme) -> Vec<Cell<'a>> {
    let well = matches!(verdict.health, Health::Up | Health::Unknown);
    let role = if verdict.health == Health::Up { Role::Muted } else { Theme::health(verdict.health) };
    let text = if well { unit.description.clone() } else { format!("{}: {}", unit.result, unit.description) };
    vec![
        cells::name(verdict, unit.name.as_str(), theme),
        Cell::new(unit.sub.clone(), theme.style(role)),
        ago(unit.since, state, theme),
        Cell::new(unit.restarts.to_string(), theme.style(Role::Muted)),
        Cell::new(text, theme.style(Role::Muted)),
    ]
}

fn of_timer<'a>(state: &State, timer: &Timer, theme: &Theme) -> Vec<Cell<'a>> {
    let good = timer.result == "success" || timer.result.is_empty();
    let verdict = if good { Verdict::up() } else { Verdict::new(Health::Degraded, timer.result.clone()) };
    let next = timer.next.map_or_else(
        || "does not run again".to_owned(),
        |next| format!("next in {}", Age(next.since(state.now))),
    );
    let last = if timer.last.is_none() { "never ran".to_owned() } else { timer.result.clone() };
    vec![
        cells::name(&verdict, timer.name.as_str(), theme),
        Cell::new(last, theme.style(if good { Role::Muted } else { Role::Degraded })),
        ago(timer.last, state, theme),
        Cell::empty(),
        Cell::new(format!("{next}, starts {}", timer.activates), theme.style(Role::Muted)),
    ]
}

fn ago<'a>(at: Option<Timestamp>, state: &State, theme: &Theme) -> Cell<'a> {
    at.map_or_else(Cell::empty, |at| cells::age(at, state.now, theme))
}
