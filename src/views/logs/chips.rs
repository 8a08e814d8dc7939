//! The row above the lines: following or paused, the sources, the filters, and how many lines pass;
//! while something is typed, that. And the rows of streams in trouble.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::time;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::logs::place::Place as On;
use crate::state::logs::prompt::{Prompt, Purpose};
use crate::state::logs::view::ids;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Align, Piece, Place, put, put_aligned, put_pieces, width};

/// Draws the row; gives back where the cursor stands where something is typed.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) -> Option<Position> {
    let place = Place { x: area.x + 1, y: area.y, width: area.width.saturating_sub(2) };
    if let Some(prompt) = &state.logs_page.prompt {
        return Some(typed(state, prompt, theme, buf, place));
    }
    let right = counts(state);
    put_aligned(buf, place, &right, theme.style(Role::Muted), Align::Right, theme);
    let left = Place { width: place.width.saturating_sub(width(&right) + 2), ..place };
    let mut pieces = mode(state, theme);
    pieces.extend(chips(state, theme));
    put_pieces(buf, left, &pieces, theme);
    None
}

/// Cells for the word that says whether the screen follows.
const MODE: usize = 15;

/// Whether new lines come in.
fn mode<'a>(state: &State, theme: &Theme) -> Vec<Piece<'a>> {
    let page = &state.logs_page;
    if page.shown.is_empty() {
        return Vec::new();
    }
    // As wide in both cases and with any count, so that what stands behind it does not move.
    let none = page.shown.iter().all(|it| it.stream.trouble().is_some());
    match &page.place {
        On::Following if none => {
            vec![(
                format!("{} {:<MODE$}", theme.glyphs.down, "nothing comes").into(),
                theme.style(Role::Down),
            )]
        }
        // What comes now is not shown: this is the end of another time.
        On::Following if page.filters.until.is_some_and(|until| until <= state.now) => {
            vec![(format!("{} {:<MODE$}", theme.glyphs.thumb, "its end").into(), theme.bold(Role::Degraded))]
        }
        On::Following => {
            vec![(format!("{} {:<MODE$}", theme.glyphs.up, "following").into(), theme.style(Role::Up))]
        }
        On::Paused { frozen, .. } => {
            let behind = frozen.behind(&state.logs, &ids(page));
            let new = if behind == 0 { String::new() } else { format!("{} new", short(behind)) };
            vec![
                (format!("{} paused ", theme.glyphs.thumb).into(), theme.bold(Role::Degraded)),
                (format!("{new:<0$}", MODE - 7).into(), theme.style(Role::Accent)),
            ]
        }
    }
}

fn chips<'a>(state: &State, theme: &Theme) -> Vec<Piece<'a>> {
    let page = &state.logs_page;
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let quiet = theme.style(Role::Muted);
    match page.shown.as_slice() {
        [] => {}
        [one] => pieces.push((one.source.to_string().into(), theme.bold(Role::Text))),
        many => pieces.push((format!("{} sources", many.len()).into(), theme.bold(Role::Text))),
    }
    let mut chip = |text: String, style| {
        pieces.push(("  ".into(), quiet));
        pieces.push((text.into(), style));
    };
    let key = theme.style(Role::Key);
    if let Some(level) = page.filters.level {
        chip(format!("{} and worse", level.word()), key);
    }
    if let Some(since) = page.filters.since {
        chip(format!("since {}", time::minute(state, since)), key);
    }
    if let Some(until) = page.filters.until {
        chip(format!("until {}", time::minute(state, until)), key);
    }
    for term in &page.filters.terms {
        chip(term.to_string(), key);
    }
    if !page.filters.find.is_empty() {
        let count =
            if page.found.running { "…".to_owned() } else { thousands(page.found.hits.count() as u64) };
        chip(format!("/{} ({count})", page.filters.find), theme.style(Role::Marked));
    }
    if page.wrap {
        chip("wrap".to_owned(), quiet);
    }
    if page.shift > 0 {
        chip(format!("+{} cells", page.shift), quiet);
    }
    if !page.marked.is_empty() {
        chip(format!("{} marked", page.marked.len()), theme.style(Role::Marked));
    }
    pieces
}

