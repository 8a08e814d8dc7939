//! From whatever a kill left in between, each of the two brings about what it is for.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::*;

/// A server as far as the scripts see it: a process whose folder the data directory is, and its file there.
const SYSTEMCTL: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
case $1 in
  start) [ ! -e broken ] || exit 1
    mkdir -p main; cd main || exit 1; kill -0 "$(sed -n 1p postmaster.pid 2>/dev/null)" 2>/dev/null && exit 0
    sleep 300 </dev/null >/dev/null 2>&1 & printf '%s\n2\n3\n4\n5\n6\n7\nready   \n' $! >postmaster.pid;;
  stop) kill "$(sed -n 1p main/postmaster.pid 2>/dev/null)" 2>/dev/null; rm -f main/postmaster.pid;;
esac
exit 0
"#;

struct Place {
    folder: tempfile::TempDir,
    was: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = Command::new(self.path("systemctl")).arg("stop").status();
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let systemctl = folder.path().join("systemctl");
        fs::write(&systemctl, SYSTEMCTL).unwrap();
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
        let mut it = Self { was: 0, folder };
        for (name, word) in [("main", "old"), (FROM, "new")] {
            fs::create_dir(it.path(name)).unwrap();
            fs::write(it.path(name).join("PG_VERSION"), "17\n").unwrap();
            fs::write(it.path(name).join("word"), word).unwrap();
        }
        it.was = fs::metadata(it.path("main")).unwrap().ino();
        assert!(Command::new(it.path("systemctl")).arg("start").status().unwrap().success());
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, script: &str, removes: bool) -> Output {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        let it = Exchange {
            from: path(FROM),
            aside: path(ASIDE),
            data: path("main"),
            was: self.was,
            unit: "postgresql@17-main.service".to_owned(),
            removes,
        };
        let programs = format!("{}:/usr/bin:/bin", self.folder.path().display());
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).args(names(&it)).env("PATH", programs);
        command.output().unwrap()
    }

    /// What is there by which name, and whether the server runs on what has its name.
    fn stands(&self) -> String {
        let word =
            |name: &str| fs::read_to_string(self.path(name).join("word")).unwrap_or_else(|_| "-".into());
        let runs = |folder: &Path| {
            let pid = fs::read_to_string(folder.join("postmaster.pid")).unwrap_or_default();
            let pid = pid.lines().next().unwrap_or("none").to_owned();
            let cwd = fs::metadata(format!("/proc/{pid}/cwd")).map(|it| it.ino());
            cwd.is_ok_and(|it| it == fs::metadata(folder).unwrap().ino())
        };
        let runs = if runs(&self.path("main")) { "runs" } else { "down" };
        format!("main {}, from {}, aside {}, {runs}", word("main"), word(FROM), word(ASIDE))
    }

    /// Brings it to where a kill may have left it.
    fn left(&self, stopped: bool, renames: &[(&str, &str)]) {
        if stopped {
            assert!(Command::new(self.path("systemctl")).arg("stop").status().unwrap().success());
        }
        for (from, to) in renames {
            fs::rename(self.path(from), self.path(to)).unwrap();
        }
    }
}

const FROM: &str = "main_restore_20261122T120100";
const ASIDE: &str = "main_before_20261122T120100";

/// All that a kill leaves: as it stands, stopped, each name on its way by two renames, and those of one call.
const BETWEEN: [(bool, &[(&str, &str)]); 5] = [
    (false, &[]),
    (true, &[]),
    (true, &[("main", ASIDE)]),
    (true, &[("main", ASIDE), (FROM, "main")]),
    (true, &[("main", "third"), (FROM, "main"), ("third", FROM)]),
];

#[test]
fn from_wherever_it_was_left_it_is_finished() {
    for (stopped, renames) in BETWEEN {
        let place = Place::new();
        place.left(stopped, renames);
        for _ in 0..2 {
            let out = place.run(EXCHANGE, true);
            assert!(out.status.success(), "{renames:?}: {out:?}");
            assert_eq!(place.stands(), "main new, from -, aside old, runs", "{renames:?}");
        }
    }
}

#[test]
fn from_wherever_it_was_left_it_is_taken_back() {
    for (stopped, renames) in BETWEEN {
        // That of one call is put right by one, which not every machine has.
        let by_one_call = renames.len() == 3;
        let has = Command::new("mv").arg("--help").output().unwrap();
        if by_one_call && !String::from_utf8_lossy(&has.stdout).contains("--exchange") {
            continue;
        }
        for removes in [true, false] {
            let place = Place::new();
            place.left(stopped, renames);
            for _ in 0..2 {
                let out = place.run(RETURN, removes);
                assert!(out.status.success(), "{renames:?}: {out:?}");
                let from = if removes { "-" } else { "new" };
                assert_eq!(place.stands(), format!("main old, from {from}, aside -, runs"), "{renames:?}");
            }
        }
    }
}

#[test]
fn what_is_not_ready_or_does_not_start_is_told_and_taken_back() {
    let place = Place::new();
    fs::create_dir(place.path(FROM).join("midwatch")).unwrap();
    let out = place.run(EXCHANGE, true);
    assert!(String::from_utf8_lossy(&out.stdout).contains("is not ready to take the place of"), "{out:?}");
    assert_eq!(place.stands(), "main old, from new, aside -, runs");
    fs::remove_dir(place.path(FROM).join("midwatch")).unwrap();
    fs::write(place.path(FROM).join("PG_VERSION"), "16\n").unwrap();
    assert!(!place.run(EXCHANGE, true).status.success());
    assert_eq!(place.stands(), "main old, from new, aside -, runs");

    fs::write(place.path(FROM).join("PG_VERSION"), "17\n").unwrap();
    fs::write(place.path("broken"), "").unwrap();
    let out = place.run(EXCHANGE, true);
    assert!(String::from_utf8_lossy(&out.stdout).contains("failed"), "{out:?}");
    assert_eq!(place.stands(), "main new, from -, aside old, down");
    fs::remove_file(place.path("broken")).unwrap();
    assert!(place.run(RETURN, true).status.success());
    assert_eq!(place.stands(), "main old, from -, aside -, runs");
}

#[test]
fn what_stands_is_removed_by_no_name() {
    // What has the number is under the name that is removed: nothing is.
    let place = Place::new();
    place.left(true, &[("main", "third"), (FROM, "main"), ("third", "elsewhere")]);
    let out = place.run(RETURN, true);
    assert!(String::from_utf8_lossy(&out.stdout).contains("what stands is not where it was"), "{out:?}");
    assert_eq!(place.stands(), "main new, from -, aside -, down");
    assert!(place.path("elsewhere/word").exists());
}
