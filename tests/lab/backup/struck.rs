//! The connection, the engine and the server itself struck down at every step of a backup, a restore in the
//! place of what stands, and its undo: it ends as it says it ended, and no live row is lost.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::restore::run_of;
use super::store::Store;
use super::volume;

const SUM: &str = "select md5(string_agg(n || text, ',' order by n)) || count(*) from told";

/// What a change said, and which of its steps it was struck in.
struct Struck {
    step: Option<String>,
    code: i32,
    text: String,
}

/// Does something as soon as the `nth` step of a change has begun; nothing where there is no such step.
fn struck(store: &Store, args: &[&str], nth: usize, strike: &dyn Fn()) -> Struck {
    let mut child = store.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut text, mut line, mut begun, mut step) = (String::new(), String::new(), 0, None);
    while out.read_line(&mut line).unwrap() > 0 {
        if let Some(title) = line.strip_prefix("  …") {
            begun += 1;
            if begun == nth {
                step = Some(title.trim().to_owned());
                strike();
            }
        }
        text.push_str(&line);
        line.clear();
    }
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    Struck { step, code, text }
}

/// A datastore, and what it holds.
struct Held<'a> {
    store: &'a Store,
    sum: &'a dyn Fn() -> String,
    live: String,
    backed: String,
}

impl Held<'_> {
    /// What was told of a change is what stands; whatever was left in between is taken back by its own name.
    /// `there` is what it was to bring, `before` what stood. Whether it was done.
    #[track_caller]
    fn is_honest(&self, struck: &Struck, there: &str, before: &str) -> bool {
        let Struck { step, code, text } = struck;
        println!("{code}: {step:?}");
        match code {
            0 => assert_eq!((self.sum)(), there, "{step:?}: {text}"),
            1 => {
                let well = ["as before: put back and verified", "as before: nothing was changed"];
                assert!(well.iter().any(|it| text.contains(it)), "{step:?}: {text}");
                assert_eq!((self.sum)(), before, "{step:?}: {text}");
            }
            _ => {
                assert!(text.contains("in between") || text.contains("midwatch resume"), "{step:?}: {text}");
                let resume = ["resume", &run_of(text), "undo", "--confirm", &self.store.name];
                let told = self.store.run(&resume).text();
                assert_eq!((self.sum)(), before, "{step:?}: {text}\n{told}");
            }
        }
        *code == 0
    }

    /// A restore in the place of what stands, struck at each of its steps and each time undone where it was
    /// done; then its undo, struck.
    fn struck_everywhere(&self, strike: &dyn Fn()) {
        let (oldest, name) = (self.store.oldest(), self.store.name.as_str());
        let swap = ["restore", name, "--backup", &oldest, "--swap", "--confirm", name];
        let undo = |run: &str| self.store.run(&["undo", run, "--confirm", name]);
        let mut steps = 0;
        let run = loop {
            let it = struck(self.store, &swap, steps + 1, strike);
            let done = self.is_honest(&it, &self.backed, &self.live);
            if it.step.is_none() {
                assert!(done, "nothing struck it: {}", it.text);
                break run_of(&it.text);
            }
            steps += 1;
            if done {
                undo(&run_of(&it.text)).ends(0);
            }
            assert_eq!((self.sum)(), self.live);
        };
        assert!(steps >= 4, "{steps} steps");
        let it = struck(self.store, &["undo", &run, "--confirm", name], 1, strike);
        assert!(it.step.is_some());
        if !self.is_honest(&it, &self.live, &self.backed) {
            undo(&run).ends(0);
        }
        assert_eq!((self.sum)(), self.live);
    }

    /// A backup that is struck is whole, or none.
    fn struck_in_a_backup(&self, strike: &dyn Fn()) {
        let before = self.store.snapshots();
        let it = struck(self.store, &["backup", &self.store.name, "--yes"], 1, strike);
        println!("{}: {:?}", it.code, it.step);
        assert!(it.step.is_some() && matches!(it.code, 0 | 1), "{}", it.text);
        assert_eq!(self.store.snapshots() - before, usize::from(it.code == 0), "{}", it.text);
        assert_eq!((self.sum)(), self.live);
        self.store.back_up(&[]).ends(0);
    }
}

fn a_database(name: &str, verb: &str) {
    let store = Store::postgres(
        name,
        "create table told (n int primary key, text text); \
         insert into told select n, md5(n::text) from generate_series(1, 200000) n",
    );
    store.back_up(&[]).ends(0);
    let backed = store.sql(name, SUM);
    store.sql(name, "delete from told where n > 100000; update told set text = 'live' where n = 1");
    let live = store.sql(name, SUM);
    let sum = || store.sql(name, SUM);
    let strike = || drop(store.lab.fault(verb, "db-1", &[]));
    let held = Held { store: &store, sum: &sum, live, backed };
    held.struck_in_a_backup(&strike);
    held.struck_everywhere(&strike);
    store.checked_by_restic();
}

fn a_volume(name: &str, verb: &str) {
    let store = volume::volume(name, "");
    store.on(&format!("docker update --restart unless-stopped {name} >/dev/null"));
    store.back_up(&[]).ends(0);
    let backed = volume::sum(&store, name);
    store.on(&format!("docker exec {name} sh -c 'echo new >/data/file'"));
    let live = volume::sum(&store, name);
    let sum = || volume::sum(&store, name);
    let strike = || drop(store.lab.fault(verb, "db-1", &[]));
    let held = Held { store: &store, sum: &sum, live, backed };
    held.struck_in_a_backup(&strike);
    held.struck_everywhere(&strike);
    let runs = format!("docker inspect -f '{{{{.State.Running}}}}' {name}");
    assert_eq!(store.on(&runs), "true", "its container runs again");
    store.checked_by_restic();
    volume::clean(&store);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_of_the_connection_at_any_step_costs_a_database_nothing() {
    a_database("struck_link", "kill-connections");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_of_the_connection_at_any_step_costs_a_volume_nothing() {
    a_volume("strucklink", "kill-connections");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_of_the_engine_at_any_step_costs_a_volume_nothing() {
    a_volume("struckengine", "restart-engine");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_reboots_the_server_at_any_step_costs_a_database_nothing() {
    a_database("struck_boot", "reboot");
}