/// `1,204 of 98,112 lines`, and that of a search that goes on.
fn counts(state: &State) -> String {
    let page = &state.logs_page;
    let infos = page.shown.iter().filter_map(|shown| state.logs.sources().find(|info| info.id == shown.id));
    let (held, dropped) =
        infos.fold((0, 0), |(held, dropped), info| (held + info.lines, dropped + info.dropped));
    let word = if held == 1 { "line" } else { "lines" };
    let lines =
        if dropped > 0 { format!("{word}, {} older dropped", short(dropped)) } else { word.to_owned() };
    let zone = time::zone(state);
    if page.filters.narrow() {
        let passing = thousands(page.passing.hits.count() as u64);
        let busy = if page.passing.running { "searching " } else { "" };
        format!("{busy}{passing} of {} {lines}  {zone}", thousands(held))
    } else {
        format!("{} {lines}  {zone}", thousands(held))
    }
}

fn typed(state: &State, prompt: &Prompt, theme: &Theme, buf: &mut Buffer, place: Place) -> Position {
    let page = &state.logs_page;
    let word = format!("{} {} ", prompt.purpose.word(), theme.glyphs.folded);
    let start = put(buf, place, &word, theme.bold(Role::Accent), theme);
    let (head, tail) = prompt.input.split();
    let right = match (&prompt.mistake, prompt.purpose) {
        (Some(mistake), _) => mistake.clone(),
        (None, Purpose::Find) if page.found.running => "searching…".to_owned(),
        (None, Purpose::Find) if !prompt.input.text().is_empty() => {
            format!("{} found", thousands(page.found.hits.count() as u64))
        }
        (None, purpose) if prompt.input.text().is_empty() => purpose.hint().to_owned(),
        _ => "enter takes it   esc leaves it".to_owned(),
    };
    let role = if prompt.mistake.is_some() { Role::Down } else { Role::Muted };
    put_aligned(buf, place, &right, theme.style(role), Align::Right, theme);
    let room = place.width.saturating_sub(start + width(&right) + 2);
    // A line that is longer than its room is shown by its end, where the typing is.
    let over = (width(head) + 1).saturating_sub(room);
    let visible: String = cut_front(head, over).to_owned() + tail;
    let at = Place { x: place.x + start, y: place.y, width: room };
    put(buf, at, &visible, theme.style(Role::Text), theme);
    Position { x: at.x + width(cut_front(head, over)).min(room.saturating_sub(1)), y: place.y }
}

fn cut_front(text: &str, cells: u16) -> &str {
    use unicode_segmentation::UnicodeSegmentation;
    let mut cut = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if cut >= cells {
            return &text[at..];
        }
        cut += width(grapheme);
    }
    if cells == 0 { text } else { "" }
}

/// One row for each stream that does not follow, the last one for all that have none.
pub fn troubles(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let troubled: Vec<_> = state
        .logs_page
        .shown
        .iter()
        .filter_map(|shown| shown.stream.trouble().map(|trouble| (shown, trouble)))
        .collect();
    let rows = usize::from(area.height);
    for (n, (row, (shown, (since, failure)))) in area.rows().zip(&troubled).enumerate() {
        let place = Place { x: row.x + 1, y: row.y, width: row.width.saturating_sub(2) };
        if n + 1 == rows && troubled.len() > rows {
            let text = format!("{} {} more do not follow", theme.glyphs.down, troubled.len() - n);
            put(buf, place, &text, theme.style(Role::Down), theme);
            continue;
        }
        let age = Age(since.age(state.now));
        let pieces = [
            (format!("{} ", theme.glyphs.down).into(), theme.style(Role::Down)),
            (format!("{} ", shown.source).into(), theme.bold(Role::Text)),
            (format!("{} for {age}: ", shown.stream.word()).into(), theme.style(Role::Down)),
            (failure.reason().into(), theme.style(Role::Text)),
            (
                failure.hint.as_ref().map(|hint| format!("  {hint}")).unwrap_or_default().into(),
                theme.style(Role::Accent),
            ),
        ];
        put_pieces(buf, place, &pieces, theme);
    }
}

/// A count in few cells.
fn short(count: u64) -> String {
    crate::widgets::histogram::short(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A count with commas between its thousands.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
