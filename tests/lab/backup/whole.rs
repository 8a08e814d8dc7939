//! An app brought back as one set: a database, a Redis, a volume and its release; undone, killed in between.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use super::restore::run_of;
use super::store::quoted;
use crate::deploy::console::on_the_app;
use crate::deploy::project::{Project, Told};

const COMPOSE: &str = r#"services:
  web:
    image: registry:5000/shop:1.0
    stop_grace_period: 1s
    volumes: ["uploads:/data"]
  worker:
    image: registry:5000/shop:json
    stop_grace_period: 1s
    environment:
      LINES_PER_SECOND: "1"
volumes:
  uploads: {}
"#;

const TABLES: &str = "create table orders (id int primary key, text text); \
     insert into orders select n, md5(n::text) from generate_series(1, 2000) n";

/// An app with a database and a Redis on db-1, and a volume of its own.
struct Whole {
    app: Project,
    port: u16,
}

impl Whole {
    fn up(name: &str, port: u16) -> Self {
        let datastores = ["db", "cache", "files"].map(|it| format!("\"{name}-{it}\"")).join(", ");
        let app = Project::up(name, &["web-1"], &format!("datastores = [{datastores}]"));
        let whole = Self { app, port };
        whole.clean();
        whole.app.replace("gate.steady = \"3s\"", "gate.steady = \"1s\"");
        let (app, at) = (&whole.app, whole.app.scratch("repository"));
        let password = app.scratch("password");
        std::fs::write(&password, "four bells\n").unwrap();
        assert!(std::process::Command::new("chmod").arg("600").arg(&password).status().unwrap().success());
        app.configure(&format!(
            "\n[repositories.test]\npath = \"{}\"\npassword = {{ file = \"{}\" }}\n\n\
             [datastores.{name}-db]\nkind = \"postgres\"\nserver = \"db-1\"\nrepository = \"test\"\ndatabase = \"{name}\"\n\
             host = \"/var/run/postgresql\"\nrun_as = \"postgres\"\n\n\
             [datastores.{name}-cache]\nkind = \"redis\"\nserver = \"db-1\"\nrepository = \"test\"\nport = {port}\n\n\
             [datastores.{name}-files]\nkind = \"volume\"\nserver = \"web-1\"\nrepository = \"test\"\nvolume = \"{name}_uploads\"\n",
            at.display(),
            password.display()
        ));
        app.everywhere(&format!(
            "cd ~/{name} && cat >compose.yaml <<'END'\n{COMPOSE}END\ndocker compose up -d 2>&1 && docker compose exec -T web sh -c 'echo then >/data/file'"
        ));
        whole.sql("postgres", &format!("create database {name}"));
        whole.sql(name, TABLES);
        whole.on_db(&format!("rm -rf /tmp/{name}; mkdir /tmp/{name}; cd /tmp/{name} && redis-server --port {port} --bind 127.0.0.1 --repl-diskless-sync-delay 0 --daemonize yes >/dev/null; sleep 0.5; redis-cli -p {port} mset a 1 b 2"));
        whole
    }

