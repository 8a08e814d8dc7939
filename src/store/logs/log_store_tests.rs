//! The store's promises: order, bounds, and that walking forward is walking backward reversed.

use proptest::prelude::*;

use super::*;
use crate::domain::level::Level;
use crate::domain::log_source::LogStream;
use crate::store::logs::source_log::BASE;
use crate::store::logs::{ChunkBuilder, Flags, Position};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn source(name: &str) -> LogSource {
    LogSource { server: "web-1".into(), stream: LogStream::Container { name: name.to_owned() } }
}

fn append(store: &mut LogStore, name: &str, lines: &[(i64, &str)]) {
    let mut builder = ChunkBuilder::default();
    for (at, text) in lines {
        builder.push_raw(text, Timestamp::from_millis(*at), Flags::NONE);
    }
    store.append(&source(name), &builder.take(), NOW);
}

fn texts<'a>(entries: impl IntoIterator<Item = Entry<'a>>) -> Vec<&'a str> {
    entries.into_iter().map(|entry| entry.line.text).collect()
}

fn all(store: &LogStore) -> Vec<SourceId> {
    store.sources().map(|info| info.id).collect()
}

#[test]
fn sources_are_merged_in_the_order_of_time() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(1, "a1"), (5, "a5")]);
    append(&mut store, "b", &[(2, "b2"), (5, "b5"), (9, "b9")]);
    let view = store.merged(&all(&store), None);
    assert_eq!(texts(view.forward(Cursor::START)), ["a1", "b2", "a5", "b5", "b9"]);
    assert_eq!(texts(view.window_before(Cursor::END, 2)), ["b5", "b9"]);
    assert_eq!(texts(view.window(Cursor::at_time(Timestamp::from_millis(3)), 2)), ["a5", "b5"]);
    assert_eq!(view.position(Cursor::at_time(Timestamp::from_millis(5))), Position { before: 2, total: 5 });
    assert_eq!(texts(view.window(view.at_position(3), 1)), ["b5"]);
}

#[test]
fn a_record_is_not_torn_by_another_source() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(1, "ERROR broke"), (3, "  at x"), (4, "INFO next")]);
    append(&mut store, "b", &[(2, "between")]);
    let view = store.merged(&all(&store), None);
    let entries: Vec<_> = view.forward(Cursor::START).collect();
    assert_eq!(texts(entries.clone()), ["ERROR broke", "  at x", "between", "INFO next"]);
    assert_eq!(entries[1].line.level, Level::Error);
    assert_eq!(entries[1].line.time, Timestamp::from_millis(3));
}

#[test]
fn a_clock_that_steps_back_keeps_the_order_and_the_time_shown() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(9, "x"), (2, "y")]);
    let view = store.merged(&all(&store), None);
    let times: Vec<_> =
        view.forward(Cursor::START).map(|e| (e.cursor.at.as_millis(), e.line.time.as_millis())).collect();
    assert_eq!(times, [(9, 9), (9, 2)]);
}

#[test]
fn one_line_from_the_next_century_does_not_drag_the_rest_along() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(i64::MAX, "far"), (NOW.as_millis(), "near")]);
    let id = all(&store)[0];
    let cursor = store.cursor(id, LineSeq(BASE + 1)).unwrap();
    assert!(cursor.at.as_millis() <= NOW.as_millis() + 15 * 60 * 1000);
}

#[test]
fn a_gap_is_an_entry_and_says_how_much_is_missing() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(1, "x")]);
    store.gap(&source("a"), 12, Timestamp::from_millis(2));
    append(&mut store, "a", &[(3, "y")]);
    let view = store.merged(&all(&store), None);
    let entries: Vec<_> = view.forward(Cursor::START).collect();
    assert_eq!(texts(entries.clone()), ["x", "12 lines are missing here", "y"]);
    assert_eq!(entries[1].line.gap.and_then(|gap| gap.count), Some(12));
}

