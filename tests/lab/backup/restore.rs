//! Bringing a database back: beside, in the place of what stands, and undone.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::store::Store;

const TABLES: &str = "create table orders (id int primary key, at timestamptz, text text); \
     insert into orders select n, timestamptz '2026-01-01' + n * interval '1 minute', md5(n::text) from generate_series(1, 20000) n; \
     create table small as select 1 as n";

const SUM: &str = "select count(*), md5(string_agg(id || text || at, ',' order by id)) from orders";

const GRANTED: &str = "select string_agg(a::text, ' ' order by a::text) from pg_database, unnest(datacl) a where datname = 'swapped'";

/// The run that a command told of.
pub fn run_of(told: &str) -> String {
    let run = told.lines().find_map(|line| line.strip_prefix("run "));
    run.unwrap_or_else(|| panic!("{told}")).to_owned()
}

/// A client that asks a database again and again, each time in a new session; it tells when it was answered.
struct Asking(Child);

impl Asking {
    fn begin(store: &Store) -> Self {
        let script = format!(
            "cd /; end=$(($(date +%s)+40)); while [ $(date +%s) -lt $end ] && [ ! -e /tmp/{0}-asked ]; do \
             sudo -n -u postgres psql -XAtqd {0} -c 'select 1' >/dev/null 2>&1 && date +%s%3N; done; rm -f /tmp/{0}-asked",
            store.name
        );
        let child = Command::new("ssh")
            .arg("-nF")
            .arg(store.lab.path("/ssh_config"))
            .args(["-o", "BatchMode=yes", "db-1", &script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        sleep(Duration::from_secs(1));
        Self(child)
    }

    /// The longest time between two answers, in milliseconds.
    fn longest(self, store: &Store) -> u64 {
        store.on(&format!("touch /tmp/{}-asked", store.name));
        let output = self.0.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let times: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert!(times.len() > 10, "{text}");
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_database_is_swapped_within_a_second_and_undone_to_the_row() {
    let store = Store::postgres("swapped", TABLES);
    store.sql("postgres", "alter database swapped set work_mem = '7MB'; revoke connect on database swapped from public; grant connect on database swapped to shop");
    store.back_up(&[]).ends(0);
    let backed = store.sql("swapped", SUM);
    let granted = store.sql("postgres", GRANTED);
    store.sql("swapped", "delete from orders where id > 19000; update orders set text = 'x' where id = 1");
    let live = store.sql("swapped", SUM);

    let told = store.run(&["restore", "swapped", "--yes"]).ends(2).text();
    assert!(told.contains("asks for the app's name"), "{told}");
    // Beside: shown against what stands, which is not touched.
    let told =
        store.run(&["restore", "swapped", "--to", "swapped_again", "--confirm", "swapped"]).ends(0).text();
    assert!(
        told.contains("public.orders: 20000 rows restored, 19000 rows live, newest 2026-01-14"),
        "{told}"
    );
    assert_eq!(store.sql("swapped_again", SUM), backed);
    assert_eq!(store.sql("swapped", SUM), live);
    let told =
        store.run(&["restore", "swapped", "--to", "swapped_again", "--confirm", "swapped"]).ends(2).text();
    assert!(told.contains("there is a database swapped_again already"), "{told}");

    // In its place, while somebody asks and somebody sits in it.
    let asking = Asking::begin(&store);
    let sitting = Command::new("ssh")
        .arg("-nF")
        .arg(store.lab.path("/ssh_config"))
        .args(["-o", "BatchMode=yes", "db-1"])
        .arg("cd /; sudo -n -u postgres psql -XAtqd swapped -c 'select pg_sleep(60)'")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = store.run(&["restore", "swapped", "--swap", "--confirm", "swapped"]).ends(0).text();
    let longest = asking.longest(&store);
    assert!(longest < 1000, "{longest} ms without an answer");
    println!("unavailable for at most {longest} ms");
    assert!(!{ sitting }.wait().unwrap().success(), "it was disconnected");
    assert_eq!(store.sql("swapped", SUM), backed);
    let before = store.sql("postgres", "select datname from pg_database where datname ~ '^swapped_before_'");
    assert_eq!(store.sql(&before, SUM), live);
    let safe = store.backups()[0]["reason"].as_str().unwrap().to_owned();
    assert!(safe.starts_with("what stood before: restore"), "{safe}");
    assert_eq!(store.sql("swapped", "show work_mem"), "7MB");
    assert_eq!(store.sql("postgres", GRANTED), granted);

    let run = run_of(&told);
    let told = store.run(&["undo", &run, "--confirm", "swapped"]).ends(0).text();
    assert_eq!(store.sql("swapped", SUM), live, "{told}");
    // And that again, by which what was restored is back.
    let told = store.run(&["undo", &run_of(&told), "--confirm", "swapped"]).ends(0).text();
    assert_eq!(store.sql("swapped", SUM), backed, "{told}");
    let journal = store.run(&["journal", "show", &run]).ends(0).text();
    assert!(journal.contains("2 tables with"), "{journal}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_hostile_name_is_a_name() {
    let name = "o'd\"d; drop=x $1 \\ü";
    let store = Store::of(
        "hostile",
        &format!(
            "kind = \"postgres\"\ndatabase = {}\nhost = \"/var/run/postgresql\"\nrun_as = \"postgres\"",
            serde_json::to_string(name).unwrap()
        ),
    );
    let identifier = format!("\"{}\"", name.replace('"', "\"\""));
    store.dropped(name);
    store.sql("postgres", "drop role if exists \"ro'le \"\"x\"");
    store.sql("postgres", "create role \"ro'le \"\"x\"");
    store.sql("postgres", &format!("create database {identifier} owner \"ro'le \"\"x\""));
    store.within(name, &format!("alter database {identifier} set my.note = 'it''s \\ it'; create schema \"s'\"\"\"; create table \"s'\"\"\".\"t; x$1\" as select n as \"at'\" from generate_series(1, 5) n; alter table \"s'\"\"\".\"t; x$1\" owner to \"ro'le \"\"x\""));
    store.back_up(&[]).ends(0);
    store.within(name, "insert into \"s'\"\"\".\"t; x$1\" values (6)");
    let told = store.run(&["restore", "hostile", "--swap", "--confirm", "hostile"]);
    let told = told.ends(0).text();
    assert!(told.contains("5 rows restored, 6 rows live"), "{told}");
    assert_eq!(store.within(name, "select count(*) from \"s'\"\"\".\"t; x$1\""), "5");
    let owner = "select pg_get_userbyid(datdba) || current_setting('my.note') from pg_database where datname = current_database()";
    assert_eq!(store.within(name, owner), "ro'le \"xit's \\ it");
    store.run(&["undo", &run_of(&told), "--confirm", "hostile"]).ends(0);
    assert_eq!(store.within(name, "select count(*) from \"s'\"\"\".\"t; x$1\""), "6");
    store.dropped(name);
    store.sql("postgres", "drop role \"ro'le \"\"x\"");
}

fn killed_while(store: &Store, args: &[&str], query: &str) {
    let mut console = store.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while store.sql("postgres", query) == "0" {
        assert!(start.elapsed() < Duration::from_secs(20), "{query}");
        assert!(console.try_wait().unwrap().is_none(), "it ended before");
    }
    console.kill().unwrap();
    console.wait().unwrap();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_a_restore_leaves_what_stands_and_can_be_undone_or_finished() {
    let store = Store::postgres(
        "restored",
        &format!(
            "{TABLES}; create table big as select n, repeat(md5(n::text), 20) as text from generate_series(1, 60000) n; create index on big (text)"
        ),
    );
    store.back_up(&[]).ends(0);
    let backed = store.sql("restored", SUM);
    store.sql("restored", "delete from orders where id > 100");
    let live = store.sql("restored", SUM);
    let loading =
        "select count(*) from pg_stat_activity where datname ~ '^restored_restore_' and query ~ 'COPY'";
    killed_while(&store, &["restore", "restored", "--confirm", "restored"], loading);
    assert_eq!(store.sql("restored", SUM), live);
    let told = store.run(&["restore", "restored", "--confirm", "restored"]).ends(2).text();
    let run = told
        .split("midwatch resume ")
        .nth(1)
        .unwrap()
        .split(|c: char| c == ')' || c.is_whitespace())
        .next()
        .unwrap();
    let told = store.run(&["resume", run]).ends(1).text();
    assert!(told.contains("in between: it was changed; the last thing begun was: bring backup"), "{told}");
    store.run(&["resume", run, "undo", "--confirm", "restored"]).ends(1);
    let left = "select count(*) from pg_database where datname ~ '^restored_'";
    assert_eq!(store.sql("postgres", left), "0");

    // Once more, now to the end.
    killed_while(&store, &["restore", "restored", "--swap", "--confirm", "restored"], loading);
    assert_eq!(store.sql("restored", SUM), live);
    let told = store.run(&["restore", "restored", "--swap", "--confirm", "restored"]).ends(2).text();
    let run = told
        .split("midwatch resume ")
        .nth(1)
        .unwrap()
        .split(|c: char| c == ')' || c.is_whitespace())
        .next()
        .unwrap();
    store.run(&["resume", run, "finish", "--confirm", "restored"]).ends(0);
    assert_eq!(store.sql("restored", SUM), backed);
    assert_eq!(store.sql("postgres", left), "1");
    store.run(&["undo", run, "--confirm", "restored"]).ends(0);
    assert_eq!(store.sql("restored", SUM), live);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_damaged_backup_is_not_put_in_the_place_of_anything() {
    let store = Store::postgres("damaged", TABLES);
    store.back_up(&[]).ends(0);
    let live = store.sql("damaged", SUM);
    store.damage();
    let told =
        store.run(&["restore", "damaged", "--swap", "--confirm", "damaged", "--reason", "a try"]).text();
    assert!(!told.contains("done after"), "{told}");
    assert_eq!(store.sql("damaged", SUM), live);
    assert_eq!(
        store.sql("postgres", "select count(*) from pg_database where datname ~ '^damaged_'"),
        "0",
        "{told}"
    );
}
