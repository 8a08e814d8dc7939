//! A datastore that a test backs up, with a repository of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sha2::Digest as _;

use crate::deploy::project::Told;
use crate::lab::Lab;
use crate::pty::Start;

/// A word for a shell.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The console's side of it.
pub struct Store {
    pub lab: Lab,
    pub name: String,
    folder: tempfile::TempDir,
}

impl Store {
    /// A datastore on db-1: `says` is what its section has beside server and repository.
    pub fn of(name: &str, says: &str) -> Self {
        let lab = Lab::get();
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        fs::write(&password, "four bells\n").unwrap();
        let done = Command::new("chmod").arg("600").arg(&password).status().unwrap();
        assert!(done.success());
        let at = folder.path().display();
        let text = fs::read_to_string(lab.path("/config")).unwrap()
            + &format!(
                "\n[history]\npath = \"{at}/history.db\"\n\n[repositories.test]\npath = \"{at}/repository\"\n\
                 password = {{ file = \"{at}/password\" }}\n\n[datastores.{name}]\nserver = \"db-1\"\n\
                 repository = \"test\"\n{says}\n"
            );
        fs::write(folder.path().join("config.toml"), text).unwrap();
        Self { lab, name: name.to_owned(), folder }
    }

    /// A database of the test's own, read by PostgreSQL's own user.
    pub fn postgres(name: &str, tables: &str) -> Self {
        let store = Self::of(
            name,
            &format!(
                "kind = \"postgres\"\ndatabase = \"{name}\"\nhost = \"/var/run/postgresql\"\nrun_as = \"postgres\""
            ),
        );
        store.dropped(name);
        store.sql("postgres", &format!("create database \"{name}\""));
        store.sql(name, tables);
        store
    }

