//! What lies above a page.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use unicode_width::UnicodeWidthStr;

use super::{help, hints, inspect, palette, prompt};
use crate::domain::failure::Failure;
use crate::domain::question::Question;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::text_input::TextInput;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put};
use crate::widgets::wrap::wrap;
use crate::widgets::{footer, frame};

/// Draws the top one. `None` where there is none; else where the cursor stands, if it is to be seen.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Option<Position>> {
    let overlay = state.overlays.last()?;
    Some(match overlay {
        Overlay::Help { first } => {
            help::draw(state, *first, theme, buf);
            None
        }
        Overlay::Inspect { what, first } => {
            inspect::draw(state, what, *first, theme, buf);
            None
        }
        Overlay::Palette { input, selected } => Some(palette::draw(state, input, *selected, theme, buf)),
        Overlay::Themes { names, selected, .. } => {
            themes(state, names, *selected, theme, buf);
            None
        }
        Overlay::Question { question, input, .. } => ask(state, question, input, theme, buf),
        Overlay::Prompt(it) => prompt::draw(state, it, theme, buf),
        Overlay::Opening { says, .. } => {
            let lines = vec![
                (says.clone(), Role::Text),
                (String::new(), Role::Text),
                ("esc  leave it".to_owned(), Role::Key),
            ];
            say(state, "shell", Role::Accent, &lines, theme, buf);
            None
        }
        Overlay::Failure(failure) => {
            failed(state, failure, theme, buf);
            None
        }
    })
}

fn themes(state: &State, names: &[String], selected: usize, theme: &Theme, buf: &mut Buffer) {
    let rows = u16::try_from(names.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = frame::centered(state.size.body(), 30, rows);
    let inside = frame::draw(buf, area, "theme", Role::Accent, theme);
    for (row, (index, name)) in inside.rows().zip(names.iter().enumerate()) {
        let place = Place { x: row.x + 2, y: row.y, width: row.width.saturating_sub(2) };
        put(buf, place, name, theme.style(Role::Text), theme);
        if index == selected {
            buf.set_style(row, theme.selection(true));
            buf.set_string(row.x, row.y, theme.glyphs.cursor, theme.style(Role::Accent));
        }
    }
}

/// One sentence a row, each with its role.
type Lines = Vec<(String, Role)>;

fn ask(
    state: &State,
    question: &Question,
    input: &TextInput,
    theme: &Theme,
    buf: &mut Buffer,
) -> Option<Position> {
    match question {
        Question::UnknownHostKey { server, address, algorithm, fingerprint, file } => {
            let lines = vec![
                (format!("{server} ({address}) shows a key that is not known yet."), Role::Text),
                (String::new(), Role::Text),
                (algorithm.clone(), Role::Muted),
                (fingerprint.clone(), Role::Accent),
                (String::new(), Role::Text),
                ("Compare it with what the server's owner says. Yes adds it to".to_owned(), Role::Text),
                (file.clone(), Role::Muted),
                (String::new(), Role::Text),
                (footer::line(&hints::question(question)), Role::Key),
            ];
            say(state, "unknown host key", Role::Degraded, &lines, theme, buf);
            None
        }
        Question::Passphrase { server, key, again } => {
            let first = if *again { "That did not open it." } else { "The key is encrypted." };
            let dots = "•".repeat(input.text().chars().count());
            let lines = vec![
                (format!("{first} {server} needs"), Role::Text),
                (key.clone(), Role::Muted),
                (String::new(), Role::Text),
                (format!("passphrase: {dots}"), Role::Text),
                (String::new(), Role::Text),
                (footer::line(&hints::question(question)), Role::Key),
            ];
            let place = say(state, "passphrase", Role::Accent, &lines, theme, buf);
            let typed = u16::try_from("passphrase: ".width() + dots.width()).unwrap_or(u16::MAX);
            Some(Position { x: place.x + typed.min(place.width.saturating_sub(1)), y: place.y + 3 })
        }
    }
}

fn failed(state: &State, failure: &Failure, theme: &Theme, buf: &mut Buffer) {
    let mut lines: Lines =
        vec![(format!("cannot {}", failure.what), Role::Text), (String::new(), Role::Text)];
    lines.extend(failure.why.iter().flat_map(|why| why.lines()).map(|why| (why.to_owned(), Role::Muted)));
    if let Some(hint) = &failure.hint {
        lines.push((String::new(), Role::Text));
        lines.push((hint.clone(), Role::Accent));
    }
    lines.push((String::new(), Role::Text));
    lines.push(("esc  dismiss".to_owned(), Role::Key));
    say(state, failure.kind.word(), Role::Down, &lines, theme, buf);
}

/// Draws lines in a frame that is as large as they need; long ones are wrapped.
fn say(
    state: &State,
    title: &str,
    role: Role,
    lines: &[(String, Role)],
    theme: &Theme,
    buf: &mut Buffer,
) -> Place {
    let body = state.size.body();
    let most = usize::from(body.width.saturating_sub(8)).min(96);
    let wrapped: Vec<(String, Role)> = lines
        .iter()
        .flat_map(|(line, role)| wrap(line, most).into_iter().map(|part| (part, *role)))
        .collect();
    let widest = wrapped.iter().map(|(line, _)| line.width()).max().unwrap_or(0);
    let columns = u16::try_from(widest.max(40) + 4).unwrap_or(u16::MAX);
    let rows = u16::try_from(wrapped.len() + 2).unwrap_or(u16::MAX);
    let inside = frame::draw(buf, frame::centered(body, columns, rows), title, role, theme);
    for (row, (line, role)) in inside.rows().zip(&wrapped) {
        let place = Place { x: row.x, y: row.y, width: row.width };
        put(buf, place, line, theme.style(*role).bg(theme.color(Role::Surface)), theme);
    }
    Place { x: inside.x, y: inside.y, width: inside.width }
}
