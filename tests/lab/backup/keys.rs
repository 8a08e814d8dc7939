//! Restores by keys: from a datastore's row and page, beside and in the place of what stands, undone, and
//! rehearsed; and what a console leaves that is killed meanwhile.

use std::time::Duration;

use rustix::process::Signal;

use super::store::Store;
use crate::deploy::console::enter_until;
use crate::pty::Console;

const TABLES: &str = "create table orders (id int primary key, text text); \
     insert into orders select n, md5(n::text) from generate_series(1, 5000) n";

const SUM: &str = "select count(*), md5(string_agg(id || text, ',' order by id)) from orders";

/// How long a run may take here, on a machine that others use too.
const RUN: Duration = Duration::from_secs(90);

/// A console that shows the page of the datastore, once its backups are read.
fn on_the_page(store: &Store) -> Console {
    let console = store.console().spawn();
    console.wait_for("DATASTORES");
    // Only the datastore is left, and so it has the keys.
    console.press(&format!("/{}", store.name)).wait_for(&format!("/{}", store.name));
    console.press("\r\r").wait_for(&format!("datastore {}", store.name)).wait_for("BACKUPS 1");
    console
}

/// Confirms the plan that is shown: in its first moment Enter does not count. Then the name is typed, for
/// which the environment asks.
fn carried_out(console: &Console, store: &Store) {
    console.wait_for("then carries it out");
    console.wait_until("the name is asked for", |screen| {
        if screen.contains("Its environment asks for the datastore's name") {
            return true;
        }
        console.press("\r");
        std::thread::sleep(Duration::from_millis(300));
        false
    });
    console.press(&format!("{}\r", store.name)).wait_for("esc detach");
}

