//! The keys of the last row: those that do something now, in what has the keys. Where something lies
//! above a page, or is typed, those of the page do not count and are not shown.

use super::{help, inspect};
use crate::actions::{self, palette};
use crate::domain::question::Question;
use crate::keys::keymap::Scope;
use crate::state::State;
use crate::state::logs::{motion, picker as sources};
use crate::state::metrics::picker as charts;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::theme::Theme;
use crate::widgets::footer::Hint;
use crate::widgets::text::width;

/// What counts now, the most important first, as far as there is room.
pub fn row(state: &State, theme: &Theme, cells: u16) -> Vec<Hint> {
    if let Some(overlay) = state.overlays.last() {
        return fitting(above(state, overlay, theme), cells);
    }
    let within = match state.nav.page() {
        Page::Logs => in_logs(state),
        Page::Metrics => in_metrics(state),
        _ => None,
    };
    fitting(within.unwrap_or_else(|| of_page(state, cells)), cells)
}

/// The keys that answer what a task asks.
pub fn question(question: &Question) -> Vec<Hint> {
    match question {
        Question::UnknownHostKey { .. } => {
            vec![Hint::new("y", "it is the right one"), Hint::new("n", "do not connect")]
        }
        Question::Passphrase { .. } => {
            vec![Hint::new("enter", "go on"), Hint::new("esc", "without this key")]
        }
    }
}

fn above(state: &State, overlay: &Overlay, theme: &Theme) -> Vec<Hint> {
    match overlay {
        Overlay::Help { .. } => read(help::scrolls(state, theme)),
        Overlay::Inspect { what, .. } => read(inspect::scrolls(state, what)),
        Overlay::Palette { input, .. } => {
            list("do it", "leave", palette::candidates(state, input.text()).len())
        }
        Overlay::Themes { names, .. } => list("take it", "as it was", names.len()),
        Overlay::Question { question: asked, .. } => question(asked),
        Overlay::Prompt(prompt) => prompt.keys(),
        Overlay::Opening { .. } => vec![Hint::new("esc", "leave it")],
        Overlay::Failure(_) => vec![Hint::new("esc", "dismiss")],
    }
}

/// What is only read.
fn read(scrolls: bool) -> Vec<Hint> {
    let mut keys = vec![Hint::new("esc", "close")];
    if scrolls {
        keys.extend([
            Hint::new("↑↓", "scroll"),
            Hint::new("pgdn", "page down"),
            Hint::new("pgup", "page up"),
        ]);
    }
    keys
}

/// A list of so many, of which one is taken.
fn list(take: &'static str, leave: &'static str, rows: usize) -> Vec<Hint> {
    let mut keys = Vec::new();
    if rows > 0 {
        keys.push(Hint::new("enter", take));
    }
    if rows > 1 {
        keys.push(Hint::new("↑↓", "choose"));
    }
    keys.push(Hint::new("esc", leave));
    keys
}

/// The key that marks in a choice: where something is typed, a space belongs to that.
fn mark(space: bool) -> Hint {
    Hint::new(if space { "space" } else { "tab" }, "mark")
}

/// What is typed or lies above the lines.
fn in_logs(state: &State) -> Option<Vec<Hint>> {
    let page = &state.logs_page;
    if let Some(picker) = &page.picker {
        let offers = sources::offers(state, picker.input.text());
        let mut keys = Vec::new();
        if !offers.is_empty() {
            keys.extend([mark(picker.space_marks()), Hint::new("^a", "all")]);
        }
        let shown = if picker.marked.is_empty() { offers.len() } else { offers.len().max(1) };
        keys.extend(list("show", "leave", shown));
        return Some(keys);
    }
    if let Some(prompt) = &page.prompt {
        let take = prompt.mistake.is_none().then(|| Hint::new("enter", "take it"));
        return Some(take.into_iter().chain([Hint::new("esc", "leave it")]).collect());
    }
    let shown = page.detail.as_ref()?;
    let mut keys = vec![Hint::new("esc", "close"), Hint::new("y", "copy")];
    if super::logs::detail::scrolls(state, shown) {
        keys.extend([Hint::new("↑↓", "scroll"), Hint::new("pgdn", "page down")]);
    }
    for (key, word, forward) in [("→", "next", true), ("←", "before", false)] {
        if motion::beside(state, shown.head, forward).is_some() {
            keys.push(Hint::new(key, word));
        }
    }
    keys.push(Hint::new("e", "error"));
    Some(keys)
}