#[test]
fn errors_are_found_either_way() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(1, "ERROR one"), (2, "  at x"), (3, "INFO"), (7, "ERROR three")]);
    append(&mut store, "b", &[(5, "FATAL two")]);
    let view = store.merged(&all(&store), None);
    let text = |cursor: Option<Cursor>| texts(view.window(cursor.unwrap(), 1))[0];
    let two = view.next_at_least(Level::Error, view.first().unwrap());
    assert_eq!(text(two), "FATAL two");
    assert_eq!(text(view.next_at_least(Level::Error, two.unwrap())), "ERROR three");
    assert_eq!(text(view.previous_at_least(Level::Error, two.unwrap())), "ERROR one");
    assert_eq!(text(view.previous_at_least(Level::Error, Cursor::END)), "ERROR three");
    assert_eq!(view.next_at_least(Level::Error, view.last().unwrap()), None);
}

#[test]
fn a_loud_source_does_not_drive_out_a_quiet_one() {
    let budget = 4 << 20;
    let mut store = LogStore::new(budget);
    append(&mut store, "quiet", &[(1, "the one line")]);
    let line = "x".repeat(500);
    for at in 0..100 {
        let lines = vec![(at, line.as_str()); 1000];
        append(&mut store, "loud", &lines);
        assert!(store.bytes() <= budget);
    }
    let infos: Vec<_> = store.sources().collect();
    assert_eq!((infos[0].lines, infos[0].dropped), (1, 0));
    assert_eq!(infos[1].lines + infos[1].dropped, 100_000);
    assert!(infos[1].bytes > budget / 2);
}

#[test]
fn a_snapshot_does_not_change_while_the_store_does() {
    let mut store = LogStore::default();
    append(&mut store, "a", &[(1, "x")]);
    let snapshot = store.snapshot(&all(&store));
    append(&mut store, "a", &[(2, "y")]);
    assert_eq!((snapshot.lines(), store.snapshot(&all(&store)).lines()), (1, 2));
}

fn line() -> impl Strategy<Value = (u8, i64, String)> {
    (0u8..4, 0i64..50, prop_oneof!["[a-z]{0,12}", "  at [a-z]{3}", "ERROR [a-z]{200}", "a{2000}"])
}

fn filled(lines: &[(u8, i64, String)], budget: usize) -> LogStore {
    let mut store = LogStore::new(budget);
    for (at, text, name) in lines.iter().map(|(name, at, text)| (*at, text, name)) {
        append(&mut store, &name.to_string(), &[(at, text)]);
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn forward_is_backward_reversed(lines in prop::collection::vec(line(), 0..300), cut in 0i64..50) {
        let store = filled(&lines, DEFAULT_BUDGET);
        let view = store.merged(&all(&store), None);
        let forward: Vec<_> = view.forward(Cursor::START).collect();
        let mut backward: Vec<_> = view.backward(Cursor::END).collect();
        backward.reverse();
        prop_assert_eq!(&forward, &backward);
        prop_assert_eq!(forward.len(), lines.len());
        prop_assert!(forward.is_sorted_by_key(|entry| entry.cursor));
        let at = Cursor::at_time(Timestamp::from_millis(cut));
        let mut halves: Vec<_> = view.backward(at).collect();
        halves.reverse();
        prop_assert_eq!(halves.len(), view.position(at).before);
        halves.extend(view.forward(at));
        prop_assert_eq!(halves, forward);
    }

    #[test]
    fn dropping_the_oldest_keeps_numbers_and_order(lines in prop::collection::vec(line(), 0..300)) {
        let store = filled(&lines, 40_000);
        prop_assert!(store.bytes() <= 40_000);
        for info in store.sources() {
            let view = store.merged(&[info.id], None);
            let seqs: Vec<_> = view.forward(Cursor::START).map(|entry| entry.cursor.seq.0).collect();
            let first = BASE + info.dropped;
            let expected: Vec<_> = (first..first + info.lines).collect();
            prop_assert_eq!(seqs, expected);
        }
    }
}
