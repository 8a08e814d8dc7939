//! The keeper through minutes, days and full disks, with the time in hand.

use std::sync::{Arc, Mutex};

use super::*;
use crate::domain::event_mark::MarkKind;
use crate::domain::metric::SeriesKey;

type Told = Arc<Mutex<Vec<PastNews>>>;

fn keeper(folder: &tempfile::TempDir, now: Timestamp) -> (Keeper, Told) {
    let told = Told::default();
    let tell = Arc::clone(&told);
    let options = Options::new(folder.path().join("history.db"));
    (Keeper::new(options, Box::new(move |news| tell.lock().unwrap().push(news)), now), told)
}

fn cpu(at: Timestamp, value: f32) -> Samples {
    Samples { server: "web-1".into(), at, values: vec![(Metric::Cpu, value)] }
}

fn ask(keeper: &mut Keeper, from: Timestamp, to: Timestamp) -> Vec<crate::domain::past::Folded> {
    let keys = vec![SeriesKey { server: "web-1".into(), metric: Metric::Cpu }];
    let past = keeper.range(&PastQuery { keys, from, to }, to).unwrap();
    past.series.into_iter().flat_map(|(_, points)| points).collect()
}

fn database(keeper: &Keeper) -> &Database {
    match &keeper.file {
        File::Open(db) | File::Stuck(db, _) => db,
        File::Closed(_) => panic!("the file is closed"),
    }
}

const START: Timestamp = Timestamp::from_secs(1_795_200_000);
const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn readings_become_minutes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, _) = keeper(&folder, START);
    for n in 0..90 {
        keeper.take(cpu(START + Duration::from_secs(n * 2), n as f32));
    }
    let points = ask(&mut keeper, START, START + Duration::from_secs(180));
    // The third minute ended just now and has its grace.
    let folds: Vec<_> = points.iter().map(|it| (it.min, it.mean, it.max)).collect();
    assert_eq!(folds, [(0.0, 14.5, 29.0), (30.0, 44.5, 59.0)]);
    assert_eq!(ask(&mut keeper, START, START + Duration::from_secs(183)).len(), 3);
}

#[test]
fn a_minute_that_nobody_saw_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, _) = keeper(&folder, START);
    let minutes = [0, 1, 4].map(|n| START + Duration::from_secs(n * 60));
    for at in minutes {
        keeper.take(cpu(at, 1.0));
    }
    keeper.take(cpu(START, f32::NAN));
    let points = ask(&mut keeper, START, START + Duration::from_secs(600));
    assert_eq!(points.iter().map(|it| it.at).collect::<Vec<_>>(), minutes);
}

#[test]
fn minutes_become_ten_and_both_are_forgotten_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, _) = keeper(&folder, START);
    let mut now = START;
    for _ in 0..(40 * 24 * 6) {
        for minute in 0..10 {
            keeper.take(cpu(now + Duration::from_secs(minute * 60), minute as f32));
        }
        now = now + Duration::from_secs(600);
        keeper.flush(now + Duration::from_secs(5), false);
    }
    let lengths = |points: &[crate::domain::past::Folded]| {
        let long = points.iter().filter(|it| it.lasts == Duration::from_secs(600)).count();
        (long, points.len() - long)
    };
    let all = ask(&mut keeper, START, now);
    let (long, short) = lengths(&all);
    // Thirty days in all, the last eight of them by the minute; upkeep comes every ten minutes.
    assert!((22 * 144..=22 * 144 + 2).contains(&long), "{long} long frames");
    assert!((8 * 1440..=8 * 1440 + 10).contains(&short), "{short} minutes");
    assert_eq!((all[3].min, all[3].mean, all[3].max), (0.0, 4.5, 9.0));
    assert!(all.windows(2).all(|it| it[0].at + it[0].lasts == it[1].at), "a hole or an overlap");
    assert_eq!(lengths(&ask(&mut keeper, now - DAY, now)), (0, 1440));
}

