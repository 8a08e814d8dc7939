use std::time::Duration;

use super::*;
use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{RequestId, ServerId};
use crate::domain::metric::{Metric, SeriesKey};
use crate::domain::past::{Earlier, Folded, Past, PastNews, PastQuery};
use crate::domain::setup::{ServerSetup, Setup};
use crate::domain::thresholds::Thresholds;
use crate::domain::time::Timestamp;
use crate::keys::chord::Chord;
use crate::message::batch::{Batch, Observation};
use crate::state::logs::place::Place;
use crate::state::metrics::MetricsPage;
use crate::state::metrics::picker::{self, Choice};
use crate::state::metrics::span::Span;
use crate::state::metrics::window::Window;
use crate::state::overlay::Overlay;
use crate::state::page::Page;

const NOW: Timestamp = Timestamp::from_secs(1_795_230_000);

/// A console that read `cpu` of two servers for ten minutes, every two seconds.
fn state() -> State {
    let mut state = State::new(120, 40, 1 << 20);
    let server = |name: &str| ServerSetup {
        id: name.into(),
        address: String::new(),
        environment: None,
        labels: std::collections::BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(2),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    };
    state.setup = Setup { servers: vec![server("a"), server("b")], ..Setup::default() };
    state.fleet.configure(&state.setup);
    state.now = NOW;
    for name in ["a", "b"] {
        for ago in (0..300u32).rev().map(|n| n * 2) {
            let at = NOW - Duration::from_secs(ago.into());
            state.series.record(&name.into(), Metric::Cpu, f64::from(ago) / 10.0, at, Duration::from_secs(2));
        }
    }
    state
}

fn press(state: &mut State, keys: &[&str]) -> Vec<Effect> {
    let keymap = crate::actions::keymap(&std::collections::BTreeMap::new()).0;
    let mut effects = Vec::new();
    for key in keys {
        let chord: Chord = key.parse().unwrap();
        effects.extend(keys::key(state, chord).unwrap_or_else(|| {
            let action = keymap.action(Scope::Metrics, chord).and_then(crate::actions::find).unwrap();
            (action.run)(state)
        }));
    }
    effects
}

fn opened() -> State {
    let mut state = state();
    let effects = open::open(&mut state, &["a".into()]);
    let [Effect::Past(request, query)] = &effects[..] else { panic!("asked {effects:?}") };
    assert!(query.from <= NOW - Duration::from_secs(900) && query.to <= NOW);
    assert!(open::answered(&mut state, *request, Ok(Past::default())));
    state
}

fn asked(effects: &[Effect]) -> Vec<(RequestId, PastQuery)> {
    let query = |effect: &Effect| match effect {
        Effect::Past(request, query) => Some((*request, query.clone())),
        _ => None,
    };
    effects.iter().filter_map(query).collect()
}

#[test]
fn it_opens_on_a_server_and_asks_once_for_what_is_not_live() {
    let mut state = opened();
    assert_eq!(state.nav.page(), &Page::Metrics);
    let shown = state.metrics_shown();
    let titles: Vec<&str> = shown.charts.iter().map(|chart| chart.of.title.as_str()).collect();
    assert_eq!(titles, ["cpu", "memory", "disk I/O", "network"]);
    assert!(asked(&open::open(&mut state, &["a".into()])).is_empty());
    assert!(asked(&press(&mut state, &["minus"])).is_empty(), "a shorter time is at hand");
    assert_eq!(asked(&press(&mut state, &["+", "+", "+"])).len(), 1, "an hour before it too");
    assert_eq!(state.metrics.span, Span::Hours6);
}

#[test]
fn the_cursor_reads_values_and_pans_past_the_left_end() {
    let mut state = opened();
    press(&mut state, &["left"]);
    let window = state.metrics_window();
    assert_eq!(state.metrics_shown().cursor, Some(window.cells - 1));
    press(&mut state, &["left", "left", "shift-left"]);
    let shown = state.metrics_shown();
    assert_eq!(shown.cursor, Some(window.cells - 13));
    // `ago / 10` percent: the value tells the time at which it was read.
    let ago = NOW.since(window.middle(window.cells - 13)).as_secs_f64();
    let value = shown.charts[0].series[0].entry.value.trim_end_matches('%').parse::<f64>().unwrap();
    assert!((value - ago / 10.0).abs() < 1.2, "{value} was read {ago} seconds ago");
    for _ in 0..window.cells {
        press(&mut state, &["left"]);
    }
    assert_eq!(state.metrics_shown().cursor, Some(0));
    assert!(state.metrics.end.is_some_and(|end| end < NOW));
    press(&mut state, &["n"]);
    assert_eq!((state.metrics.end, state.metrics.cursor), (None, None));
}

