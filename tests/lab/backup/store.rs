//! A datastore that a test backs up, with a repository of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::deploy::project::Told;
use crate::lab::Lab;

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
        store.sql("postgres", &format!("drop database if exists \"{name}\" with (force)"));
        store.sql("postgres", &format!("create database \"{name}\""));
        store.sql(name, tables);
        store
    }

    /// What a statement prints, by PostgreSQL's own user.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let quoted = statement.replace('\'', r"'\''");
        self.on(&format!(
            "cd /; sudo -n -u postgres psql -XAtqv ON_ERROR_STOP=1 -d '{database}' -c '{quoted}'"
        ))
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

    fn restic(&self) -> Command {
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

impl Drop for Store {
    fn drop(&mut self) {
        let name = &self.name;
        let clean = format!(
            "rm -rf ~/.local/state/midwatch/datastores/{name}; cd /; for d in {name} {name}_again; do \
             sudo -n -u postgres psql -XAtqc \"drop database if exists \\\"$d\\\" with (force)\"; done"
        );
        let _ = self.lab.ssh("db-1", &clean);
    }
}