    fn on_db(&self, command: &str) -> String {
        let output = self.app.lab.ssh("db-1", command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn sql(&self, database: &str, statement: &str) -> String {
        let psql = format!(
            "cd /; sudo -n -u postgres psql -XAtqv ON_ERROR_STOP=1 -d {database} -c {}",
            quoted(statement)
        );
        self.on_db(&psql)
    }

    /// What the data are, the release and what serves.
    fn stands(&self) -> String {
        let name = &self.app.name;
        let rows =
            self.sql(name, "select count(*) || md5(string_agg(id || text, ',' order by id)) from orders");
        let keys = self.on_db(&format!("redis-cli -p {} mget a b | tr '\\n' ' '", self.port));
        let files =
            self.app.on("web-1", "docker compose exec -T web sh -c 'cd /data && sha256sum * | sha256sum'");
        let current = self.app.on("web-1", "readlink .midwatch/releases/current");
        let runs =
            self.app.on("web-1", "docker compose ps --status running --services | sort | tr '\\n' ' '");
        format!("{rows} {keys} {files} {current} {:?} {runs}", self.app.versions("web-1"))
    }

    /// Data that are written, and a newer release.
    fn goes_on(&self, tag: &str) {
        let name = &self.app.name;
        self.sql(name, "delete from orders where id > 1500; update orders set text = 'x' where id = 1");
        self.on_db(&format!("redis-cli -p {} set a other", self.port));
        self.app.everywhere(&format!(
            "cd ~/{name} && docker compose exec -T web sh -c 'echo now >/data/file; echo more >/data/more'"
        ));
        self.app.run(&["deploy", name, "--tag", tag, "--yes"]).ends(0);
    }

    fn backup(&self, args: &[&str]) -> Told {
        Told(self.app.bare(&[&["backup"], args].concat()).output().unwrap())
    }

    /// Runs it until it says that it begins this, and kills it there; the run.
    fn killed(&self, args: &[&str], at: &str) -> String {
        let mut child = self.app.command(args).stdout(Stdio::piped()).spawn().unwrap();
        let (mut run, mut told) = (None, String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            told = told + &line + "\n";
            if let Some(name) = line.strip_prefix("run ") {
                run = Some(name.to_owned());
            }
            if line.starts_with("  …") && line.contains(at) {
                child.kill().unwrap();
                child.wait().unwrap();
                return run.expect("it has a name");
            }
        }
        let _ = child.wait();
        panic!("it was over before {at}: {told}");
    }

    fn clean(&self) {
        let (name, port) = (&self.app.name, self.port);
        let all = format!(
            "select datname from pg_database where datname = '{name}' or datname ~ '^{name}_(restore|before)_'"
        );
        for name in self.sql("postgres", &all).lines() {
            self.sql("postgres", &format!("drop database \"{name}\" with (force)"));
        }
        self.on_db(&format!("redis-cli -p {port} shutdown nosave >/dev/null 2>&1; rm -rf /tmp/{name} ~/.local/state/midwatch/datastores/{name}-*"));
        self.app.everywhere(&format!(
            "rm -rf ~/.local/state/midwatch/datastores/{name}-*; docker ps -aq --filter label=com.docker.compose.project={name} | xargs -r docker rm -f >/dev/null; \
             docker volume ls -q | grep -E '^{name}_uploads' | xargs -r docker volume rm >/dev/null; true"
        ));
    }

    /// Nothing holds a lock, and nothing was left beside but what was replaced.
    fn is_free(&self) {
        let look = "ls ~/.local/state/midwatch/datastores/*/.midwatch/lock 2>/dev/null | grep -c";
        let locks = |server: &str| {
            let out = self.app.lab.ssh(server, &format!("{look} {}-; true", self.app.name));
            String::from_utf8_lossy(&out.stdout).trim().to_owned()
        };
        assert_eq!((locks("db-1"), locks("web-1")), ("0".to_owned(), "0".to_owned()));
        assert_eq!(self.app.on("web-1", "ls .midwatch/lock 2>/dev/null"), "");
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clean();
        }
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_app_is_brought_back_as_one_set_with_its_release_and_undone() {
    let whole = Whole::up("wholly", 7395);
    let app = &whole.app;
    whole.backup(&["wholly-files", "--init", "--yes"]).ends(0);
    app.run(&["deploy", "wholly", "--tag", "1.1", "--reason", "the first", "--yes"]).ends(0);
    let then = whole.stands();
    whole.backup(&["wholly", "--yes"]).ends(0);
    whole.goes_on("1.2");
    let now = whole.stands();
    assert_ne!(then, now);

    // Beside: the app is not touched.
    let started = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' $(docker compose ps -aq web worker)";
    let before = app.on("web-1", started);
    let told = app.run(&["restore", "wholly", "--yes"]).ends(0).text();
    assert!(told.contains("2000 rows restored, 1500 rows live"), "{told}");
    assert_eq!((whole.stands(), app.on("web-1", started)), (now.clone(), before));
    whole.is_free();

    // In its place.
    let told = app.run(&["restore", "wholly", "--release", "2", "--swap", "--yes"]).ends(0).text();
    assert_eq!(whole.stands(), then, "{told}");
    assert_eq!(app.outcomes("web-1"), ["3 rolled-back", "2 good", "1 good"]);
    whole.is_free();
    let told = app.run(&["undo", &run_of(&told), "--yes"]).ends(0).text();
    assert_eq!(whole.stands(), now, "{told}");
    assert_eq!(app.outcomes("web-1"), ["3 good", "2 good", "1 good"]);
    whole.is_free();
    app.run(&["journal", "verify"]).ends(0);

    // A set of which a backup is gone is no set.
    let told = app.run(&["backups", "wholly-cache", "--json"]).json();
    let all = told["datastores"][0]["backups"].as_array().unwrap();
    let member = all
        .iter()
        .find(|it| it["set"].is_string() && it["safety"] != true)
        .unwrap_or_else(|| panic!("{told}"));
    let mut restic = std::process::Command::new("restic");
    restic.args(["--no-cache", "--repo"]).arg(app.scratch("repository"));
    restic.arg("--password-file").arg(app.scratch("password"));
    assert!(restic.args(["forget", member["id"].as_str().unwrap()]).status().unwrap().success());
    let told = app.run(&["restore", "wholly", "--swap", "--yes"]).text();
    assert!(told.contains("has no backup of wholly-cache: not taken then, or forgotten since"), "{told}");
    assert_eq!(whole.stands(), now);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_restore_of_a_set_that_is_killed_between_its_exchanges_is_finished_or_put_back_whole() {
    let whole = Whole::up("wholekill", 7396);
    let app = &whole.app;
    whole.backup(&["wholekill-files", "--init", "--yes"]).ends(0);
    app.run(&["deploy", "wholekill", "--tag", "1.1", "--reason", "the first", "--yes"]).ends(0);
    let then = whole.stands();
    whole.backup(&["wholekill", "--yes"]).ends(0);
    whole.goes_on("1.2");
    let now = whole.stands();
    let args = ["restore", "wholekill", "--swap", "--yes"];
    let run = whole.killed(&args, "replace web");
    let told = app.run(&["resume", &run, "undo"]).text();
    assert!(told.contains("cancelled after"), "{told}");
    assert_eq!(whole.stands(), now, "{told}");
    whole.is_free();

    let run = whole.killed(&args, "call wholekill_uploads");
    // Nobody else gets in between, neither at the app nor at one of its datastores.
    for name in ["wholekill", "wholekill-cache"] {
        let told = app.run(&["restore", name, "--yes", "--dry-run"]).ends(2).text();
        assert!(told.contains("holds the lock") && told.contains(&run), "{told}");
    }
    let told = app.run(&["resume", &run, "finish"]).ends(0).text();
    assert_eq!(whole.stands(), then, "{told}");
    whole.is_free();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_set_whose_release_is_no_longer_good_leaves_everything_as_it_was() {
    let whole = Whole::up("wholebad", 7397);
    let app = &whole.app;
    whole.backup(&["wholebad-files", "--init", "--yes"]).ends(0);
    app.run(&["deploy", "wholebad", "--tag", "1.1", "--reason", "the first", "--yes"]).ends(0);
    whole.backup(&["wholebad", "--yes"]).ends(0);
    whole.goes_on("1.2");
    let now = whole.stands();
    // What release 2 would run ends at once.
    app.on(
        "web-1",
        r#"sed -i -e '/^    command: null$/d' -e '0,/^    image:/s//    command: ["false"]\n    image:/' .midwatch/releases/0002/compose.yaml"#,
    );
    let console = on_the_app(app);
    console.press("R").wait_for("restore wholebad");
    console.press("\t").wait_for("and its release with it");
    console.press("\r").wait_for("STEPS");
    console.wait_until("the name's question", |screen| {
        if screen.contains("Enter asks for") && !screen.contains("name:") {
            console.press("\r");
            std::thread::sleep(Duration::from_millis(150));
        }
        screen.contains("name:")
    });
    console.press("wholebad\r");
    console.wait_at_most(Duration::from_secs(90), "the way back", |screen| {
        screen.contains("put back and verified")
    });
    console.press("\x1b").press("q");
    assert_eq!(whole.stands(), now);
    whole.is_free();
}