#[test]
fn zooming_keeps_the_cursor_where_it_is() {
    let mut state = opened();
    press(&mut state, &["left", "shift-left", "shift-left", "shift-left"]);
    let (at, before) = (state.metrics.cursor, state.metrics_shown().cursor.unwrap());
    press(&mut state, &["["]);
    assert_eq!(state.metrics.cursor, at);
    assert!(state.metrics_shown().cursor.unwrap().abs_diff(before) <= 1);
}

#[test]
fn the_past_is_asked_for_and_joined_with_what_is_live() {
    let mut state = opened();
    let effects = press(&mut state, &["pageup"; 12]);
    let (request, query) = asked(&effects).pop().unwrap();
    assert!(state.metrics_window().from >= query.from);
    let key = SeriesKey { server: "a".into(), metric: Metric::Cpu };
    let at = state.metrics_window().middle(20);
    let folded = Folded { at, lasts: Duration::from_secs(60), min: 1.0, mean: 2.0, max: 3.0 };
    let past = Past { series: vec![(key, vec![folded])], marks: Vec::new() };
    assert!(open::answered(&mut state, RequestId(request.0 + 7), Ok(Past::default())).eq(&false));
    assert!(open::answered(&mut state, request, Ok(past)));
    let bins = &state.metrics_shown().charts[0].series[0].bins;
    assert!(
        bins.iter().flatten().all(|bin| (bin.max - 3.0).abs() < 0.001) && bins.iter().flatten().count() > 0
    );
    // An answer that comes twice is nobody's.
    assert!(!open::answered(&mut state, request, Ok(Past::default())));
}

#[test]
fn a_failed_answer_leaves_what_is_live_and_says_why() {
    let mut state = state();
    let effects = open::open(&mut state, &["a".into()]);
    let (request, _) = asked(&effects).pop().unwrap();
    let failure = Failure::new(FailureKind::Invalid, "read the history", "the file is damaged");
    assert!(open::answered(&mut state, request, Err(failure.clone())));
    assert_eq!(state.metrics.past.failure, Some(failure));
    assert!(!state.metrics_shown().is_empty());
    assert!(asked(&open::ask(&mut state)).is_empty(), "it is not asked for again and again");
    assert_eq!(asked(&press(&mut state, &["ctrl-r"])).len(), 1);
}

#[test]
fn news_of_a_replaced_file_stay_until_they_are_dismissed() {
    let mut state = state();
    let failure = Failure::new(FailureKind::Invalid, "read the history", "damaged");
    open::news(&mut state, PastNews::Stopped(failure.clone()));
    assert_eq!((state.overlays.len(), &state.metrics.not_kept), (0, &Some(failure.clone())));
    open::news(&mut state, PastNews::Replaced(failure.clone()));
    assert_eq!(state.overlays, [Overlay::Failure(failure)]);
    assert_eq!(state.metrics.not_kept, None);
}

