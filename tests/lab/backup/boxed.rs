//! A PostgreSQL server in a container with pgBackRest beside it: its archive's health, a moment brought back in
//! that same container, and what a container that is stopped in the middle leaves. The server is the container's
//! first process, as the usual images have it, which takes over whatever is left there.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use super::restore::run_of;
use super::store::{Store, killed, quoted};

/// A server in a container; its image has no programs of its own but uses the lab server's.
struct Boxed {
    store: Store,
    name: &'static str,
}

impl Boxed {
    fn up(name: &'static str) -> Self {
        let config = "/data/pgbackrest.conf";
        let store = Store::of(
            name,
            &format!(
                "kind = \"postgres\"\ndatabase = \"postgres\"\nhost = \"/data\"\nrun_as = \"postgres\"\ncontainer = \"{name}\"\n\
                 [datastores.{name}.archive]\ntool = \"pgbackrest\"\nname = \"main\"\nconfig = \"{config}\"\ncontainer = \"{name}\""
            ),
        );
        let it = Self { store, name };
        it.gone();
        let set = "[global]\\nrepo1-path=/data/repo\\nlog-path=/data/log\\nlock-path=/data/lock\\nspool-path=/data/log\\n\
                   start-fast=y\\nrepo1-retention-full=9\\n[main]\\npg1-path=/data/main\\npg1-socket-path=/data\\n";
        it.store.on(&format!(
            "tar -C / -c bin lib lib64 sbin etc/passwd etc/group etc/nsswitch.conf etc/alternatives | \
             docker import -c 'ENV PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin' - {name}:1 >/dev/null && \
             o='-v /usr:/usr:ro -v {name}:/data --tmpfs /tmp {name}:1' && \
             docker run --rm $o sh -c 'printf \"{set}\" >{config}; chown -R postgres:postgres /data' && \
             docker run --rm -u postgres $o initdb -D /data/main -A trust -N >/dev/null && \
             docker run -d --name {name} -u postgres -w /tmp $o postgres -D /data/main -c unix_socket_directories=/data \
             -c listen_addresses= -c fsync=off -c archive_mode=on \
             -c archive_command='pgbackrest --config={config} --stanza=main archive-push %p' >/dev/null"
        ));
        it.awaited();
        it.pgbackrest("stanza-create");
        it.sql("create table told (word text)");
        it.pgbackrest("--type=full backup");
        sleep(Duration::from_millis(1500));
        it
    }

    fn awaited(&self) {
        self.within("until psql -XAtqh /data -c 'select 1' >/dev/null 2>&1; do sleep 0.1; done");
    }

    /// What a command in the container prints, by PostgreSQL's own user.
    fn within(&self, command: &str) -> String {
        self.store.on(&format!("timeout 30 docker exec -u postgres {} sh -c {}", self.name, quoted(command)))
    }

    fn pgbackrest(&self, what: &str) {
        self.within(&format!("pgbackrest --config=/data/pgbackrest.conf --stanza=main {what}"));
    }

    fn sql(&self, statement: &str) -> String {
        self.within(&format!("psql -XAtqh /data -c {}", quoted(statement)))
    }

    /// Writes a word, and gives a moment after that and before anything else.
    fn written(&self, word: &str) -> String {
        self.sql(&format!("insert into told values ('{word}')"));
        sleep(Duration::from_millis(300));
        let at = self
            .sql("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')");
        sleep(Duration::from_millis(300));
        at
    }

    /// Ends a segment, and waits until it is archived.
    fn archived(&self) {
        let ended = self.sql("select pg_walfile_name(pg_switch_wal())");
        let is = format!("select last_archived_wal >= '{ended}' from pg_stat_archiver");
        self.within(&format!("until [ \"$(psql -XAtqh /data -c \"{is}\")\" = t ]; do sleep 0.1; done"));
    }

    /// What the server that stands says of itself. Where it ended all its sessions, for whatever reason, its
    /// checkpointer is another.
    fn standing(&self) -> String {
        self.sql(
            "select md5(string_agg(word, ',' order by word)) || ' ' || count(*) || ' ' || \
             (select backend_start from pg_stat_activity where backend_type = 'checkpointer') || ' ' || \
             (select archived_count || ' ' || failed_count || ' ' || last_archived_wal from pg_stat_archiver) from told",
        )
    }

    /// SHA-256 over all of the archive.
    fn summed(&self) -> String {
        self.within("cd /data/repo && find . -type f | sort | xargs sha256sum | sha256sum")
    }

    fn left(&self) -> String {
        self.within("ls -d /data/main_restore_* 2>/dev/null; true")
    }

    /// Nothing of a restore is there, and nobody works on one.
    #[track_caller]
    fn nothing(&self) {
        assert_eq!(self.left(), "");
        assert_eq!(self.within("pgrep -fa 'main_restor[e]' || true"), "");
    }

    /// The archive does not answer for one of its files, or does again.
    fn hangs(&self, hangs: bool) {
        let all = "cd /data/repo/backup/main/*F/pg_data/base/1";
        self.within(&if hangs {
            format!("{all}; f=$(ls | head -n 1); mv $f ../away; echo $f >../name; mkfifo $f")
        } else {
            format!("{all}; f=$(cat ../name); rm ../name $f; mv ../away $f")
        });
    }

