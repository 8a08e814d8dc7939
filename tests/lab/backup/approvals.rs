//! A datastore whose changes take two: another operator finds what waits, and lets it go on.

use std::fs;
use std::process::{Command, Stdio};

use super::store::Store;
use crate::deploy::approvals::Asking;
use crate::deploy::project::Told;

/// A second operator, whom the datastore's server knows by a key of their own.
struct Ben<'a>(&'a Store);

impl<'a> Ben<'a> {
    fn let_in(store: &'a Store) -> Self {
        let key = store.path("ben");
        let comment = format!("ben-{}", store.name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", &comment, "-f"])
            .arg(&key)
            .status();
        assert!(made.unwrap().success());
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        store
            .on(&format!("echo '{}' | flock ~/.ssh tee -a ~/.ssh/authorized_keys >/dev/null", public.trim()));
        let text = fs::read_to_string(store.path("config.toml")).unwrap();
        let identity = format!("[servers.db-1]\nidentity = [\"{}\"]\n", key.display());
        let lines = text.lines().filter(|line| !line.starts_with("identity = "));
        let own = lines.collect::<Vec<_>>().join("\n");
        let own = own.replace("[servers.db-1]\n", &identity).replace("/history.db", "/of-ben/history.db");
        fs::write(store.path("ben.toml"), own).unwrap();
        Self(store)
    }

    fn run(&self, args: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(args).arg("--config").arg(self.0.path("ben.toml")).env("USER", "ben");
        Told(command.output().unwrap())
    }
}

impl Drop for Ben<'_> {
    fn drop(&mut self) {
        let clean = format!("flock ~/.ssh sed -i '/ ben-{}$/d' ~/.ssh/authorized_keys", self.0.name);
        let _ = self.0.lab.ssh("db-1", &clean);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_restore_that_takes_two_is_found_and_approved_by_its_name_alone() {
    let name = "baptwo";
    let store = Store::of(name, &format!("kind = \"files\"\npaths = [\"/home/ops/{name}/notes\"]"));
    store.amended("environment = \"production\"\nbecome", "environment = \"two\"\nbecome");
    store.says("[environments.two]\nguard = \"two-person\"");
    store.on(&format!("rm -rf ~/{name} ~/.midwatch-{name}; mkdir -p ~/{name} && echo one >~/{name}/notes"));
    store.back_up(&[]).ends(0);
    store.on(&format!("echo two >~/{name}/notes"));
    let ben = Ben::let_in(&store);

    let child = store
        .command(&["restore", name, "--swap", "--yes"])
        .env("USER", "anna")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let asking = Asking::of(child);
    let run = asking.run.clone();
    let listed = || {
        let told = ben.run(&["runs"]).text();
        told.contains("WAITS") && told.contains(&run)
    };
    // What it says is a moment before it lies on the server.
    assert!((0..20).any(|_| listed()), "{}", ben.run(&["runs"]).text());
    assert_eq!(store.on(&format!("cat ~/{name}/notes")), "two", "changed before it was approved");
    let told = ben.run(&["approve", &run, "--yes"]).ends(0);
    assert!(told.text().contains("the run knows it"), "{}", told.text());
    let text = asking.ends(0);
    assert!(text.contains("approved by ben@"), "{text}");
    assert_eq!(store.on(&format!("cat ~/{name}/notes")), "one");
    store.on(&format!("rm -rf ~/{name} ~/{name}.*"));
}