#[test]
fn servers_are_laid_over_each_other_by_the_choice() {
    let mut state = opened();
    press(&mut state, &["o", "b", "tab", "enter"]);
    assert_eq!(state.metrics.servers, [ServerId::from("a"), ServerId::from("b")]);
    let shown = state.metrics_shown();
    let names: Vec<&str> = shown.charts[0].series.iter().map(|series| series.entry.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    press(&mut state, &["o", "esc"]);
    assert_eq!((state.metrics.picker.is_none(), state.metrics.servers.len()), (true, 2));
}

#[test]
fn a_search_in_the_choice_has_words_that_all_have_to_match() {
    let mut state = opened();
    press(&mut state, &["o", "n", "e", "t", "space", "o", "u", "t"]);
    let names = |state: &State| -> Vec<String> {
        let picker = state.metrics.picker.as_ref().unwrap();
        picker::offers(state, picker).iter().map(Choice::name).collect()
    };
    let picker = state.metrics.picker.as_ref().unwrap();
    assert_eq!((picker.input.text(), picker.marked.len()), ("net out", marked(&opened())));
    assert_eq!(names(&state), ["net out"]);
    // In any order; and where nothing is typed a space marks.
    press(&mut state, &["ctrl-u", "o", "u", "t", "space", "n", "e", "t"]);
    assert_eq!(names(&state), ["net out"]);
    press(&mut state, &["ctrl-u", "space"]);
    let picker = state.metrics.picker.as_ref().unwrap();
    assert_eq!(picker.input.text(), "");
    assert_ne!(picker.marked.len(), marked(&opened()));
}

/// How many are marked when the choice is opened.
fn marked(state: &State) -> usize {
    state.metrics.servers.len() + state.metrics.metrics().len()
}

#[test]
fn a_metric_that_is_chosen_has_the_keys_so_that_it_is_seen() {
    let mut state = opened();
    let metrics: Vec<Metric> = state.metrics.metrics().iter().cloned().chain([Metric::Load1]).collect();
    open::picked(&mut state, vec!["a".into()], metrics.clone());
    let charts = state.metrics.charts();
    assert_eq!(charts[state.metrics.focused].metrics, [Metric::Load1]);
    open::picked(&mut state, vec!["a".into()], metrics);
    assert_eq!(state.metrics.focused, 0, "nothing is new");
}

#[test]
fn events_are_found_and_the_way_back_undoes_one_thing_at_a_time() {
    let mut state = opened();
    for ago in [600, 300] {
        let at = NOW - Duration::from_secs(ago);
        let mark = EventMark { at, server: "a".into(), kind: MarkKind::Restart, text: format!("{ago}") };
        let effects = state.observe(Batch { server: "a".into(), at, observation: Observation::Mark(mark) });
        assert!(matches!(&effects[..], [Effect::KeepMark(kept)] if kept.text == format!("{ago}")));
    }
    press(&mut state, &["e", "e"]);
    assert_eq!(state.metrics_shown().at_cursor().map(|mark| mark.text.as_str()).collect::<Vec<_>>(), ["300"]);
    press(&mut state, &["E"]);
    assert_eq!(state.metrics_shown().at_cursor().next().unwrap().text, "600");
    press(&mut state, &["enter", "esc"]);
    assert_eq!((state.metrics.cursor, state.metrics.alone), (None, true));
    press(&mut state, &["esc"]);
    assert!(!state.metrics.alone);
    press(&mut state, &["esc"]);
    assert_eq!(state.nav.page(), &Page::Overview);
}

#[test]
fn what_another_keeper_has_of_a_day_is_shown_and_not_kept_once_more() {
    let mut state = state();
    let metric = Metric::Prometheus("load".into());
    let key = SeriesKey { server: "a".into(), metric: metric.clone() };
    let minute = Duration::from_secs(60);
    let points = (0..=1440u32).rev().map(|ago| (NOW - minute * ago, 7.0)).collect();
    for at in [NOW, NOW + minute] {
        let samples = Observation::Samples(vec![(metric.clone(), 3.0)]);
        let kept = state.observe(Batch { server: "a".into(), at, observation: samples });
        assert!(matches!(&kept[..], [Effect::Keep(_)]));
    }
    let observation = Observation::Earlier(Earlier { metric, every: minute, points });
    let effects = state.observe(Batch { server: "a".into(), at: NOW, observation });
    assert!(effects.is_empty(), "{effects:?}");
    for span in [Span::Minutes5, Span::Hours24] {
        let page = MetricsPage { span, ..MetricsPage::default() };
        let window = Window::of(&page, NOW - Duration::from_millis(1), 60);
        let bins = state.bins(&key, window);
        assert!(bins.iter().all(|bin| bin.is_some_and(|bin| bin.mean > 6.9)), "{span:?} {bins:?}");
    }
    let live = Window::of(&MetricsPage::default(), NOW + minute, 60);
    assert!(state.bins(&key, live).last().unwrap().unwrap().max < 3.1);
}

#[test]
fn the_lines_at_the_cursor_are_one_key_away() {
    let mut state = opened();
    press(&mut state, &["left", "shift-left"]);
    let at = state.metrics.cursor.unwrap();
    let effects = press(&mut state, &["l"]);
    assert_eq!(state.nav.page(), &Page::Logs);
    let filters = &state.logs_page.filters;
    assert!(filters.since.is_some_and(|since| since < at) && filters.until.is_some_and(|until| until > at));
    let reaches =
        |effect: &Effect| matches!(effect, Effect::Follow { back, .. } if back.since == filters.since);
    assert!(effects.iter().any(reaches), "what lies before is read");
    // Read once, from there on, and not the newest lines first.
    let follows = effects.iter().filter(|effect| matches!(effect, Effect::Follow { .. })).count();
    assert_eq!(follows, state.logs_page.shown.len(), "{effects:?}");
    assert!(matches!(state.logs_page.place, Place::Paused { .. }), "it does not follow");
    let window = state.metrics_window();
    assert_eq!(state.logs_page.awaited, window.column(at).map(|column| window.middle(column)));
}

#[test]
fn the_present_is_followed_and_no_time_of_an_earlier_look_is_left_over() {
    let mut state = opened();
    press(&mut state, &["left", "l"]);
    state.back();
    press(&mut state, &["esc", "l"]);
    let (page, filters) = (&state.logs_page, &state.logs_page.filters);
    assert_eq!((&page.place, filters.since, filters.until), (&Place::Following, None, None));
    // The past without a cursor: all that is shown of it, from its beginning.
    state.back();
    press(&mut state, &["<", "<"]);
    let window = state.metrics_window();
    press(&mut state, &["l"]);
    let filters = &state.logs_page.filters;
    assert_eq!((filters.since, filters.until), (Some(window.from), Some(window.to)));
    assert_eq!(state.logs_page.awaited, Some(window.from));
    // From elsewhere the page is opened without it.
    state.back();
    state.back();
    state.open_logs();
    assert_eq!(state.logs_page.filters.since, None);
}

#[test]
fn the_lines_are_those_of_what_the_chart_is_about() {
    let mut state = opened();
    let now = state.now;
    let shop = crate::store::fleet::rules::sample::container("shop-web-1");
    let other = crate::store::fleet::rules::sample::container("shop-api-1");
    state.fleet.containers(&"a".into(), vec![shop, other], now);
    let shown =
        |state: &State| state.logs_page.shown.iter().map(|it| it.source.to_string()).collect::<Vec<_>>();
    press(&mut state, &["l"]);
    assert_eq!(shown(&state), ["a/journal", "a/shop-api-1", "a/shop-web-1"]);
    state.back();
    open::open_on(&mut state, &"a".into(), Metric::ContainerCpu("shop-web-1".into()));
    press(&mut state, &["left", "l"]);
    assert_eq!(shown(&state), ["a/shop-web-1"]);
    state.back();
    state.setup.servers[0].log_files = vec![("caddy".into(), "/var/log/caddy/access.log".into())];
    state.fleet.configure(&state.setup);
    open::open_on(&mut state, &"a".into(), Metric::P95("caddy".into()));
    press(&mut state, &["l"]);
    assert_eq!(shown(&state), ["a//var/log/caddy/access.log"]);
}

#[test]
fn what_is_shown_is_copied_as_a_table() {
    let mut state = opened();
    let effects = press(&mut state, &["y"]);
    let [Effect::Copy(table)] = &effects[..] else { panic!("{effects:?}") };
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("time\ta cpu\ta memory\ta disk read\ta disk write\ta net in\ta net out"));
    let row: Vec<&str> = lines.next().unwrap().split('\t').collect();
    assert!(Timestamp::parse_rfc3339(row[0]).is_some() && row[1].parse::<f32>().is_ok());
    assert_eq!(row[2..], ["", "", "", "", ""]);
}

