//! Archives of a write-ahead log, by the real programs on a PostgreSQL server of the test's own.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::store::Store;

/// A server beside the one that stands, with an archive that is set up and empty.
pub struct Cluster {
    pub store: Store,
    pub port: u16,
}

impl Cluster {
    /// One that a program keeps the archive of, as the section says; it archives nothing yet.
    pub fn up(name: &str, port: u16, archive: &str) -> Self {
        let store = Store::of(
            name,
            &format!(
                "kind = \"postgres\"\ndatabase = \"postgres\"\nhost = \"/var/run/postgresql\"\nport = {port}\n\
                 run_as = \"postgres\"\n[datastores.{name}.archive]\n{archive}"
            ),
        );
        let cluster = Self { store, port };
        cluster.gone();
        cluster.store.on(&format!(
            "sudo pg_createcluster 17 {name} -p {port} >/dev/null && \
             printf 'archive_mode = on\\narchive_timeout = 60\\nfsync = off\\narchive_command = true\\n' | \
             sudo -u postgres tee /etc/postgresql/17/{name}/conf.d/a.conf >/dev/null && \
             cd / && sudo pg_ctlcluster 17 {name} start && sudo install -d -o postgres /var/tmp/{name}"
        ));
        cluster
    }

    /// One that pgBackRest is set up for, and archives already; it has no backup yet.
    pub fn by_pgbackrest(name: &str, port: u16) -> Self {
        let config = format!("/var/tmp/{name}/pgbackrest.conf");
        let says = format!("tool = \"pgbackrest\"\nname = \"{name}\"\nconfig = \"{config}\"");
        let cluster = Self::up(name, port, &says);
        cluster.store.on(&format!(
            "printf '[global]\\nrepo1-path=/var/tmp/{name}/repo\\nlog-path=/var/tmp/{name}\\nlock-path=/var/tmp/{name}\\n\
             spool-path=/var/tmp/{name}\\nstart-fast=y\\nrepo1-retention-full=9\\n[{name}]\\n\
             pg1-path=/var/lib/postgresql/17/{name}\\npg1-port={port}\\n' | sudo -u postgres tee {config} >/dev/null"
        ));
        cluster
    }

    /// What pgBackRest prints.
    pub fn pgbackrest(&self, what: &str) -> String {
        let name = &self.store.name;
        let config = format!("/var/tmp/{name}/pgbackrest.conf");
        self.store.on(&format!("cd /; sudo -u postgres pgbackrest --config={config} --stanza={name} {what}"))
    }

    /// What pushes a segment into its archive.
    pub fn push(&self) -> String {
        let name = &self.store.name;
        format!("pgbackrest --config=/var/tmp/{name}/pgbackrest.conf --stanza={name} archive-push %p")
    }

    /// One that Barman is set up for; it has no backup yet, and archives nothing.
    pub fn by_barman(name: &str, port: u16) -> Self {
        let cluster =
            Self::up(name, port, &format!("tool = \"barman\"\nname = \"{name}\"\nrun_as = \"barman\""));
        cluster.sql("create role barman superuser replication login");
        cluster.store.on(&format!(
            "printf '[{name}]\\ndescription = a\\nconninfo = host=/var/run/postgresql port={port} user=barman dbname=postgres\\n\
             streaming_conninfo = host=/var/run/postgresql port={port} user=barman\\nbackup_method = postgres\\narchiver = on\\n' | \
             sudo tee /etc/barman.d/{name}.conf >/dev/null; cd /; sudo -u barman barman -q check {name} >/dev/null; \
             sudo chmod 755 /var/lib/barman /var/lib/barman/{name} && sudo chmod 777 /var/lib/barman/{name}/incoming"
        ));
        cluster
    }

    /// How its segments are archived from now on.
    pub fn archived_by(&self, command: &str) {
        let name = &self.store.name;
        self.store.on(&format!(
            "echo \"archive_command = '{command}'\" | sudo tee /etc/postgresql/17/{name}/conf.d/b.conf >/dev/null && \
             cd / && sudo pg_ctlcluster 17 {name} reload"
        ));
        sleep(Duration::from_millis(300));
    }

    pub fn sql(&self, statement: &str) -> String {
        self.store.on(&format!("cd /; sudo -u postgres psql -XAtqp {} -c \"{statement}\"", self.port))
    }

    /// Ends a segment in which something was written, and waits until it is archived.
    pub fn writes(&self) {
        let ended = self.ends();
        until(|| self.sql(&format!("select last_archived_wal >= '{ended}' from pg_stat_archiver")) == "t");
    }

    fn ends(&self) -> String {
        self.sql("create table if not exists t(n int); insert into t values (1)");
        self.sql("select pg_walfile_name(pg_switch_wal())")
    }

    /// What the program tells of it.
    pub fn told(&self) -> Value {
        let told = self.store.run(&["status", "--json"]).json();
        let all = told["datastores"].as_array().unwrap();
        all.iter().find(|it| it["name"] == self.store.name.as_str()).unwrap().clone()
    }