    fn gone(&self) {
        let _ = self.store.lab.ssh(
            "db-1",
            &format!("docker rm -f {0}; docker volume rm {0}; docker rmi {0}:1; true", self.name),
        );
    }
}

impl Drop for Boxed {
    fn drop(&mut self) {
        self.gone();
    }
}

/// That pgBackRest restores in a container; the engine's own call of it, which says the same words, is not meant.
const RESTORES: &str = "pgrep -ax pgbackrest | grep -q pg1-path=/data/main_restore_";

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_in_a_container_goes_back_to_a_moment_there() {
    let it = Boxed::up("pgbox");
    let store = &it.store;
    store.back_up(&[]).ends(0);
    let first = it.written("first");
    it.written("second");
    it.archived();
    let told = store.run(&["status", "--json"]).json();
    let all = told["datastores"].as_array().unwrap();
    let told = all.iter().find(|it| it["name"] == "pgbox").unwrap();
    assert_eq!((&told["health"], &told["archive"]["missing"]), (&"up".into(), &0.into()), "{told}");
    assert_eq!(told["archive"]["restorable_from"], told["archive"]["last_full_at"], "{told}");
    assert!(told["archive"]["restorable_to"].is_string(), "{told}");

    let (stood, kept) = (it.standing(), it.summed());
    let early = store.run(&["restore", "pgbox", "--at", "2026-01-01T00:00:00Z", "--confirm", "pgbox"]);
    assert!(early.ends(2).text().contains("lies before all that can be restored"));
    it.nothing();
    let told = store.run(&["restore", "pgbox", "--at", &first, "--confirm", "pgbox"]).ends(0).text();
    assert!(told.contains("public.told: 1 rows restored, 2 rows live"), "{told}");
    let folder = it.left();
    let beside =
        |statement: &str| it.within(&format!("psql -XAtqh {folder} -p 5432 -c {}", quoted(statement)));
    assert_eq!(beside("select string_agg(word, ',') from told"), "first");
    assert_eq!(it.within(&format!("stat -c '%a %U' {folder}")), "700 postgres");
    beside("create table mine (n int)");
    beside("select pg_switch_wal()");
    sleep(Duration::from_secs(1));
    assert_eq!((it.standing(), it.summed()), (stood.clone(), kept.clone()));
    // It is none of those that the server that stands would take for its own.
    let parent = it.within(&format!("ps -o ppid= -p $(head -n 1 {folder}/postmaster.pid)"));
    assert_ne!(parent.trim(), "1");
    let undone = store.run(&["undo", &run_of(&told), "--confirm", "pgbox"]).ends(0).text();
    assert!(undone.contains("stopped and removed"), "{undone}");
    it.nothing();
    assert_eq!((it.standing(), it.summed()), (stood, kept));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_a_container_that_is_stopped_in_a_restore_leaves_is_named_and_removed() {
    let it = Boxed::up("pgcut");
    let store = &it.store;
    let first = it.written("first");
    it.written("second");
    it.archived();
    let stood = it.standing();
    let args = ["restore", "pgcut", "--at", &first, "--confirm", "pgcut"];

    // The console is killed while the program restores: what is ended there ends no session of what stands.
    it.hangs(true);
    let run = killed(store, &args, RESTORES);
    let told = store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("the last thing begun was: have pgBackRest restore its backup"), "{told}");
    assert!(told.contains(&it.left()), "{told}");
    store.run(&["resume", &run, "undo", "--confirm", "pgcut"]).ends(1);
    it.nothing();
    assert_eq!(it.standing(), stood);

    // The container is killed while the program restores in it: nothing can be removed until it is there again.
    let console = store.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    store.on(&format!("timeout 20 sh -c {}", quoted(&format!("until {RESTORES}; do sleep 0.05; done"))));
    store.on("docker kill pgcut >/dev/null");
    let output = console.wait_with_output().unwrap();
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("it was killed in the container pgcut, or that was stopped"), "{told}");
    assert!(
        told.contains("is not running") && told.contains("start the container, then: midwatch undo"),
        "{told}"
    );
    store.on("docker start pgcut >/dev/null");
    it.awaited();
    let folder = it.left();
    assert!(told.contains(&format!("what runs on {folder}")) && folder.starts_with('/'), "{told}");
    it.hangs(false);
    let run = run_of(&told);
    let undone = store.run(&["undo", &run, "--confirm", "pgcut"]).ends(0).text();
    assert!(undone.contains("stopped and removed"), "{undone}");
    it.nothing();
    assert_eq!(it.sql("select string_agg(word, ',') from told"), "first,second");

    // So is a second instance that went with its container.
    it.archived();
    let told = store.run(&args).ends(0).text();
    store.on("docker restart -t 10 pgcut >/dev/null");
    it.awaited();
    let stood = it.standing();
    store.run(&["undo", &run_of(&told), "--confirm", "pgcut"]).ends(0);
    it.nothing();
    assert_eq!(it.standing(), stood);
}
