//! What stands where no line does: why, for each source.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::time::Age;
use crate::state::State;
use crate::state::logs::shown::Stream;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put};

/// Draws it.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let page = &state.logs_page;
    let mut lines: Vec<(String, Role)> = Vec::new();
    let held: u64 = page
        .shown
        .iter()
        .filter_map(|shown| state.logs.sources().find(|info| info.id == shown.id))
        .map(|info| info.lines)
        .sum();
    if page.shown.is_empty() {
        lines.push(("No source is shown.".to_owned(), Role::Text));
        lines.push(("o chooses whose lines to show".to_owned(), Role::Muted));
    } else if held > 0 && page.passing.running {
        lines.push(("Searching…".to_owned(), Role::Text));
    } else if held > 0 {
        lines.push(("No line passes the filters.".to_owned(), Role::Text));
        lines.push(("x takes the last one back, c clears all".to_owned(), Role::Muted));
    } else {
        for shown in &page.shown {
            lines.push(match &shown.stream {
                Stream::Opening { since } => {
                    (format!("{}: opening for {}", shown.source, Age(since.age(state.now))), Role::Muted)
                }
                Stream::Following => (format!("{}: no line yet", shown.source), Role::Muted),
                Stream::Failed { failure, .. } => {
                    (format!("{}: {}: {}", shown.source, shown.stream.word(), failure.reason()), Role::Down)
                }
            });
            if let Stream::Failed { failure, .. } = &shown.stream {
                lines.extend(failure.hint.iter().map(|hint| (format!("  {hint}"), Role::Accent)));
            }
        }
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let skip = area.height.saturating_sub(rows) / 3;
    for (row, (text, role)) in area.rows().skip(usize::from(skip)).zip(&lines) {
        let place = Place { x: row.x + 2, y: row.y, width: row.width.saturating_sub(4) };
        put(buf, place, text, theme.style(*role), theme);
    }
}
