//! Going back further than what is held: only what is missing is asked for, and it comes where it belongs.

use midwatch::app::App;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::log_source::LogSource;
use midwatch::message::effect::Effect;
use midwatch::message::event::Event;
use midwatch::message::log_batch::{LogBatch, Part};
use midwatch::state::logs::view::View;
use midwatch::store::logs::{Chunk, Cursor, OVERLAP};

use super::lines::{at, chunk, console, container, keys, screen};

fn web() -> LogSource {
    container("web-1", "shop-web-1")
}

/// A console on one container, that holds what was written at 100 s and later.
fn held() -> App {
    let mut app = console(80, 24, "dark");
    midwatch::state::logs::open::open(&mut app.state, vec![web()]);
    let lines: Vec<(f64, String)> = (0..40).map(|n| (100.0 + f64::from(n), format!("held {n}"))).collect();
    let lines: Vec<(f64, &str)> = lines.iter().map(|(at, text)| (*at, text.as_str())).collect();
    app.handle(Event::Logs(LogBatch::new(web(), chunk(&lines), 0)), at(160.0));
    app
}

fn come(app: &mut App, part: Part, lines: &[(f64, &str)]) -> Vec<Effect> {
    let batch = LogBatch { part, ..LogBatch::new(web(), chunk(lines), 0) };
    app.handle(Event::Logs(batch), at(160.0))
}

fn texts(app: &App) -> Vec<String> {
    View::of(&app.state).forward(Cursor::START).map(|entry| entry.line.text.to_owned()).collect()
}

/// What is asked for: from when, and until when.
fn asked(effects: &[Effect]) -> Vec<(f64, f64)> {
    let seconds = |time: midwatch::domain::time::Timestamp| time.since(at(0.0)).as_secs_f64();
    let of = |effect: &Effect| match effect {
        Effect::Reach { source, from, until } => {
            assert_eq!(*source, web());
            Some((seconds(*from), seconds(*until)))
        }
        Effect::Follow { .. } | Effect::Unfollow(_) => panic!("{effect:?}: the log is read again"),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

/// The time as the prompt takes it, a blank between the keys.
fn jump(seconds: f64) -> String {
    let text = at(seconds).rfc3339();
    let keys: Vec<String> = text[11..19].chars().map(|c| c.to_string()).collect();
    format!("t {} enter", keys.join(" "))
}

#[test]
fn only_what_is_missing_is_asked_for_and_it_is_gone_to() {
    let mut app = held();
    let effects = keys(&mut app, &jump(50.0));
    assert_eq!(asked(&effects), [(50.0, 100.0 + OVERLAP.as_secs_f64())]);
    // Nothing that is held is given up for it.
    assert_eq!(texts(&app).len(), 40);

    come(&mut app, Part::Earlier, &[]);
    come(&mut app, Part::Earlier, &[(50.0, "early 1"), (60.0, "early 2")]);
    let selected = app.state.logs_page.selected.unwrap();
    assert_eq!(app.state.logs.line(selected.source, selected.seq).unwrap().text, "early 1");
    // The last one is held already.
    come(&mut app, Part::Earlier, &[(70.0, "early 3"), (100.0, "held 0")]);
    come(&mut app, Part::EarlierEnd(None), &[]);
    let all = texts(&app);
    assert_eq!(all[..5], ["early 1", "early 2", "early 3", "held 0", "held 1"]);
    assert_eq!(all.len(), 43);
    assert!(screen(&mut app).contains("early 1"), "{}", screen(&mut app));

    // A second time there is nothing to ask for; further back only what is missing then.
    assert_eq!(asked(&keys(&mut app, &jump(55.0))), []);
    assert_eq!(asked(&keys(&mut app, &jump(20.0))), [(20.0, 50.0 + OVERLAP.as_secs_f64())]);
}

#[test]
fn what_is_asked_for_meanwhile_is_read_next() {
    let mut app = held();
    assert_eq!(asked(&keys(&mut app, &jump(80.0))).len(), 1);
    assert_eq!(asked(&keys(&mut app, &jump(40.0))), []);
    come(&mut app, Part::Earlier, &[]);
    come(&mut app, Part::Earlier, &[(80.0, "early 2")]);
    let next = come(&mut app, Part::EarlierEnd(None), &[]);
    assert_eq!(asked(&next), [(40.0, 80.0 + OVERLAP.as_secs_f64())]);
    come(&mut app, Part::Earlier, &[]);
    come(&mut app, Part::Earlier, &[(40.0, "early 1"), (80.0, "early 2")]);
    assert_eq!(asked(&come(&mut app, Part::EarlierEnd(None), &[])), []);
    assert_eq!(texts(&app)[..3], ["early 1", "early 2", "held 0"]);
}

#[test]
fn what_comes_of_a_read_that_was_given_up_is_passed_over() {
    let mut app = held();
    come(&mut app, Part::Earlier, &[(50.0, "of no one")]);
    keys(&mut app, &jump(50.0));
    come(&mut app, Part::Earlier, &[(50.0, "of the one before")]);
    assert_eq!(texts(&app).len(), 40);
    // A failure is told, and it can be tried again.
    let why = Failure::new(FailureKind::Timeout, "read", "no answer");
    come(&mut app, Part::EarlierEnd(Some(why)), &[]);
    assert!(screen(&mut app).contains("further back: no answer"), "{}", screen(&mut app));
    assert_eq!(asked(&keys(&mut app, &jump(50.0))).len(), 1);
}

#[test]
fn a_reader_who_moves_is_not_moved_by_what_comes() {
    let mut app = held();
    keys(&mut app, &jump(50.0));
    come(&mut app, Part::Earlier, &[]);
    keys(&mut app, "j j");
    let selected = app.state.logs_page.selected;
    come(&mut app, Part::Earlier, &[(50.0, "early 1"), (60.0, "early 2")]);
    assert_eq!(app.state.logs_page.selected, selected);
    let follow = LogBatch::new(web(), Chunk::default(), 0);
    app.handle(Event::Logs(follow), at(160.0));
    assert_eq!(app.state.logs_page.selected, selected);
}
