//! The fast way finds what the plain way finds, and tells it early, once, and can be stopped.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use super::*;
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::time::Timestamp;
use crate::store::logs::condition::FieldCond;
use crate::store::logs::pattern::Pattern;
use crate::store::logs::query::Query;
use crate::store::logs::{ChunkBuilder, Cursor, Flags, LogStore, SourceId};

fn source(name: &str) -> LogSource {
    LogSource { server: "web-1".into(), stream: LogStream::Container { name: name.to_owned() } }
}

fn append(store: &mut LogStore, name: &str, lines: &[String]) {
    let mut builder = ChunkBuilder::default();
    for (at, text) in (0..).zip(lines) {
        builder.push_raw(text, Timestamp::from_millis(at), Flags::NONE);
    }
    store.append(&source(name), &builder.take(), Timestamp::from_secs(1));
}

fn ids(store: &LogStore) -> Vec<SourceId> {
    store.sources().map(|info| info.id).collect()
}

fn catch_up(store: &LogStore, matcher: &Matcher, hits: &mut Hits) {
    let work = Unsearched::of(&store.snapshot(&ids(store)), hits);
    let all = Mutex::new(Vec::new());
    assert!(search(&work, matcher, 2, &|| false, &|found| all.lock().unwrap().extend(found)));
    all.into_inner().unwrap().into_iter().for_each(|found| hits.take(found));
}

fn texts(store: &LogStore, hits: &Hits) -> Vec<String> {
    store.merged(&ids(store), Some(hits)).forward(Cursor::START).map(|e| e.line.text.to_owned()).collect()
}

fn find(lines: &[&str], query: &Query) -> Vec<String> {
    let mut store = LogStore::default();
    append(&mut store, "a", &lines.iter().map(ToString::to_string).collect::<Vec<_>>());
    let mut hits = Hits::default();
    catch_up(&store, &query.compile().unwrap(), &mut hits);
    texts(&store, &hits)
}

fn include(pattern: Pattern) -> Query {
    Query { include: vec![pattern], ..Query::default() }
}

#[test]
fn a_match_never_runs_over_the_end_of_a_line() {
    let lines = ["one a", "b two", "a and b", "-", "last a"];
    assert_eq!(find(&lines, &include(Pattern::regex(r"a\s+b"))), Vec::<String>::new());
    assert_eq!(find(&lines, &include(Pattern::regex(r"a[^x]*b"))), ["a and b"]);
    assert_eq!(find(&lines, &include(Pattern::regex(r"(?s)a.*b"))), ["a and b"]);
    assert_eq!(find(&lines, &include(Pattern::regex(r"a\s"))), ["a and b"]);
    assert_eq!(find(&lines, &include(Pattern::regex(r"a$"))), ["one a", "last a"]);
    assert_eq!(find(&lines, &include(Pattern::regex(r"^a"))), ["a and b"]);
    assert_eq!(find(&lines, &include(Pattern::regex(r"\Aone"))), ["one a"]);
    assert_eq!(find(&lines, &include(Pattern::regex(r"^$"))), Vec::<String>::new());
    assert_eq!(find(&lines, &include(Pattern::regex(r"(?-m)^b"))), ["b two"]);
}

#[test]
fn a_record_is_wanted_or_not_as_a_whole() {
    let lines = ["ERROR broke", "  at shop.Cart", "  at main", "INFO next", "  at idle"];
    assert_eq!(find(&lines, &include(Pattern::text("cart"))), lines[..3]);
    let both = Query { include: vec![Pattern::text("broke"), Pattern::text("main")], ..Query::default() };
    assert_eq!(find(&lines, &both), lines[..3]);
    let without = Query { exclude: vec![Pattern::text("cart")], ..Query::default() };
    assert_eq!(find(&lines, &without), lines[3..]);
    let level = Query { level: Some(Level::Error), ..Query::default() };
    assert_eq!(find(&lines, &level), lines[..3]);
}

