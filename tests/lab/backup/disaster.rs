//! The page of what to do when a machine is lost, followed to the letter: its commands are taken from it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::lab::Lab;

const PAGE: &str = include_str!("../../../docs/disaster-recovery.md");

const SUM: &str = "select count(*), md5(string_agg(id || text, ',' order by id)), \
     (select tableowner from pg_tables where tablename = 'orders') from orders";

/// The blocks of the page with this mark, one after the other.
fn followed(mark: &str) -> String {
    let begin = format!("<!-- followed: {mark} -->\n```");
    let blocks =
        PAGE.split(&begin).skip(1).map(|rest| rest.split_once('\n').unwrap().1.split("```").next().unwrap());
    let text: String = blocks.collect();
    assert!(text.lines().count() > 2, "the page has no commands of {mark}");
    text
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A machine of the operator's: a home with a way to the servers, the programs that the page names, and nothing
/// else.
struct Machine {
    home: tempfile::TempDir,
}

impl Machine {
    fn new(lab: &Lab) -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = home.path();
        fs::create_dir_all(at.join("bin")).unwrap();
        fs::create_dir_all(at.join(".ssh")).unwrap();
        fs::create_dir_all(at.join("backups")).unwrap();
        let ssh_config = lab.at("/ssh_config");
        fs::write(at.join(".ssh/config"), format!("Include {ssh_config}\n")).unwrap();
        program(
            &at.join("bin/ssh"),
            &format!("#!/bin/sh\nexec /usr/bin/ssh -F {ssh_config} -o BatchMode=yes \"$@\"\n"),
        );
        program(&at.join("bin/pass"), "#!/bin/sh\n[ \"$*\" = 'show acme/backups' ] && echo 'four bells'\n");
        symlink(env!("CARGO_BIN_EXE_midwatch"), at.join("bin/midwatch")).unwrap();
        fs::create_dir_all(at.join(".config/midwatch")).unwrap();
        fs::write(at.join(".config/midwatch/config.toml"), followed("config")).unwrap();
        Self { home }
    }

    /// Types it; says how many seconds it took, and what was said.
    fn types(&self, text: &str) -> (f64, String) {
        let at = self.home.path();
        let begun = Instant::now();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", text])
            .env_clear()
            .env("HOME", at)
            .env("PATH", format!("{}:/usr/bin:/bin", at.join("bin").display()))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{text}\n{said}");
        (begun.elapsed().as_secs_f64(), said)
    }

    fn sum(&self) -> String {
        self.types(&format!(
            "ssh db-1 'cd /; sudo -u postgres psql -XAtqp 5433 -d shop' <<'END'\n{SUM};\nEND"
        ))
        .1
    }
}

/// While a cluster goes, Debian's wrapper fails every `psql` and `pg_dump` beside it ("Invalid data directory"),
/// so this test runs alone.
const WIPE: &str = "ssh db-1 'sudo pg_dropcluster --stop 17 shop 2>/dev/null; true'";

/// The cluster goes with the test.
struct Wiped<'a>(&'a Machine);

impl Drop for Wiped<'_> {
    fn drop(&mut self) {
        let clean = "ssh db-1 'sudo pg_dropcluster --stop 17 shop; rm -rf ~/.local/state/midwatch/datastores/shop-db'";
        if !std::thread::panicking() {
            self.0.types(clean);
        }
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_page_brings_a_wiped_database_back_by_restic_and_by_midwatch_on_a_new_machine_fault() {
    let lab = Lab::get();
    let old = Machine::new(&lab);
    old.types(WIPE);
    old.types("ssh db-1 sudo pg_createcluster --start 17 shop --port 5433");
    let _wiped = Wiped(&old);
    let made = "create role clerk; create database shop owner clerk;\n\\c shop\n\
         create table orders as select n as id, md5(n::text) as text from generate_series(1, 200000) n;\n\
         alter table orders owner to clerk;";
    old.types(&format!("ssh db-1 'cd /; sudo -u postgres psql -Xqp 5433' <<'END'\n{made}\nEND"));
    let stood = old.sum();
    assert!(stood.starts_with("200000|") && stood.trim_end().ends_with("|clerk"), "{stood}");
    old.types("midwatch backup shop-db --init --yes");

    old.types(WIPE);
    let (by_restic, _) = old.types(&followed("restic"));
    assert_eq!(old.sum(), stood);

    // Console and data are lost at once; the repository is all there is.
    old.types("ssh db-1 sudo -u postgres dropdb --force --port 5433 shop");
    let new = Machine::new(&lab);
    fs::rename(old.home.path().join("backups/midwatch"), new.home.path().join("backups/midwatch")).unwrap();
    let (looked, _) = new.types(&followed("console"));
    let (by_midwatch, said) = new.types(&followed("midwatch"));
    assert_eq!(new.sum(), stood);
    assert!(said.contains("shop-db  postgres on db-1 in main  up"), "{said}");
    println!(
        "by restic {by_restic:.1} s; on a new machine {looked:.1} s to look, {by_midwatch:.1} s by midwatch"
    );
}
