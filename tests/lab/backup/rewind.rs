//! Going back to a moment, by the real programs on a PostgreSQL server of the test's own: beside what stands,
//! which is not touched, and neither is its archive.

use std::thread::sleep;
use std::time::Duration;

use super::archive::Cluster;
use super::restore::run_of;
use super::store::{killed, quoted};

/// What the server that stands says of itself: a restore beside changes none of it.
pub fn standing(cluster: &Cluster) -> String {
    cluster.sql(
        "select md5(string_agg(word, ',' order by word)) || ' ' || count(*) || ' ' || pg_postmaster_start_time() \
         || ' ' || (select archived_count || ' ' || failed_count || ' ' || last_archived_wal from pg_stat_archiver) from told",
    )
}

/// SHA-256 over all files below a folder.
pub fn summed(cluster: &Cluster, folder: &str) -> String {
    cluster.store.on(&format!(
        "sudo sh -c 'cd {folder} && find . -type f | sort | xargs -d \"\\n\" sha256sum | sha256sum'"
    ))
}

/// The data directories that restores left.
pub fn left(cluster: &Cluster) -> Vec<String> {
    let name = &cluster.store.name;
    let told = cluster
        .store
        .on(&format!("sudo sh -c 'ls -d /var/lib/postgresql/17/{name}_restore_* 2>/dev/null; true'"));
    told.lines().map(str::to_owned).collect()
}

/// Nothing of a restore is there, and nobody works on one.
#[track_caller]
pub fn nothing(cluster: &Cluster) {
    assert_eq!(left(cluster), Vec::<String>::new());
    let name = &cluster.store.name;
    let works = cluster.store.on(&format!("pgrep -fa '{name}_restor[e]' || true"));
    assert_eq!(works, "");
}

/// Writes a word, and gives a moment after that and before anything else.
pub fn written(cluster: &Cluster, word: &str) -> String {
    cluster.sql(&format!("insert into told values ('{word}')"));
    sleep(Duration::from_millis(300));
    let at = cluster.sql("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.MS')");
    sleep(Duration::from_millis(300));
    format!("{}Z", at.replace(' ', "T"))
}

