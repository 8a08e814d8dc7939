//! Bringing a Redis back: beside, taken over by replication, undone, rehearsed, and killed in between; one
//! of the server's own, with an append-only file, and one in a container.

use super::restore::run_of;
use super::store::{Store, killed, quoted};

/// A Redis on its server: its port.
fn server(name: &str, port: u16, more: &str) -> Store {
    let store = Store::of(name, "");
    std::fs::write(store.path("redis"), "six bells").unwrap();
    let done = std::process::Command::new("chmod").arg("600").arg(store.path("redis")).status().unwrap();
    assert!(done.success());
    store.says(&format!(
        "kind = \"redis\"\nport = {port}\npassword = {{ file = \"{}\" }}\n{more}",
        store.path("redis").display()
    ));
    stop(&store, port);
    store.on(&format!("rm -rf /tmp/{name}; mkdir /tmp/{name}"));
    start(&store, port);
    store
}

fn start(store: &Store, port: u16) {
    store.on(&format!(
        "cd /tmp/{} && redis-server --port {port} --bind 127.0.0.1 --requirepass 'six bells' --appendonly yes --repl-diskless-sync-delay 0 --daemonize yes >/dev/null; \
         until [ \"$({})\" = PONG ]; do sleep 0.1; done",
        store.name,
        cli(port, "ping"),
    ));
}

fn cli(port: u16, words: &str) -> String {
    format!("REDISCLI_AUTH='six bells' redis-cli -p {port} {words} 2>/dev/null")
}

/// All keys with their values.
const SUM: &str = "for k in $(r keys '*' | sort); do echo $k $(r --raw dump $k | od -An -tx1 | tr -d ' \\n'); done | sha256sum";

fn sum(store: &Store, port: u16) -> String {
    store.on(&format!("r() {{ {}; }}; {SUM}", cli(port, "\"$@\"")))
}

fn stop(store: &Store, port: u16) {
    store.on(&format!("{} || true; sleep 0.3", cli(port, "shutdown nosave")));
}

fn kept(store: &Store) -> String {
    store.on(&format!(
        "cd ~/.local/state/midwatch/datastores/{} && ls | grep -E 'rdb|second|swap' | tr '\\n' ' '; true",
        store.name
    ))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_redis_is_swapped_undone_and_rehearsed_to_the_key() {
    let store = server(
        "redback",
        7391,
        "drill.assertions = [{ query = \"dbsize\", greater = 1 }, { query = \"get a\", equals = \"1\" }]",
    );
    let run = |words: &str| store.on(&cli(7391, words));
    run("mset a 1 b 2 c 3");
    run("-n 3 lpush list x y z");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, 7391);
    run("del b c");
    run("set a 'not one'");
    let live = sum(&store, 7391);
    let told = store.run(&["restore", "redback", "--swap", "--confirm", "redback"]).ends(0).text();
    assert!(told.contains("4 keys in 2 databases restored, 2 keys in 2 databases live"), "{told}");
    assert_eq!((sum(&store, 7391), run("-n 3 llen list").as_str()), (backed.clone(), "3"));
    assert!(
        run("info replication").contains("role:master")
            && run("config get masterauth").trim() == "masterauth"
    );
    assert_eq!(run("set z 1"), "OK", "it takes writes again");
    // It is in Redis's own files too.
    stop(&store, 7391);
    start(&store, 7391);
    assert_eq!((run("get b"), run("get z")), ("2".to_owned(), "1".to_owned()));
    let told = store.run(&["undo", &run_of(&told), "--confirm", "redback"]).ends(0).text();
    assert_eq!(sum(&store, 7391), live, "{told}");

    let before = kept(&store);
    let oldest = store.oldest();
    let told = store.run(&["drill", "redback", "--backup", &oldest, "--yes"]).ends(0).text();
    assert!(told.contains("4 keys in 2 databases, 2 assertions hold"), "{told}");
    let told = store.run(&["drill", "redback", "--yes"]).ends(0).text();
    assert!(told.contains(&oldest[..8]), "a copy of what a swap replaced is not what is meant: {told}");
    let newest = store.newest();
    let told = store.run(&["drill", "redback", "--backup", &newest, "--yes"]).ends(1).text();
    assert!(told.contains("dbsize: 1, to be above 1"), "{told}");
    store.damage_all();
    let told = store.run(&["restore", "redback", "--swap", "--confirm", "redback"]).text();
    assert!(!told.contains("done after"), "{told}");
    assert_eq!((kept(&store), sum(&store, 7391)), (before, live));
    stop(&store, 7391);
    store.on("rm -rf /tmp/redback");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_a_restore_of_a_redis_leaves_it_whole() {
    let store = server("redkill", 7392, "");
    let run = |words: &str| store.on(&cli(7392, words));
    run("mset a 1 b 2");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, 7392);
    run("set a other");
    let live = sum(&store, 7392);
    let oldest = store.oldest();
    let swap = ["restore", "redkill", "--backup", &oldest, "--swap", "--confirm", "redkill"];
    let at = "~/.local/state/midwatch/datastores/redkill";
    let left = killed(&store, &swap, &format!("ls {at}/restore-*.rdb >/dev/null 2>&1"));
    assert_eq!(sum(&store, 7392), live);
    store.run(&["resume", &left, "undo", "--confirm", "redkill"]).ends(1);
    assert_eq!((kept(&store), sum(&store, 7392)), (String::new(), live.clone()));

    let left = killed(&store, &swap, &format!("ls {at}/before-*.rdb >/dev/null 2>&1"));
    store.run(&["resume", &left, "finish", "--confirm", "redkill"]).ends(0);
    assert_eq!(sum(&store, 7392), backed);
    store.run(&["undo", &left, "--confirm", "redkill"]).ends(0);
    assert_eq!((sum(&store, 7392), run("set c 3").as_str()), (live, "OK"));
    stop(&store, 7392);
    store.on("rm -rf /tmp/redkill");
}

