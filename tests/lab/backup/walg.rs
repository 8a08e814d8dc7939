//! An archive that WAL-G keeps, by a stand-in that does its work by its documented commands: the program itself
//! cannot be had in the lab (`standin/wal-g` says what it was checked against).

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::archive::Cluster;
use super::restore::run_of;
use super::rewind::{beside, left, nothing, standing, summed, written};
use super::store::{killed, quoted};

/// How it is set up.
enum By {
    /// By a file.
    File,
    /// By a folder of variables.
    Folder,
}

/// A server whose log is archived by WAL-G; it has no backup yet.
struct Walg {
    cluster: Cluster,
    call: String,
}

impl Walg {
    fn up(name: &str, port: u16, by: &By) -> Self {
        let at = format!("/var/tmp/{name}");
        let config = match by {
            By::File => format!("{at}/100%.json"),
            By::Folder => format!("{at}/env.d"),
        };
        let cluster = Cluster::up(name, port, &format!("tool = \"wal-g\"\nconfig = \"{config}\""));
        let settings = [
            ("WALG_FILE_PREFIX", format!("{at}/repo")),
            ("PGHOST", "/var/run/postgresql".to_owned()),
            ("PGPORT", port.to_string()),
        ];
        let (written, call) = match by {
            By::File => {
                let all: Vec<String> =
                    settings.iter().map(|(key, value)| format!("\"{key}\": \"{value}\"")).collect();
                let text = quoted(&format!("{{{}}}", all.join(", ")));
                (format!("echo {text} | sudo -u postgres tee {config}"), format!("wal-g --config {config}"))
            }
            By::Folder => {
                let one = |(key, value): &(&str, String)| {
                    format!("echo {value} | sudo -u postgres tee {config}/{key}")
                };
                let all: Vec<String> = settings.iter().map(one).collect();
                let own: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let folder = format!("sudo -u postgres mkdir {config}");
                (format!("{folder} && {}", all.join(" && ")), format!("env {} wal-g", own.join(" ")))
            }
        };
        let program = quoted(include_str!("standin/wal-g"));
        cluster.store.on(&format!(
            "sudo -u postgres mkdir {at}/repo && {{ {written}; }} >/dev/null && p=$(mktemp) && printf '%s' {program} >$p && \
             sudo install -m 755 $p /usr/local/bin/wal-g.new && sudo mv /usr/local/bin/wal-g.new /usr/local/bin/wal-g; rm $p"
        ));
        let it = Self { cluster, call };
        it.archives();
        it
    }

    /// The stand-in, by hand.
    fn walg(&self, what: &str) -> String {
        self.cluster.store.on(&format!("cd /; sudo -u postgres {} {what}", self.call))
    }

    fn archives(&self) {
        // A percent sign is PostgreSQL's own there.
        let call = self.call.replace('%', "%%").replace("wal-g", "/usr/local/bin/wal-g");
        self.cluster.archived_by(&format!("{call} wal-push %p"));
    }

    fn backs_up(&self) {
        self.walg(&format!("backup-push /var/lib/postgresql/17/{} 2>&1", self.cluster.store.name));
    }

    fn repo(&self) -> String {
        format!("/var/tmp/{}/repo", self.cluster.store.name)
    }

    fn last(&self) -> String {
        self.cluster.told()["archive"]["last_wal"].as_str().unwrap().to_owned()
    }