    fn gone(&self) {
        let name = &self.store.name;
        // Whatever names a folder of a restore is ended, and this command names none.
        let _ = self.store.lab.ssh(
            "db-1",
            &format!(
                "cd /; sudo pkill -9 -f '{name}_restor[e]_'; for d in $(sudo sh -c 'ls -d /var/lib/postgresql/17/{name}_restor[e]_* /var/lib/postgresql/17/{name}_before_*' 2>/dev/null); do \
                 sudo sh -c \"kill -QUIT \\$(head -n 1 $d/postmaster.pid) 2>/dev/null; sleep 1; rm -rf $d\"; done; \
                 sudo rm -f /etc/postgresql/17/{name}/conf.d/z.conf; sudo pg_dropcluster --stop 17 {name} 2>/dev/null; \
                 sudo rm -rf /var/tmp/{name} /etc/barman.d/{name}.conf /var/lib/barman/{name}; true"
            ),
        );
    }
}

#[track_caller]
fn until(is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(20), "not within 20 s");
        sleep(Duration::from_millis(200));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.gone();
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_pgbackrest_keeps_is_a_part_of_the_datastores_health() {
    let cluster = Cluster::by_pgbackrest("walled", 5440);
    let store = &cluster.store;
    let run = |what: &str| cluster.pgbackrest(what);
    store.back_up(&[]).ends(0);
    let none = cluster.told();
    assert_eq!(none["health"], "down", "{none}");
    assert!(none["reason"].as_str().unwrap().contains("no moment can be restored"), "{none}");

    run("stanza-create");
    let push = cluster.push();
    cluster.archived_by(&push);
    run("--type=full backup");
    // Both are told in whole seconds.
    sleep(Duration::from_millis(1100));
    cluster.writes();
    let well = cluster.told();
    assert_eq!(well["health"], "up", "{well}");
    assert_eq!((&well["rpo_s"], &well["archive"]["missing"]), (&300.into(), &0.into()), "{well}");
    assert!(well["measured_rpo_s"].as_u64().unwrap() < 60, "{well}");
    let (from, to) = (&well["archive"]["restorable_from"], &well["archive"]["restorable_to"]);
    assert_eq!(from, &well["archive"]["last_full_at"], "{well}");
    assert!(to.as_str().unwrap() > from.as_str().unwrap(), "{well}");

    // It cannot be archived any more.
    cluster.archived_by("false");
    cluster.ends();
    until(|| cluster.sql("select failed_count > 0 from pg_stat_archiver") == "t");
    let failing = cluster.told();
    assert_eq!(failing["health"], "degraded", "{failing}");
    assert!(failing["reason"].as_str().unwrap().contains("the log cannot be archived"), "{failing}");

    // What is lost out of the archive ends what can be restored, until the next backup.
    cluster.archived_by(&push);
    cluster.writes();
    cluster.writes();
    let last = cluster.told()["archive"]["last_wal"].as_str().unwrap().to_owned();
    let gone = u64::from_str_radix(&last[8..], 16).unwrap() - 1;
    store.on(&format!(
        "sudo sh -c 'rm /var/tmp/walled/repo/archive/walled/17-1/*/{}{gone:016X}-*'",
        &last[..8]
    ));
    let holed = cluster.told();
    assert_eq!(holed["archive"]["missing"], 1, "{holed}");
    assert_eq!(holed["archive"]["restorable_from"], Value::Null, "{holed}");
    assert!(holed["reason"].as_str().unwrap().contains("1 segment of the log is missing"), "{holed}");
    run("--type=full backup");
    let again = cluster.told();
    assert_eq!((&again["health"], &again["archive"]["missing"]), (&"up".into(), &0.into()), "{again}");
    assert_eq!(again["archive"]["restorable_from"], again["archive"]["last_full_at"], "{again}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_barman_keeps_is_read_likewise() {
    let cluster = Cluster::by_barman("barred", 5441);
    let store = &cluster.store;
    store.back_up(&[]).ends(0);
    let none = cluster.told();
    assert_eq!(none["health"], "down", "{none}");
    cluster.archived_by("install -m 666 %p /var/lib/barman/barred/incoming/%f");
    cluster.writes();
    let archive = || store.on("cd /; sudo -u barman barman archive-wal barred 2>&1");
    archive();
    store.on("cd /; sudo -u barman barman backup barred 2>&1");
    cluster.writes();
    archive();
    let well = cluster.told();
    assert_eq!(well["health"], "up", "{well}");
    assert_eq!(well["archive"]["tool"], "Barman", "{well}");
    assert_eq!(well["archive"]["restorable_from"], well["archive"]["last_full_at"], "{well}");
    cluster.writes();
    cluster.writes();
    archive();
    let last = cluster.told()["archive"]["last_wal"].as_str().unwrap().to_owned();
    let gone = u64::from_str_radix(&last[8..], 16).unwrap() - 1;
    store.on(&format!("sudo sh -c 'rm /var/lib/barman/barred/wals/*/{}{gone:016X}'", &last[..8]));
    let holed = cluster.told();
    assert_eq!(holed["archive"]["missing"], 1, "{holed}");
}