/// What the second instance in a folder answers.
pub fn beside(cluster: &Cluster, folder: &str, statement: &str) -> String {
    cluster.store.on(&format!(
        "cd /; sudo -u postgres psql -XAtqh {folder} -p {} -c {}",
        cluster.port,
        quoted(statement)
    ))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_goes_back_to_a_moment_beside_by_pgbackrest() {
    let cluster = Cluster::by_pgbackrest("rewound", 5442);
    let store = &cluster.store;
    cluster.pgbackrest("stanza-create");
    cluster.archived_by(&cluster.push());
    cluster.sql("create table told (word text)");
    // What is set so goes into the backup, and would have the second instance archive too.
    cluster.sql("alter system set archive_mode = on");
    cluster.sql("alter system set archive_timeout = 0");
    cluster.sql("select pg_reload_conf()");
    let none = store.run(&["restore", "rewound", "--at", "1s", "--confirm", "rewound"]).ends(2).text();
    assert!(none.contains("no full backup, so no moment can be restored"), "{none}");
    cluster.pgbackrest("--type=full backup");
    sleep(Duration::from_millis(1500));
    let first = written(&cluster, "first");
    written(&cluster, "second");
    cluster.writes();
    sleep(Duration::from_millis(1100));
    let late = written(&cluster, "third");
    let (stood, kept) = (standing(&cluster), summed(&cluster, "/var/tmp/rewound/repo"));

    // What cannot be had is refused before a file is touched.
    for (at, why) in [
        ("2026-01-01T00:00:00Z", "lies before all that can be restored: from "),
        (late.as_str(), "lies after all that can be restored: from "),
        ("2199-01-01T00:00:00Z", "is yet to come"),
    ] {
        let told = store.run(&["restore", "rewound", "--at", at, "--confirm", "rewound"]).ends(2).text();
        assert!(told.contains(why), "{told}");
        nothing(&cluster);
    }
    let planned = store.run(&["restore", "rewound", "--at", &first, "--dry-run"]).ends(0).text();
    assert!(planned.contains("pgBackRest can restore from 2"), "{planned}");
    nothing(&cluster);

    let told = store.run(&["restore", "rewound", "--at", &first, "--confirm", "rewound"]).ends(0).text();
    assert!(told.contains("public.told: 1 rows restored, 3 rows live"), "{told}");
    assert!(told.contains("recovery stopping before commit"), "{told}");
    let folders = left(&cluster);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    assert!(told.contains(&format!("psql -h {folder}")), "{told}");
    assert_eq!(beside(&cluster, folder, "select string_agg(word, ',') from told"), "first");
    assert_eq!(store.on(&format!("sudo stat -c '%a %U' {folder}")), "700 postgres");
    let set = "select string_agg(setting, ',' order by name) from pg_settings where name in \
               ('archive_mode', 'listen_addresses', 'max_worker_processes', 'unix_socket_directories')";
    assert_eq!(beside(&cluster, folder, set), format!("off,,0,{folder}"));
    // It can be written to, and what it writes comes to no archive.
    beside(&cluster, folder, "create table mine (n int)");
    beside(&cluster, folder, "select pg_switch_wal()");
    sleep(Duration::from_secs(2));
    assert_eq!(standing(&cluster), stood);
    assert_eq!(summed(&cluster, "/var/tmp/rewound/repo"), kept);

    let run = run_of(&told);
    let undone = store.run(&["undo", &run, "--confirm", "rewound"]).ends(0).text();
    assert!(undone.contains("stopped and removed"), "{undone}");
    nothing(&cluster);
    assert_eq!(standing(&cluster), stood);
    assert_eq!(summed(&cluster, "/var/tmp/rewound/repo"), kept);
    let again = store.run(&["undo", &run, "--confirm", "rewound"]).text();
    assert!(again.contains("is not there any more"), "{again}");

    // In the place of what stands, by hand, as the documentation says it.
    store.run(&["restore", "rewound", "--at", &first, "--confirm", "rewound"]).ends(0);
    let folders = left(&cluster);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    let docs = include_str!("../../../docs/backups.md");
    let script =
        docs.split("```sh\n").find(|it| it.starts_with("new=")).unwrap().split("```").next().unwrap();
    let script = script
        .replace("/var/lib/postgresql/17/main_restore_20261122T120301", folder)
        .replace("17-main", "17-rewound")
        .replace("/17/main", "/17/rewound");
    store.on(&format!("sudo sh -ec {}", quoted(&script)));
    assert_eq!(cluster.sql("select string_agg(word, ',') from told"), "first");
    // It archives again, into a timeline of its own.
    cluster.writes();
    assert!(cluster.sql("select last_archived_wal from pg_stat_archiver").starts_with("00000002"));
    store.on("sudo rm -r /var/lib/postgresql/17/rewound_before");
}

/// All rows, by their sum and number.
fn rows(cluster: &Cluster) -> String {
    cluster.sql("select md5(string_agg(word, ',' order by word)) || ' ' || count(*) from told")
}

/// The data directories that stand beside, by their names without the time.
fn beside_it(cluster: &Cluster) -> Vec<String> {
    let name = &cluster.store.name;
    let told = cluster.store.on(&format!("sudo ls /var/lib/postgresql/17 | grep '^{name}_' || true"));
    told.lines().map(|line| line.rsplit_once('_').unwrap().0.to_owned()).collect()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_of_a_moment_takes_the_place_of_what_stands_and_gives_it_back() {
    let cluster = Cluster::by_pgbackrest("replaced", 5445);
    let store = &cluster.store;
    store.run(&["backup", "replaced", "--init", "--yes"]).ends(0);
    cluster.pgbackrest("stanza-create");
    cluster.archived_by(&cluster.push());
    cluster.sql("create table told (word text)");
    cluster.pgbackrest("--type=full backup");
    sleep(Duration::from_millis(1500));
    let first = written(&cluster, "first");
    written(&cluster, "second");
    cluster.writes();
    let stood = rows(&cluster);
    let args = ["restore", "replaced", "--at", &first, "--swap", "--confirm", "replaced"];
    let planned = store.run(&["restore", "replaced", "--at", &first, "--swap", "--dry-run"]).ends(0).text();
    assert!(
        planned.contains("all of the server goes back, with its roles and all of its databases (1)"),
        "{planned}"
    );
    assert!(planned.contains("postgresql@17-replaced.service runs the server"), "{planned}");

    // Settings that the server would not start with are found before it is stopped.
    let odd = "/etc/postgresql/17/replaced/conf.d/z.conf";
    store.on(&format!("echo 'no_such_setting = 1' | sudo -u postgres tee {odd} >/dev/null"));
    let began = cluster.sql("select pg_postmaster_start_time()");
    let told = store.run(&args).ends(1).text();
    assert!(told.contains("the server would not start with its settings"), "{told}");
    assert!(told.contains("as before: put back and verified"), "{told}");
    assert_eq!(cluster.sql("select pg_postmaster_start_time()"), began);
    store.on(&format!("sudo rm {odd}"));
    nothing(&cluster);

    let told = store.run(&args).ends(0).text();
    let run = run_of(&told);
    assert_eq!(cluster.sql("select string_agg(word, ',') from told"), "first");
    assert_eq!(beside_it(&cluster), ["replaced_before"]);
    assert_eq!(store.snapshots(), 3, "its own, and one before each swap");
    // It archives, into a timeline of its own, by the settings of the server that stood.
    cluster.writes();
    assert!(cluster.sql("select last_archived_wal from pg_stat_archiver").starts_with("00000002"));

    let undone = store.run(&["undo", &run, "--confirm", "replaced"]).ends(0).text();
    assert_eq!((rows(&cluster), beside_it(&cluster)), (stood.clone(), vec!["replaced_restore".to_owned()]));
    let told = store.run(&["undo", &run, "--confirm", "replaced"]).ends(2).text();
    assert!(told.contains("it was undone, or never swapped"), "{told}");
    store.run(&["undo", &run_of(&undone), "--confirm", "replaced"]).ends(0);
    assert_eq!(cluster.sql("select string_agg(word, ',') from told"), "first");
    store.run(&["undo", &run, "--confirm", "replaced"]).ends(0);
    assert_eq!(rows(&cluster), stood);
    store.on("sudo sh -c 'rm -r /var/lib/postgresql/17/replaced_restore_*'");

    // Killed while nobody can connect: put back, and finished.
    let down = "[ ! -S /var/run/postgresql/.s.PGSQL.5445 ]";
    let run = killed(store, &args, down);
    let told = store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("in between"), "{told}");
    store.run(&["resume", &run, "undo", "--confirm", "replaced"]).ends(1);
    assert_eq!((rows(&cluster), beside_it(&cluster)), (stood.clone(), Vec::<String>::new()));
    let run = killed(store, &args, down);
    // What runs on the server is ended, too, between its two names.
    store.on("sudo pkill -9 -f '^sh -c.*replaced_restor[e]' || true");
    store.run(&["resume", &run, "finish", "--confirm", "replaced"]).ends(0);
    assert_eq!(cluster.sql("select string_agg(word, ',') from told"), "first");
    assert_eq!(beside_it(&cluster), ["replaced_before"]);
    store.run(&["undo", &run, "--confirm", "replaced"]).ends(0);
    assert_eq!(rows(&cluster), stood);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_goes_back_to_a_moment_beside_by_barman() {
    let cluster = Cluster::by_barman("recalled", 5443);
    let store = &cluster.store;
    cluster.archived_by("install -m 666 %p /var/lib/barman/recalled/incoming/%f");
    cluster.sql("create table told (word text)");
    cluster.writes();
    let archive = || store.on("cd /; sudo -u barman barman archive-wal recalled 2>&1");
    archive();
    store.on("cd /; sudo -u barman barman backup recalled 2>&1");
    sleep(Duration::from_millis(1500));
    let first = written(&cluster, "first");
    written(&cluster, "second");
    cluster.sql("alter system set archive_timeout = 0");
    cluster.sql("select pg_reload_conf()");
    cluster.writes();
    archive();
    let stood = standing(&cluster);
    let kept = summed(&cluster, "/var/lib/barman/recalled/wals");
    let early = store.run(&["restore", "recalled", "--at", "2026-01-01T00:00:00Z", "--confirm", "recalled"]);
    assert!(early.ends(2).text().contains("lies before all that can be restored"));
    nothing(&cluster);

    let told = store.run(&["restore", "recalled", "--at", &first, "--confirm", "recalled"]).ends(0).text();
    assert!(told.contains("public.told: 1 rows restored, 2 rows live"), "{told}");
    let folders = left(&cluster);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    assert_eq!(beside(&cluster, folder, "select string_agg(word, ',') from told"), "first");
    assert_eq!(store.on(&format!("sudo stat -c '%a %U' {folder}")), "700 postgres");
    let others = store.on(&format!("sudo find {folder} ! -user postgres | wc -l"));
    assert_eq!(others, "0", "all of it is the server's user's");
    beside(&cluster, folder, "create table mine (n int)");
    beside(&cluster, folder, "select pg_switch_wal()");
    archive();
    assert_eq!(
        (standing(&cluster), summed(&cluster, "/var/lib/barman/recalled/wals")),
        (stood.clone(), kept)
    );
    store.run(&["undo", &run_of(&told), "--confirm", "recalled"]).ends(0);
    nothing(&cluster);
    assert_eq!(standing(&cluster), stood);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_kill_on_the_way_back_to_a_moment_leaves_what_is_named_and_removed() {
    let cluster = Cluster::by_pgbackrest("cut_back", 5444);
    let store = &cluster.store;
    cluster.pgbackrest("stanza-create");
    cluster.archived_by(&cluster.push());
    cluster.sql("create table told (word text)");
    cluster.sql("alter system set archive_timeout = 0");
    cluster.sql("select pg_reload_conf()");
    cluster.pgbackrest("--type=full backup");
    sleep(Duration::from_millis(1500));
    let first = written(&cluster, "first");
    written(&cluster, "second");
    cluster.writes();
    let stood = standing(&cluster);
    let args = ["restore", "cut_back", "--at", &first, "--confirm", "cut_back"];

    // In the middle of the program's own restore, which stands still there and hears no plain signal.
    let restoring = "f=; for p in $(pgrep -x pgbackrest); do if grep -qa cut_back_restore_ /proc/$p/cmdline; then \
                     sudo kill -STOP $p; f=1; fi; done; [ \"$f\" ]";
    let run = killed(store, &args, restoring);
    let told = store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("the last thing begun was: have pgBackRest restore its backup"), "{told}");
    assert_eq!(left(&cluster).len(), 1);
    let told = store.run(&["resume", &run, "undo", "--confirm", "cut_back"]).ends(1).text();
    assert!(told.contains("as before: put back and verified"), "{told}");
    nothing(&cluster);

    // While the second instance is started; finished, it is whole.
    let run = killed(
        store,
        &args,
        "sudo sh -c 'ls /var/lib/postgresql/17/cut_back_restore_*/midwatch/log' >/dev/null 2>&1",
    );
    let told = store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("in between"), "{told}");
    store.run(&["resume", &run, "finish", "--confirm", "cut_back"]).ends(0);
    let folders = left(&cluster);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    assert_eq!(beside(&cluster, folder, "select string_agg(word, ',') from told"), "first");
    assert_eq!(standing(&cluster), stood);
    store.run(&["undo", &run, "--confirm", "cut_back"]).ends(0);
    nothing(&cluster);

    // What the log lacks after the moment is said, and nothing is left.
    let last = written(&cluster, "third");
    cluster.sql("select pg_switch_wal()");
    sleep(Duration::from_secs(2));
    let told = store.run(&["restore", "cut_back", "--at", &last, "--confirm", "cut_back"]).ends(1).text();
    assert!(told.contains("no later transaction is in the archive yet"), "{told}");
    nothing(&cluster);

    // A segment that is missing is refused before anything is made.
    cluster.writes();
    cluster.writes();
    let held = cluster.sql("select last_archived_wal from pg_stat_archiver");
    let gone = u64::from_str_radix(&held[8..], 16).unwrap() - 1;
    store.on(&format!(
        "sudo sh -c 'rm /var/tmp/cut_back/repo/archive/cut_back/17-1/*/{}{gone:016X}-*'",
        &held[..8]
    ));
    let told = store.run(&["restore", "cut_back", "--at", &first, "--confirm", "cut_back"]).ends(2).text();
    assert!(told.contains("missing after"), "{told}");
    nothing(&cluster);
}
