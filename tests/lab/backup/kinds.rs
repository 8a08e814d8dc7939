//! One test a kind of datastore: what was backed up comes back by restic alone.

use super::store::Store;
use crate::lab::Lab;

const TABLES: &str = r#"create table "Odd ""Name" (id int primary key, "select" text);
insert into "Odd ""Name" select n, md5(n::text) from generate_series(1, 800000) n;
select lo_from_bytea(0, decode(repeat('c0ffee', 5000), 'hex'));"#;

const SUM: &str = r#"select count(*), md5(string_agg(id || "select", ',' order by id)) from "Odd ""Name""#;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_database_comes_back_by_restic_and_pg_restore_alone() {
    let store = Store::postgres("backed", TABLES);
    let before = store.sql("backed", SUM);
    let told = store.back_up(&["--reason", "before the move"]).ends(0).text();
    assert!(told.contains("read back whole"), "{told}");
    store.checked_by_restic();
    let list = store.restores("database.dump", "pg_restore --list");
    assert!(list.contains("Odd \"Name"), "{list}");
    let roles = store.restores("globals.sql", "cat");
    assert!(roles.contains("CREATE ROLE shop") && roles.contains("SCRAM-SHA-256"), "{roles}");
    store.sql("postgres", "create database backed_again");
    store.restores("database.dump", "cd /; sudo -n -u postgres pg_restore --exit-on-error -d backed_again");
    assert_eq!(store.sql("backed_again", SUM), before);
    let large = "select count(*), sum(length(lo_get(oid))) from pg_largeobject_metadata";
    assert_eq!(store.sql("backed_again", large), "1|15000");

    // The same again stores little but the chunk that tells when it was dumped, and what says why stands in the list.
    store.back_up(&[]).ends(0);
    let all = store.backups();
    assert_eq!(all.len(), 2);
    let stored = |n: usize| all[n]["stored"].as_u64().unwrap();
    assert!(stored(0) * 4 < stored(1), "{all:?}");
    assert_eq!(all[1]["reason"], "before the move");
    assert_eq!(store.snapshots(), 2);
    let journal = std::fs::read_to_string(store.path("journal.jsonl")).unwrap();
    assert!(!journal.contains("four bells"), "{journal}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_database_is_read_by_the_programs_in_a_container() {
    let user = String::from_utf8(Lab::get().ssh("db-1", "id -u postgres").stdout).unwrap();
    let store = Store::of(
        "boxed",
        &format!(
            "kind = \"postgres\"\ndatabase = \"boxed\"\nhost = \"/run/postgresql\"\nuser = \"postgres\"\n\
             run_as = \"{}\"\ncontainer = \"backup-box\"",
            user.trim()
        ),
    );
    store.sql("postgres", "drop database if exists boxed with (force)");
    store.sql("postgres", "create database boxed");
    store.sql("boxed", "create table t as select generate_series(1, 10) n");
    // The server's own programs, seen from a container.
    store.on("docker rm -f backup-box >/dev/null 2>&1; docker run -d --name backup-box -e PATH=/usr/bin:/bin -v /usr:/usr:ro \
         -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v /etc:/etc:ro -v /run/postgresql:/run/postgresql \
         -v /var/lib/postgresql:/var/lib/postgresql:ro registry:5000/shop:1.0");
    let told = store.back_up(&[]);
    store.on("docker rm -f backup-box");
    told.ends(0);
    let list = store.restores("database.dump", "pg_restore --list");
    assert!(list.contains("TABLE DATA public t"), "{list}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_role_that_is_no_superuser_backs_up_what_it_may_read() {
    let lab = Lab::get();
    let (user, database, file) =
        (lab.at("/postgres/user"), lab.at("/postgres/database"), lab.at("/postgres/password_file"));
    let store = Store::of(
        "plain",
        &format!(
            "kind = \"postgres\"\ndatabase = \"{database}\"\nhost = \"127.0.0.1\"\nuser = \"{user}\"\n\
             password = {{ file = \"{file}\" }}"
        ),
    );
    let told = store.back_up(&[]).ends(0).text();
    assert!(told.contains("passwords of roles are not in it"), "{told}");
    assert!(store.restores("globals.sql", "cat").contains("CREATE ROLE"));
    let password = std::fs::read_to_string(file).unwrap();
    let journal = std::fs::read_to_string(store.path("journal.jsonl")).unwrap();
    assert!(!journal.contains(password.trim()) && !told.contains(password.trim()));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn redis_comes_back_as_it_was() {
    let lab = Lab::get();
    let file = lab.at("/redis/password_file");
    let store = Store::of("cached", &format!("kind = \"redis\"\npassword = {{ file = \"{file}\" }}"));
    store.back_up(&[]).ends(0);
    store.checked_by_restic();
    let said = store
        .restores("dump.rdb", "cat >/tmp/cached.rdb; redis-check-rdb /tmp/cached.rdb; rm /tmp/cached.rdb");
    assert!(said.contains("RDB looks OK"), "{said}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn files_come_back_with_owners_modes_links_holes_and_odd_names() {
    let store = Store::of(
        "filed",
        "kind = \"files\"\npaths = [\"/home/ops/filed\"]\nexclude = [\"*.tmp\"]\nrun_as = \"root\"",
    );
    store.on(
        "sudo rm -rf ~/filed ~/filed-again; mkdir -p ~/filed && cd ~/filed && echo x >\"$(printf 'odd\\n\\377 name')\" && \
         echo y >-n && ln -s ../nowhere link && ln -- -n hard && truncate -s 50M holes && echo z >skipped.tmp && \
         sudo chown 1234:4321 link -h && sudo install -m 4711 -o 33 /dev/null own",
    );
    let told = store.back_up(&[]).ends(0).text();
    assert!(told.contains("read back whole"), "{told}");
    store.checked_by_restic();
    store.restores("files.tar", "mkdir ~/filed-again && sudo tar -C ~/filed-again -x");
    let list = "sudo find . ! -name '*.tmp' -printf '%P %y %m %U:%G %n %s %l %T@\\n' | sort";
    let was = store.on(&format!("cd ~/filed && {list}"));
    let is = store.on(&format!("cd ~/filed-again/home/ops/filed && {list}"));
    let holes = store.on("du -k ~/filed-again/home/ops/filed/holes | cut -f1");
    let skipped = store.on("find ~/filed-again -name '*.tmp'");
    store.on("sudo rm -rf ~/filed ~/filed-again");
    assert_eq!(is, was);
    assert_eq!(skipped, "");
    assert!(holes.parse::<u32>().unwrap() < 1000, "{holes} KiB of a hole");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_volume_comes_back_through_the_container_that_has_it() {
    let store = Store::of("volumed", "kind = \"volume\"\nvolume = \"volumed\"");
    store.on(
        "docker rm -f volumed >/dev/null 2>&1; docker volume rm -f volumed >/dev/null; docker volume create volumed >/dev/null",
    );
    let refused = store.back_up(&[]).text();
    assert!(refused.contains("no container has it"), "{refused}");
    store.on("docker create --name volumed -v volumed:/data registry:5000/shop:1.0 >/dev/null && \
         d=$(docker volume inspect -f '{{.Mountpoint}}' volumed) && sudo sh -c \"echo precious >$d/file\"");
    let told = store.back_up(&[]);
    let list = store.restores("volume.tar", "tar -xO ./file");
    store.on("docker rm -f volumed; docker volume rm volumed");
    told.ends(0);
    store.checked_by_restic();
    assert_eq!(list, "precious\n");
}
