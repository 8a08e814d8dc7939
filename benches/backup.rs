//! A gigabyte of PostgreSQL from a server into a repository here and back, beside the same by hand:
//! `ssh server pg_dump | restic backup --stdin`, and `restic dump | ssh server pg_restore`.
//!
//! `cargo bench --bench backup` with `MIDWATCH_LAB` set; `MIDWATCH_SCALE` is pgbench's, 100 for a gigabyte.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::lab::Lab;
use support::{Outcome, row};

const NAME: &str = "midwatch_bench";
const SERVER: &str = "db-1";
const OURS: &str = env!("CARGO_BIN_EXE_midwatch");
/// How often it is looked what a program holds.
const LOOK: Duration = Duration::from_millis(20);

/// What a program took.
struct Took {
    whole: Duration,
    /// The most that it held, MiB.
    resident: f64,
    said: String,
}

/// The most that a process held until now, MiB.
fn high_water(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}

fn watched(mut child: Child, start: Instant) -> Outcome<Took> {
    let mut resident = 0.0_f64;
    while child.try_wait()?.is_none() {
        resident = high_water(child.id()).unwrap_or_default().max(resident);
        std::thread::sleep(LOOK);
    }
    let whole = start.elapsed();
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(Took { whole, resident, said }) } else { Err(said.into()) }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

struct Bench {
    lab: Lab,
    folder: tempfile::TempDir,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sql(&self, statement: &str) -> Outcome<String> {
        self.lab.run(SERVER, &format!("cd /; sudo -n -u postgres psql -XAtqc \"{statement}\""))
    }

    fn ours(&self, args: &[&str]) -> Outcome<Took> {
        let mut command = Command::new(OURS);
        command.args(args).arg("--config").arg(self.path("config.toml"));
        command.env("XDG_STATE_HOME", self.path("state"));
        let start = Instant::now();
        watched(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?, start)
    }

    /// A line of a shell, that ends as the worst of its pipes did.
    fn by_hand(&self, line: &str) -> Outcome<Duration> {
        let start = Instant::now();
        let mut command = Command::new("bash");
        command.args(["-c", &format!("set -o pipefail; {line}")]).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.env("RESTIC_PASSWORD_FILE", self.path("password"));
        Ok(watched(command.spawn()?, start)?.whole)
    }

    fn ssh(&self, command: &str) -> Outcome<String> {
        let config = self.lab.path("/ssh_config")?;
        Ok(format!("ssh -F {} -o BatchMode=yes {SERVER} '{command}'", config.display()))
    }

    /// The newest backup, as `midwatch backups` tells of it.
    fn newest(&self) -> Outcome<Value> {
        let told: Value = serde_json::from_str(&self.ours(&["backups", "bench", "--json"])?.said)?;
        let newest = told.pointer("/datastores/0/backups/0");
        Ok(newest.ok_or_else(|| format!("no backup is listed: {told}"))?.clone())
    }

    fn prepare(&self) -> Outcome<()> {
        std::fs::write(self.path("password"), "watch\n")?;
        let only_ours = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(self.path("password"), only_ours)?;
        let at = self.folder.path().display();
        let text = self.lab.config(&[SERVER])?
            + &format!(
                "[history]\npath = '{at}/history.db'\n[repositories.main]\npath = '{at}/ours'\n\
                 password = {{ file = '{at}/password' }}\n[datastores.bench]\nserver = '{SERVER}'\n\
                 repository = 'main'\nkind = 'postgres'\ndatabase = '{NAME}'\nhost = '/var/run/postgresql'\nrun_as = 'postgres'\n"
            );
        std::fs::write(self.path("config.toml"), text)?;
        self.drop_databases()?;
        let scale = std::env::var("MIDWATCH_SCALE").unwrap_or_else(|_| "100".to_owned());
        self.sql(&format!("create database {NAME}"))?;
        let made = format!("cd /; sudo -n -u postgres pgbench -qis {scale} {NAME} 2>&1");
        self.lab.run(SERVER, &made)?;
        Ok(())
    }

    fn drop_databases(&self) -> Outcome<()> {
        let all = self.sql(&format!("select datname from pg_database where datname like '{NAME}%'"))?;
        for name in all.lines() {
            self.sql(&format!("drop database \\\"{name}\\\" with (force)"))?;
        }
        Ok(())
    }

    fn measure(&self) -> Outcome<()> {
        let dump = self.ssh(&format!("cd /; sudo -n -u postgres pg_dump -Fc -Z0 {NAME}"))?;
        let theirs = self.path("theirs").display().to_string();
        self.by_hand(&format!("restic init --repo {theirs}"))?;
        let back_up =
            format!("{dump} | restic backup --repo {theirs} --no-cache --stdin --stdin-filename dump");
        let (hand, ours) = (self.by_hand(&back_up)?, self.ours(&["backup", "bench", "--yes", "--init"])?);
        let first = self.newest()?;
        let bytes = first["bytes"].as_u64().unwrap_or_default();
        row(
            &format!("a backup of {:.2} GB, read back and compared", bytes as f64 / 1e9),
            &seconds(ours.whole),
            &format!("pg_dump over ssh into restic, not read back: {}", seconds(hand)),
        );
        row("of that, until all was stored", &stored(&ours.said), "");
        row("the most that it held", &format!("{:.0} MiB", ours.resident), "want 200 MiB");
        let (hand, ours) = (self.by_hand(&back_up)?, self.ours(&["backup", "bench", "--yes"])?);
        let (grew, all) = (stored_bytes(&self.newest()?), stored_bytes(&first));
        row("the same again, nothing changed", &seconds(ours.whole), &format!("restic: {}", seconds(hand)));
        let share = grew as f64 * 100.0 / all.max(1) as f64;
        row("what that stores, of the first", &format!("{share:.2} %"), "want under 2 %");

        self.sql(&format!("create database {NAME}_hand"))?;
        let load = self.ssh(&format!("cd /; sudo -n -u postgres pg_restore -d {NAME}_hand"))?;
        let hand = self.by_hand(&format!("restic dump --repo {theirs} --no-cache latest /dump | {load}"))?;
        self.sql(&format!("drop database {NAME}_hand"))?;
        let ours = self.ours(&["restore", "bench", "--confirm", "bench", "--yes"])?;
        row(
            "a restore beside, analyzed and compared",
            &seconds(ours.whole),
            &format!("restic into pg_restore over ssh: {}", seconds(hand)),
        );
        row("of that, until all was loaded", &loaded(&ours.said), "");
        row("the most that it held", &format!("{:.0} MiB", ours.resident), "");
        Ok(())
    }
}

/// The bytes by which a backup made the repository grow.
fn stored_bytes(backup: &Value) -> u64 {
    backup["stored_bytes"].as_u64().or_else(|| backup["stored"].as_u64()).unwrap_or_default()
}

/// How long the step took that says so, as the run's own lines tell it.
fn step(said: &str, of: &str) -> String {
    let line = said.lines().find(|line| line.trim_start().starts_with("ok") && line.contains(of));
    let took = line.and_then(|line| line.rsplit_once(" (")?.1.split(',').next());
    took.unwrap_or("not told").to_owned()
}

fn stored(said: &str) -> String {
    step(said, "back database")
}

fn loaded(said: &str) -> String {
    step(said, "bring backup")
}

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("a backup of a gigabyte beside restic") else { return Ok(()) };
    let bench = Bench { lab, folder: tempfile::tempdir()? };
    let done = bench.prepare().and_then(|()| bench.measure());
    bench.drop_databases()?;
    done
}
