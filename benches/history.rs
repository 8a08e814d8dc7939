//! What keeping costs: 500 servers with 12 series each at two seconds, through the thread that
//! keeps them; beside it the floor, the same bytes appended to a plain file.
//!
//! `cargo bench --bench history`

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use midwatch::domain::clock::Clock;
use midwatch::domain::metric::{Metric, SeriesKey};
use midwatch::domain::past::{PastQuery, Samples};
use midwatch::domain::time::Timestamp;
use midwatch::history::{History, Options};

const SERVERS: i64 = 500;
const SERIES: i64 = 12;
const MINUTES: i64 = 120;
const START: i64 = 1_795_200_000;

/// A clock that the bench moves.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("history.db");
    let clock = Arc::new(Hand::default());
    clock.0.store(START, Ordering::SeqCst);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let history =
        History::open(Options::new(&path), Arc::<Hand>::clone(&clock), |news| println!("{news:?}"))?;
    let mut spent = Duration::ZERO;
    let mut worst = Duration::ZERO;
    let query = |minutes: i64| PastQuery {
        keys: (0..SERIES).map(|n| SeriesKey { server: "server-7".into(), metric: metric(n) }).collect(),
        from: Timestamp::from_secs(START + (MINUTES - minutes) * 60),
        to: Timestamp::from_secs(START + MINUTES * 60),
    };
    for minute in 0..MINUTES {
        for server in 0..SERVERS {
            // Three readings of a minute are enough to make every band; more cost memory only.
            for second in [0, 20, 40] {
                let at = Timestamp::from_secs(START + minute * 60 + second);
                let value = |n: i64| ((minute * 7 + server * 13 + n * second) % 97) as f32 * 1.37;
                let values = (0..SERIES).map(|n| (metric(n), value(n))).collect();
                history.record(Samples { server: format!("server-{server}").as_str().into(), at, values });
            }
            if server % 100 == 99 {
                // Wait until the thread is through, as it would be in two seconds of the real time.
                runtime.block_on(history.kept())?;
            }
        }
        clock.0.store(START + minute * 60 + 64, Ordering::SeqCst);
        let begin = Instant::now();
        runtime.block_on(history.range(query(0)))?;
        spent += begin.elapsed();
        worst = worst.max(begin.elapsed());
    }
    let begin = Instant::now();
    let past = runtime.block_on(history.range(query(MINUTES)))?;
    let read = begin.elapsed();
    let points: usize = past.series.iter().map(|(_, points)| points.len()).sum();
    assert_eq!(history.lost(), 0);
    assert!(history.close(Duration::from_secs(60)));
    let size = path.metadata()?.len();
    let a_day = size as f64 / SERVERS as f64 * 1440.0 / MINUTES as f64;
    println!(
        "one minute of {SERVERS} servers x {SERIES} series written in {:?}, at worst {worst:?}",
        spent / MINUTES as u32
    );
    println!("{points} points of {SERIES} series read in {read:?}");
    println!(
        "{:.0} KiB a server and day; {:.2} bytes a point",
        a_day / 1024.0,
        a_day / 1440.0 / SERIES as f64
    );
    let mut file = std::fs::File::create(folder.path().join("plain"))?;
    let row = vec![7u8; (size / (SERVERS * MINUTES).unsigned_abs()) as usize];
    let begin = Instant::now();
    for _ in 0..SERVERS {
        file.write_all(&row)?;
    }
    println!("floor: the same bytes appended to a file, row by row, in {:?}", begin.elapsed());
    Ok(())
}

fn metric(n: i64) -> Metric {
    Metric::Prometheus(format!("series {n}").into())
}