/// The choice above the charts.
fn in_metrics(state: &State) -> Option<Vec<Hint>> {
    let picker = state.metrics.picker.as_ref()?;
    let offers = charts::offers(state, picker);
    let mut keys = Vec::new();
    if !offers.is_empty() {
        keys.push(mark(picker.space_marks()));
    }
    if picker.marked.iter().any(|choice| matches!(choice, charts::Choice::Server(_))) {
        keys.push(Hint::new("enter", "show"));
    }
    if offers.len() > 1 {
        keys.push(Hint::new("↑↓", "choose"));
    }
    keys.push(Hint::new("esc", "leave"));
    Some(keys)
}

/// The keys of the page first, then those that count everywhere.
fn of_page(state: &State, cells: u16) -> Vec<Hint> {
    let page = state.scope();
    let of = |scope: Scope| {
        actions::all().filter(move |action| action.in_footer && action.scope == scope).filter_map(|action| {
            // A chord that the page gives to another action does not count here; of leaving, no other
            // stands for it.
            let mut chords = state.keymap.chords_on(page, action.id);
            let first = state.keymap.chords(action.id).next();
            let chord =
                if action.id == BACK { chords.next().filter(|it| Some(*it) == first) } else { chords.next() };
            Some(Hint { key: chord?.label(), word: action.title, enabled: (action.available)(state).is_ok() })
        })
    };
    // What counts on lists alone is not shown where there are none.
    let lists =
        matches!(page, Scope::Overview | Scope::Server | Scope::App | Scope::Checks | Scope::Datastore);
    let everywhere = of(Scope::Everywhere).filter(|hint| lists || hint.enabled);
    // A change is offered where it can be planned, and not where one is planned or done already.
    let changes = |hint: &Hint| matches!(hint.word, "deploy" | "releases");
    let everywhere = everywhere.filter(|hint| !changes(hint) || (lists && hint.enabled));
    // What cannot be done with the selected row keeps its place there; elsewhere it is not shown.
    let steady = lists || matches!(page, Scope::Logs | Scope::Metrics);
    // The way back where there is one, a new try where one is wanted.
    let lost = state.servers_to_try().iter().any(|server| state.is_lost(server));
    let leaves = |hint: &Hint| match hint.word {
        BACK => hint.enabled,
        TRY => lost && hint.enabled,
        _ => true,
    };
    let mut all: Vec<Hint> =
        of(page).filter(|hint| steady || hint.enabled).chain(everywhere).filter(leaves).collect();
    // Hands know the way back; where the page has much to tell, it is told by `?`.
    if steady && needed(&all) > cells {
        all.retain(|hint| hint.word != BACK);
    }
    all
}

fn needed(hints: &[Hint]) -> u16 {
    hints.iter().map(|hint| width(&hint.key) + width(hint.word) + 3).fold(0, u16::saturating_add)
}

/// The action that goes back, and the one that connects anew.
const BACK: &str = "back";
const TRY: &str = "reconnect now";

/// What goes first where not all hints have room: what cannot be done, then what `?` tells as well.
const FIRST_TO_GO: [&str; 4] = ["filter", "sort", "metrics", "palette"];

/// What stays in any case: the way to all that was left out, and the ways out.
const STAYS: [&str; 2] = ["help", "quit"];

/// As many as there is room for.
fn fitting(mut hints: Vec<Hint>, cells: u16) -> Vec<Hint> {
    if needed(&hints) > cells {
        hints.retain(|hint| hint.enabled);
    }
    for word in FIRST_TO_GO {
        if needed(&hints) > cells {
            hints.retain(|hint| hint.word != word);
        }
    }
    while needed(&hints) > cells {
        let stays = |hint: &Hint| STAYS.contains(&hint.word) || hint.key == "esc";
        let Some(last) = hints.iter().rposition(|hint| !stays(hint)) else { break };
        hints.remove(last);
    }
    hints
}
