//! What a person is asked before something is changed.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::domain::backup::Backup;
use crate::domain::ids::{AppId, DatastoreId};
use crate::domain::time::{Age, Timestamp};
use crate::message::change::Wanted;
use crate::state::State;
use crate::state::prompt::options::{Item, Row};
use crate::state::prompt::{Bringing, Choice, Offer, Options, Prompt, Question, Then, Versions};
use crate::theme::{Role, Theme};
use crate::widgets::text::{Align, Place, put, put_aligned, width};
use crate::widgets::wrap::wrap;
use crate::widgets::{footer, frame};

/// The most rows of a list that are shown at a time, and the least.
const LISTED: (usize, usize) = (8, 3);

/// Draws it, and says where the cursor stands where something is typed.
pub fn draw(state: &State, prompt: &Prompt, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let body = state.size.body();
    let wide = 72.min(body.width.saturating_sub(4));
    let cells = usize::from(wide.saturating_sub(4));
    let (title, role, says, label) = words(prompt, |it| state.is_datastore(it));
    let says: Vec<(String, Role)> = says
        .into_iter()
        .flat_map(|(line, role)| wrap(&line, cells).into_iter().map(move |it| (it, role)))
        .collect();
    let options: Vec<Row> = prompt.options().into_iter().flat_map(Options::rows).collect();
    let list = listed(prompt, state.now);
    let line = usize::from(prompt.has_line()) * 2;
    let gap = usize::from(!prompt.has_line() && !options.is_empty());
    let mistake = usize::from(prompt.mistake.is_some());
    // Frame, keys and the empty row above them.
    let fixed = says.len() + line + gap + options.len() + mistake + 4;
    let room = usize::from(body.height).saturating_sub(fixed).clamp(LISTED.1, LISTED.0);
    let first = list.cursor.map_or(0, |at| (at + 1).saturating_sub(room));
    let shown: Vec<_> = list.rows.iter().enumerate().skip(first).take(room).collect();
    let rows = u16::try_from(fixed + shown.len()).unwrap_or(u16::MAX);
    let inside = frame::draw(buf, frame::centered(body, wide, rows), &title, role, theme);
    let mut places = inside.rows().map(|row| Place { x: row.x, y: row.y, width: row.width });
    let style = |role| theme.style(role).bg(theme.color(Role::Surface));
    for (text, role) in &says {
        put(buf, places.next()?, text.trim_end(), style(*role), theme);
    }
    let mut cursor = None;
    if prompt.has_line() || !options.is_empty() {
        places.next();
    }
    let at = prompt.options().and_then(Options::at);
    if prompt.has_line() {
        let place = places.next()?;
        let used = put(buf, place, label, style(Role::Accent), theme);
        let (before, after) = prompt.input.split();
        let typed = Place { x: place.x + used, width: place.width.saturating_sub(used), ..place };
        put(buf, typed, &format!("{before}{after}"), style(Role::Text), theme);
        let x = (typed.x + width(before)).min(inside.right().saturating_sub(1));
        // Where a row has the keys nothing is typed.
        cursor = at.is_none().then_some(Position { x, y: place.y });
    }
    for row in options {
        let place = places.next()?;
        let role = if at == Some(row) { Role::Accent } else { Role::Muted };
        let used = put(buf, place, &format!("{:<9}", format!("{}:", row.word())), style(role), theme) + 1;
        let rest = Place { x: place.x + used, width: place.width.saturating_sub(used), ..place };
        let says = prompt.options().map(|it| it.says(row)).unwrap_or_default();
        let role = if at == Some(row) { Role::Text } else { Role::Muted };
        put(buf, rest, &says, style(role), theme);
    }
    for (n, (name, chosen, note)) in shown {
        let place = places.next()?;
        let text = Place { x: place.x + 4, width: place.width.saturating_sub(4), ..place };
        put(buf, text, name, style(Role::Text), theme);
        put_aligned(buf, place, note, style(Role::Muted), Align::Right, theme);
        if *chosen {
            let mark = Place { x: place.x + 2, width: 1, ..place };
            put(buf, mark, theme.glyphs.marked, style(Role::Accent), theme);
        }
        if list.cursor == Some(n) {
            put(buf, place, theme.glyphs.cursor, style(Role::Accent), theme);
        }
    }
    if let Some(mistake) = &prompt.mistake {
        put(buf, places.next()?, mistake, style(Role::Down), theme);
    }
    places.next();
    put(buf, places.next()?, &footer::line(&prompt.keys()), style(Role::Key), theme);
    cursor
}

