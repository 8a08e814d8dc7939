//! The charts.

mod picker;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::state::State;
use crate::state::metrics::shown::{Shown, ShownChart};
use crate::state::metrics::span::Span;
use crate::theme::{Role, Theme};
use crate::widgets::chart::axis::{self, TimeAxis};
use crate::widgets::chart::{self, Chart, Line, legend};
use crate::widgets::text::{Align, Piece, Place, put, put_aligned, put_pieces, width};

/// Draws the page; says where the cursor stands while something is typed.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    if state.metrics.servers.is_empty() {
        let body = state.size.body();
        let place = Place { x: body.x + 2, y: body.y + 1, width: body.width.saturating_sub(4) };
        put(buf, place, "no server is chosen; o chooses", theme.style(Role::Muted), theme);
    } else {
        charts(state, theme, buf);
    }
    state.metrics.picker.as_ref().map(|held| picker::draw(state, held, theme, buf))
}

fn charts(state: &State, theme: &Theme, buf: &mut Buffer) {
    let shown = state.metrics_shown();
    head(state, &shown, theme, buf);
    let events = shown.event_cells();
    for one in &shown.charts {
        draw_one(state, &shown, one, &events, theme, buf);
    }
    let zone = zone(state);
    let axis = TimeAxis {
        from: shown.window.from,
        to: shown.window.to,
        zone: &zone,
        events: &events,
        cursor: shown.cursor,
    };
    axis::draw(buf, shown.layout.axis, &axis, theme);
    readout(state, &shown, &zone, theme, buf);
}

/// The spans with the shown one marked; at the right the time that is shown.
fn head(state: &State, shown: &Shown, theme: &Theme, buf: &mut Buffer) {
    let area = shown.layout.head;
    let place = Place { x: area.x + 1, y: area.y, width: area.width.saturating_sub(2) };
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for span in Span::ALL {
        let here = span == state.metrics.span;
        let style = if here {
            theme.bold(Role::Accent).patch(theme.selection(true))
        } else {
            theme.style(Role::Muted)
        };
        pieces.push((format!(" {} ", span.word()).into(), style));
    }
    let names: Vec<&str> = state.metrics.servers.iter().map(crate::domain::ids::ServerId::as_str).collect();
    pieces.push(("  ".into(), theme.style(Role::Muted)));
    pieces.push((names.join(", ").into(), theme.bold(Role::Text)));
    let (note, role) = note(state, shown);
    if !note.is_empty() {
        pieces.push((format!("  {note}").into(), theme.style(role)));
    }
    let zone = zone(state);
    let ends = [shown.window.from, shown.window.to];
    let [from, to] = ends.map(|at| axis::text(at.as_millis(), &zone, "%H:%M"));
    let day = axis::text(ends[0].as_millis(), &zone, "%b %e");
    let right =
        if state.metrics.end.is_none() { "now".to_owned() } else { format!("{day} {from} to {to} UTC") };
    let kept = width(&right) + 2;
    put_pieces(buf, Place { width: place.width.saturating_sub(kept), ..place }, &pieces, theme);
    let role = if state.metrics.end.is_none() { Role::Up } else { Role::Degraded };
    put_aligned(buf, place, &right, theme.style(role), Align::Right, theme);
}

/// The zone of the times: the one that the logs page shows, so that both tell the same.
fn zone(state: &State) -> TimeZone {
    if state.logs_page.local_time { state.zone.clone() } else { TimeZone::UTC }
}

const fn zone_word(state: &State) -> &'static str {
    if state.logs_page.local_time { "local" } else { "UTC" }
}

/// What is to be said of where the values come from.
fn note(state: &State, shown: &Shown) -> (String, Role) {
    let past = &state.metrics.past;
    if past.asked.is_some() {
        ("reading the history".to_owned(), Role::Muted)
    } else if let Some(failure) = past.failure.as_ref().or(state.metrics.not_kept.as_ref()) {
        (format!("only live values: {}", failure.reason()), Role::Degraded)
    } else if shown.is_empty() {
        ("nothing was read in this time".to_owned(), Role::Unknown)
    } else {
        (String::new(), Role::Muted)
    }
}