#[test]
fn a_value_that_is_too_old_is_stale_and_says_how_old() {
    let mut state = opened();
    assert!(!state.metrics_shown().charts[0].series[0].entry.stale);
    state.now = NOW + Duration::from_secs(90);
    let entry = state.metrics_shown().charts[0].series[0].entry.clone();
    assert_eq!((entry.stale, entry.age.as_str(), entry.value.as_str()), (true, "1m", "0%"));
}

#[test]
fn what_was_kept_of_a_metric_that_is_not_live_is_offered() {
    let mut state = opened();
    let effects = open::pick(&mut state);
    let [Effect::Kept(request)] = effects[..] else { panic!("asked {effects:?}") };
    let kept = Metric::ContainerCpu("gone-1".into());
    let offered = |state: &State| {
        let picker = state.metrics.picker.as_ref().unwrap();
        picker::offers(state, picker).contains(&Choice::Metric(kept.clone()))
    };
    assert!(!offered(&state));
    // Not an answer to this choice.
    open::offered(&mut state, RequestId(request.0 + 1), [("a".into(), vec![kept.clone()])].into());
    assert!(!offered(&state));
    open::offered(&mut state, request, [("a".into(), vec![kept.clone()])].into());
    assert!(offered(&state));
    assert!(!open::not_offered(&mut state, request), "it was answered");
}