/// What can be picked where the keys go now: name, whether it is chosen, a word on it.
struct Listed {
    rows: Vec<(String, bool, String)>,
    cursor: Option<usize>,
}

fn listed(prompt: &Prompt, now: Timestamp) -> Listed {
    if let Some(options) = prompt.options().filter(|it| it.at().is_some()) {
        let row = |item: Item| (item.name, item.chosen, item.note.to_owned());
        return Listed {
            rows: options.items().into_iter().map(row).collect(),
            cursor: Some(options.cursor()),
        };
    }
    if let Question::Restore { choice, .. } = &prompt.question {
        let row = |it: &Backup| (backup(it), false, format!("{:>4} old", Age(it.at.age(now)).to_string()));
        return Listed { rows: choice.backups.iter().map(row).collect(), cursor: Some(choice.picked) };
    }
    let cursor = match &prompt.question {
        Question::Version { versions, .. } => versions.picked,
        _ => None,
    };
    let row = |choice: &Choice| (choice.tag.clone(), false, note(choice, now));
    Listed { rows: prompt.choices().map(row).collect(), cursor }
}

/// A backup in a row.
fn backup(it: &Backup) -> String {
    let what = if it.safety { "what a restore replaced" } else { it.reason.as_deref().unwrap_or_default() };
    format!("{}  {}  {:>5}  {what}", it.short(), it.at.minute(), it.bytes.to_string())
}

/// What is known of a version.
fn note(choice: &Choice, now: Timestamp) -> String {
    let age = choice.at.map(|at| format!("{:>4}", Age(at.age(now)).to_string()));
    let runs = choice.present.then(|| "runs now".to_owned());
    runs.into_iter().chain(age).collect::<Vec<_>>().join("  ")
}

type Said = Vec<(String, Role)>;

