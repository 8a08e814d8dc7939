//! What is struck on the way leaves no backup, and a plain next run says what stands.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::store::Store;

const TABLES: &str = "create table held (n int); create table big as \
     select n, repeat(md5(n::text), 20) as text from generate_series(1, 200000) n";

/// A backup that stands still in the middle: `pg_dump` waits for a lock on a table.
struct Stuck {
    console: Child,
    locker: Child,
}

impl Stuck {
    fn begin(store: &Store) -> Self {
        let name = &store.name;
        let lock = format!(
            "cd /; sudo -n -u postgres psql -XAtqd {name} -c 'begin; lock table held; select pg_sleep(60)'"
        );
        let locker = std::process::Command::new("ssh")
            .arg("-nF")
            .arg(store.lab.path("/ssh_config"))
            .args(["-o", "BatchMode=yes", "db-1", &lock])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the table is locked", || locks(store, "AccessExclusiveLock", true) == 1);
        let console = store
            .command(&["backup", name, "--yes", "--init"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until("the dump waits", || locks(store, "AccessShareLock", false) == 1);
        Self { console, locker }
    }

    fn free(mut self, store: &Store) -> String {
        let output = self.console.wait_with_output().unwrap();
        store.sql(
            "postgres",
            &format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}' and query like '%pg_sleep%'",
                store.name
            ),
        );
        self.locker.wait().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

fn locks(store: &Store, mode: &str, granted: bool) -> u32 {
    let statement = format!(
        "select count(*) from pg_locks l join pg_class c on c.oid = l.relation where c.relname = 'held' \
         and mode = '{mode}' and granted = {granted}"
    );
    store.sql(&store.name, &statement).parse().unwrap()
}

#[track_caller]
fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_of_the_dump_leaves_no_backup_and_says_what_it_said() {
    let store = Store::postgres("cut_short", TABLES);
    let stuck = Stuck::begin(&store);
    store.sql(
        "postgres",
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'cut_short' and application_name = 'midwatch'",
    );
    let told = stuck.free(&store);
    assert!(told.contains("terminat"), "{told}");
    assert!(told.contains("failed after"), "{told}");
    assert_eq!(store.backups(), Vec::<serde_json::Value>::new());
    assert_eq!(store.snapshots(), 0);
    store.back_up(&[]).ends(0);
    store.checked_by_restic();
    assert_eq!(store.snapshots(), 1);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_the_console_leaves_a_lock_that_the_next_run_explains() {
    let store = Store::postgres("killed", TABLES);
    let mut stuck = Stuck::begin(&store);
    stuck.console.kill().unwrap();
    stuck.free(&store);
    assert_eq!(
        store.run(&["backups", "killed", "--json"]).json()["datastores"][0]["backups"][0],
        serde_json::Value::Null
    );
    let told = store.back_up(&[]).ends(2).text();
    let run = told.split("midwatch resume ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    store.run(&["resume", &run]).ends(1);
    store.run(&["resume", &run, "leave"]).ends(1);
    store.back_up(&[]).ends(0);
    store.checked_by_restic();
    assert_eq!(store.snapshots(), 1);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_cancel_is_heeded_in_the_middle_and_leaves_nothing() {
    let store = Store::postgres("cancelled", TABLES);
    let stuck = Stuck::begin(&store);
    let id = rustix::process::Pid::from_raw(i32::try_from(stuck.console.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let told = stuck.free(&store);
    assert!(told.contains("cancelled after"), "{told}");
    assert_eq!(store.snapshots(), 0);
    store.back_up(&[]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_repository_that_is_not_there_or_not_ours_is_refused_before_anything_is_read() {
    let store = Store::postgres("refused", "create table t (n int)");
    let told = store.run(&["backup", "refused", "--yes"]).ends(2).text();
    assert!(told.contains("there is no repository in") && told.contains("--init"), "{told}");
    assert!(!store.path("repository").exists());
    store.back_up(&[]).ends(0);
    std::fs::write(store.path("password"), "five bells\n").unwrap();
    let told = store.back_up(&[]).ends(3).text();
    assert!(told.contains("no key of it is opened by the password"), "{told}");
    std::fs::write(store.path("password"), "four bells\n").unwrap();
    assert_eq!(store.snapshots(), 1);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_nothing_keeps_any_longer_is_shown_and_then_forgotten() {
    let store = Store::of(
        "kept",
        "kind = \"files\"\npaths = [\"/etc/hostname\"]\nretention.within = \"1s\"\nretention.last = 2",
    );
    for _ in 0..2 {
        store.back_up(&[]).ends(0);
    }
    sleep(Duration::from_secs(1));
    let plan = store.run(&["backup", "kept", "--dry-run"]).ends(0).text();
    assert!(!plan.contains("keep what is to be kept"), "two are kept: {plan}");
    store.back_up(&[]).ends(0);
    sleep(Duration::from_secs(1));
    let plan = store.run(&["backup", "kept", "--dry-run"]).ends(0).text();
    assert!(plan.contains("goes, was"), "{plan}");
    store.back_up(&[]).ends(0);
    assert_eq!(store.snapshots(), 3, "what expired before, without the one that came");
    store.checked_by_restic();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_of_two_backups_at_once_is_none_where_the_second_waits() {
    let store = Store::postgres("waited", TABLES);
    store.back_up(&[]).ends(0);
    let stuck = Stuck::begin(&store);
    let told = store.back_up(&[]).ends(2).text();
    assert!(told.contains("holds the lock since"), "{told}");
    let mut second = store.command(&["backup", "waited", "--yes", "--wait"]);
    let mut second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(second.stdout.take().unwrap());
    let mut told = String::new();
    out.read_line(&mut told).unwrap();
    assert!(told.starts_with("the lock of waited is held by "), "{told}");
    store.sql(
        "postgres",
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'waited' and query like '%pg_sleep%'",
    );
    let first = stuck.free(&store);
    out.read_to_string(&mut told).unwrap();
    assert!(second.wait().unwrap().success(), "{told}");
    assert!(!first.contains("failed"), "{first}");
    assert_eq!(store.snapshots(), 3, "both, and the one before");
}