fn draw_one(
    state: &State,
    shown: &Shown,
    one: &ShownChart,
    events: &[(u16, crate::domain::event_mark::MarkKind)],
    theme: &Theme,
    buf: &mut Buffer,
) {
    let entries: Vec<legend::Entry> = one.series.iter().map(|series| series.entry.clone()).collect();
    let place = Place { x: one.area.x, y: one.area.y, width: one.area.width.saturating_sub(1) };
    let titles = shown.charts.iter().map(|chart| chart.of.title.as_str());
    let cells = legend::head_cells(titles, place.width);
    let head = legend::Head { title: &one.of.title, cells, focused: one.focused };
    legend::draw(buf, place, &head, &entries, theme);
    let lines: Vec<Line<'_>> = one
        .series
        .iter()
        .map(|series| Line { slot: series.entry.slot, bins: &series.bins, stale: series.entry.stale })
        .collect();
    let area = Rect {
        y: one.area.y + 1,
        height: one.area.height.saturating_sub(1),
        width: chart::GUTTER + shown.layout.cells(),
        ..one.area
    };
    let drawn = Chart {
        lines: &lines,
        unit: one.unit,
        scale: one.scale,
        limit: one.limit,
        events,
        cursor: shown.cursor,
    };
    chart::draw(buf, area, &drawn, theme);
    if one.series.iter().all(|series| series.bins.iter().all(Option::is_none)) && area.height > 0 {
        let words = if state.metrics.past.asked.is_some() { "reading" } else { "nothing was read" };
        let plot = chart::plot(area);
        let place = Place { x: plot.x + 2, y: plot.y + plot.height / 2, width: plot.width.saturating_sub(4) };
        put(buf, place, words, theme.style(Role::Unknown), theme);
    }
}

/// The time at the cursor and what happened there; without a cursor, the last thing that happened.
fn readout(state: &State, shown: &Shown, zone: &TimeZone, theme: &Theme, buf: &mut Buffer) {
    let area = shown.layout.readout;
    let place = Place { x: area.x + 1, y: area.y, width: area.width.saturating_sub(2) };
    let stamp = |at: crate::domain::time::Timestamp| axis::text(at.as_millis(), zone, "%b %e %H:%M:%S");
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let marks: Vec<_> = if let Some(column) = shown.cursor {
        let at = shown.window.at(usize::from(column * chart::BINS));
        pieces.push((format!("{} {} ", stamp(at), zone_word(state)).into(), theme.bold(Role::Accent)));
        shown.at_cursor().collect()
    } else {
        shown.events.iter().rev().take(1).map(|(_, mark)| mark).collect()
    };
    for mark in marks {
        let glyph = theme.glyphs.event(mark.kind);
        pieces.push((format!(" {glyph} ").into(), theme.bold(Role::Degraded)));
        if shown.cursor.is_none() {
            pieces.push((format!("{} ", stamp(mark.at)).into(), theme.style(Role::Muted)));
        }
        pieces.push((format!("{}: {}", mark.server, mark.text).into(), theme.style(Role::Text)));
    }
    let used = put_pieces(buf, place, &pieces, theme);
    let rest = Place { x: place.x + used, width: place.width - used, ..place };
    band(shown, rest, theme, buf);
}

/// What the band around a line is, where one is drawn and there is room to say it.
fn band(shown: &Shown, rest: Place, theme: &Theme, buf: &mut Buffer) {
    let (sample, says) = (chart::band_sample(theme), " least to greatest");
    let needed = width(&sample) + width(says);
    if rest.width < needed + 2 || shown.charts.iter().all(|one| one.series.len() > chart::BANDS) {
        return;
    }
    let at = Place { x: rest.x + rest.width - needed, width: needed, ..rest };
    let pieces = [(sample.into(), theme.style(Role::Faint)), (says.into(), theme.style(Role::Muted))];
    put_pieces(buf, at, &pieces, theme);
}
