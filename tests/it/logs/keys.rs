//! Each key of the page does what it says: a test for a key fails where the key does nothing.

use midwatch::app::App;
use midwatch::message::effect::Effect;
use midwatch::state::logs::view::View;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::lines::{at, filled, keys, screen};

fn texts(app: &App) -> Vec<String> {
    View::of(&app.state).rows().iter().map(|row| row.entry.line.text.to_owned()).collect()
}

/// The ground on which a text stands on the screen.
fn ground(app: &App, text: &str) -> Color {
    let size = app.state.size;
    let mut buf = Buffer::empty(Rect::new(0, 0, size.columns, size.rows));
    app.draw(&mut buf);
    for y in 2..size.rows - 1 {
        let row: Vec<&str> = (0..size.columns).map(|x| buf[(x, y)].symbol()).collect();
        if let Some(at) = row.concat().find(text) {
            let ahead = row.iter().scan(0, |bytes, cell| {
                *bytes += cell.len();
                Some(*bytes)
            });
            let x = ahead.take_while(|bytes| *bytes <= at).count();
            return buf[(u16::try_from(x).unwrap(), y)].bg;
        }
    }
    panic!("{text} is not on the screen");
}

#[test]
fn a_highlight_colors_and_hides_nothing() {
    let mut app = filled(80, 24, "dark");
    let (before, plain) = (texts(&app), ground(&app, "cart/38"));
    keys(&mut app, "* c a r t / 3 8 enter");
    assert_eq!(texts(&app), before);
    assert_ne!(ground(&app, "cart/38"), plain);
    assert_eq!(ground(&app, "cart/39"), plain);
    assert!(screen(&mut app).contains("*cart/38"), "{}", screen(&mut app));
}

#[test]
fn since_and_until_cut_the_time() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "g ] 0 3 : 1 1 enter");
    let until = texts(&app);
    assert!(until.first().is_some_and(|text| text.contains("cart/0")), "{until:?}");
    keys(&mut app, "G");
    let last = texts(&app);
    assert!(last.last().is_some_and(|text| text.contains("cart/14")), "{last:?}");
    keys(&mut app, "[ 0 3 : 1 0 : 3 0 enter g");
    let both = texts(&app);
    assert!(both.first().is_some_and(|text| text.contains("cart/8")), "{both:?}");
    assert!(both.iter().all(|text| !text.contains("cart/15")), "{both:?}");
    // Empty takes one off.
    keys(&mut app, "] enter G");
    assert!(texts(&app).iter().any(|text| text.contains("caught up")), "{:?}", texts(&app));
    keys(&mut app, "[ enter g");
    assert!(texts(&app).first().is_some_and(|text| text.contains("cart/0")), "{:?}", texts(&app));
    assert!(!app.state.logs_page.filters.narrow());
}

#[test]
fn json_is_shown_as_it_came_and_as_a_sentence() {
    let mut app = filled(80, 24, "dark");
    assert!(!screen(&mut app).contains("\"level\":"), "{}", screen(&mut app));
    assert!(screen(&mut app).contains("handled request"), "{}", screen(&mut app));
    keys(&mut app, "J");
    assert!(screen(&mut app).contains("{\"level\":\"info\""), "{}", screen(&mut app));
    keys(&mut app, "J");
    assert!(!screen(&mut app).contains("\"level\":"), "{}", screen(&mut app));
}

#[test]
fn times_are_shown_in_the_zone_of_this_machine() {
    let mut app = filled(80, 24, "dark");
    app.state.zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(5));
    let text = screen(&mut app);
    assert!(text.contains("03:12:39") && text.contains(" UTC") && !text.contains("08:12:39"), "{text}");
    keys(&mut app, "u");
    let text = screen(&mut app);
    assert!(text.contains("08:12:39") && text.contains(" local") && !text.contains("03:12:39"), "{text}");
    // A time that is typed is of that zone too.
    keys(&mut app, "t 0 8 : 1 1 enter");
    assert_eq!(app.state.logs_page.selected.map(|it| it.at), Some(at(60.0)));
    keys(&mut app, "u G");
    assert!(screen(&mut app).contains("03:12:39"), "{}", screen(&mut app));
}

#[test]
fn the_histogram_is_hidden_and_shown() {
    for rows in [24, 40] {
        let mut app = filled(80, rows, "dark");
        let lines = |app: &App| View::of(&app.state).area.height;
        let first = lines(&app);
        keys(&mut app, "H");
        let second = lines(&app);
        assert_ne!(first, second);
        keys(&mut app, "H");
        assert_eq!(lines(&app), first);
        // Where it has no rows, no bar is drawn.
        keys(&mut app, if first > second { "H" } else { "" });
        assert!(screen(&mut app).contains(['█', '▇', '▆', '▅', '▄', '▃', '▂', '▁']), "{}", screen(&mut app));
        keys(&mut app, "H");
        assert!(!screen(&mut app).contains(['█', '▇', '▆', '▅', '▄', '▃', '▂']), "{}", screen(&mut app));
    }
}

#[test]
fn what_is_shown_or_marked_is_saved_to_the_name_that_is_typed() {
    let mut app = filled(80, 24, "dark");
    let job = |effects: Vec<Effect>| {
        let mut jobs = effects.into_iter().filter_map(|effect| match effect {
            Effect::SaveLogs(_, job) => Some(job),
            _ => None,
        });
        let job = jobs.next().expect("nothing is saved");
        assert!(jobs.next().is_none());
        job
    };
    // A name is offered.
    let offered = job(keys(&mut app, "S enter"));
    assert_eq!(offered.path, "midwatch-logs-20261120T031240.txt");
    assert!(offered.hits.is_none() && offered.only.is_empty());
    keys(&mut app, "& 5 0 2 enter");
    let narrowed = job(keys(&mut app, "S ctrl-u a . t x t enter"));
    assert_eq!(narrowed.path, "a.txt");
    assert_eq!(narrowed.hits.map(|hits| hits.count()), Some(app.state.logs_page.passing.hits.count()));
    keys(&mut app, "k k space");
    assert_eq!(job(keys(&mut app, "S enter")).only.len(), 1);
    // Left with escape, nothing is.
    assert!(!keys(&mut app, "S esc").iter().any(|effect| matches!(effect, Effect::SaveLogs(..))));
}
