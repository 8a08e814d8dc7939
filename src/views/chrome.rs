//! The first and the last row: where you are, what is wrong, which keys count.

use ratatui::buffer::Buffer;

use super::{environment, hints};
use crate::domain::health::Health;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::page::Page;
use crate::state::run::Run;
use crate::theme::{Role, Theme};
use crate::widgets::footer;
use crate::widgets::text::{Align, Place, put, put_aligned, put_pieces, width};

/// The first row: program and page at the left; at the right, whether it may change anything, and
/// the time.
pub fn header(state: &State, theme: &Theme, buf: &mut Buffer) {
    let area = state.size.header();
    buf.set_style(area, theme.surface());
    let place = Place { x: 1, y: area.y, width: area.width.saturating_sub(2) };
    let mut pieces = vec![
        ("midwatch".into(), theme.bold(Role::Accent)),
        ("  ".into(), theme.style(Role::Text)),
        (state.nav.page().title().into(), theme.bold(Role::Text)),
    ];
    pieces.extend(environment::markers(state, theme));
    if let Some(caveat) = &state.caveat {
        pieces.push((
            format!("  {} {caveat}", theme.glyphs.health(Health::Degraded)).into(),
            theme.bold(Role::Degraded),
        ));
    }
    let used = put_pieces(buf, place, &pieces, theme) + 2;
    let mode = if state.setup.read_only { "read-only  " } else { "" };
    let right = format!("{mode}{}", clock(state));
    put_aligned(buf, place, &right, theme.style(Role::Muted), Align::Right, theme);
    let taken = width(&right) + 2;
    let runs = runs(state, theme);
    let left =
        Place { x: place.x + used, width: place.width.saturating_sub(taken.saturating_add(used)), ..place };
    put_aligned(buf, left, &runs, theme.bold(Role::Accent), Align::Right, theme);
}

/// The runs that go on and are not looked at: each with what it does, while there is room.
fn runs(state: &State, theme: &Theme) -> String {
    let away = |run: &&Run| *state.nav.page() != Page::Run(run.request);
    let told = state.runs.going_on().filter(away).map(|run| {
        let plan = run.plan.plan();
        let age = Age(run.took(state.now));
        format!("{} {} {} {age}", theme.glyphs.folded, plan.operation.word(), plan.app)
    });
    told.collect::<Vec<_>>().join("  ")
}

/// The last row: a notice while there is one, else the keys that count now.
pub fn footer(state: &State, theme: &Theme, buf: &mut Buffer) {
    let area = state.size.footer();
    buf.set_style(area, theme.surface());
    if let Some(notice) = &state.notice {
        let role = if notice.tone == Health::Up { Role::Up } else { Role::Degraded };
        let place = Place { x: 1, y: area.y, width: area.width.saturating_sub(2) };
        put(buf, place, &notice.text, theme.style(role), theme);
        return;
    }
    footer::draw(buf, area, &hints::row(state, theme, area.width), theme);
}

/// The time in UTC to the minute: seconds would change the screen for nothing.
fn clock(state: &State) -> String {
    let text = state.now.rfc3339();
    text.get(11..16).map(|time| format!("{time} UTC")).unwrap_or_default()
}
