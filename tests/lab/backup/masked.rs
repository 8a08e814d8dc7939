//! A backup of production that comes to staging: masked before anything else is done with it, or not at all.

use super::restore::run_of;
use super::store::{Store, killed};

const PEOPLE: &str = "create table people (id int primary key, mail text); \
     insert into people select n, 'p' || n || '@real.example' from generate_series(1, 500) n";

/// What a mask does that tells how it found the database.
const MASK: &str = "create table seen as select current_database()::text as name, \
     has_database_privilege('public', current_database(), 'connect') as open; \
     update people set mail = 'p' || id || '@masked.example';";

const SUM: &str = "select count(*), md5(string_agg(id || mail, ',' order by id)) from people";
const REAL: &str = "select count(*) from people where mail like '%@real.example'";

/// A database of production, and one of staging in a repository of its own, on the same machine under another
/// name.
struct Staged {
    store: Store,
    /// Staging's datastore.
    to: String,
    /// Its database.
    database: String,
}

impl Staged {
    fn of(name: &str, mask: &str) -> Self {
        let store = Store::postgres(name, PEOPLE);
        let (to, database) = (format!("{name}-to"), format!("{name}_to"));
        let at = store.path("").display().to_string();
        store.says(&format!(
            "\n[servers.stage-1]\naddress = \"db-1\"\nenvironment = \"staging\"\n\n[repositories.staging]\n\
             path = \"{at}/staging\"\npassword = {{ file = \"{at}/password\" }}\n\n[datastores.{to}]\nkind = \"postgres\"\n\
             server = \"stage-1\"\nrepository = \"staging\"\ndatabase = \"{database}\"\nhost = \"/var/run/postgresql\"\n\
             run_as = \"postgres\"\n{mask}"
        ));
        let staged = Self { store, to, database };
        staged.clean();
        staged.masks(MASK);
        staged.store.sql("postgres", &format!("create database {}", staged.database));
        staged.sql(
            "create table people (id int primary key, mail text); insert into people values (1, 'a test')",
        );
        staged.store.back_up(&[]).ends(0);
        staged
    }

    fn sql(&self, statement: &str) -> String {
        self.store.sql(&self.database, statement)
    }

    /// What its mask does from now on.
    fn masks(&self, statements: &str) {
        self.store.on(&format!("printf '%s\\n' {} >/tmp/{}.sql", super::store::quoted(statements), self.to));
    }

    /// The databases beside staging's.
    fn left(&self) -> String {
        let prefix = format!("{}_", self.database);
        self.store.sql(
            "postgres",
            &format!("select datname from pg_database where starts_with(datname, '{prefix}')"),
        )
    }

    fn restore(&self, more: &[&str]) -> crate::deploy::project::Told {
        self.store.run(&[&["restore", &self.to, "--from", &self.store.name], more].concat())
    }

    fn clean(&self) {
        self.store.dropped(&self.database);
        self.store.on(&format!(
            "sudo rm -rf ~/.local/state/midwatch/datastores/{0} /tmp/{0}.sql /tmp/{0}.masking /tmp/{0}.go",
            self.to
        ));
    }
}

