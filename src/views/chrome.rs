//! The first and the last row: where you are, what is wrong, which keys count.

use ratatui::buffer::Buffer;

use super::environment;
use crate::actions;
use crate::domain::health::Health;
use crate::domain::time::Age;
use crate::keys::keymap::Scope;
use crate::state::State;
use crate::state::page::Page;
use crate::state::run::Run;
use crate::theme::{Role, Theme};
use crate::widgets::footer::{self, Hint};
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

/// The last row: a notice while there is one, else the keys of this page.
pub fn footer(state: &State, theme: &Theme, buf: &mut Buffer) {
    let area = state.size.footer();
    buf.set_style(area, theme.surface());
    if let Some(notice) = &state.notice {
        let role = if notice.tone == Health::Up { Role::Up } else { Role::Degraded };
        let place = Place { x: 1, y: area.y, width: area.width.saturating_sub(2) };
        put(buf, place, &notice.text, theme.style(role), theme);
        return;
    }
    footer::draw(buf, area, &fitting(hints(state), area.width), theme);
}

/// The keys of the page first, then those that count everywhere.
fn hints(state: &State) -> Vec<Hint> {
    let page = state.nav.page().scope();
    let of = |scope: Scope| {
        actions::all().filter(move |action| action.in_footer && action.scope == scope).filter_map(|action| {
            Some(Hint {
                // A chord that the page gives to another action does not count here.
                key: state.keymap.chords_on(page, action.id).next()?.label(),
                word: action.title,
                enabled: (action.available)(state).is_ok(),
            })
        })
    };
    // What counts on lists alone is not shown where there are none.
    let lists = matches!(page, Scope::Overview | Scope::Server | Scope::App | Scope::Checks);
    let everywhere = of(Scope::Everywhere).filter(|hint| lists || hint.enabled);
    // A change is offered where it can be planned, and not where one is planned or done already.
    let changes = |hint: &Hint| matches!(hint.word, "deploy" | "releases");
    of(page).chain(everywhere.filter(|hint| !changes(hint) || (lists && hint.enabled))).collect()
}

/// What goes first where not all hints have room: what cannot be done, then what `?` tells as well.
const FIRST_TO_GO: [&str; 3] = ["filter", "sort", "metrics"];

/// What stays in any case: the way to all that was left out, and the way out.
const STAYS: [&str; 2] = ["help", "quit"];

fn fitting(mut hints: Vec<Hint>, cells: u16) -> Vec<Hint> {
    let needed = |hints: &[Hint]| -> u16 {
        hints.iter().map(|hint| width(&hint.key) + width(hint.word) + 3).fold(0, u16::saturating_add)
    };
    if needed(&hints) > cells {
        hints.retain(|hint| hint.enabled);
    }
    for word in FIRST_TO_GO {
        if needed(&hints) > cells {
            hints.retain(|hint| hint.word != word);
        }
    }
    while needed(&hints) > cells {
        let Some(last) = hints.iter().rposition(|hint| !STAYS.contains(&hint.word)) else { break };
        hints.remove(last);
    }
    hints
}

/// The time in UTC to the minute: seconds would change the screen for nothing.
fn clock(state: &State) -> String {
    let text = state.now.rfc3339();
    text.get(11..16).map(|time| format!("{time} UTC")).unwrap_or_default()
}
