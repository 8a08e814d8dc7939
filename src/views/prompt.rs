//! What a person is asked before something is changed.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::domain::time::{Age, Timestamp};
use crate::state::State;
use crate::state::prompt::{Choice, Offer, Prompt, Question};
use crate::theme::{Role, Theme};
use crate::widgets::frame;
use crate::widgets::text::{Align, Place, put, put_aligned, width};
use crate::widgets::wrap::wrap;

/// The most versions that are listed at a time.
const LISTED: usize = 8;

/// Draws it, and says where the cursor stands where something is typed.
pub fn draw(state: &State, prompt: &Prompt, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let body = state.size.body();
    let wide = 72.min(body.width.saturating_sub(4));
    let cells = usize::from(wide.saturating_sub(4));
    let (title, role, says, label, keys) = words(prompt);
    let says: Vec<(String, Role)> = says
        .into_iter()
        .flat_map(|(line, role)| wrap(&line, cells).into_iter().map(move |it| (it, role)))
        .collect();
    let picked = match &prompt.question {
        Question::Version { picked, .. } => *picked,
        _ => None,
    };
    let first = picked.map_or(0, |at| (at + 1).saturating_sub(LISTED));
    let offers: Vec<_> = prompt.choices().enumerate().skip(first).take(LISTED).collect();
    let line = usize::from(prompt.has_line()) * 2;
    let mistake = usize::from(prompt.mistake.is_some());
    let rows = u16::try_from(says.len() + line + offers.len() + mistake + 4).unwrap_or(u16::MAX);
    let inside = frame::draw(buf, frame::centered(body, wide, rows), &title, role, theme);
    let mut places = inside.rows().map(|row| Place { x: row.x, y: row.y, width: row.width });
    let style = |role| theme.style(role).bg(theme.color(Role::Surface));
    for (text, role) in &says {
        put(buf, places.next()?, text.trim_end(), style(*role), theme);
    }
    let mut cursor = None;
    if prompt.has_line() {
        places.next();
        let place = places.next()?;
        let used = put(buf, place, label, style(Role::Accent), theme);
        let (before, after) = prompt.input.split();
        let typed = Place { x: place.x + used, width: place.width.saturating_sub(used), ..place };
        put(buf, typed, &format!("{before}{after}"), style(Role::Text), theme);
        cursor =
            Some(Position { x: (typed.x + width(before)).min(inside.right().saturating_sub(1)), y: place.y });
    }
    for (n, choice) in offers {
        let place = places.next()?;
        put(
            buf,
            Place { x: place.x + 2, width: place.width.saturating_sub(2), ..place },
            &choice.tag,
            style(Role::Text),
            theme,
        );
        put_aligned(buf, place, &note(choice, state.now), style(Role::Muted), Align::Right, theme);
        if picked == Some(n) {
            put(buf, place, theme.glyphs.cursor, style(Role::Accent), theme);
        }
    }
    if let Some(mistake) = &prompt.mistake {
        put(buf, places.next()?, mistake, style(Role::Down), theme);
    }
    places.next();
    put(buf, places.next()?, keys, style(Role::Key), theme);
    cursor
}

/// What is known of a version.
fn note(choice: &Choice, now: Timestamp) -> String {
    let age = choice.at.map(|at| format!("{:>4}", Age(at.age(now)).to_string()));
    let runs = choice.present.then(|| "runs now".to_owned());
    runs.into_iter().chain(age).collect::<Vec<_>>().join("  ")
}

type Said = Vec<(String, Role)>;

fn words(prompt: &Prompt) -> (String, Role, Said, &'static str, &'static str) {
    let plain = |lines: &[String]| lines.iter().map(|it| (it.clone(), Role::Text)).collect::<Said>();
    match &prompt.question {
        Question::Version { app, present, offer, .. } => {
            let mut says = vec![("now:".to_owned(), Role::Muted)];
            says.extend(present.iter().map(|it| (format!("  {it}"), Role::Text)));
            if present.is_empty() {
                says = vec![("what runs now is not known".to_owned(), Role::Unknown)];
            }
            let more = "A tag, or a digest (sha256:…). Nothing typed: the images that the Compose file names. Nothing is changed before the plan was shown.";
            says.push((more.to_owned(), Role::Muted));
            says.push(match offer {
                Offer::Asked(_) => ("The registry is asked for its tags …".to_owned(), Role::Muted),
                Offer::Told(_, said) => (said.clone(), Role::Muted),
                Offer::Failed(why) => (why.clone(), Role::Unknown),
            });
            (
                format!("deploy {app}"),
                Role::Accent,
                says,
                "version: ",
                "enter  plan it     down  pick     esc  leave",
            )
        }
        Question::Reason { refused } => {
            let mut says: Said = refused.iter().map(|it| (it.clone(), Role::Down)).collect();
            says.push(("Why is it to be done all the same? The reason is journaled.".to_owned(), Role::Text));
            let keys = "enter  plan it with this reason     esc  leave";
            ("override".to_owned(), Role::Down, says, "reason: ", keys)
        }
        Question::Name { app, says, .. } => {
            let asked = format!("Its environment asks for the app's name: type {app}");
            let says = vec![(says.clone(), Role::Text), (asked, Role::Muted)];
            ("confirm".to_owned(), Role::Production, says, "name: ", "enter  go on     esc  leave")
        }
        Question::Sure { says, .. } => {
            ("are you sure".to_owned(), Role::Degraded, plain(says), "", "y  yes     n  no")
        }
    }
}