fn psql(name: &str) -> String {
    format!("mask = [\"psql\", \"-X\", \"-v\", \"ON_ERROR_STOP=1\", \"-f\", \"/tmp/{name}-to.sql\"]")
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn production_comes_to_staging_masked_and_what_stood_comes_back() {
    let it = Staged::of("maskswap", &psql("maskswap"));
    let (live, production) = (it.sql(SUM), it.store.sql("maskswap", SUM));
    // What stands goes into its own repository, which has to be there.
    let told = it.restore(&["--swap", "--yes"]).ends(2).text();
    assert!(told.contains("midwatch backup maskswap-to --init"), "{told}");
    it.store.run(&["backup", "maskswap-to", "--yes", "--init"]).ends(0);

    let told = it.restore(&["--swap", "--yes"]).ends(0).text();
    assert!(told.contains("the backup is of maskswap, database maskswap on db-1, in production"), "{told}");
    assert!(told.contains("public.people: 500 rows restored, 1 rows live"), "{told}");
    let masked = "select count(*) filter (where mail like '%@masked.example'), count(*) from people";
    assert_eq!(it.sql(masked), "500|500");
    assert_eq!(it.store.sql("maskswap", SUM), production);
    // It was told of what was restored, while nobody else could enter it; now it is open as what stood.
    assert_eq!(it.sql("select open, name ~ '^maskswap_to_restore_' from seen"), "f|t");
    assert_eq!(it.sql("select has_database_privilege('public', current_database(), 'connect')"), "t");
    let learned =
        "select count(*) from pg_stats where tablename = 'people' and histogram_bounds::text like '%real%'";
    assert_eq!(it.sql(learned), "0", "what the server learned is of what was masked");
    let run = run_of(&told);
    let journal = it.store.run(&["journal", "show", &run]).ends(0).text();
    assert!(journal.contains("UPDATE 500"), "{journal}");

    let told = it.store.run(&["undo", &run, "--yes"]).ends(0).text();
    assert_eq!(it.sql(SUM), live, "{told}");
    // Beside, where nothing takes the place of anything.
    let told = it.restore(&["--to", "maskswap_to_before_x", "--yes"]).ends(0).text();
    assert!(told.contains("mask maskswap_to_restore_"), "{told}");
    assert_eq!(it.store.sql("maskswap_to_before_x", REAL), "0");
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_may_not_come_is_refused_before_anything_is_made() {
    let it = Staged::of("maskno", "");
    let told = it.restore(&["--yes"]).ends(2).text();
    assert!(told.contains("data of production would stand in staging as they are"), "{told}");
    assert!(told.contains("or --reason TEXT"), "{told}");
    assert_eq!(it.left(), "");
    // For a reason, which the plan tells.
    let told = it.restore(&["--yes", "--reason", "only these data show it"]).ends(0).text();
    assert!(told.contains("over mask"), "{told}");
    assert_eq!(it.store.sql(&it.left(), REAL), "500");

    it.store.run(&["backup", "maskno-to", "--yes", "--init"]).ends(0);
    let args = ["restore", "maskno", "--from", "maskno-to", "--reason", "now", "--confirm", "maskno"];
    let told = it.store.run(&args).ends(2).text();
    assert!(told.contains("what stands in production comes from production alone"), "{told}");
    assert_eq!(it.store.sql("maskno", REAL), "500");
    it.store.says("\n[datastores.maskno-files]\nkind = \"files\"\nserver = \"db-1\"\nrepository = \"test\"\npaths = [\"/etc/hostname\"]");
    let told = it.store.run(&["restore", "maskno-to", "--from", "maskno-files", "--yes"]).text();
    assert!(told.contains("maskno-files is of kind \"files\""), "{told}");
    let told = it.store.run(&["restore", "maskno-to", "--from", "maskno-to", "--yes"]).text();
    assert!(told.contains("its own backups need no --from"), "{told}");
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_mask_that_fails_leaves_nothing_that_was_not_masked() {
    let it = Staged::of("maskfail", &psql("maskfail"));
    it.store.run(&["backup", "maskfail-to", "--yes", "--init"]).ends(0);
    let live = it.sql(SUM);
    let stands = |told: &str| assert_eq!((it.sql(SUM), it.left()), (live.clone(), String::new()), "{told}");
    it.masks("update people set mail = 'x'; select no_such(); select 'not reached';");
    let told = it.restore(&["--swap", "--yes"]).ends(1).text();
    assert!(told.contains("function no_such() does not exist") && !told.contains("not reached"), "{told}");
    stands(&told);

    // One that goes on after an error ends well, and is not believed.
    it.store.amended("\"-v\", \"ON_ERROR_STOP=1\", ", "");
    let told = it.restore(&["--swap", "--yes"]).ends(1).text();
    assert!(told.contains("ON_ERROR_STOP=1 ends it there"), "{told}");
    assert!(told.contains("function no_such() does not exist"), "{told}");
    stands(&told);

    // One that does not end is ended, with all that it started.
    it.store.amended(
        "mask = [\"psql\", \"-X\", \"-f\", \"/tmp/maskfail-to.sql\"]",
        "mask_deadline = \"2s\"\nmask = [\"sh\", \"-c\", \"sleep 61571; true\"]",
    );
    let told = it.restore(&["--swap", "--yes"]).ends(1).text();
    assert!(told.contains("it was ended after 2 s"), "{told}");
    stands(&told);
    it.store.on("! pgrep -f 'sleep 6157[1]'");
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_the_console_while_it_masks_lets_nothing_through_unmasked() {
    let waits = "touch /tmp/maskkill-to.masking; until [ -e /tmp/maskkill-to.go ]; do sleep 0.1; done; \
                 exec psql -X -v ON_ERROR_STOP=1 -f /tmp/maskkill-to.sql";
    let it = Staged::of("maskkill", &format!("mask = [\"sh\", \"-c\", '{waits}']"));
    it.store.run(&["backup", "maskkill-to", "--yes", "--init"]).ends(0);
    let live = it.sql(SUM);
    let args = ["restore", "maskkill-to", "--from", "maskkill", "--swap", "--yes"];
    let masking = "[ -e /tmp/maskkill-to.masking ]";

    let run = killed(&it.store, &args, masking);
    let told = it.store.run(&["resume", &run]).ends(1).text();
    let left = it.left();
    assert!(told.contains(&format!("{left} is not known to be masked")), "{told}");
    assert!(told.contains("the last thing begun was: mask"), "{told}");
    assert_eq!((it.sql(SUM), it.store.sql(&left, REAL).as_str()), (live.clone(), "500"));
    it.store.on("touch /tmp/maskkill-to.go");
    it.store.run(&["resume", &run, "undo"]).ends(1);
    assert_eq!((it.sql(SUM), it.left()), (live.clone(), String::new()));

    // Finished: what the killed one masked does not count, it is brought and masked anew.
    it.store.on("sudo rm -f /tmp/maskkill-to.masking /tmp/maskkill-to.go");
    let run = killed(&it.store, &args, masking);
    it.store.on("touch /tmp/maskkill-to.go");
    it.store.run(&["resume", &run, "finish"]).ends(0);
    assert_eq!((it.sql("select count(*) from people"), it.sql(REAL)), ("500".to_owned(), "0".to_owned()));
    it.store.run(&["undo", &run, "--yes"]).ends(0);
    assert_eq!(it.sql(SUM), live);

    // Left as it is: what is left is named.
    it.store.on("sudo rm -f /tmp/maskkill-to.masking /tmp/maskkill-to.go");
    let run = killed(&it.store, &args, masking);
    it.store.on("touch /tmp/maskkill-to.go");
    let told = it.store.run(&["resume", &run, "leave"]).text();
    assert!(told.contains("may be there, and is not known to be masked"), "{told}");
    it.clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_database_in_a_container_is_masked_from_beside_it() {
    // A server of its own there, by the machine's programs; nothing of it is reached from outside.
    let store = Store::postgres("maskboxed", PEOPLE);
    let clean = || {
        store.on("docker rm -f maskbox >/dev/null 2>&1; rm -rf ~/.local/state/midwatch/datastores/maskbox-to /tmp/maskbox.env");
    };
    clean();
    let user = store.on("id -u postgres");
    store.on(&format!(
        "docker run -d --name maskbox --network none --user {user} --tmpfs /data:uid={user} --tmpfs /var/run/postgresql:uid={user} --tmpfs /tmp \
         -e PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v /etc:/etc:ro \
         registry:5000/shop:1.0 sh -c 'initdb -D /data/main -A trust --locale C.UTF-8 >/dev/null && exec postgres -D /data/main -c listen_addresses= -c fsync=off' >/dev/null; \
         for i in $(seq 200); do docker exec maskbox psql -XAtqc 'select 1' postgres >/dev/null 2>&1 && exit; sleep 0.1; done; docker logs maskbox >&2; exit 1"
    ));
    let asked = |database: &str, statement: &str| {
        store.on(&format!(
            "docker exec maskbox psql -XAtqv ON_ERROR_STOP=1 -d {database} -c {}",
            super::store::quoted(statement)
        ))
    };
    asked("postgres", "create database stage");
    asked(
        "stage",
        "create table people (id int primary key, mail text); insert into people values (1, 'a test')",
    );
    let masks = r#"env >/tmp/maskbox.env; docker exec -i "$MIDWATCH_CONTAINER" psql -X -v ON_ERROR_STOP=1 -d "$MIDWATCH_DATABASE" -c "update people set mail = 'masked'""#;
    let of = |masks: &str| format!("mask = [\"sh\", \"-c\", {}]", serde_json::Value::from(masks));
    store.says(&format!(
        "\n[servers.stage-1]\naddress = \"db-1\"\nenvironment = \"staging\"\n\n[datastores.maskbox-to]\nkind = \"postgres\"\n\
         server = \"stage-1\"\nrepository = \"test\"\ncontainer = \"maskbox\"\nrun_as = \"{user}\"\ndatabase = \"stage\"\n{}",
        of(masks)
    ));
    store.back_up(&[]).ends(0);
    let args = ["restore", "maskbox-to", "--from", "maskboxed", "--swap", "--yes"];
    let told = store.run(&args).ends(0).text();
    assert!(told.contains("public.people: 500 rows restored, 1 rows live"), "{told}");
    assert_eq!(asked("stage", "select count(*), max(mail) from people"), "500|masked");
    let said = store.on(
        "grep -E '^(MIDWATCH|PG)' /tmp/maskbox.env | sed 's/restore_.*/restore_X/' | sort | tr '\\n' ' '",
    );
    assert_eq!(
        said.trim(),
        "MIDWATCH_CONTAINER=maskbox MIDWATCH_DATABASE=stage_restore_X MIDWATCH_DATASTORE=maskbox-to MIDWATCH_FROM=maskboxed"
    );
    store.run(&["undo", &run_of(&told), "--yes"]).ends(0);
    assert_eq!(asked("stage", "select mail from people"), "a test");

    // One that fails there, and one that goes on, leave nothing.
    let databases = || asked("postgres", "select count(*) from pg_database where datname like 'stage_%'");
    let before = databases();
    for (with, says) in [
        ("no_such()", "function no_such() does not exist"),
        ("no_such(); true", "ON_ERROR_STOP=1 ends it there"),
    ] {
        let now = masks.replace(
            "update people set mail = 'masked'",
            &format!("select {}", with.trim_end_matches("; true")),
        );
        let now = if with.ends_with("true") {
            format!("{}; true", now.replace(" -v ON_ERROR_STOP=1", ""))
        } else {
            now
        };
        let config = std::fs::read_to_string(store.path("config.toml")).unwrap();
        let line = config.lines().find(|line| line.starts_with("mask = ")).unwrap().to_owned();
        store.amended(&line, &of(&now));
        let told = store.run(&args).ends(1).text();
        assert!(told.contains(says), "{says}: {told}");
        assert_eq!(
            (databases(), asked("stage", "select mail from people").as_str()),
            (before.clone(), "a test"),
            "{told}"
        );
    }
    clean();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn files_and_volumes_come_masked_too() {
    let store = Store::of("maskfile", "kind = \"files\"\npaths = [\"/home/ops/maskfile/prod\"]");
    let clean = || {
        store.on(
            "rm -rf ~/maskfile ~/.local/state/midwatch/datastores/maskfile-*; docker rm -f maskfile-prod maskfile-stage >/dev/null 2>&1; docker volume ls -q | grep '^maskfile_' | xargs -r docker volume rm >/dev/null; true",
        )
    };
    clean();
    store.on(
        "mkdir -p ~/maskfile/prod ~/maskfile/stage && echo key=real >~/maskfile/prod/env && echo key=test >~/maskfile/stage/env && \
         for v in prod stage; do docker volume create maskfile_$v >/dev/null; \
         docker create --name maskfile-$v -v maskfile_$v:/v registry:5000/shop:1.0 >/dev/null; \
         docker run --rm -v maskfile_$v:/v registry:5000/shop:1.0 sh -c \"echo $v >/v/name\"; done",
    );
    store.says(
        "\n[servers.stage-1]\naddress = \"db-1\"\nenvironment = \"staging\"\n\n\
         [datastores.maskfile-to]\nkind = \"files\"\nserver = \"stage-1\"\nrepository = \"test\"\npaths = [\"/home/ops/maskfile/stage\"]\n\
         mask = [\"sh\", \"-c\", 'sed -i s/real/masked/ \"$MIDWATCH_PATHS/env\"']\n\n\
         [datastores.maskfile-volume]\nkind = \"volume\"\nserver = \"db-1\"\nrepository = \"test\"\nvolume = \"maskfile_prod\"\n\n\
         [datastores.maskfile-vto]\nkind = \"volume\"\nserver = \"stage-1\"\nrepository = \"test\"\nvolume = \"maskfile_stage\"\n\
         mask = [\"sh\", \"-c\", 'docker run --rm -v \"$MIDWATCH_VOLUME:/v\" registry:5000/shop:1.0 sh -c \"echo masked >>/v/name\"']",
    );
    store.back_up(&[]).ends(0);
    store.run(&["backup", "maskfile-volume", "--yes"]).ends(0);
    let told = store.run(&["restore", "maskfile-to", "--from", "maskfile", "--swap", "--yes"]).ends(0).text();
    assert!(told.contains("/home/ops/maskfile/prod is /home/ops/maskfile/stage here"), "{told}");
    assert_eq!(store.on("cat ~/maskfile/stage/env ~/maskfile/prod/env"), "key=masked\nkey=real");
    store.run(&["undo", &run_of(&told), "--yes"]).ends(0);
    assert_eq!(store.on("cat ~/maskfile/stage/env"), "key=test");
    // Beside it lies masked too, and one that fails or is late leaves nothing of it.
    store.on("rm -rf ~/maskfile/stage.restore-*");
    store.run(&["restore", "maskfile-to", "--from", "maskfile", "--yes"]).ends(0);
    assert_eq!(
        store.on("cat ~/maskfile/stage.restore-*/env; rm -rf ~/maskfile/stage.restore-*"),
        "key=masked"
    );
    let (sed, args) =
        ("sed -i s/real/masked/", ["restore", "maskfile-to", "--from", "maskfile", "--swap", "--yes"]);
    for (now, says) in [("exit 4; sed", "(exit 4)"), ("sleep 61573; sed", "it was ended after 1 s")] {
        store.amended(sed, now);
        store.amended(
            "paths = [\"/home/ops/maskfile/stage\"]\n",
            "paths = [\"/home/ops/maskfile/stage\"]\nmask_deadline = \"1s\"\n",
        );
        let told = store.run(&args).ends(1).text();
        assert!(told.contains(says), "{says}: {told}");
        assert_eq!(
            store.on("cat ~/maskfile/stage/env; ls -A ~/maskfile | grep restore; true"),
            "key=test",
            "{told}"
        );
        store.amended(now, sed);
        store.amended("mask_deadline = \"1s\"\n", "");
    }

    let said = |volume: &str| {
        store.on(&format!("docker run --rm -v {volume}:/v registry:5000/shop:1.0 cat /v/name"))
    };
    let args = ["restore", "maskfile-vto", "--from", "maskfile-volume", "--swap", "--yes"];
    let told = store.run(&args).ends(0).text();
    assert_eq!(
        (said("maskfile_stage"), said("maskfile_prod")),
        ("prod\nmasked".to_owned(), "prod".to_owned())
    );
    store.run(&["undo", &run_of(&told), "--yes"]).ends(0);
    assert_eq!(said("maskfile_stage"), "stage");

    // One that fails leaves nothing of it.
    let beside = || store.on("docker volume ls -q | grep '^maskfile_stage_' | sort");
    let before = beside();
    store.amended("echo masked >>/v/name", "exit 4");
    let told = store.run(&args).ends(1).text();
    assert!(told.contains("(exit 4)"), "{told}");
    assert_eq!((beside(), said("maskfile_stage").as_str()), (before, "stage"));
    clean();
}
