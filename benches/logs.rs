//! What a million log lines cost: memory, ingest, search, drawing; each beside a floor or a peer in
//! the same run. `cargo bench --bench logs`; needs Linux, for the resident size.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use midwatch::domain::ids::ServerId;
use midwatch::domain::level::Level;
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::time::Timestamp;
use midwatch::store::logs::{
    ChunkBuilder, Cursor, FieldCond, Flags, Hits, LogStore, Pattern, Query, SegmentHits, SourceId,
    Unsearched, search,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const LINES: usize = 1_000_000;
const SOURCES: usize = 8;
const SCREEN: usize = 60;
/// 2026-11-20T03:00:00Z.
const START: i64 = 1_795_143_600_000;

fn main() -> Outcome<()> {
    let path = std::env::temp_dir().join(format!("midwatch-bench-{}.log", std::process::id()));
    let outcome = run(&path);
    std::fs::remove_file(&path)?;
    outcome
}

fn run(path: &Path) -> Outcome<()> {
    let lines = write_lines(path)?;
    let megabytes = std::fs::metadata(path)?.len() as f64 / 1e6;
    println!("{LINES} lines, {megabytes:.0} MB, {SOURCES} sources, {} processors\n", threads());
    row("what", "figure", "beside it");

    let (store, held) = fill(path)?;
    row("memory held, resident", &format!("{held:.0} MB"), &format!("{megabytes:.0} MB of text; want 160"));
    ingest(path, &lines);
    drawing(&store);
    floors(path, &store)?;
    searching(&store, path)
}

fn row(what: &str, figure: &str, beside: &str) {
    println!("{what:<58}{figure:>14}  {beside}");
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The best of several, since the machine may be busy with something else.
fn best<T>(times: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let once = |run: &mut dyn FnMut() -> T| {
        let start = Instant::now();
        let value = run();
        (start.elapsed(), value)
    };
    let mut best = once(&mut run);
    for _ in 1..times {
        let next = once(&mut run);
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}

/// A shop's day: access lines as JSON, an application's own lines, some traces. Deterministic.
fn write_lines(path: &Path) -> Outcome<Vec<String>> {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut file = BufWriter::new(File::create(path)?);
    let mut lines = Vec::with_capacity(LINES);
    for n in 0..LINES {
        let at = at(n).rfc3339();
        let (id, took) = (random(100_000), random(900));
        let line = match random(100) {
            0 => format!(
                "{at} ERROR shop::cart: could not reserve stock for order {id}: connection reset by peer (took {took} ms)"
            ),
            1..=3 => format!(
                "{at}  WARN shop::db: slow query, {took} ms: SELECT * FROM orders WHERE customer = {id} ORDER BY placed"
            ),
            4..=39 => format!(
                "{{\"ts\":\"{at}\",\"level\":\"info\",\"status\":{},\"path\":\"/api/orders/{id}\",\"took\":{took}}}",
                [200, 200, 200, 304, 404, 500][random(6) as usize]
            ),
            _ => format!(
                "{at}  INFO shop::web: handled request {id:05} for session {:08x} in {took} ms, cache hit",
                random(1 << 32)
            ),
        };
        writeln!(file, "{line}")?;
        lines.push(line);
    }
    file.flush()?;
    Ok(lines)
}

fn source(n: usize) -> LogSource {
    let stream = LogStream::Container { name: format!("shop-web-{n}") };
    LogSource { server: ServerId::from(format!("web-{n}")), stream }
}

fn at(n: usize) -> Timestamp {
    Timestamp::from_millis(START + i64::try_from(n).unwrap_or(0) * 7)
}

/// Fills a store from the file as followers do, and tells the megabytes by which the process grew.
fn fill(path: &Path) -> Outcome<(LogStore, f64)> {
    use std::io::BufRead as _;
    let before = resident()?;
    let mut store = LogStore::default();
    let mut builders = vec![ChunkBuilder::default(); SOURCES];
    for (n, line) in std::io::BufReader::new(File::open(path)?).lines().enumerate() {
        let builder = &mut builders[n % SOURCES];
        builder.push_raw(&line?, at(n), Flags::NONE);
        if builder.len() >= 500 {
            store.append(&source(n % SOURCES), &builder.take(), at(LINES));
        }
    }
    for (n, builder) in builders.iter_mut().enumerate() {
        store.append(&source(n), &builder.take(), at(LINES));
    }
    drop(builders);
    let after = resident()?;
    let lines: u64 = store.sources().map(|info| info.lines).sum();
    assert_eq!(lines, LINES as u64, "the budget must hold all lines");
    row("memory held, as the store counts it", &format!("{:.0} MB", store.bytes() as f64 / 1e6), "");
    Ok((store, after - before))
}

/// The megabytes that are resident now.
fn resident() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024.0 / 1e6)
}

fn ingest(path: &Path, lines: &[String]) {
    let mut appends = Vec::new();
    let (time, _) = best(3, || {
        let mut store = LogStore::default();
        let mut builder = ChunkBuilder::default();
        for (n, line) in lines.iter().enumerate() {
            builder.push_raw(line, at(n), Flags::NONE);
            if builder.len() >= 500 {
                let chunk = builder.take();
                let start = Instant::now();
                store.append(&source(0), &chunk, at(LINES));
                appends.push(start.elapsed());
            }
        }
        store
    });
    let (floor, newlines) = best(3, || {
        let text = std::fs::read(path).unwrap_or_default();
        memchr::memchr_iter(b'\n', &text).count()
    });
    let rate = |time: Duration| format!("{:.0} k/s", LINES as f64 / time.as_secs_f64() / 1000.0);
    assert_eq!(newlines, LINES);
    row(
        "ingest: tidy, level, records, store",
        &rate(time),
        &format!("reading and counting lines {}; want 300 k/s", rate(floor)),
    );
    appends.sort_unstable();
    let worst = appends.last().copied().unwrap_or_default();
    let slow = appends.get(appends.len() * 999 / 1000).copied().unwrap_or_default();
    let beside = format!("the longest of {} {}; want under 8 ms", appends.len(), millis(worst));
    row("ingest: 500 lines hold the loop, p99.9", &millis(slow), &beside);
}

fn all(store: &LogStore) -> Vec<SourceId> {
    store.sources().map(|info| info.id).collect()
}

fn drawing(store: &LogStore) {
    let ids = all(store);
    let (time, lines) = best(50, || store.merged(&ids, None).window_before(Cursor::END, SCREEN).len());
    row(&format!("window: the last {lines} lines of {SOURCES} sources merged"), &millis(time), "");
    let middle = Cursor::at_time(at(LINES / 2));
    let (time, _) = best(50, || black_box(store.merged(&ids, None).window(middle, SCREEN).len()));
    row("window: jump to a time", &millis(time), "");
    let (time, _) = best(50, || black_box(store.merged(&ids, None).position(middle)));
    row("position for the scroll bar, exact", &millis(time), "");
    let (time, bars) = best(50, || store.merged(&ids, None).histogram(at(0), at(LINES), 180));
    assert_eq!(bars.iter().flatten().sum::<u32>() as usize, LINES);
    row("histogram of all, 180 bars", &millis(time), "");
    let (time, _) =
        best(50, || black_box(store.merged(&ids, None).next_at_least(Level::Fatal, Cursor::START)));
    row("next error where there is none", &millis(time), "");
}

/// What the machine can do at all with the same bytes.
fn floors(path: &Path, store: &LogStore) -> Outcome<()> {
    let snapshot = store.snapshot(&all(store));
    let (time, count) = best(5, || {
        snapshot
            .segments()
            .iter()
            .map(|s| memchr::memchr_iter(b'\n', s.text().as_bytes()).count())
            .sum::<usize>()
    });
    row(&format!("floor: memchr over all, one thread ({count} newlines)"), &millis(time), "");
    let text = std::fs::read(path)?;
    let regex = regex::bytes::Regex::new("(?mi-u)reset by peer.*took [89]\\d\\d ms")?;
    let (time, count) = best(3, || regex.find_iter(&text).count());
    row(&format!("floor: regex over one buffer, one thread ({count} found)"), &millis(time), "");
    Ok(())
}

struct Found {
    first: Duration,
    whole: Duration,
    lines: usize,
}

fn find(store: &LogStore, query: &Query) -> Outcome<Found> {
    let matcher = query.compile()?;
    let ids = all(store);
    let mut best: Option<Found> = None;
    for _ in 0..5 {
        let start = Instant::now();
        let work = Unsearched::of(&store.snapshot(&ids), &Hits::default());
        let told: Mutex<(Hits, Option<Duration>)> = Mutex::default();
        let take = |found: Vec<SegmentHits>| {
            let Ok(mut told) = told.lock() else { return };
            for found in found {
                told.0.take(found);
            }
            if told.1.is_none() && told.0.count() >= SCREEN {
                let screen = store.merged(&ids, Some(&told.0)).window_before(Cursor::END, SCREEN).len();
                told.1 = (screen == SCREEN).then(|| start.elapsed());
            }
        };
        if !search(&work, &matcher, threads().max(2), &|| false, &take) {
            return Err("the search did not come to its end".into());
        }
        let whole = start.elapsed();
        let (hits, first) = told.into_inner()?;
        let found = Found { first: first.unwrap_or(whole), whole, lines: hits.count() };
        if best.as_ref().is_none_or(|best| found.whole < best.whole) {
            best = Some(found);
        }
    }
    best.ok_or_else(|| "no run".into())
}

fn searching(store: &LogStore, path: &Path) -> Outcome<()> {
    let include = |pattern| Query { include: vec![pattern], ..Query::default() };
    let field = FieldCond::parse("status>=500").ok_or("a condition")?;
    let rare = "reset by peer.*took [89]\\d\\d ms";
    let queries = [
        (rare, include(Pattern::regex(rare)), Some(rare)),
        ("(error|warn).*(query|stock)", include(Pattern::regex("(error|warn).*(query|stock)")), None),
        ("\\d+ ms, cache", include(Pattern::regex("\\d+ ms, cache")), Some("[0-9]+ ms, cache")),
        ("[a-f0-9]{8} in 7\\d\\d", include(Pattern::regex("[a-f0-9]{8} in 7\\d\\d")), None),
        ("text: slow query", include(Pattern::text("slow query")), Some("slow query")),
        ("text that is nowhere", include(Pattern::text("zzz")), Some("zzz")),
        ("level error", Query { level: Some(Level::Error), ..Query::default() }, None),
        ("status>=500 (JSON)", Query { fields: vec![field], ..Query::default() }, None),
        ("all but INFO", Query { exclude: vec![Pattern::text("INFO")], ..Query::default() }, None),
    ];
    for (name, query, grep) in queries {
        let found = find(store, &query)?;
        let what = format!("filter {name} ({} lines)", found.lines);
        let beside = grep.map_or_else(String::new, |pattern| peers(pattern, path));
        row(&what, &millis(found.whole), &beside);
        row("    its first screen", &millis(found.first), "want 10 ms, all 150 ms");
    }
    Ok(())
}

fn peers(pattern: &str, path: &Path) -> String {
    let mut grep = Command::new("grep");
    grep.args(["-ciE", pattern]).arg(path).env("LC_ALL", "C");
    let command = format!(":filter-in {pattern}");
    let mut lnav = Command::new("lnav");
    lnav.args(["-n", "-c", &command]).arg(path).env("HOME", std::env::temp_dir());
    format!("grep -ciE {}, lnav {}", timed(grep), timed(lnav))
}

fn timed(mut command: Command) -> String {
    let start = Instant::now();
    // grep stops at the first match where it writes to the null device, so the output is read.
    match command.stderr(Stdio::null()).stdin(Stdio::null()).output() {
        Ok(_) => millis(start.elapsed()),
        Err(_) => "NOT INSTALLED".to_owned(),
    }
}
