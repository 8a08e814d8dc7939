//! Followed files on this machine: rotation, truncation, lost connections, hostile lines.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use midwatch::collectors::logs::LogRange;
use midwatch::collectors::supervisor::{Following, ServerPlan, Supervisor};
use midwatch::config::{IntervalsConfig, ServerConfig};
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::message::log_batch::LogBatch;
use midwatch::runtime::clock::SystemClock;
use midwatch::store::logs::Flags;

use crate::collectors::Here;
use crate::cuttable::Cuttable;
use crate::recorder::Recorder;

struct Followed {
    out: Arc<Recorder>,
    way: Arc<Cuttable>,
    following: Following,
    _supervisor: Supervisor,
}

fn follow(path: &Path, range: LogRange) -> Followed {
    let out = Arc::new(Recorder::default());
    let way = Cuttable::over(Arc::new(Here::default()));
    let supervisor = Supervisor::new(way.clone(), Arc::new(SystemClock), out.clone());
    let mut server = ServerConfig::local();
    server.collect.vitals = false;
    server.collect.containers = false;
    server.collect.units = false;
    server.collect.files = false;
    let plan = ServerPlan {
        server,
        intervals: IntervalsConfig::default(),
        routes: Vec::new(),
        archives: Vec::new(),
    };
    supervisor.update(BTreeMap::from([("here".into(), plan)]));
    let stream = LogStream::File { path: path.to_str().unwrap().to_owned() };
    let following = supervisor.follow(LogSource { server: "here".into(), stream }, range).unwrap();
    Followed { out, way, following, _supervisor: supervisor }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn count(logs: &[LogBatch]) -> usize {
    logs.iter().map(|batch| batch.chunk.len()).sum()
}

/// Lines `n LINE` in order, none missing and none twice.
fn assert_whole(lines: &[String], expected: usize) {
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line, &format!("{at} line"), "at line {at} of {}", lines.len());
    }
    assert_eq!(lines.len(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_is_lost_or_repeated_over_rotations_and_cut_connections() {
    const LINES: usize = 6000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app log.txt");
    let mut file = append(&path);
    let followed = follow(&path, LogRange { follow: true, ..LogRange::default() });
    let mut rotations = 0;
    for n in 0..LINES {
        writeln!(file, "{n} line").unwrap();
        if n % 400 == 399 {
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        if n % 1000 == 500 {
            followed.way.cut();
        }
        if n == 2200 || n == 4700 {
            rotations += 1;
            std::fs::rename(&path, dir.path().join(format!("app log.txt.{}", 3 - rotations))).unwrap();
            file = append(&path);
            tokio::time::sleep(Duration::from_millis(4500)).await;
        }
    }
    followed.out.until_logs(20, |logs| (count(logs) >= LINES).then_some(())).await;
    assert_whole(&followed.out.lines(), LINES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_rotated_while_the_connection_is_down_is_read_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let mut file = append(&path);
    for n in 0..100 {
        writeln!(file, "{n} line").unwrap();
    }
    let followed = follow(&path, LogRange::follow(100));
    followed.out.until_logs(10, |logs| (count(logs) == 100).then_some(())).await;
    // Written, rotated and written again before the next connection can have read anything.
    for n in 100..200 {
        writeln!(file, "{n} line").unwrap();
    }
    followed.way.cut();
    std::fs::rename(&path, dir.path().join("access.log.1")).unwrap();
    let mut file = append(&path);
    for n in 200..300 {
        writeln!(file, "{n} line").unwrap();
    }
    followed.out.until_logs(20, |logs| (count(logs) >= 300).then_some(())).await;
    assert_whole(&followed.out.lines(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_rotated_twice_while_the_connection_is_down_loses_none_between() {
    for names in [["access.log.2", "access.log.1"], ["access.log-20261120", "access.log-20261121"]] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.log");
        std::fs::write(&path, "0 line\n").unwrap();
        let followed = follow(&path, LogRange::follow(100));
        followed.out.until_logs(10, |logs| (count(logs) == 1).then_some(())).await;
        followed.way.cut();
        for (n, name) in (1..).zip(names) {
            std::fs::rename(&path, dir.path().join(name)).unwrap();
            // BusyBox compares whole seconds.
            tokio::time::sleep(Duration::from_millis(1100)).await;
            std::fs::write(&path, format!("{n} line\n")).unwrap();
        }
        followed.out.until_logs(30, |logs| (count(logs) >= 3).then_some(())).await;
        assert_whole(&followed.out.lines(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_file_that_was_compressed_between_two_others_leaves_a_gap_that_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    std::fs::write(&path, "old\n").unwrap();
    let followed = follow(&path, LogRange::follow(10));
    followed.out.until_logs(10, |logs| (count(logs) == 1).then_some(())).await;
    followed.way.cut();
    std::fs::rename(&path, dir.path().join("app.log-20261120")).unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    std::fs::write(dir.path().join("app.log-20261121.gz"), "compressed\n").unwrap();
    std::fs::write(&path, "new\n").unwrap();
    followed.out.until_logs(20, |logs| (count(logs) == 2).then_some(())).await;
    let gaps =
        followed.out.until_logs(1, |logs| Some(logs.iter().filter(|batch| batch.gap > 0).count())).await;
    assert_eq!((gaps, followed.out.lines()), (1, vec!["old".to_owned(), "new".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_emptied_in_place_goes_on_from_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let mut file = append(&path);
    writeln!(file, "before, and longer than what comes").unwrap();
    let followed = follow(&path, LogRange::follow(10));
    followed.out.until_logs(10, |logs| (count(logs) == 1).then_some(())).await;
    File::create(&path).unwrap();
    writeln!(file, "after").unwrap();
    followed.out.until_logs(10, |logs| (count(logs) == 2).then_some(())).await;
    assert_eq!(followed.out.lines(), ["before, and longer than what comes", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_file_that_cannot_be_found_leaves_a_gap_that_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    writeln!(append(&path), "old").unwrap();
    let followed = follow(&path, LogRange::follow(10));
    followed.out.until_logs(10, |logs| (count(logs) == 1).then_some(())).await;
    followed.way.cut();
    // A file of its own takes the name, so that the inode is another one for certain.
    std::fs::write(dir.path().join("other"), "new\n").unwrap();
    std::fs::rename(dir.path().join("other"), &path).unwrap();
    followed.out.until_logs(10, |logs| (count(logs) == 2).then_some(())).await;
    let gaps =
        followed.out.until_logs(1, |logs| Some(logs.iter().filter(|batch| batch.gap > 0).count())).await;
    assert_eq!((gaps, followed.out.lines()), (1, vec!["old".to_owned(), "new".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_ten_megabytes_is_cut_with_a_mark_and_binary_is_made_harmless() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let mut file = append(&path);
    let followed = follow(&path, LogRange::follow(10));
    file.write_all(&vec![b'x'; 10 << 20]).unwrap();
    file.write_all(b"\nred \x1b[31mtext\x1b[0m \x07\xff\n").unwrap();
    let (bytes, cut) = followed
        .out
        .until_logs(20, |logs| {
            let lines: Vec<_> = logs.iter().flat_map(|batch| batch.chunk.lines()).collect();
            (lines.len() == 2).then(|| (lines[0].0.len(), lines[0].3.has(Flags::TRUNCATED)))
        })
        .await;
    assert!(cut && bytes <= 64 * 1024, "{bytes} bytes");
    assert_eq!(followed.out.lines()[1], "red text ␇\u{fffd}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_ends_and_has_only_what_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    std::fs::write(
        &path,
        "2026-11-20T03:00:00Z one\n2026-11-20T03:05:00Z two\n  more of two\n2026-11-20T03:10:00Z three",
    )
    .unwrap();
    let at = |text: &str| midwatch::domain::time::Timestamp::parse_rfc3339(text);
    let range = LogRange {
        since: at("2026-11-20T03:01:00Z"),
        until: at("2026-11-20T03:06:00Z"),
        tail: None,
        follow: false,
    };
    let mut followed = follow(&path, range);
    tokio::time::timeout(Duration::from_secs(10), followed.following.ended()).await.unwrap().unwrap();
    assert_eq!(followed.out.lines(), ["2026-11-20T03:05:00Z two", "  more of two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_file_is_not_found_and_followed_once_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("later.log");
    let followed = follow(&path, LogRange::follow(10));
    let failure = followed
        .out
        .until(10, |batch| match &batch.observation {
            midwatch::message::batch::Observation::Failed(_, failure) => Some(failure.clone()),
            _ => None,
        })
        .await;
    assert_eq!(failure.kind, midwatch::domain::failure::FailureKind::NotFound, "{failure}");
    writeln!(append(&path), "here").unwrap();
    followed.out.until_logs(15, |logs| (count(logs) == 1).then_some(())).await;
}