    /// What a statement prints, by PostgreSQL's own user.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        self.within(database, statement)
    }

    /// The same in a database of any name.
    pub fn within(&self, database: &str, statement: &str) -> String {
        self.on(&format!(
            "cd /; sudo -n -u postgres env PGDATABASE={} psql -XAtqv ON_ERROR_STOP=1 -c {}",
            quoted(database),
            quoted(statement)
        ))
    }

    /// Drops a database of any name, and what was restored beside it.
    pub fn dropped(&self, database: &str) {
        let literal = database.replace('\'', "''");
        let all = format!(
            "select datname from pg_database where datname = '{literal}' or starts_with(datname, '{literal}_restore_') \
             or starts_with(datname, '{literal}_before_') or starts_with(datname, '{literal}_drill_')"
        );
        for name in self.within("postgres", &all).lines() {
            let identifier = name.replace('"', "\"\"");
            self.within("postgres", &format!("drop database \"{identifier}\" with (force)"));
        }
    }

    /// Adds to the end of its section.
    pub fn says(&self, more: &str) {
        let config = fs::read_to_string(self.path("config.toml")).unwrap();
        fs::write(self.path("config.toml"), format!("{config}{more}\n")).unwrap();
    }

    /// Replaces a text in the configuration.
    pub fn amended(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.path("config.toml")).unwrap();
        fs::write(self.path("config.toml"), config.replace(from, to)).unwrap();
    }

    /// Turns a bit in the middle of the largest pack of the repository.
    pub fn damage(&self) {
        turn(self.packs().last().unwrap());
    }

    /// Turns a bit in the first bytes of each: those are of what it holds, and not of its own list.
    pub fn damage_all(&self) {
        for pack in self.packs() {
            let mut bytes = fs::read(&pack).unwrap();
            bytes[20] ^= 1;
            fs::write(pack, bytes).unwrap();
        }
    }

    /// The packs, the largest last.
    fn packs(&self) -> Vec<PathBuf> {
        let mut packs = Vec::new();
        for folder in fs::read_dir(self.path("repository/data")).unwrap() {
            packs.extend(fs::read_dir(folder.unwrap().path()).unwrap().map(|it| it.unwrap().path()));
        }
        packs.sort_by_key(|path| fs::metadata(path).unwrap().len());
        packs
    }

    /// The id of its first backup.
    pub fn oldest(&self) -> String {
        self.backups().last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The newest backup of all, copies of what stood before a swap among them: by name, since without one
    /// the newest that is no such copy is meant.
    pub fn newest(&self) -> String {
        self.backups()[0]["id"].as_str().unwrap().to_owned()
    }

    /// What a command prints on db-1; it has to succeed.
    pub fn on(&self, command: &str) -> String {
        let output = self.lab.ssh("db-1", command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The program, with this datastore's configuration.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(args).arg("--config").arg(self.path("config.toml"));
        command
    }

    /// The console, with it.
    pub fn console(&self) -> Start {
        Start::new(&["--config", &self.path("config.toml").display().to_string()]).size(120, 40)
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Told {
        Told(self.command(args).output().unwrap())
    }

    /// Backs it up.
    pub fn back_up(&self, more: &[&str]) -> Told {
        self.run(&[&["backup", &self.name, "--yes", "--init"], more].concat())
    }

    /// Its backups as they are listed.
    pub fn backups(&self) -> Vec<Value> {
        let told = self.run(&["backups", &self.name, "--json"]).json();
        told["datastores"][0]["backups"].as_array().unwrap().clone()
    }

    /// A file of the test's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The real restic, on its repository.
    pub fn restic(&self) -> Command {
        let mut command = Command::new("restic");
        command.args(["--no-cache", "--repo"]).arg(self.path("repository"));
        command.arg("--password-file").arg(self.path("password"));
        command
    }

    /// What the real restic finds when it reads all of it.
    #[track_caller]
    pub fn checked_by_restic(&self) {
        let output = self.restic().args(["check", "--read-data"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("no errors were found"), "{said}{output:?}");
    }

    /// How many snapshots restic sees.
    pub fn snapshots(&self) -> usize {
        if !self.path("repository/config").exists() {
            return 0;
        }
        let output = self.restic().args(["snapshots", "--json"]).output().unwrap();
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        all.as_array().map_or(0, Vec::len)
    }

    /// A file of the newest backup as restic gives it, into a command on db-1.
    pub fn restored_into(&self, file: &str, command: &str) -> Output {
        let name = format!("/{}/{file}", self.name);
        let mut dump = self.restic().args(["dump", "latest", &name]).stdout(Stdio::piped()).spawn().unwrap();
        let output = Command::new("ssh")
            .arg("-F")
            .arg(self.lab.path("/ssh_config"))
            .args(["-o", "BatchMode=yes", "db-1"])
            // Some take only the first of it; restic is not to be cut short by that.
            .arg(format!("{{ {command}; }}; r=$?; cat >/dev/null; exit $r"))
            .stdin(dump.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(dump.wait().unwrap().success(), "restic has no {name}");
        output
    }

    /// The same, of a command that has to succeed.
    #[track_caller]
    pub fn restores(&self, file: &str, command: &str) -> String {
        let output = self.restored_into(file, command);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn turn(pack: &PathBuf) {
    let mut bytes = fs::read(pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(pack, bytes).unwrap();
}

/// A console that is killed once a command on db-1 says so; gives the run that it leaves.
pub fn killed(store: &Store, args: &[&str], once: &str) -> String {
    let mut console = store.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    store.on(&format!("timeout 20 sh -c {}", quoted(&format!("until {once}; do sleep 0.02; done"))));
    assert!(console.try_wait().unwrap().is_none(), "it ended before");
    console.kill().unwrap();
    console.wait().unwrap();
    let told = store.run(args).ends(2).text();
    let run = told.split("midwatch resume ").nth(1).unwrap_or_else(|| panic!("{told}"));
    run.split(|c: char| c == ')' || c.is_whitespace()).next().unwrap().to_owned()
}

impl Drop for Store {
    fn drop(&mut self) {
        let name = &self.name;
        if !std::thread::panicking() {
            self.dropped(name);
        }
        let clean = format!(
            "rm -rf ~/.local/state/midwatch/datastores/{name}; cd /; for d in {name} {name}_again; do \
             sudo -n -u postgres psql -XAtqc \"drop database if exists \\\"$d\\\" with (force)\"; done"
        );
        let _ = self.lab.ssh("db-1", &clean);
        let at = self.path("repository").display().to_string();
        let which = midwatch::domain::plan::hex(&sha2::Sha256::digest(at));
        let home = std::env::home_dir().unwrap_or_default();
        let runs = format!(".local/state/midwatch/repositories/test-{}", &which[..8]);
        let _ = fs::remove_dir_all(home.join(runs));
    }
}
