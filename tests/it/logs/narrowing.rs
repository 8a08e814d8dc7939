//! Filters, and what is looked for.

use midwatch::domain::ids::RequestId;
use midwatch::message::effect::Effect;
use midwatch::message::event::{Event, Reply};
use midwatch::message::log_batch::LogBatch;
use midwatch::state::logs::view::View;

use super::lines::{answer, at, chunk, container, filled, keys, screen};

fn texts(app: &midwatch::app::App) -> Vec<String> {
    View::of(&app.state).rows().iter().map(|row| row.entry.line.text.to_owned()).collect()
}

#[test]
fn terms_narrow_and_are_taken_back() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "& c a r t enter");
    keys(&mut app, "& s t a t u s > = 5 0 0 enter");
    let shown = texts(&app);
    let lines: Vec<_> = shown.iter().filter(|text| !text.contains("missing")).collect();
    assert_eq!(lines.len(), 9);
    assert!(lines.iter().all(|text| text.contains("502")), "{lines:?}");
    keys(&mut app, "- c a r t / 3 9 enter");
    assert!(texts(&app).iter().all(|text| !text.contains("cart/39")));
    insta::assert_snapshot!("filtered-80", screen(&mut app));
    keys(&mut app, "x x x");
    assert!(texts(&app).iter().any(|text| text.contains("caught up")));
}

#[test]
fn what_is_missing_is_shown_whatever_is_filtered() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "& n o w h e r e enter");
    assert_eq!(texts(&app), ["1204 lines are missing here"]);
    assert!(screen(&mut app).contains("1,204 lines are missing here"));
}

#[test]
fn the_least_level_leaves_lines_that_tell_none() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "L L L");
    let shown = texts(&app);
    assert!(shown.iter().any(|text| text.contains("order 8812")));
    assert!(shown.iter().all(|text| !text.contains("\"level\":\"info\"")), "{shown:?}");
    keys(&mut app, "L");
    assert!(!app.state.logs_page.filters.narrow());
}

#[test]
fn a_pattern_with_a_mistake_is_told_and_not_taken() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "& / a ( / enter");
    assert!(app.state.logs_page.prompt.is_some());
    assert!(screen(&mut app).contains("unclosed group"), "{}", screen(&mut app));
    keys(&mut app, "esc");
    assert!(!app.state.logs_page.filters.narrow());
}

#[test]
fn looking_for_words_goes_there_as_they_are_typed_and_back_when_left() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "/ c a r t / 5");
    let selected = app.state.logs_page.selected.unwrap();
    let line = app.state.logs.line(selected.source, selected.seq).unwrap();
    assert!(line.text.contains("cart/5"), "{}", line.text);
    assert!(screen(&mut app).contains("2 found"), "{}", screen(&mut app));
    keys(&mut app, "esc");
    assert!(texts(&app).iter().any(|text| text.contains("caught up")));
    assert_eq!(app.state.logs_page.filters.find, "");
}

#[test]
fn the_next_and_the_previous_one_are_gone_to() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "g / 5 0 2 enter");
    let first = app.state.logs_page.selected.unwrap();
    keys(&mut app, "n");
    let second = app.state.logs_page.selected.unwrap();
    assert!(second > first);
    keys(&mut app, "N");
    assert_eq!(app.state.logs_page.selected, Some(first));
    insta::assert_snapshot!("found-80", screen(&mut app));
}

#[test]
fn an_answer_to_an_earlier_search_is_ignored() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "& c a r t enter");
    let before = texts(&app);
    let done = Reply::Found { segments: Vec::new(), done: true };
    assert!(app.handle(Event::Reply(RequestId(0), done), at(160.0)).is_empty());
    assert_eq!(texts(&app), before);
}

#[test]
fn lines_that_come_are_filtered_too() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "& l a t e enter");
    for text in ["INFO  too late", "INFO  in time"] {
        let batch = LogBatch::new(container("web-1", "shop-web-1"), chunk(&[(170.0, text)]), 0);
        let effects = app.handle(Event::Logs(batch), at(170.0));
        answer(&mut app, effects);
    }
    let shown = texts(&app);
    assert!(shown.iter().any(|text| text.contains("too late")), "{shown:?}");
    assert!(shown.iter().all(|text| !text.contains("in time")), "{shown:?}");
}

#[test]
fn the_screen_stays_by_its_line_when_a_filter_is_taken_off() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "& 5 0 2 enter");
    keys(&mut app, "k k k");
    let selected = app.state.logs_page.selected;
    keys(&mut app, "c");
    assert_eq!(app.state.logs_page.selected, selected);
    let view = View::of(&app.state);
    assert!(view.rows().iter().any(|row| Some(row.entry.cursor) == selected));
}

#[test]
fn lines_since_a_time_are_asked_for_where_they_are_not_held() {
    let mut app = filled(80, 24, "dark");
    let effects = keys(&mut app, "[ 0 3 : 0 0 enter");
    let asked = |effects: &[Effect]| {
        let is_one = |effect: &&Effect| matches!(effect, Effect::Follow { .. } | Effect::Reach { .. });
        effects.iter().filter(is_one).count()
    };
    assert_eq!(asked(&effects), 3, "{effects:?}");
    let effects = keys(&mut app, "[ 0 3 : 1 1 enter");
    assert_eq!(asked(&effects), 0, "{effects:?}");
}