/// The same, to its end.
fn confirmed(console: &Console, store: &Store, how: &str) {
    carried_out(console, store);
    console.wait_at_most(RUN, how, |screen| screen.contains(how));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn keys_restore_some_tables_and_tell_what_cannot_be_had() {
    let store = Store::postgres("keysome", TABLES);
    store.back_up(&[]).ends(0);
    let mut console = on_the_page(&store);
    console.press("O").wait_for("restore keysome otherwise").press("only nothing\r");
    console.wait_for("the backup holds no table nothing");
    console.press("\x1b").wait_for("BACKUPS");
    console.press("O").wait_for("restore keysome otherwise").press("only orders\r").wait_for("STEPS");
    confirmed(&console, &store, "done and verified");
    let beside = store.sql("postgres", "select datname from pg_database where datname ~ '^keysome_restore_'");
    assert_eq!(store.sql(&beside, "select count(*) from orders"), "5000");
    console.press("\x1b").wait_for("BACKUPS");
    console.press("O").wait_for("restore keysome otherwise").press("from nobody\r").wait_for("nobody");
    console.press("\x1b").wait_for("BACKUPS");
    console.press("O").wait_for("restore keysome otherwise").press("at 25m\r");
    console.wait_for("nothing that keeps its write-ahead log is configured");
    console.press("\x1b").wait_for("BACKUPS");
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn keys_restore_beside_swap_undo_and_drill() {
    let store = Store::postgres("bykeys", TABLES);
    store.back_up(&[]).ends(0);
    let backed = store.sql("bykeys", SUM);
    store.sql("bykeys", "delete from orders where id > 4000");
    let live = store.sql("bykeys", SUM);
    let mut console = on_the_page(&store);

    console.press("R").wait_for("restore bykeys").wait_for("beside what stands");
    console.press("\r").wait_for("STEPS").wait_for("beside database bykeys");
    assert_eq!(store.sql("bykeys", SUM), live, "changed before it was confirmed");
    confirmed(&console, &store, "done and verified");
    let beside = store.sql("postgres", "select datname from pg_database where datname ~ '^bykeys_restore_'");
    assert_eq!((store.sql(&beside, SUM), store.sql("bykeys", SUM)), (backed.clone(), live.clone()));

    console.press("\x1b").wait_for("BACKUPS");
    console.press("R").wait_for("beside what stands");
    console.press("\t").wait_for("in its place:");
    console.press("\r").wait_for("INTERRUPTS");
    confirmed(&console, &store, "done and verified");
    assert_eq!(store.sql("bykeys", SUM), backed);

    // What stood was backed up before, and is in the list.
    console.press("\x1b").wait_at_most(RUN, "two backups", |screen| screen.contains("BACKUPS 2"));
    console.wait_for("what stood before");
    console.press("U").wait_for("as it was before").wait_for("STEPS");
    confirmed(&console, &store, "done and verified");
    assert_eq!(store.sql("bykeys", SUM), live);
    // There is nothing left to undo.
    console.press("\x1b").wait_for("BACKUPS");
    console.press("U").wait_for("knows of none that took its place");
    console.press("\x1b").wait_for("BACKUPS");

    // A drill changes nothing that stands, and asks for a key alone.
    console.press("\x1b[B").press("D").wait_for("rehearse restoring").wait_for("STEPS");
    enter_until(&console, "esc detach");
    console.wait_at_most(RUN, "the drill", |screen| screen.contains("done and verified"));
    console.press("\x1b").wait_for("last drill went well");
    assert_eq!(store.sql("bykeys", SUM), live);
    let journal = store.run(&["journal", "export"]).ends(0).text();
    for told in ["beside database bykeys", "in the place of database bykeys", "undo ", "rehearse restoring"] {
        assert!(journal.contains(told), "no {told}: {journal}");
    }
    store.run(&["journal", "verify"]).ends(0);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_the_console_in_a_restore_is_named_at_the_next_start_and_undone() {
    let store = Store::postgres(
        "keyskilled",
        &format!(
            "{TABLES}; create table big as select n, repeat(md5(n::text), 20) as text from generate_series(1, 60000) n; create index on big (text)"
        ),
    );
    store.back_up(&[]).ends(0);
    let live = store.sql("keyskilled", SUM);
    let console = on_the_page(&store);
    console.press("R").wait_for("beside what stands");
    console.press("\t").wait_for("in its place:");
    console.press("\r");
    carried_out(&console, &store);
    let loading =
        "select count(*) from pg_stat_activity where datname ~ '^keyskilled_restore_' and query ~ 'COPY'";
    let start = std::time::Instant::now();
    while store.sql("postgres", loading) == "0" {
        assert!(start.elapsed() < RUN, "{}", console.screen_text());
    }
    console.signal(Signal::KILL);
    assert_eq!(store.sql("keyskilled", SUM), live);

    let mut console = store.console().spawn();
    console.wait_at_most(RUN, "the run is named", |screen| screen.contains("interrupted"));
    console.press("u").wait_for("WHAT STANDS").wait_for("bring backup");
    console.press("u").wait_for("Its environment asks for the datastore's name");
    console.press("keyskilled\r");
    console.wait_at_most(RUN, "it is put back", |screen| screen.contains("put back"));
    let left = "select count(*) from pg_database where datname ~ '^keyskilled_'";
    let start = std::time::Instant::now();
    while store.sql("postgres", left) != "0" {
        assert!(start.elapsed() < RUN, "{}", console.screen_text());
    }
    assert_eq!(store.sql("keyskilled", SUM), live);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_files_of_a_backup_are_listed_found_and_brought_here() {
    let store = Store::of("lookinto", "kind = \"files\"\npaths = [\"/home/ops/lookinto\"]");
    store.on("rm -rf ~/lookinto; mkdir -p ~/lookinto/conf && cd ~/lookinto && echo one >conf/prod.env && truncate -s 5M holes && ln -s conf/prod.env link && head -c 3000000 /dev/urandom >big && echo x >\"$(printf 'odd\\033[2J name')\"");
    store.back_up(&[]).ends(0);
    store.on("rm ~/lookinto/conf/prod.env; echo two >~/lookinto/conf/new.env");
    store.back_up(&[]).ends(0);
    let oldest = store.oldest();
    let told = store.run(&["backups", "lookinto", "--files", &oldest[..8], "--json"]).ends(0).json();
    let files = told["files"].as_array().unwrap();
    let of = |path: &str| {
        files.iter().find(|it| it["path"] == path).unwrap_or_else(|| panic!("no {path}: {told}"))
    };
    assert_eq!(of("home/ops/lookinto/conf/prod.env")["bytes"], 4);
    assert_eq!(of("home/ops/lookinto/holes")["bytes"], 5 << 20, "with its holes");
    assert_eq!(of("home/ops/lookinto/link")["leads_to"], "conf/prod.env");
    assert_eq!(of("home/ops/lookinto/conf")["kind"], "folder");
    assert!(files.iter().all(|it| !it["path"].as_str().unwrap().contains('\u{1b}')), "{told}");
    let under =
        store.run(&["backups", "lookinto", "--files", &oldest, "/home/ops/lookinto/conf"]).ends(0).text();
    assert!(under.contains("prod.env") && !under.contains("holes"), "{under}");

    let told = store.run(&["backups", "lookinto", "--find", "*.env", "--json"]).ends(0).json();
    let found: Vec<&str> =
        told["files"].as_array().unwrap().iter().map(|it| it["file"]["path"].as_str().unwrap()).collect();
    assert_eq!(
        found,
        ["home/ops/lookinto/conf/new.env", "home/ops/lookinto/conf/prod.env"],
        "the newest first"
    );
    store.run(&["backups", "lookinto", "--find", "nothing"]).ends(1);

    let here = store.path("here/");
    let to = format!("{}/", here.display());
    let only = ["restore", "lookinto", "--backup", &oldest, "--to", &to, "--only", "/home/ops/lookinto/conf"];
    store.run(&only).ends(0);
    assert_eq!(std::fs::read_to_string(here.join("home/ops/lookinto/conf/prod.env")).unwrap(), "one\n");
    assert!(!here.join("home/ops/lookinto/big").exists());

    // The same by keys.
    let console = store.console().spawn();
    console.wait_for("DATASTORES");
    console.press("/lookinto").wait_for("/lookinto");
    console.press("\r\r").wait_for("BACKUPS 2");
    console.press("\x1b[B\r").wait_for("FILES 1").wait_for("home/");
    console.press("\r").wait_for("ops/").press("\r").wait_for("lookinto/").press("\r").wait_for("holes");
    console.press("/prod").wait_for("/prod");
    console.press("\r").wait_for("conf/prod.env").press("\x1b").wait_for("holes");
    console
        .press("\x1b")
        .wait_for("lookinto/")
        .press("\x1b")
        .wait_for("ops/")
        .press("\x1b")
        .wait_for("home/");
    console.press("\x1b").wait_for("BACKUPS 2");
    console.press("F").wait_for("find files in the backups").press("prod\r").wait_for("2 of 2 backups");
    console.wait_for("home/ops/lookinto/conf/prod.env").press("\r").wait_for("/home/ops/lookinto/conf");
    store.on("rm -rf ~/lookinto");
}
