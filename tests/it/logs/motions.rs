//! Moving over lines that come and go.

use midwatch::app::App;
use midwatch::message::effect::Effect;
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::state::logs::place::Place;
use proptest::prelude::*;

use super::lines::{at, chunk, console, container, filled, keys, screen, sources};

/// What the screen shows of lines: without the row that counts.
fn lines(app: &mut App) -> Vec<String> {
    screen(app).lines().skip(2).map(ToOwned::to_owned).collect()
}

fn come(app: &mut App, server: &str, name: &str, seconds: f64, text: &str) {
    let batch = LogBatch::new(container(server, name), chunk(&[(seconds, text)]), 0);
    app.handle(Event::Logs(batch), at(seconds));
}

#[test]
fn the_page_follows_what_it_is_opened_on_and_gives_up_the_rest() {
    let mut app = console(80, 24, "dark");
    let other = container("db-1", "postgres");
    let kept = sources()[0].clone();
    let effects = midwatch::state::logs::open::open(&mut app.state, vec![kept.clone(), other.clone()]);
    let followed: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Follow { source, .. } => Some(source.clone()),
            _ => None,
        })
        .collect();
    let left = effects.iter().filter(|effect| matches!(effect, Effect::Unfollow(_))).count();
    assert_eq!((followed, left), (vec![other], 2));
}

#[test]
fn a_paused_screen_does_not_move_whatever_comes() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "p");
    let before = lines(&mut app);
    come(&mut app, "web-1", "shop-web-1", 170.0, "INFO  later");
    // With a time in the middle of what is shown.
    come(&mut app, "web-2", "shop-worker-1", 159.5, "ERROR came late");
    assert_eq!(lines(&mut app), before);
    assert!(screen(&mut app).contains("2 new"), "{}", screen(&mut app));
    keys(&mut app, "G");
    assert!(screen(&mut app).contains("later") && screen(&mut app).contains("came late"));
}

#[test]
fn lines_that_are_dropped_do_not_move_a_paused_screen() {
    let mut app = filled(80, 24, "dark");
    for n in 0..20 {
        let text = format!("INFO  line of batch {n} {}", "x".repeat(40));
        let batch: Vec<_> =
            (0..1000).map(|i| (200.0 + f64::from(n * 1000 + i) / 100.0, text.as_str())).collect();
        let chunk = chunk(&batch);
        let batch = LogBatch::new(container("web-1", "shop-web-1"), chunk, 0);
        app.handle(Event::Logs(batch), at(1000.0));
    }
    keys(&mut app, "p pageup");
    let before = lines(&mut app);
    let half = app.state.logs.bytes() / 2;
    app.state.logs.set_budget(half);
    assert!(app.state.logs.sources().any(|info| info.dropped > 0));
    assert_eq!(lines(&mut app), before);
    assert!(screen(&mut app).contains("older dropped"), "{}", screen(&mut app));
}

#[test]
fn the_selection_keeps_its_line_while_lines_come() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "k k");
    let selected = app.state.logs_page.selected;
    come(&mut app, "web-1", "shop-web-1", 170.0, "INFO  later");
    assert_eq!(app.state.logs_page.selected, selected);
    assert!(selected.is_some());
}

#[test]
fn errors_are_gone_to_and_back() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "g");
    keys(&mut app, "e");
    let first = app.state.logs_page.selected;
    keys(&mut app, "e");
    assert_ne!(app.state.logs_page.selected, first);
    keys(&mut app, "E");
    assert_eq!(app.state.logs_page.selected, first);
    keys(&mut app, "E");
    assert_eq!(app.state.logs_page.selected, first);
    assert!(screen(&mut app).contains("no earlier error"));
}

#[test]
fn a_time_is_gone_to() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "t 0 3 : 1 1 enter");
    let selected = app.state.logs_page.selected.unwrap();
    assert_eq!(selected.at, at(60.0));
    assert!(matches!(app.state.logs_page.place, Place::Paused { .. }));
    keys(&mut app, "t x enter");
    assert!(screen(&mut app).contains("not a time"));
}

#[test]
fn marked_lines_are_copied_as_they_came() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "g space space");
    let effects = keys(&mut app, "y");
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text.lines().count(), 2);
    assert!(text.starts_with("GET /cart/0 200 in 12ms\n{\"level\":\"info\""), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_screen_forward_and_back_returns(
        start in 0usize..40,
        screens in 1usize..4,
        wrap in any::<bool>(),
        whole in any::<bool>(),
    ) {
        let mut app = filled(80, 24, "dark");
        if wrap { keys(&mut app, "w"); }
        if whole { keys(&mut app, "Z"); }
        keys(&mut app, "g");
        for _ in 0..start { midwatch::state::logs::motion::scroll(&mut app.state, 1); }
        let place = |app: &App| app.state.logs_page.place.clone();
        let mut before = vec![place(&app)];
        for _ in 0..screens {
            keys(&mut app, "pagedown");
            before.push(place(&app));
        }
        // A screen that met the end went less far, and is not gone back from by a whole one.
        let end = before.pop();
        if before.last() != end.as_ref() && !at_end(&app) {
            for expected in before.iter().rev() {
                keys(&mut app, "pageup");
                prop_assert_eq!(&place(&app), expected);
            }
        }
    }

    #[test]
    fn no_key_breaks_the_page_and_the_selection_stays_in_sight(
        columns in 60u16..130,
        rows in 15u16..45,
        typed in prop::collection::vec(0usize..KEYS.len(), 0..40),
    ) {
        let mut app = filled(columns, rows, "dark");
        for key in typed {
            keys(&mut app, KEYS[key]);
            screen(&mut app);
            let view = midwatch::state::logs::view::View::of(&app.state);
            let shown = view.rows();
            let selected = view.selected();
            prop_assert!(shown.iter().any(|row| Some(row.entry.cursor) == selected), "after {}", KEYS[key]);
        }
    }
}

const KEYS: [&str; 23] = [
    "j",
    "k",
    "g",
    "G",
    "pagedown",
    "pageup",
    "ctrl-d",
    "ctrl-u",
    "w",
    "z",
    "Z",
    "e",
    "E",
    "p",
    "h",
    "l",
    "H",
    "J",
    "space",
    "u",
    "t 0 3 : 1 1 enter",
    "L",
    "c",
];

fn at_end(app: &App) -> bool {
    let view = midwatch::state::logs::view::View::of(&app.state);
    match (&app.state.logs_page.place, view.last_top()) {
        (Place::Paused { top, .. }, Some(last)) => *top >= last,
        _ => true,
    }
}