#[test]
fn fields_and_time_narrow_too() {
    let lines = [r#"{"status":200}"#, r#"{"status":503}"#, "status 503", r#"{"status":500}"#];
    let fields = vec![FieldCond::parse("status>=500").unwrap()];
    let query = Query { fields, ..Query::default() };
    assert_eq!(find(&lines, &query), [lines[1], lines[3]]);
    let until = Some(Timestamp::from_millis(3));
    assert_eq!(find(&lines, &Query { until, ..query.clone() }), [lines[1]]);
    let since = Some(Timestamp::from_millis(2));
    assert_eq!(find(&lines, &Query { since, ..query }), [lines[3]]);
}

#[test]
fn a_gap_passes_every_filter() {
    let mut store = LogStore::default();
    append(&mut store, "a", &["x".to_owned()]);
    store.gap(&source("a"), 7, Timestamp::from_millis(1));
    let mut hits = Hits::default();
    catch_up(&store, &include(Pattern::text("nowhere")).compile().unwrap(), &mut hits);
    assert_eq!(texts(&store, &hits), ["7 lines are missing here"]);
}

#[test]
fn lines_that_come_later_are_added_also_to_the_record_that_was_open() {
    let mut store = LogStore::default();
    let mut builder = ChunkBuilder::default();
    let matcher = include(Pattern::text("cart")).compile().unwrap();
    let mut hits = Hits::default();
    for text in ["INFO cart", "ERROR broke", "  at shop.Cart", "INFO next", "  cart again"] {
        builder.push_raw(text, Timestamp::from_millis(1), Flags::NONE);
        store.append(&source("a"), &builder.take(), Timestamp::from_secs(1));
        catch_up(&store, &matcher, &mut hits);
    }
    assert_eq!(
        texts(&store, &hits),
        ["INFO cart", "ERROR broke", "  at shop.Cart", "INFO next", "  cart again"]
    );
    assert!(Unsearched::of(&store.snapshot(&ids(&store)), &hits).is_empty());
}

#[test]
fn a_search_that_is_stopped_says_so() {
    let mut store = LogStore::default();
    append(&mut store, "a", &vec!["x".repeat(1000); 5000]);
    let work = Unsearched::of(&store.snapshot(&ids(&store)), &Hits::default());
    let stop = AtomicBool::new(false);
    let matcher = include(Pattern::text("x")).compile().unwrap();
    let calls = AtomicUsize::new(0);
    let complete = search(&work, &matcher, 1, &|| stop.load(Ordering::Relaxed), &|_| {
        calls.fetch_add(1, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
    });
    assert!(!complete && calls.into_inner() == 1);
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof!["[ab \\.]{0,6}", "(ERROR|INFO|) ?[ab]{0,3}", r#"\{"s":[0-9]\}"#, "  at [ab]", "\\PC{0,5}"]
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    const ALL: &[&str] = &[
        "a", "b.", "^a", "b$", "a\\s*b", "[^x]b", "(?s)a.b", "\\bab\\b", "^$", "A", "a|b", "\\S", "x*",
        "\\Aa", "ä",
    ];
    prop_oneof![
        prop::sample::select(ALL).prop_map(Pattern::regex),
        prop::sample::select(&["a", "b ", ".", "err"][..]).prop_map(Pattern::text),
    ]
}

prop_compose! {
    fn any_query()(
        include in prop::collection::vec(any_pattern(), 0..3),
        exclude in prop::collection::vec(any_pattern(), 0..2),
        level in prop::option::of(prop::sample::select(vec![Level::Info, Level::Error])),
        since in prop::option::of(0i64..20),
        field in prop::option::of(0u8..10),
        unwanted in prop::option::of(0u8..10),
    ) -> Query {
        let exclude_fields = unwanted.map(|n| FieldCond::parse(&format!("s={n}")).unwrap()).into_iter().collect();
        let fields = field.map(|n| FieldCond::parse(&format!("s>={n}")).unwrap()).into_iter().collect();
        Query { include, exclude, level, since: since.map(Timestamp::from_millis), until: None, fields, exclude_fields, without_gaps: false }
    }
}

/// What is wanted, line by line and record by record.
fn plainly(store: &LogStore, matcher: &Matcher) -> Vec<String> {
    let all: Vec<_> = store.merged(&ids(store), None).forward(Cursor::START).collect();
    let records = all.chunk_by(|_, next| next.line.flags.has(Flags::CONTINUATION));
    let wanted = records.filter(|record| {
        let any = |test: &dyn Fn(&str) -> bool| record.iter().any(|entry| test(entry.line.text));
        let bare = Matcher {
            include: vec![],
            exclude: vec![],
            fields: vec![],
            exclude_fields: vec![],
            ..matcher.clone()
        };
        bare.wants("", record[0].line.level, record[0].cursor.at)
            && matcher.include.iter().all(|pattern| any(&|text| pattern.is_match(text)))
            && matcher.fields.iter().all(|cond| any(&|text| cond.passes(text)))
            && !matcher.exclude_fields.iter().any(|cond| any(&|text| cond.passes(text)))
            && !matcher.exclude.iter().any(|pattern| any(&|text| pattern.is_match(text)))
    });
    wanted.flatten().map(|entry| entry.line.text.to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_finds_what_the_plain_way_finds(
        lines in prop::collection::vec(any_line(), 0..40),
        query in any_query(),
        cut in 0usize..40,
    ) {
        let matcher = query.compile().unwrap();
        let mut store = LogStore::default();
        let mut hits = Hits::default();
        let mut builder = ChunkBuilder::default();
        for (n, text) in lines.iter().enumerate() {
            builder.push_raw(text, Timestamp::from_millis(i64::try_from(n).unwrap()), Flags::NONE);
            if n == cut {
                store.append(&source("a"), &builder.take(), Timestamp::from_secs(1));
                catch_up(&store, &matcher, &mut hits);
            }
        }
        store.append(&source("a"), &builder.take(), Timestamp::from_secs(1));
        catch_up(&store, &matcher, &mut hits);
        prop_assert_eq!(texts(&store, &hits), plainly(&store, &matcher));
    }

    #[test]
    fn a_histogram_counts_each_record_once(lines in prop::collection::vec(any_line(), 0..60), bars in 1usize..9) {
        let mut store = LogStore::default();
        append(&mut store, "a", &lines);
        let view = store.merged(&ids(&store), None);
        let sum = |from: i64, to: i64| -> u32 {
            let span = (Timestamp::from_millis(from), Timestamp::from_millis(to));
            view.histogram(span.0, span.1, bars).iter().flatten().sum()
        };
        let heads = view.forward(Cursor::START).filter(|e| !e.line.flags.has(Flags::CONTINUATION)).count();
        prop_assert_eq!(sum(0, 1000) as usize, heads);
        prop_assert_eq!(sum(0, 20) + sum(20, 1000), sum(0, 1000));
    }
}
