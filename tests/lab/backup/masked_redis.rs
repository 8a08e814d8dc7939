//! A Redis of production that comes to staging: masked by a command that asks a second instance, or not at all.

use super::redis::boxed;
use super::restore::run_of;
use super::store::{Store, killed, quoted};

/// A Redis of production and one of staging on db-1, which is another server there, without a password.
struct Staged {
    store: Store,
    ports: [u16; 2],
    /// Staging's datastore.
    to: String,
}

impl Staged {
    fn of(name: &str, ports: [u16; 2], mask: &str) -> Self {
        let store = Store::of(name, &format!("kind = \"redis\"\nport = {}", ports[0]));
        let to = format!("{name}-to");
        store.says(&format!(
            "\n[servers.stage-1]\naddress = \"db-1\"\nenvironment = \"staging\"\n\n[datastores.{to}]\nkind = \"redis\"\n\
             server = \"stage-1\"\nrepository = \"test\"\nport = {}\n{mask}",
            ports[1]
        ));
        let it = Self { store, ports, to };
        it.clean();
        for port in ports {
            it.store.on(&format!(
                "mkdir /tmp/{name}-{port} && redis-server --port {port} --bind 127.0.0.1 --dir /tmp/{name}-{port} --save '' --repl-diskless-sync-delay 0 --daemonize yes >/dev/null; \
                 until [ \"$(redis-cli -p {port} ping 2>/dev/null)\" = PONG ]; do sleep 0.1; done"
            ));
        }
        it.production("mset 1 p1@real.example 2 p2@real.example");
        it.production("-n 2 rpush list real");
        it.staging("set stands here");
        it.store.back_up(&[]).ends(0);
        it
    }

    fn production(&self, words: &str) -> String {
        self.store.on(&format!("redis-cli -p {} {words}", self.ports[0]))
    }

    fn staging(&self, words: &str) -> String {
        self.store.on(&format!("redis-cli -p {} {words}", self.ports[1]))
    }

    fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["restore", &self.to, "--from", &self.store.name, "--yes"], more].concat()
    }

    fn restore(&self, more: &[&str]) -> crate::deploy::project::Told {
        self.store.run(&self.args(more))
    }

    /// What is of the second instance, and of what it read: its files, and where its socket was.
    fn left(&self) -> String {
        self.store.on(&format!(
            "cd ~/.local/state/midwatch/datastores/{0} && ls | grep -E 'restore|masking'; s=$(cat /tmp/{0}.socket 2>/dev/null); \
             [ -z \"$s\" ] || [ ! -e \"${{s%/*}}\" ] || echo \"$s\"; pgrep -af \"redis-server unixsocket:${{s:-none}}\"; true",
            self.to
        ))
    }

    /// That nothing came.
    #[track_caller]
    fn stands(&self, told: &str) {
        assert_eq!((self.staging("--raw keys '*'"), self.left()), ("stands".into(), String::new()), "{told}");
    }

    fn clean(&self) {
        self.store.on(&format!(
            "for p in {} {}; do redis-cli -p $p shutdown nosave >/dev/null 2>&1; done; sleep 0.2; \
             rm -rf ~/.local/state/midwatch/datastores/{2} /tmp/{2}.socket /tmp/{2}.go /tmp/{3}-7*; true",
            self.ports[0], self.ports[1], self.to, self.store.name
        ));
    }
}

