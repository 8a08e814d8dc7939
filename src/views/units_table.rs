//! systemd's units and timers as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::UnitName;
use crate::domain::time::{Age, Timestamp};
use crate::domain::unit::{Timer, Unit};
use crate::state::State;
use crate::state::order::Order;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::Align;

const COLUMNS: [Column; 5] = [
    Column::flexible("unit", 16, 40, 0).with_its_end(),
    Column::fixed("state", 12, Align::Left, 0),
    Column::fixed("since", 5, Align::Right, 1),
    Column::fixed("rst", 4, Align::Right, 2),
    Column::flexible("", 20, 200, 3),
];

/// The column that an order stands for.
const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Name => Some((0, false)),
        Order::Newest => Some((2, false)),
        Order::Restarts => Some((3, true)),
        _ => None,
    }
}

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
        sorted: sorted(page.unit_order.order()),
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

/// How a unit or timer is, and all that is said of it.
pub fn told(state: &State, server: &ServerLive, name: &UnitName) -> Option<(Verdict, String)> {
    let units = server.units.value()?;
    let of = |list: &[Unit], judge: fn(&Unit) -> Verdict| {
        list.iter().find(|unit| unit.name == *name).map(|unit| {
            let verdict = judge(unit);
            let text = text(unit, &verdict);
            (verdict, text)
        })
    };
    of(&units.failed, |unit| verdict(unit, Health::Down))
        .or_else(|| of(&units.flapping, |unit| verdict(unit, Health::Degraded)))
        .or_else(|| {
            let timer = units.timers.iter().find(|timer| timer.name == *name)?;
            let (verdict, last) = last(timer);
            Some((verdict, format!("{last}; {}", next(timer, state.now))))
        })
        .or_else(|| of(&units.services, running))
}

/// What is said of a unit beside its state.
fn text(unit: &Unit, verdict: &Verdict) -> String {
    if matches!(verdict.health, Health::Up | Health::Unknown) {
        unit.description.clone()
    } else {
        format!("{}: {}", unit.result, unit.description)
    }
}

/// How a timer's service last ended.
fn last(timer: &Timer) -> (Verdict, &str) {
    match (timer.last, timer.result.as_str()) {
        (None, _) => (Verdict::up(), "never ran"),
        (_, "") => (Verdict::new(Health::Unknown, "how it last ended is not known"), "not known"),
        (_, "success") => (Verdict::up(), "success"),
        (_, result) => (Verdict::new(Health::Degraded, result), result),
    }
}

/// When a timer runs next, and what it starts.
fn next(timer: &Timer, now: Timestamp) -> String {
    let next = timer
        .next
        .map_or_else(|| "does not run again".to_owned(), |next| format!("next in {}", Age(next.since(now))));
    // One that is not started names nothing.
    match timer.activates.as_str() {
        "" => next,
        name => format!("{next}, starts {name}"),
    }
}

/// One that is only on its way is not called up.
fn running(unit: &Unit) -> Verdict {
    if unit.active == "activating" { verdict(unit, Health::Unknown) } else { Verdict::up() }
}

fn verdict(unit: &Unit, health: Health) -> Verdict {
    Verdict::new(health, unit.result.clone())
}

fn of_unit<'a>(state: &State, unit: &Unit, verdict: &Verdict, theme: &Theme) -> Vec<Cell<'a>> {
    let role = if verdict.health == Health::Up { Role::Muted } else { Theme::health(verdict.health) };
    vec![
        cells::name(verdict, unit.name.as_str(), theme),
        Cell::new(unit.sub.clone(), theme.style(role)),
        ago(unit.since, state, theme),
        Cell::new(unit.restarts.to_string(), theme.style(Role::Muted)),
        Cell::new(text(unit, verdict), theme.style(Role::Muted)),
    ]
}

fn of_timer<'a>(state: &State, timer: &Timer, theme: &Theme) -> Vec<Cell<'a>> {
    let (verdict, last) = last(timer);
    let role = if verdict.health == Health::Up { Role::Muted } else { Theme::health(verdict.health) };
    vec![
        cells::name(&verdict, timer.name.as_str(), theme),
        Cell::new(last.to_owned(), theme.style(role)),
        ago(timer.last, state, theme),
        Cell::empty(),
        Cell::new(next(timer, state.now), theme.style(Role::Muted)),
    ]
}

fn ago<'a>(at: Option<Timestamp>, state: &State, theme: &Theme) -> Cell<'a> {
    at.map_or_else(Cell::empty, |at| cells::age(at, state.now, theme))
}
