//! The last row tells the keys of what has the keys: each of them does something there, and none of the
//! page below is told.

use std::collections::BTreeMap;

use midwatch::app::App;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::ids::RequestId;
use midwatch::domain::question::Question;
use midwatch::domain::time::Timestamp;
use midwatch::keys::chord::{Chord, Key};
use midwatch::message::effect::Effect;
use midwatch::message::event::{Event, Reply};
use midwatch::theme::file::ThemeFile;
use midwatch::theme::{Depth, Theme};
use midwatch::views::hints;

use crate::pages::{console, frame, press, text};

/// How one gets somewhere.
type Way = fn(&mut App, Timestamp);

/// What lies above a page or is typed: its name, and how one gets there.
const PLACES: &[(&str, Way)] = &[
    ("help", |app, now| press(app, now, "?")),
    ("palette", |app, now| press(app, now, ": l o g")),
    ("palette, nothing found", |app, now| press(app, now, ": q z q z q z")),
    ("themes", |app, now| {
        // One theme is in the wardrobe of the test; its list is as long as the person's.
        app.state.themes = vec!["dark".to_owned(), "light".to_owned()];
        press(app, now, "T");
    }),
    ("inspect", |app, now| press(app, now, "i")),
    ("sources", |app, now| press(app, now, "l o")),
    ("sources, typed", |app, now| press(app, now, "l o s h o p")),
    ("a line of the logs", |app, now| press(app, now, "l /")),
    ("a line of the logs, wrong", |app, now| press(app, now, "l / / (")),
    ("metrics", |app, now| press(app, now, "m o")),
    ("metrics, typed", |app, now| press(app, now, "m o c p u")),
    ("host key", |app, now| ask(app, now, host_key())),
    ("passphrase", |app, now| {
        let (server, key) = ("web-1".into(), "/home/ops/.ssh/id".to_owned());
        ask(app, now, Question::Passphrase { server, key, again: false });
    }),
    ("failure", |app, now| {
        let failure = Failure::new(FailureKind::Timeout, "copy", "no answer");
        app.handle(Event::Reply(RequestId(9), Reply::Failed(failure)), now);
    }),
];

fn host_key() -> Question {
    Question::UnknownHostKey {
        server: "web-1".into(),
        address: "[192.0.2.7]:22".into(),
        algorithm: "ssh-ed25519".into(),
        fingerprint: "SHA256:abc".into(),
        file: "known_hosts".into(),
    }
}

fn ask(app: &mut App, now: Timestamp, question: Question) {
    // Asked a second ago: keys count.
    app.handle(Event::Ask(RequestId(7), question), now);
    if let Some(midwatch::state::overlay::Overlay::Question { since, .. }) = app.state.overlays.last_mut() {
        *since = Timestamp::from_millis(now.as_millis() - 1000);
    }
}

fn at(columns: u16, rows: u16, place: Way) -> (App, Timestamp) {
    let (mut app, now) = console(columns, rows);
    place(&mut app, now);
    app.settle(now);
    (app, now)
}

fn told(app: &App) -> Vec<(String, &'static str)> {
    let theme = Theme::new(&ThemeFile::shipped("dark").unwrap(), Depth::True, false);
    let row = hints::row(&app.state, &theme, app.state.size.columns);
    row.into_iter().map(|hint| (hint.key, hint.word)).collect()
}

/// The chords that are shown so.
fn chords(label: &str) -> Vec<Chord> {
    if label == "↑↓" {
        return vec![Chord::plain(Key::Down)];
    }
    let plain =
        [Key::Enter, Key::Esc, Key::Tab, Key::PageDown, Key::PageUp, Key::Down, Key::Left, Key::Right];
    let all = plain.map(Chord::plain).into_iter().chain((' '..='~').map(Chord::char));
    let all = all.chain(('a'..='z').map(Chord::ctrl));
    let found: Vec<Chord> = all.filter(|chord| chord.label() == label).collect();
    assert!(!found.is_empty(), "no key is called {label}");
    found
}

/// Whether a key does something: the screen changes, or something is asked of the outside.
fn works(columns: u16, rows: u16, place: Way, chord: Chord) -> bool {
    let (mut app, now) = at(columns, rows, place);
    // What is scrolled to its end by one key is scrolled back by the other.
    if chord.key == Key::PageUp {
        press(&mut app, now, "pagedown");
    }
    let before = text(&frame(&mut app, now));
    let effects: Vec<Effect> = app.handle(Event::Key(chord), now);
    text(&frame(&mut app, now)) != before || !effects.is_empty()
}

#[test]
fn every_key_that_is_told_works_where_it_is_told() {
    for (name, place) in PLACES {
        for (columns, rows) in [(60, 15), (80, 24), (200, 60)] {
            let (app, _) = at(columns, rows, *place);
            let told = told(&app);
            assert!(told.iter().any(|(key, _)| key == "esc" || key == "n"), "no way out of {name}: {told:?}");
            for (key, word) in &told {
                for chord in chords(key) {
                    let works = works(columns, rows, *place, chord);
                    assert!(works, "{key} {word} does nothing in {name} at {columns}x{rows}");
                }
            }
        }
    }
}

#[test]
fn what_lies_above_hides_the_keys_of_the_page() {
    for (name, place) in PLACES {
        let (mut app, now) = at(80, 24, *place);
        let screen = text(&frame(&mut app, now));
        let footer = screen.lines().last().unwrap();
        for of_page in ["q quit", "? help", "/ filter", "s sort", "f follow"] {
            assert!(!footer.contains(of_page), "{of_page} in {name}: {footer}");
        }
        let keys: BTreeMap<_, _> = told(&app).into_iter().collect();
        for (key, word) in keys {
            assert!(footer.contains(&format!("{key} {word}")), "{key} {word} in {name}: {footer}");
        }
    }
}

/// What is read and fits the screen is not scrolled, and no key for it is told.
#[test]
fn scrolling_is_told_where_there_is_more_to_read() {
    let scrolls = |columns, rows, keys: &str| {
        let (mut app, now) = console(columns, rows);
        press(&mut app, now, keys);
        told(&app).iter().any(|(_, word)| *word == "scroll")
    };
    assert!(scrolls(80, 24, "?") && scrolls(60, 15, "i"));
    assert!(!scrolls(200, 100, "?") && !scrolls(200, 100, "i"));
}
