//! Some tables of a database, and some files of a folder or a volume, come back alone beside what stands.

use super::store::Store;

const TABLES: &str = "create table orders (id serial primary key, text text); \
     insert into orders (text) select md5(n::text) from generate_series(1, 300) n; create table other as select 1 as n; \
     create schema \"Audit\"; create table \"Audit\".\"the, log\" as select n from generate_series(1, 20) n; \
     create table \"Audit\".orders as select 1 as n; \
     create type mood as enum ('well'); create table moods (m mood); insert into moods values ('well'); \
     create table parts (n int) partition by range (n); create table part_one partition of parts for values from (0) to (10); \
     insert into parts values (1), (2)";

#[test]
#[ignore = "needs the lab: tests/run"]
fn some_tables_come_back_alone_and_what_is_not_there_is_refused() {
    let store = Store::postgres("sometab", TABLES);
    store.back_up(&[]).ends(0);
    store.sql("sometab", "delete from orders where id > 100; delete from other");
    let left = "select coalesce(string_agg(datname, ' '), '') from pg_database where datname ~ '^sometab_'";
    let restore =
        |only: &[&str]| store.run(&[&["restore", "sometab", "--confirm", "sometab"], only].concat());

    // What the backup has not is refused before anything is made, and what is not clear too.
    let refused = |only: &[&str], why: &str| {
        let told = restore(only).text();
        assert!(told.contains(why), "{told}");
        assert_eq!(store.sql("postgres", left), "", "{told}");
    };
    refused(&["--only", "nothing"], "the backup holds no table nothing");
    refused(&["--only", "public.orders,Audit.other"], "the backup holds no table Audit.other");
    refused(&["--only", "orders"], "orders is one of Audit.orders, public.orders");
    refused(&["--only", "parts"], "name its partitions");
    refused(&["--only", "public.orders,Audit.\"the, log\""], "Audit.orders would come with them");
    refused(&["--only", "public.orders", "--swap"], "some tables cannot take the place of a database");
    refused(&["--only", "a.b.c"], "a table is NAME or SCHEMA.NAME");
    // What a table needs beside itself does not come with it: it is dropped again.
    let told = restore(&["--only", "moods"]).ends(1).text();
    assert!(
        told.contains("type \"public.mood\" does not exist") && told.contains("without --only"),
        "{told}"
    );
    assert_eq!(store.sql("postgres", left), "");

    let told = restore(&["--only", "public.orders", "--only", "part_one"]).ends(0).text();
    assert!(told.contains("public.orders: 300 rows restored, 100 rows live"), "{told}");
    assert!(!told.contains("public.other"), "the comparison tells of these tables alone: {told}");
    let name = store.sql("postgres", left);
    let tables = "select string_agg(relname, ' ' order by relname) from pg_class where relkind in ('r', 'p') \
                  and relnamespace = 'public'::regnamespace";
    assert_eq!(store.sql(&name, tables), "orders part_one");
    assert_eq!(store.sql(&name, "select count(*) from orders"), "300");
    assert_eq!(store.sql("sometab", "select count(*) from orders"), "100");
    store.sql("postgres", &format!("drop database \"{name}\""));

    let told = restore(&["--only", "\"Audit\".\"the, log\"", "--to", "sometab_log"]).ends(0).text();
    assert_eq!(store.sql("sometab_log", "select count(*) from \"Audit\".\"the, log\""), "20", "{told}");
    assert_eq!(store.sql("sometab_log", "select to_regclass('public.orders') is null"), "t");
    store.sql("postgres", "drop database sometab_log");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn some_files_come_back_alone_on_the_server() {
    let store = Store::of(
        "somefile",
        "kind = \"files\"\nrun_as = \"root\"\npaths = [\"/home/ops/somefile/a.b/\", \"/home/ops/somefile/c\"]",
    );
    let clean = || {
        store.on(
            "sudo rm -rf ~/somefile ~/.local/state/midwatch/datastores/somefile-volume; docker rm -f somefile >/dev/null 2>&1; docker volume ls -q | grep '^somefile' | xargs -r docker volume rm >/dev/null; true",
        )
    };
    clean();
    store.on(
        "mkdir -p ~/somefile/a.b/sub ~/somefile/c && cd ~/somefile/a.b && echo one >sub/one && echo two >sub/two && echo top >top && \
         sudo chown 1234:4321 sub/one && sudo chmod 600 sub/one && echo c >../c/file && docker volume create somefile_v >/dev/null && \
         docker create --name somefile -v somefile_v:/v registry:5000/shop:1.0 >/dev/null && \
         docker run --rm -v somefile_v:/v registry:5000/shop:1.0 sh -c 'mkdir /v/sub && echo one >/v/sub/one && echo two >/v/two'",
    );
    store.says("\n[datastores.somefile-volume]\nkind = \"volume\"\nserver = \"db-1\"\nrepository = \"test\"\nvolume = \"somefile_v\"");
    store.back_up(&[]).ends(0);
    store.on("sudo rm -rf ~/somefile/a.b/sub");
    let beside = || store.on("cd ~/somefile; ls -d *.restore-* 2>/dev/null; true");
    let restore =
        |only: &[&str]| store.run(&[&["restore", "somefile", "--confirm", "somefile"], only].concat());

    let told = restore(&["--only", "/etc/passwd"]).text();
    assert!(told.contains("/etc/passwd is not below"), "{told}");
    let told = restore(&["--only", "/home/ops/somefile/c/file", "--swap"]).text();
    assert!(told.contains("some files cannot take the place of all"), "{told}");
    let told = restore(&["--only", "/home/ops/somefile/c/none"]).ends(1).text();
    assert!(told.contains("Not found in archive"), "{told}");
    assert_eq!(beside(), "");

    restore(&["--only", "/home/ops/somefile/a.b/sub/one"]).ends(0);
    let name = beside();
    assert!(name.starts_with("a.b.restore-") && !name.contains('\n'), "{name}");
    let found = store.on(&format!("cd ~/somefile && sudo find {name} -printf '%P %m %U:%G\\n' | sort"));
    assert!(
        found.contains("sub/one 600 1234:4321") && !found.contains("two") && !found.contains("top"),
        "{found}"
    );
    // What it lay in did not come with it: nobody but its owner may enter.
    assert!(found.starts_with("700 0:0"), "{found}");
    assert_eq!(store.on("ls ~/somefile/a.b"), "top");
    store.on(&format!("sudo rm -rf ~/somefile/{name}"));
    restore(&["--only", "/home/ops/somefile/c"]).ends(0);
    let name = beside();
    assert_eq!(store.on(&format!("ls ~/somefile/{name}")), "file");

    store.run(&["backup", "somefile-volume", "--yes"]).ends(0);
    let args = [
        "restore",
        "somefile-volume",
        "--only",
        "sub",
        "--to",
        "somefile_some",
        "--confirm",
        "somefile-volume",
    ];
    store.run(&args).ends(0);
    let files = "docker run --rm -v somefile_some:/v registry:5000/shop:1.0 find /v -type f";
    assert_eq!(store.on(files), "/v/sub/one");
    clean();
}
