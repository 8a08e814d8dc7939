//! PostgreSQL that is written to, full or restarted while it is backed up, brought back and rehearsed.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::restore::run_of;
use super::store::{Store, quoted};

/// What pgbench's transactions keep equal, whatever moment is looked at: every one adds the same to an account, a
/// teller, a branch and the history.
const WHOLE: &str = "select count(*) || ' ' || (coalesce(sum(delta), 0) = all (array[(select sum(abalance) from pgbench_accounts), \
     (select sum(tbalance) from pgbench_tellers), (select sum(bbalance) from pgbench_branches)]))::text from pgbench_history";

const ROWS: &str =
    "create table big as select n, repeat(md5(n::text), 8) as text from generate_series(1, 400000) n";
const SUM: &str = "select count(*) || md5(string_agg(text, ',' order by n)) from big";

/// A command on db-1 that goes on by itself.
fn beside(store: &Store, command: &str) -> Child {
    Command::new("ssh")
        .arg("-nF")
        .arg(store.lab.path("/ssh_config"))
        .args(["-o", "BatchMode=yes", "db-1", command])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How many transactions a database has, which has to be whole.
#[track_caller]
fn whole(store: &Store, database: &str) -> u64 {
    let told = store.sql(database, WHOLE);
    let (count, equal) = told.split_once(' ').unwrap();
    assert_eq!(equal, "true", "{database}: a transaction is there by half");
    count.parse().unwrap()
}

#[track_caller]
fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        sleep(Duration::from_millis(50));
    }
}

/// The databases that a restore or a drill makes beside.
fn made(store: &Store) -> String {
    let like = format!("{}\\_%", store.name);
    store.sql("postgres", &format!("select datname from pg_database where datname like '{like}'"))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_under_write_load_loses_no_row_and_what_is_backed_up_is_of_one_moment() {
    let store = Store::postgres("written", "select 1");
    store.on("cd /; sudo -n -u postgres pgbench -qis 5 written 2>&1");
    let load = beside(&store, "cd /; sudo -n -u postgres pgbench -n -c 4 -T 100 written 2>&1");
    until("it is written to", || whole(&store, "written") > 100);
    store.back_up(&[]).ends(0);
    let first = whole(&store, "written");
    store.back_up(&[]).ends(0);
    let told =
        store.run(&["restore", "written", "--to", "written_again", "--confirm", "written"]).ends(0).text();
    assert!(told.contains("public.pgbench_history"), "{told}");
    let brought = whole(&store, "written_again");
    assert!(brought >= first, "the second backup has {brought}, before it there were {first}");
    assert!(whole(&store, "written") > brought, "it is written to still");
    store.run(&["drill", "written", "--yes"]).ends(0);

    // In its place: who writes is disconnected, and what was written until then is kept and comes back.
    let told = store.run(&["restore", "written", "--swap", "--confirm", "written"]).ends(0).text();
    let ended = load.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let acknowledged =
        said.lines().find_map(|it| it.strip_prefix("number of transactions actually processed: "));
    let acknowledged: u64 = acknowledged.unwrap_or_else(|| panic!("{said}")).parse().unwrap();
    let restored = whole(&store, "written");
    assert!(restored < acknowledged, "{restored} of {acknowledged}: it is of before");
    store.run(&["undo", &run_of(&told), "--confirm", "written"]).ends(0);
    let back = whole(&store, "written");
    assert!(back >= acknowledged, "{back} rows are there, {acknowledged} were acknowledged");
    // One for each client may have been committed and not told.
    assert!(back <= acknowledged + 4, "{back} and {acknowledged}");
    store.checked_by_restic();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_at_the_connection_limit_is_told_in_the_servers_words_and_costs_nothing() {
    let store = Store::postgres("crowded", ROWS);
    store.back_up(&[]).ends(0);
    let sum = store.sql("crowded", SUM);
    let most: u32 = store.sql("postgres", "show max_connections").parse().unwrap();
    let sit = format!(
        "cd /; for i in $(seq {}); do sudo -n -u postgres psql -XAtqd postgres -c \"select pg_sleep(90)\" >/dev/null 2>&1 & done; wait",
        most + 5
    );
    let mut sitting = beside(&store, &sit);
    let plain = "cd /; sudo -n -u postgres psql -XAtqd postgres -c 'select 1' 2>&1; true";
    until("no place is left", || store.on(plain).contains("too many clients"));

    let told = store.back_up(&[]);
    assert_ne!(told.0.status.code(), Some(0));
    assert!(told.text().contains("too many clients"), "{}", told.text());
    for args in [
        &["restore", "crowded", "--to", "crowded_again", "--confirm", "crowded"][..],
        &["drill", "crowded", "--yes"],
    ] {
        let told = store.run(args);
        assert_ne!(told.0.status.code(), Some(0), "{args:?}: {}", told.text());
        assert!(told.text().contains("too many clients"), "{args:?}: {}", told.text());
    }
    store.on("sudo pkill -f '[p]ostgres: .* postgres postgres .local. SELECT'; true");
    sitting.kill().unwrap();
    sitting.wait().unwrap();
    until("there are places again", || store.on(plain) == "1");
    assert_eq!((store.backups().len(), made(&store), store.sql("crowded", SUM)), (1, String::new(), sum));
    store.back_up(&[]).ends(0);
    store.run(&["drill", "crowded", "--yes"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_restarts_postgres_in_the_middle_fails_the_run_and_leaves_what_stood() {
    let store = Store::postgres("restarted", ROWS);
    store.back_up(&[]).ends(0);
    store.sql("restarted", "delete from big where n > 399000");
    let sum = store.sql("restarted", SUM);
    let struck = |args: &[&str], once: &str| {
        let console = store.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let wait = format!("cd /; until {once}; do sleep 0.02; done");
        store.on(&format!("timeout 30 sh -c {} && sudo systemctl restart postgresql@17-main", quoted(&wait)));
        until("it is up again", || {
            store.on("cd /; sudo -n -u postgres psql -XAtqd postgres -c 'select 1' 2>&1; true") == "1"
        });
        let output = console.wait_with_output().unwrap();
        let told =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
        assert!(
            ["terminating connection", "closed the connection", "shutting down"]
                .iter()
                .any(|it| told.contains(it)),
            "{args:?}: {told}"
        );
        assert_eq!(
            (made(&store), store.sql("restarted", SUM)),
            (String::new(), sum.clone()),
            "{args:?}: {told}"
        );
    };
    let copies = |like: &str| {
        let asked = format!("select 1 from pg_stat_activity where datname ~ '{like}' and query ~ '^COPY'");
        format!("sudo -n -u postgres psql -XAtqd postgres -c \"{asked}\" | grep -q 1")
    };
    let loads = &copies("^restarted_");
    struck(&["backup", "restarted", "--yes"], &copies("^restarted$"));
    assert_eq!((store.backups().len(), store.snapshots()), (1, 1));
    struck(&["restore", "restarted", "--to", "restarted_again", "--confirm", "restarted"], loads);
    struck(&["drill", "restarted", "--yes"], loads);
    struck(&["restore", "restarted", "--swap", "--confirm", "restarted"], loads);
    let told = store.run(&["restore", "restarted", "--swap", "--confirm", "restarted"]).ends(0).text();
    assert_ne!(store.sql("restarted", SUM), sum);
    store.run(&["undo", &run_of(&told), "--confirm", "restarted"]).ends(0);
    assert_eq!(store.sql("restarted", SUM), sum);
    store.checked_by_restic();
}
