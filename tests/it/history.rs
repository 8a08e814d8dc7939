//! The database on real files: found damaged, shared, not writable, written by a later version.

#![allow(clippy::unwrap_used, reason = "in a test a failure to set up is a failure")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use midwatch::domain::clock::FixedClock;
use midwatch::domain::failure::{FailureKind, Retry};
use midwatch::domain::metric::{Metric, SeriesKey};
use midwatch::domain::past::{Folded, PastNews, PastQuery, Samples};
use midwatch::domain::time::Timestamp;
use midwatch::history::{History, Options};

const START: Timestamp = Timestamp::from_secs(1_795_200_000);
const HOUR: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(20);

fn open(path: &Path) -> (History, Receiver<PastNews>) {
    let (tell, told) = sync_channel(16);
    let clock = Arc::new(FixedClock(START + HOUR + Duration::from_secs(5)));
    let history = History::open(Options::new(path), clock, move |news| tell.send(news).unwrap()).unwrap();
    (history, told)
}

fn record(history: &History, server: &str, minute: u64, value: f32) {
    let at = START + Duration::from_secs(minute * 60);
    history.record(Samples { server: server.into(), at, values: vec![(Metric::Cpu, value)] });
}

async fn read(history: &History, server: &str) -> Vec<Folded> {
    let keys = vec![SeriesKey { server: server.into(), metric: Metric::Cpu }];
    let past = history.range(PastQuery { keys, from: START, to: START + HOUR }).await.unwrap();
    past.series.into_iter().flat_map(|(_, points)| points).collect()
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn what_was_kept_is_there_at_the_next_start_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/midwatch/history.db");
    let (history, _) = open(&path);
    record(&history, "web-1", 0, 10.0);
    record(&history, "web-1", 59, 30.0);
    assert_eq!(read(&history, "web-1").await.len(), 2);
    for name in names(path.parent().unwrap()) {
        let mode = path.with_file_name(&name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // The present minute is written when it closes, however short it was.
    record(&history, "web-1", 60, 50.0);
    assert!(history.close(PATIENCE));
    let (history, told) = open(&path);
    let keys = vec![SeriesKey { server: "web-1".into(), metric: Metric::Cpu }];
    let past = history.range(PastQuery { keys, from: START, to: START + HOUR * 2 }).await.unwrap();
    assert_eq!(past.series[0].1.iter().map(|it| it.mean).collect::<Vec<_>>(), [10.0, 30.0, 50.0]);
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_damaged_file_is_moved_aside_and_the_operator_is_told_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let garbage = b"not a database at all, though long enough to be taken for one ".repeat(200);
    fs::write(&path, &garbage).unwrap();
    let (history, told) = open(&path);
    let PastNews::Replaced(failure) = told.recv_timeout(PATIENCE).unwrap() else { panic!("not replaced") };
    let hint = failure.hint.unwrap();
    let moved = PathBuf::from(hint.rsplit(' ').next().unwrap());
    assert_eq!(fs::read(&moved).unwrap(), garbage, "{hint}");
    assert!(moved.display().to_string().contains(".damaged-2026112"), "{hint}");
    record(&history, "web-1", 1, 1.0);
    assert_eq!(read(&history, "web-1").await.len(), 1);
}

#[tokio::test]
async fn damage_inside_is_found_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (history, _) = open(&path);
    for minute in 0..60 {
        record(&history, "web-1", minute, 1.0);
    }
    assert!(history.close(PATIENCE));
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let (history, told) = open(&path);
    assert!(matches!(told.recv_timeout(PATIENCE).unwrap(), PastNews::Replaced(_)));
    assert_eq!(read(&history, "web-1").await, []);
}

#[tokio::test]
async fn a_damaged_file_is_not_moved_from_under_another_console() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (first, _) = open(&path);
    record(&first, "web-1", 1, 1.0);
    assert_eq!(read(&first, "web-1").await.len(), 1);
    // Out of the log and into the file, so that what is done to the file is seen.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let held = fs::read(&path).unwrap();
    fs::write(&path, vec![0x55; held.len()]).unwrap();
    let (_second, told) = open(&path);
    let PastNews::Stopped(failure) = told.recv_timeout(PATIENCE).unwrap() else { panic!("not stopped") };
    assert!(failure.reason().contains("another console has it open"), "{failure}");
    assert!(!names(folder.path()).iter().any(|name| name.contains("damaged")));
}

#[tokio::test]
async fn two_consoles_write_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let start = Arc::new(Barrier::new(2));
    let consoles = ["web-1", "web-2"].map(|own| {
        let (path, start) = (path.clone(), Arc::clone(&start));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            start.wait();
            let (history, told) = open(&path);
            for minute in 0..60 {
                record(&history, own, minute, 1.0);
                // Both see this one; each sees another value.
                record(&history, "both", minute, if own == "web-1" { 2.0 } else { 4.0 });
                if minute % 7 == 0 {
                    runtime.block_on(read(&history, own));
                }
            }
            assert!(history.close(PATIENCE));
            assert_eq!(history.lost(), 0);
            assert!(told.try_recv().is_err());
        })
    });
    for console in consoles {
        console.join().unwrap();
    }
    let (history, _) = open(&path);
    for own in ["web-1", "web-2"] {
        assert_eq!(read(&history, own).await.len(), 60, "{own}");
    }
    let both = read(&history, "both").await;
    assert_eq!(both.len(), 60);
    assert!(both.iter().all(|it| (it.min, it.max) == (2.0, 4.0)), "{both:?}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_said_once_and_tried_again_later() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write there all the same; nobody may make files in /proc.
    let root = fs::write(folder.path().join("x"), "").is_ok();
    let place = if root { Path::new("/proc/self") } else { folder.path() };
    let (history, told) = open(&place.join("history.db"));
    let PastNews::Stopped(failure) = told.recv_timeout(PATIENCE).unwrap() else { panic!("not stopped") };
    assert!(failure.what.contains(&place.display().to_string()), "{failure}");
    assert!(matches!(failure.retry, Retry::After(_)), "{failure}");
    record(&history, "web-1", 0, 1.0);
    let keys = vec![SeriesKey { server: "web-1".into(), metric: Metric::Cpu }];
    let answer = history.range(PastQuery { keys, from: START, to: START + HOUR }).await;
    assert_eq!(answer.unwrap_err().kind, FailureKind::NotFound);
    assert!(history.close(PATIENCE));
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_file_of_a_newer_version_and_of_another_program_are_left_alone() {
    for (sql, reason) in [
        ("PRAGMA user_version = 99", "a newer midwatch wrote it (schema 99, this one knows 1)"),
        ("PRAGMA application_id = 7", "it is another program's database"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let (history, _) = open(&path);
        assert!(history.close(PATIENCE));
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let (history, told) = open(&path);
        let PastNews::Stopped(failure) = told.recv_timeout(PATIENCE).unwrap() else { panic!("not stopped") };
        assert_eq!((failure.reason().as_str(), failure.retry), (reason, Retry::Never));
        record(&history, "web-1", 0, 1.0);
        assert!(history.close(PATIENCE));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}