/// A mask of the shell's, which tells where the instance is.
fn mask(to: &str, command: &str) -> String {
    let command = format!(r#"echo "$MIDWATCH_REDIS_SOCKET" >/tmp/{to}.socket; {command}"#);
    format!("mask = [\"sh\", \"-c\", {}]", serde_json::Value::from(command))
}

/// Masks both databases, by what redis-cli ends with where Redis refuses something.
const MASKS: &str = r#"m() { redis-cli -e -s "$MIDWATCH_REDIS_SOCKET" "$@"; }; set -e
for k in $(m --raw keys '*'); do m set $k masked@$k; done; m -n 2 lset list 0 masked"#;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_redis_of_production_comes_to_staging_masked_or_not_at_all() {
    let it = Staged::of("redmask", [7395, 7396], &mask("redmask-to", MASKS));
    let told = it.restore(&["--swap"]).ends(0).text();
    assert!(told.contains("a second instance reads 3 keys in 2 databases, and yet to be masked"), "{told}");
    assert_eq!(it.staging("--raw mget 1 2"), "masked@1\nmasked@2");
    assert_eq!(
        (it.staging("--raw -n 2 lrange list 0 -1").as_str(), it.staging("exists stands").as_str()),
        ("masked", "0")
    );
    assert_eq!(it.production("--raw mget 1 2"), "p1@real.example\np2@real.example");
    assert_eq!(it.left(), "", "{told}");
    it.store.run(&["undo", &run_of(&told), "--yes"]).ends(0);
    it.store.on("rm -f ~/.local/state/midwatch/datastores/redmask-to/restore-*");
    it.stands("");

    // Beside, the file holds what was masked and no byte of what was not.
    it.restore(&[]).ends(0);
    let holds = |what: &str| {
        it.store.on(&format!(
            "cd ~/.local/state/midwatch/datastores/redmask-to; grep -c {what} restore-*.rdb; true"
        ))
    };
    assert_eq!((holds("real").as_str(), holds("masked") == "0"), ("0", false));
    it.store.on("rm ~/.local/state/midwatch/datastores/redmask-to/restore-*");

    // One that fails, one that thinks nothing of what Redis refused, one that ends the instance, one that is late.
    let mut was = mask("redmask-to", MASKS);
    let mut masks = |command: &str| {
        let now = format!("mask_deadline = \"2s\"\n{}", mask("redmask-to", command));
        it.store.amended(&was, &now);
        was = now;
    };
    for (command, says) in [
        (r#"redis-cli -s "$MIDWATCH_REDIS_SOCKET" set 1 x; echo six bells; exit 4"#, "six bells (exit 4)"),
        (
            r#"redis-cli -s "$MIDWATCH_REDIS_SOCKET" -n 2 incr list >/dev/null; true"#,
            "refused some of what it was asked: WRONGTYPE (1)",
        ),
        (r#"redis-cli -s "$MIDWATCH_REDIS_SOCKET" shutdown nosave; true"#, "does not answer any more"),
        ("sleep 61572; true", "it was ended after 2 s"),
    ] {
        masks(command);
        let told = it.restore(&["--swap"]).ends(1).text();
        assert!(told.contains(says), "{says}: {told}");
        it.stands(&told);
    }
    it.store.on("! pgrep -f 'sleep 6157[2]'");

    // None at all.
    it.store.amended(&was, "");
    let told = it.restore(&["--swap"]).ends(2).text();
    assert!(told.contains("data of production would stand in staging as they are"), "{told}");
    it.stands(&told);
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_the_console_while_a_redis_is_masked_lets_nothing_through_unmasked() {
    let waits = format!(
        "redis-cli -s \"$MIDWATCH_REDIS_SOCKET\" save; until [ -e /tmp/redmaskkill-to.go ]; do sleep 0.1; done; {MASKS}"
    );
    let it = Staged::of("redmaskkill", [7397, 7398], &mask("redmaskkill-to", &waits));
    let args = it.args(&["--swap"]);
    let begun = "[ -s /tmp/redmaskkill-to.socket ]";
    let again = || it.store.on("rm -f /tmp/redmaskkill-to.*");

    let run = killed(&it.store, &args, begun);
    let told = it.store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains(".rdb is not known to be masked"), "{told}");
    assert_eq!(it.staging("--raw keys '*'"), "stands");
    it.store.on("touch /tmp/redmaskkill-to.go");
    it.store.run(&["resume", &run, "undo"]).ends(1);
    it.stands("");

    // Finished: it is brought and masked anew.
    again();
    let run = killed(&it.store, &args, begun);
    it.store.on("touch /tmp/redmaskkill-to.go");
    it.store.run(&["resume", &run, "finish"]).ends(0);
    assert_eq!(it.staging("--raw mget 1 2"), "masked@1\nmasked@2");
    assert_eq!(it.left(), "");
    it.store.run(&["undo", &run, "--yes"]).ends(0);
    it.store.on("rm -f ~/.local/state/midwatch/datastores/redmaskkill-to/restore-*");

    // What masks is killed on the server as well: the second instance that it leaves is ended by the way back.
    again();
    let run = killed(&it.store, &args, begun);
    let at = "cd ~/.local/state/midwatch/datastores/redmaskkill-to";
    it.store.on(&format!("{at} && k=$(ls -d restore-*.masking-*) && kill -9 ${{k##*-}}"));
    assert!(it.left().contains("redis-server unixsocket"));
    it.store.on("touch /tmp/redmaskkill-to.go");
    it.store.run(&["resume", &run, "undo"]).ends(1);
    it.stands("");
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_ends_the_swap_itself_is_finished_from_what_was_masked_and_what_stood_is_kept() {
    let it = Staged::of("redmasktake", [7401, 7402], &mask("redmasktake-to", MASKS));
    let at = "~/.local/state/midwatch/datastores/redmasktake-to";
    // All that carries the swap out, held where Redis has begun to follow.
    let all = "pgrep -f \"datastores/redmasktake-to'? '?restore-[0-9T]+'? '?before-\"";
    let begun = format!("ls {at}/restore-*.rdb.id >/dev/null 2>&1 && kill -STOP $({all})");
    let run = killed(&it.store, &it.args(&["--swap"]), &begun);
    it.store.on(&format!("kill -9 $({all}); sleep 0.3; ls {at}/restore-*.rdb.id"));
    let orphan = it.staging("info replication | tr -d '\\r' | sed -n 's/^master_port://p'");
    it.store.run(&["resume", &run, "finish"]).ends(0);
    assert_eq!(it.staging("--raw mget 1 2"), "masked@1\nmasked@2");
    assert!(it.staging("info replication").contains("role:master"));
    it.store.run(&["undo", &run, "--yes"]).ends(0);
    it.store.on(&format!("rm -f {at}/restore-*"));
    it.stands("");
    // Ended before Redis had begun to follow, and again while it is masked anew: what was kept by then is no sign of an end.
    let begun = format!("ls {at}/restore-*.rdb.id >/dev/null 2>&1 && kill -STOP $({all})");
    let run = killed(&it.store, &it.args(&["--swap"]), &begun);
    it.store.on(&format!(
        "kill -9 $({all}); sleep 0.3; rm {at}/restore-*.rdb.id; redis-cli -p 7402 replicaof no one"
    ));
    it.store.run(&["resume", &run, "finish"]).ends(0);
    assert_eq!((it.staging("--raw mget 1 2").as_str(), it.left().as_str()), ("masked@1\nmasked@2", ""));
    it.store.on(&format!("[ -z '{orphan}' ] || kill $(pgrep -f 'redis-server 127.0.0.1:{orphan}$'); true"));
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_redis_in_a_container_is_masked_in_one_of_its_own_image() {
    let store = Store::of("redmaskbox", "kind = \"redis\"\ncontainer = \"redmaskbox\"");
    let masks = r#"docker exec "$MIDWATCH_CONTAINER" redis-cli -e -s "$MIDWATCH_REDIS_SOCKET" set a masked && [ "$(redis-cli -s "$MIDWATCH_REDIS_SOCKET" dbsize)" = 2 ]"#;
    store.says(&format!(
        "\n[servers.stage-1]\naddress = \"db-1\"\nenvironment = \"staging\"\n\n[datastores.redmaskbox-to]\nkind = \"redis\"\n\
         server = \"stage-1\"\nrepository = \"test\"\ncontainer = \"redmaskbox-to\"\nmask = [\"sh\", \"-c\", {}]",
        serde_json::Value::from(masks)
    ));
    boxed(&store, &["redmaskbox", "redmaskbox-to"]);
    let asked = |of: &str, words: &str| store.on(&format!("docker exec {of} redis-cli {words}"));
    asked("redmaskbox", "mset a real b 2");
    asked("redmaskbox-to", "set stands here");
    store.back_up(&[]).ends(0);
    let args = ["restore", "redmaskbox-to", "--from", "redmaskbox", "--swap", "--yes"];
    let told = store.run(&args).ends(0).text();
    assert_eq!(asked("redmaskbox-to", "mget a b"), "masked\n2");
    store.run(&["undo", &run_of(&told), "--yes"]).ends(0);
    assert_eq!(asked("redmaskbox-to", "get stands"), "here");

    store.amended("set a masked", "set a masked again");
    let told = store.run(&args).ends(1).text();
    assert!(told.contains("ERR syntax error"), "{told}");
    let left = format!(
        "cd ~/.local/state/midwatch/datastores/redmaskbox-to && ls | grep masking; docker ps -a --format '{{{{.Image}}}} {{{{.Names}}}}' | grep {} | grep -v redmaskbox-to | grep -v ' redmaskbox$'; true",
        quoted("^redmaskbox:1 ")
    );
    assert_eq!((store.on(&left), asked("redmaskbox-to", "get stands")), (String::new(), "here".to_owned()));
    store.on("docker rm -f redmaskbox redmaskbox-to >/dev/null; docker rmi redmaskbox:1 >/dev/null; rm -rf ~/.local/state/midwatch/datastores/redmaskbox-to");
}
