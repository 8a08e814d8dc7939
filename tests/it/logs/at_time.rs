//! The page opened at a time of the past, as the charts do.

use std::time::Duration;

use midwatch::app::App;
use midwatch::message::effect::Effect;
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::state::logs::open;
use midwatch::state::logs::place::Place;
use midwatch::state::logs::view::View;
use midwatch::store::logs::{Chunk, Cursor};

use super::lines::{answer, at, chunk, console, container, filled, keys, screen};

/// What is selected.
fn selected(app: &App) -> String {
    let at = View::of(&app.state).selected().expect("nothing is selected");
    app.state.logs.line(at.source, at.seq).unwrap().text.to_owned()
}

fn shown(app: &App) -> Vec<String> {
    View::of(&app.state).forward(Cursor::START).map(|entry| entry.line.text.to_owned()).collect()
}

fn come(app: &mut App, name: &str, lines: &[(f64, &str)]) {
    let lines = if lines.is_empty() { Chunk::default() } else { chunk(lines) };
    let effects = app.handle(Event::Logs(LogBatch::new(container("web-1", name), lines, 0)), at(160.0));
    answer(app, effects);
}

/// Opens two containers half a minute around a time.
fn open_at(app: &mut App, seconds: f64) -> Vec<Effect> {
    let sources = vec![container("web-1", "shop-web-1"), container("web-1", "late-1")];
    let around = (at(seconds) - Duration::from_secs(15), at(seconds) + Duration::from_secs(15));
    let effects = open::open_at(&mut app.state, sources, at(seconds), around);
    answer(app, effects)
}

#[test]
fn it_stands_at_the_time_with_what_comes_and_does_not_follow() {
    let mut app = console(80, 24, "dark");
    let effects = open_at(&mut app, 60.0);
    // One that was not shown is read from there on, once.
    let new = |effect: &Effect| match effect {
        Effect::Follow { source, back } if *source == container("web-1", "late-1") => Some(back.since),
        _ => None,
    };
    assert_eq!(effects.iter().filter_map(new).collect::<Vec<_>>(), [Some(at(45.0))]);
    assert!(!screen(&mut app).contains("following"), "{}", screen(&mut app));
    for name in ["shop-web-1", "late-1"] {
        come(&mut app, name, &[]);
    }
    come(&mut app, "shop-web-1", &[(40.0, "too early"), (50.0, "before"), (61.0, "at the time")]);
    assert_eq!(selected(&app), "at the time");
    // What another source tells of it, later and of a time before; and what happens now.
    come(&mut app, "late-1", &[(55.0, "before too"), (60.2, "nearest"), (70.0, "behind")]);
    come(&mut app, "shop-web-1", &[(90.0, "too late"), (160.0, "now")]);
    assert_eq!(selected(&app), "nearest");
    assert_eq!(shown(&app), ["before", "before too", "nearest", "at the time", "behind"]);
    assert!(matches!(app.state.logs_page.place, Place::Paused { .. }));
    let text = screen(&mut app);
    assert!(text.contains("paused") && !text.contains("following"), "{text}");
    // The reader moves, and is left alone.
    keys(&mut app, "k");
    come(&mut app, "late-1", &[(60.1, "very late")]);
    assert_eq!(selected(&app), "before too");
}

#[test]
fn lines_that_are_held_are_stood_at_at_once() {
    let mut app = filled(80, 24, "dark");
    let effects = open_at(&mut app, 60.0);
    let again = |effect: &&Effect| match effect {
        Effect::Follow { source, .. } => *source == container("web-1", "shop-web-1"),
        _ => false,
    };
    assert!(!effects.iter().any(|effect| again(&effect)), "what is held is not read again");
    assert_eq!(selected(&app), "GET /cart/15 200 in 13ms");
}

#[test]
fn the_end_of_another_time_is_not_called_following() {
    let mut app = console(80, 24, "dark");
    open_at(&mut app, 60.0);
    come(&mut app, "shop-web-1", &[]);
    come(&mut app, "shop-web-1", &[(50.0, "before"), (61.0, "at the time"), (70.0, "behind")]);
    keys(&mut app, "G");
    assert_eq!(selected(&app), "behind");
    let text = screen(&mut app);
    assert!(text.contains("its end") && !text.contains("following"), "{text}");
    // Without the stretch it is the present again.
    keys(&mut app, "c");
    assert!(screen(&mut app).contains("following"), "{}", screen(&mut app));
}