/// Containers with a Redis each, of an image `NAME:1` that is made of the server's own programs.
pub fn boxed(store: &Store, names: &[&str]) {
    let image = names[0];
    let made = format!(
        "set -- $(for p in sh cat mktemp grep tr head tail rm sleep redis-server redis-cli redis-check-rdb; do command -v $p; done); \
         tar -chP --transform 's,^/bin/,/usr/bin/,' \"$@\" $(ldd \"$@\" | grep -o '/[^ ]*\\.so[^ ]*' | sort -u) | docker import - {image}:1 >/dev/null"
    );
    let all = names.join(" ");
    store.on(&format!("docker rm -f {all} >/dev/null 2>&1; bash -c {}", quoted(&made)));
    store.on(&format!(
        "for n in {all}; do docker run -d --name $n --tmpfs /tmp -w /tmp {image}:1 redis-server --save '' --repl-diskless-sync-delay 0 >/dev/null; \
         until [ \"$(docker exec $n redis-cli ping)\" = PONG ]; do sleep 0.1; done; done"
    ));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_redis_in_a_container_is_read_and_taken_over_by_its_own_image() {
    let store = Store::of("redbox", "kind = \"redis\"\ncontainer = \"redbox\"");
    boxed(&store, &["redbox"]);
    store.on("docker exec redbox redis-cli mset a 1 b 2");
    store.back_up(&[]).ends(0);
    // A plain file here, which no other replaces.
    let here = store.path("here.rdb").display().to_string();
    store.run(&["restore", "redbox", "--to", &here]).ends(0);
    assert!(std::fs::read(&here).unwrap().starts_with(b"REDIS"));
    let told = store.run(&["restore", "redbox", "--to", &here]).ends(1).text();
    assert!(told.contains("it is there already"), "{told}");
    store.on("docker exec redbox redis-cli del a");
    let told = store.run(&["restore", "redbox", "--swap", "--confirm", "redbox"]).ends(0).text();
    assert!(told.contains("2 keys restored, 1 keys live"), "{told}");
    assert_eq!(store.on("docker exec redbox redis-cli get a"), "1");
    store.run(&["undo", &run_of(&told), "--confirm", "redbox"]).ends(0);
    assert_eq!(store.on("docker exec redbox redis-cli exists a b"), "1");
    store.run(&["drill", "redbox", "--yes"]).ends(0);
    assert_eq!(
        store.on(
            "docker ps -a --format '{{.Names}}' | grep -c redbox; docker ps -aq --filter name=midwatch-redis"
        ),
        "1"
    );
    store.on("docker rm -f redbox >/dev/null; docker rmi redbox:1 >/dev/null");
}

/// Our folder of a datastore on its server on a small file system of its own.
struct Small<'a>(&'a Store);

impl Small<'_> {
    fn at(&self) -> String {
        format!("~/.local/state/midwatch/datastores/{}", self.0.name)
    }

    /// From now on it has so many KiB.
    fn of(&self, kib: u32) {
        self.0.on(&format!(
            "mkdir -p {0} && cd / && if mountpoint -q {0}; then sudo mount -o remount,size={kib}k {0}; \
             else sudo mount -t tmpfs -o size={kib}k,mode=700,uid=$(id -u) tmpfs {0}; fi",
            self.at()
        ));
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = self.0.lab.ssh("db-1", &format!("sudo umount -l {}", self.at()));
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_fills_the_disk_under_a_restore_of_a_redis_leaves_it_whole() {
    let store = server("redfull", 7393, "");
    let run = |words: &str| store.on(&cli(7393, words));
    let set = |key: &str| {
        store.on(&format!(
            "head -c 2000000 /dev/urandom | REDISCLI_AUTH='six bells' redis-cli -p 7393 -x set {key}"
        ));
    };
    set("big");
    let small = Small(&store);
    small.of(64 * 1024);
    store.back_up(&[]).ends(0);
    let backed = sum(&store, 7393);
    set("big");
    run("set a other");
    let live = sum(&store, 7393);
    let oldest = store.oldest();
    let swap = ["restore", "redfull", "--backup", &oldest, "--swap", "--confirm", "redfull"];
    let reason = [&swap[..], &["--reason", "a try"]].concat();

    // No room for what is brought back, and then none for what stands, of which a copy is kept.
    for (kib, step) in [(1400, "restore-"), (3200, "before-")] {
        small.of(kib);
        if step == "restore-" {
            let told = store.run(&swap).ends(2).text();
            assert!(told.contains("1.4M free where its data is"), "{told}");
        }
        let told = store.run(&reason).ends(1).text();
        let at = format!("/.local/state/midwatch/datastores/redfull/{step}");
        assert!(told.contains("no space is left on /") && told.contains(&at), "{step}: {told}");
        assert_eq!((sum(&store, 7393), kept(&store)), (live.clone(), String::new()), "{step}: {told}");
        assert_eq!(run("set z 1"), "OK", "it takes writes");
        run("del z");
    }
    small.of(64 * 1024);
    store.run(&swap).ends(0);
    assert_eq!(sum(&store, 7393), backed);
    stop(&store, 7393);
    store.on("rm -rf /tmp/redfull");
}
