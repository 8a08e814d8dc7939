//! Problems as rows: how bad, where, why, what else it takes with it, since when.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::health::Health;
use crate::domain::problem::{Problem, Target};
use crate::state::State;
use crate::state::overview::target_name;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::{Align, width};

/// The widest that a place is drawn, and the part of the row beyond which it leaves the rest to the
/// reason.
const PLACE: u16 = 32;
const PART: u16 = 3;

/// The columns of a row of so many cells, where no place is wider than `place` cells.
fn columns(place: u16, cells: u16) -> [Column; 4] {
    let place = place.min(PLACE).min(cells / PART).max(6);
    [
        Column::fixed("", 10, Align::Left, 0),
        Column::flexible("", place.min(20), place, 0).with_its_end(),
        Column::flexible("", 20, 400, 0),
        Column::fixed("since", 4, Align::Right, 0),
    ]
}

/// Draws the problems that are shown.
pub fn draw_rows(state: &State, body: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let window = Window {
        rows: overview.problem_rows.len(),
        first: overview.problems.first,
        selected: overview.problems.index().filter(|_| focused),
        focused,
        ..Window::default()
    };
    let problems = state.fleet.problems().iter();
    let widest = problems.map(|problem| width(&place(state, &problem.target))).max().unwrap_or(0);
    draw(buf, body, &columns(widest, body.width), window, theme, |i| {
        let id = &overview.problem_rows[i];
        let problem = state.fleet.problems().iter().find(|problem| problem.id == *id);
        let marked = overview.problems.marked.contains(id);
        problem.map_or_else(Row::default, |problem| Row { cells: row(state, problem, theme), marked })
    });
}

fn row<'a>(state: &State, problem: &Problem, theme: &Theme) -> Vec<Cell<'a>> {
    let role = Theme::health(problem.severity);
    let word = format!("{} {}", theme.glyphs.health(problem.severity), word(state, problem));
    let mut cause = vec![(problem.cause.clone().into(), theme.style(Role::Text))];
    if !problem.affects.is_empty() {
        let others =
            format!("  takes {} with it: {}", problem.affects.len(), affected(state, &problem.affects));
        cause.push((others.into(), theme.style(Role::Muted)));
    }
    vec![
        Cell::new(word, theme.bold(role)),
        Cell::new(place(state, &problem.target), theme.style(Role::Text)),
        Cell::Pieces(cause),
        cells::age(problem.since, state.now, theme),
    ]
}

/// How bad it is, in a word. A server that is reached is not down, whatever is as bad on it.
pub fn word(state: &State, problem: &Problem) -> &'static str {
    let reached = |id| state.fleet.server(id).is_some_and(|it| it.verdict().health != Health::Down);
    match &problem.target {
        Target::Server(id) if problem.severity == Health::Down && reached(id) => "severe",
        _ => problem.severity.word(),
    }
}

fn affected(state: &State, targets: &[Target]) -> String {
    let mut names: Vec<String> = targets.iter().take(4).map(|target| place(state, target)).collect();
    if targets.len() > names.len() {
        names.push(format!("{} more", targets.len() - names.len()));
    }
    names.join(", ")
}

/// How a target is called: containers by their name where it is known.
pub fn place(state: &State, target: &Target) -> String {
    if let Target::Container(key) = target
        && let Some(container) = state.fleet.server(&key.server).and_then(|server| server.container(&key.id))
    {
        return format!("{}/{}", key.server, container.name);
    }
    target_name(target)
}
