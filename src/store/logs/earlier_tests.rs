//! What is read later of before what is held stands there as if it had been read first.

use proptest::prelude::*;

use super::*;
use crate::domain::log_source::{LogSource, LogStream};
use crate::store::logs::{Chunk, ChunkBuilder, Cursor, LogStore, SourceId};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn source() -> LogSource {
    LogSource { server: "web-1".into(), stream: LogStream::Container { name: "shop".to_owned() } }
}

fn chunk(lines: &[(i64, String)]) -> Chunk {
    let mut builder = ChunkBuilder::default();
    for (at, text) in lines {
        builder.push(text, Timestamp::from_millis(*at), Level::Info, Flags::NONE);
    }
    builder.take()
}

fn texts(store: &LogStore) -> Vec<String> {
    let ids: Vec<SourceId> = store.sources().map(|info| info.id).collect();
    let view = store.merged(&ids, None);
    let entries: Vec<_> = view.forward(Cursor::START).collect();
    assert!(entries.is_sorted_by_key(|entry| entry.cursor), "a walk is out of order");
    let mut back: Vec<_> = view.backward(Cursor::END).map(|entry| entry.cursor).collect();
    back.reverse();
    assert!(entries.iter().map(|entry| entry.cursor).eq(back));
    for entry in &entries {
        assert_eq!(
            store.line(entry.cursor.source, entry.cursor.seq).map(|it| it.text),
            Some(entry.line.text)
        );
    }
    entries.iter().map(|entry| entry.line.text.to_owned()).collect()
}

/// The bytes as they are, not as they were counted.
fn bytes(store: &LogStore) -> usize {
    let ids: Vec<SourceId> = store.sources().map(|info| info.id).collect();
    store.snapshot(&ids).segments().iter().map(|segment| segment.footprint()).sum()
}

/// Lines whose times come close together and are now and then a little out of order.
fn log() -> impl Strategy<Value = Vec<(i64, String)>> {
    let line = (0..30_i64, 0..20_i64, 0..3_u8);
    prop::collection::vec(line, 1..200).prop_map(|steps| {
        let mut at = 5_000;
        let mut out = Vec::new();
        for (step, early, text) in steps {
            at += step * 7;
            out.push((at - early, format!("line {text}")));
        }
        out
    })
}

proptest! {
    #[test]
    fn it_is_as_if_it_had_been_read_first(
        log in log(), held in 0..200_usize, from in 4_000..30_000_i64, part in 1..50_usize,
    ) {
        let held = held.min(log.len() - 1);
        let mut store = LogStore::default();
        store.append(&source(), &chunk(&log[held..]), NOW);
        let (begins, _) = store.sources().next().unwrap().span.unwrap();
        let until = (begins + OVERLAP).as_millis();
        let wanted: Vec<_> = log.iter().filter(|(at, _)| (from..=until).contains(at)).cloned().collect();

        store.begin_earlier(&source());
        for (n, lines) in wanted.chunks(part).enumerate() {
            store.append_earlier(&source(), &chunk(lines), 0);
            // The log goes on meanwhile.
            store.append(&source(), &chunk(&[(NOW.as_millis(), format!("new {n}"))]), NOW);
        }
        store.end_earlier(&source());

        let before = log[..held].iter().filter(|(at, _)| *at >= from);
        let mut expected: Vec<String> = before.chain(&log[held..]).map(|(_, text)| text.clone()).collect();
        expected.extend((0..wanted.chunks(part).len()).map(|n| format!("new {n}")));
        let mut came = texts(&store);
        // Of two that are the same to the millisecond, one held and one not, who reads again cannot tell which
        // is which before it has read both: none is lost and none comes twice, and what stood between them may
        // stand before both.
        if log[..held].iter().any(|line| log[held..].contains(line)) {
            came.sort_unstable();
            expected.sort_unstable();
        }
        prop_assert_eq!(came, expected);
        prop_assert_eq!(store.bytes(), bytes(&store));
    }

    #[test]
    fn it_keeps_within_the_budget_whatever_is_dropped(
        budget in 1_000..400_000_usize, parts in prop::collection::vec((1..3_000_i64, 1..60_i64), 1..12),
    ) {
        let mut store = LogStore::new(budget);
        let long = "x".repeat(100);
        store.append(&source(), &chunk(&[(900_000, "first".to_owned()), (900_001, "second".to_owned())]), NOW);
        store.begin_earlier(&source());
        let mut at = 0;
        for (n, (lines, step)) in parts.iter().enumerate() {
            let lines: Vec<_> = (0..*lines).map(|line| (at + line * step / 60, long.clone())).collect();
            at = lines.last().map_or(at, |(at, _)| *at);
            if n % 2 == 0 {
                store.append_earlier(&source(), &chunk(&lines), 0);
            } else {
                let late: Vec<_> = lines.iter().map(|(at, text)| (at + 900_001, text.clone())).collect();
                store.append(&source(), &chunk(&late), NOW);
            }
            prop_assert_eq!(store.bytes(), bytes(&store));
            texts(&store);
        }
    }
}

/// Its time is within what is read again, its place is not.
#[test]
fn a_line_that_is_early_for_its_place_comes_once() {
    let mut store = LogStore::default();
    let held = [(1_000, "first".to_owned()), (1_105, "late".to_owned()), (1_095, "early".to_owned())];
    store.append(&source(), &chunk(&held), NOW);
    store.begin_earlier(&source());
    let read = [(900, "before".to_owned()), (1_000, "first".to_owned()), (1_095, "early".to_owned())];
    store.append_earlier(&source(), &chunk(&read), 0);
    store.end_earlier(&source());
    assert_eq!(texts(&store), ["before", "first", "late", "early"]);
}

#[test]
fn a_gap_there_is_counted_and_what_is_cleared_takes_nothing_more() {
    let mut store = LogStore::default();
    store.append(&source(), &chunk(&[(900, "held".to_owned())]), NOW);
    store.begin_earlier(&source());
    store.append_earlier(&source(), &chunk(&[(500, "before".to_owned())]), 7);
    assert_eq!(texts(&store), ["7 lines are missing here", "before", "held"]);
    store.clear(&source());
    store.append_earlier(&source(), &chunk(&[(600, "late".to_owned())]), 0);
    assert_eq!(texts(&store), [] as [&str; 0]);
    assert_eq!(store.sources().next().unwrap().dropped, 0, "nothing was dropped for memory");
}