    /// Takes the segment so many before the last out of the archive.
    fn loses(&self, before: u64) -> String {
        let last = self.last();
        let gone = u64::from_str_radix(&last[8..], 16).unwrap() - before;
        let name = format!("{}{gone:016X}", &last[..8]);
        self.cluster.store.on(&format!("sudo rm {}/wal_005/{name}", self.repo()));
        name
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_walg_keeps_is_read_likewise() {
    let it = Walg::up("wal_kept", 5460, &By::File);
    let (cluster, store) = (&it.cluster, &it.cluster.store);
    store.back_up(&[]).ends(0);
    let none = cluster.told();
    assert_eq!(none["health"], "down", "{none}");
    assert!(none["reason"].as_str().unwrap().contains("there is no full backup"), "{none}");
    it.backs_up();
    cluster.writes();
    let well = cluster.told();
    assert_eq!((&well["health"], &well["archive"]["tool"]), (&"up".into(), &"WAL-G".into()), "{well}");
    assert_eq!(well["archive"]["restorable_from"], well["archive"]["last_full_at"], "{well}");
    assert_eq!(well["archive"]["missing"], 0, "{well}");
    assert_eq!(
        well["archive"]["last_wal"],
        cluster.sql("select last_archived_wal from pg_stat_archiver").as_str(),
        "{well}"
    );
    cluster.writes();
    cluster.writes();
    it.loses(1);
    let holed = cluster.told();
    assert_eq!((&holed["health"], &holed["archive"]["missing"]), (&"degraded".into(), &1.into()), "{holed}");
    assert_eq!(holed["archive"]["restorable_from"], Value::Null, "{holed}");
    it.backs_up();
    let again = cluster.told();
    assert_eq!((&again["health"], &again["archive"]["missing"]), (&"up".into(), &0.into()), "{again}");

    // Why it cannot be asked is said, by itself.
    store.on(&format!("sudo mv {0} {0}.away", it.repo()));
    let away = cluster.told();
    assert_eq!(away["health"], "unknown", "{away}");
    assert!(away["reason"].as_str().unwrap().contains("is inaccessible"), "{away}");
    store.on(&format!(
        "sudo mv {0}.away {0}; sudo chmod 700 {0}/wal_005; sudo chown root {0}/wal_005",
        it.repo()
    ));
    let unread = cluster.told();
    assert_eq!(unread["health"], "degraded", "{unread}");
    assert_eq!(unread["archive"]["last_wal"], Value::Null, "{unread}");
    assert!(unread["reason"].as_str().unwrap().contains("wal_005: Permission denied"), "{unread}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_goes_back_to_a_moment_beside_by_walg() {
    let it = Walg::up("wal_back", 5461, &By::File);
    let (cluster, store) = (&it.cluster, &it.cluster.store);
    cluster.sql("create table told (word text)");
    cluster.sql("alter system set archive_timeout = 0");
    cluster.sql("select pg_reload_conf()");
    let restore = |at: &str| store.run(&["restore", "wal_back", "--at", at, "--confirm", "wal_back"]);
    assert!(restore("1s").ends(2).text().contains("no full backup, so no moment can be restored"));
    it.backs_up();
    sleep(Duration::from_millis(1500));
    let first = written(cluster, "first");
    written(cluster, "second");
    // Some more than PostgreSQL itself reads ahead.
    for _ in 0..3 {
        cluster.writes();
    }
    sleep(Duration::from_millis(1100));
    let late = written(cluster, "third");
    let (stood, kept) = (standing(cluster), summed(cluster, &it.repo()));
    for (at, why) in [
        ("2026-01-01T00:00:00Z", "lies before all that can be restored: from "),
        (late.as_str(), "lies after all that can be restored: from "),
        ("2199-01-01T00:00:00Z", "is yet to come"),
    ] {
        let told = restore(at).ends(2).text();
        assert!(told.contains(why), "{told}");
        nothing(cluster);
    }
    let planned = store.run(&["restore", "wal_back", "--at", &first, "--dry-run"]).ends(0).text();
    assert!(planned.contains("WAL-G can restore from 2") && planned.contains("a stand-in"), "{planned}");

    // A storage that never answers for what is fetched ahead: whoever fetches it is ended with the rest.
    let last = it.last();
    let next = format!("{}{:016X}", &last[..8], u64::from_str_radix(&last[8..], 16).unwrap() + 1);
    let pipe = format!("{}/wal_005/{next}", it.repo());
    store.on(&format!("sudo -u postgres mkfifo {pipe}"));
    let told = restore(&first).ends(0).text();
    assert!(told.contains("public.told: 1 rows restored, 3 rows live"), "{told}");
    assert!(told.contains("recovery stopping before commit"), "{told}");
    let folders = left(cluster);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    assert_eq!(beside(cluster, folder, "select string_agg(word, ',') from told"), "first");
    assert_eq!(store.on(&format!("sudo stat -c '%a %U' {folder}")), "700 postgres");
    beside(cluster, folder, "create table mine (n int)");
    beside(cluster, folder, "select pg_switch_wal()");
    sleep(Duration::from_secs(1));
    assert_eq!((standing(cluster), summed(cluster, &it.repo())), (stood.clone(), kept.clone()));
    assert_ne!(store.on("pgrep -fc 'wal-g wal-prefetc[h]'"), "0");
    let undone = store.run(&["undo", &run_of(&told), "--confirm", "wal_back"]).ends(0).text();
    assert!(undone.contains("stopped and removed"), "{undone}");
    nothing(cluster);
    assert_eq!(store.on("pgrep -fc 'wal-g wal-prefetc[h]' || true"), "0");
    store.on(&format!("sudo rm {pipe}"));
    assert_eq!((standing(cluster), summed(cluster, &it.repo())), (stood, kept));

    // A segment that is missing is refused before anything is made.
    cluster.writes();
    cluster.writes();
    it.loses(1);
    let told = restore(&first).ends(2).text();
    assert!(told.contains("missing after"), "{told}");
    nothing(cluster);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_kill_on_the_way_back_by_walg_and_a_storage_that_fails_leave_nothing() {
    let it = Walg::up("wal_cut", 5462, &By::Folder);
    let (cluster, store) = (&it.cluster, &it.cluster.store);
    cluster.sql("create table told (word text)");
    it.backs_up();
    sleep(Duration::from_millis(1500));
    let first = written(cluster, "first");
    written(cluster, "second");
    cluster.writes();
    let args = ["restore", "wal_cut", "--at", &first, "--confirm", "wal_cut"];
    // The storage does not answer, and goes on not to.
    let part = format!("{}/basebackups_005/base_*/tar_partitions/part_1.tar", it.repo());
    store.on(&format!("sudo sh -c 'p=$(echo {part}); mv $p $p.away; mkfifo $p; chown postgres $p'"));
    let run = killed(store, &args, "pgrep -f 'wal-g backup-fetch [^ ]*/wal_cut_restore_' >/dev/null");
    let told = store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("the last thing begun was: have WAL-G restore its backup base_"), "{told}");
    let folders = left(cluster);
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    assert!(told.contains(folder), "{told}");
    store.run(&["resume", &run, "undo", "--confirm", "wal_cut"]).ends(1);
    nothing(cluster);
    store.on(&format!("sudo sh -c 'p=$(echo {part}); mv $p.away $p'"));

    // A segment that cannot be read is no end of the log: it is told by WAL-G's own word.
    let held = it.last();
    store.on(&format!("sudo sh -c 'chown root {0}/wal_005/{held}; chmod 600 {0}/wal_005/{held}'", it.repo()));
    let told = store.run(&args).ends(1).text();
    assert!(told.contains("Permission denied"), "{told}");
    assert!(!told.contains("no later transaction is in the archive yet"), "{told}");
    nothing(cluster);
}