#[test]
fn a_full_disk_stops_the_writing_is_told_once_and_nothing_is_lost_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, told) = keeper(&folder, START);
    keeper.flush(START, false);
    let limit = |keeper: &Keeper, pages: i64| {
        database(keeper).connection.pragma_update(None, "max_page_count", pages).unwrap();
    };
    limit(&keeper, 1);
    let mut now = START;
    for minute in 0..5u64 {
        for server in 0..200 {
            let values = (0..60).map(|n| (Metric::Prometheus(format!("s{n}").into()), n as f32)).collect();
            keeper.take(Samples { server: format!("s{server}").into(), at: now, values });
        }
        keeper.take(cpu(now, 7.0));
        now = START + Duration::from_secs(60 * (minute + 1) + 5);
        keeper.flush(now, false);
    }
    match told.lock().unwrap().as_slice() {
        [PastNews::Stopped(failure)] => {
            assert!(failure.reason().contains("full"), "{failure}");
            assert_eq!(failure.hint.as_deref(), Some("make room on the disk"));
        }
        other => panic!("told {other:?}"),
    }
    limit(&keeper, 1 << 20);
    now = now + AGAIN;
    keeper.flush(now, false);
    assert_eq!(told.lock().unwrap().last(), Some(&PastNews::Kept));
    assert_eq!(ask(&mut keeper, START, now).len(), 5);
}

#[test]
fn damage_that_is_met_later_puts_a_new_file_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, told) = keeper(&folder, START);
    for minute in 0..2000 {
        keeper.take(cpu(START + Duration::from_secs(minute * 60), minute as f32));
    }
    keeper.flush(START + DAY * 2, false);
    database(&keeper).connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let path = folder.path().join("history.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    database(&keeper).connection.execute_batch("PRAGMA shrink_memory").unwrap();
    let keys = vec![SeriesKey { server: "web-1".into(), metric: Metric::Cpu }];
    let query = PastQuery { keys, from: START, to: START + DAY * 2 };
    let failure = keeper.range(&query, START + DAY * 2).unwrap_err();
    assert!(failure.reason().contains("malformed"), "{failure}");
    let moved: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".damaged-"))
        .collect();
    let told = told.lock().unwrap();
    let [PastNews::Replaced(failure)] = told.as_slice() else { panic!("told {told:?}") };
    assert!(moved.iter().any(|name| failure.hint.as_ref().unwrap().ends_with(name)), "{failure} {moved:?}");
    assert_eq!(keeper.range(&query, START + DAY * 2).unwrap(), Past::default());
    keeper.take(cpu(START + DAY * 2, 1.0));
    assert_eq!(ask(&mut keeper, START + DAY * 2, START + DAY * 3).len(), 1);
}

#[test]
fn a_mark_that_two_consoles_see_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, _) = keeper(&folder, START);
    let (mut two, _) = keeper(&folder, START);
    let mark = |seconds| EventMark {
        at: START + Duration::from_secs(seconds),
        server: "web-1".into(),
        kind: MarkKind::Restart,
        text: "shop-web-1 restarted (exit 137)".into(),
    };
    one.mark(mark(0));
    one.flush(START, false);
    two.mark(mark(9));
    two.mark(mark(60));
    let keys = vec![SeriesKey { server: "web-1".into(), metric: Metric::Cpu }];
    let past = two.range(&PastQuery { keys, from: START, to: START + DAY }, START).unwrap();
    assert_eq!(past.marks, [mark(0), mark(60)]);
}

#[test]
fn what_is_kept_can_be_listed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, _) = keeper(&folder, START);
    keeper.take(cpu(START, 1.0));
    let disk = Metric::Disk("/var".into());
    keeper.take(Samples { server: "db-1".into(), at: START, values: vec![(disk.clone(), 1.0)] });
    let kept = keeper.kept(START + DAY).unwrap();
    assert_eq!(kept, Kept::from([("db-1".into(), vec![disk]), ("web-1".into(), vec![Metric::Cpu])]));
}