/// Title, its color, what is said, and what stands before what is typed.
type Words = (String, Role, Said, &'static str);

fn restoring(datastore: &DatastoreId, choice: &Bringing, whole: bool) -> Words {
    let how = if choice.swap && whole {
        "in its place, and its release with it: the app is stopped meanwhile; what stands is backed up before, and kept beside"
    } else if choice.swap {
        "in its place: what stands is backed up before, and kept beside"
    } else {
        "beside what stands, which is not touched"
    };
    let mut says = vec![(format!("where:  {how}"), Role::Text)];
    if choice.backups.is_empty() {
        let what = if whole {
            "no set of it is known here: the newest that its repositories hold is taken"
        } else {
            "its backups are not read here: the newest that the repository holds is taken"
        };
        says.push((what.to_owned(), Role::Unknown));
    }
    says.push(("Nothing is changed before the plan was shown.".to_owned(), Role::Muted));
    says.push((String::new(), Role::Muted));
    (format!("restore {datastore}"), Role::Accent, says, "")
}

fn words(prompt: &Prompt, is_datastore: impl Fn(&AppId) -> bool) -> Words {
    let plain = |lines: &[String]| lines.iter().map(|it| (it.clone(), Role::Text)).collect::<Said>();
    match &prompt.question {
        Question::Version { app, versions: Versions { present, offer, .. }, .. } => {
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
            (format!("deploy {app}"), Role::Accent, says, "version: ")
        }
        Question::Manner { app, what, .. } => {
            let more = match what {
                Wanted::Release(_) => {
                    "Nothing is changed before the plan was shown. A part of the app that goes back leaves the rest, and the release that is in place, as they are."
                }
                _ => "Nothing is changed before the plan was shown; where nothing is chosen, it is of all.",
            };
            (what.title(app), Role::Accent, vec![(more.to_owned(), Role::Muted)], "")
        }
        Question::Scale { app, present } => {
            let mut says = vec![("now:".to_owned(), Role::Muted)];
            says.extend(present.iter().map(|it| (format!("  {it}"), Role::Text)));
            let more = "So many are to be on each of its servers, and the deploys after keep that. Several: web=3 worker=2. Nothing is changed before the plan was shown.";
            says.push((more.to_owned(), Role::Muted));
            (format!("scale {app}"), Role::Accent, says, "service=number: ")
        }
        Question::Maintenance { app } => {
            let more = "Its proxy answers visitors with 503 and a short page. Type the sentence that they read, and before it when they may come again (10m We move the database.); nothing typed: the usual one, two minutes. Nothing is changed before the plan was shown.";
            let title = format!("put {app} into maintenance");
            (title, Role::Accent, vec![(more.to_owned(), Role::Muted)], "message: ")
        }
        Question::Restore { datastore, choice } => {
            restoring(datastore, choice, !is_datastore(&AppId::from(datastore.as_str())))
        }
        Question::Otherwise { datastore, backup } => {
            let of =
                backup.as_ref().map_or("the newest backup".to_owned(), |it| format!("backup {}", it.short()));
            let row = |typed: &str, what: &str| (format!("{typed:<24}{what}"), Role::Text);
            let says = vec![
                row("only orders,audit.log", &format!("some tables of {of}, or a path")),
                row("from OTHER", "another datastore's newest backup"),
                row("from OTHER swap", "the same in the place of what stands"),
                row("at 25m", "the server as it was then, beside it"),
                row("at 25m swap", "the same in its place"),
                ("Nothing is changed before the plan was shown.".to_owned(), Role::Muted),
            ];
            (format!("restore {datastore} otherwise"), Role::Accent, says, "restore: ")
        }
        Question::FindFiles { datastore } => {
            let more = "A part of the path, in any case; or all of the name with * for any characters and ? for one (*.env), of the path where it has a slash (srv/*/*.env). Each backup is read, the newest first.";
            let title = format!("find files in the backups of {datastore}");
            (title, Role::Accent, vec![(more.to_owned(), Role::Muted)], "file: ")
        }
        Question::Exec { asked } => {
            let says = vec![
                (format!("image {}", asked.image), Role::Muted),
                (
                    "Nothing typed: a shell, bash where there is one, else sh. That it was open is journaled, what is typed there is not.".to_owned(),
                    Role::Muted,
                ),
            ];
            let title = format!("shell in {} on {}", asked.name, asked.server());
            (title, Role::Accent, says, "command: ")
        }
        Question::Reason { refused } => {
            let mut says: Said = refused.iter().map(|it| (it.clone(), Role::Down)).collect();
            says.push(("Why is it to be done all the same? The reason is journaled.".to_owned(), Role::Text));
            ("override".to_owned(), Role::Down, says, "reason: ")
        }
        Question::Name { app, says, then } => {
            let whose = match then {
                Then::Exec(_) => "container",
                Then::CarryOut | Then::Resume(..) if is_datastore(app) => "datastore",
                _ => "app",
            };
            let asked = format!("Its environment asks for the {whose}'s name: type {app}");
            let says = vec![(says.clone(), Role::Text), (asked, Role::Muted)];
            ("confirm".to_owned(), Role::Production, says, "name: ")
        }
        Question::Sure { says, .. } => ("are you sure".to_owned(), Role::Degraded, plain(says), ""),
    }
}
