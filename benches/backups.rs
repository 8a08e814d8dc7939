//! How long the list of a thousand backups takes: as the console asks for it, its password known; and the
//! whole program, beside `restic snapshots` on the same repository.
//!
//! `cargo bench --bench backups`

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use midwatch::config::{RepositoryConfig, RepositoryPlace, Secret};
use midwatch::domain::clock::FixedClock;
use midwatch::domain::time::Timestamp;
use midwatch::repository::{Content, Entry, Label, Vault};
use support::{Outcome, millis, quantile, row};

const BACKUPS: i64 = 1_000;
const ROUNDS: usize = 10;
/// By the clock of the bench, seconds.
const NOW: i64 = 1_795_200_000;

/// One a day, the newest of today.
async fn fill(vault: &Vault) -> Outcome<()> {
    for n in 0..BACKUPS {
        let content = format!("the {n}th backup of it").into_bytes();
        let entry = Entry { name: "database.dump".to_owned(), content: Content::Here(content.into()) };
        let label = Label {
            folder: "shop".to_owned(),
            host: "db-1".to_owned(),
            user: "ops".to_owned(),
            at: Timestamp::from_secs(NOW - (BACKUPS - n) * 86_400),
            tags: vec!["datastore:shop".to_owned(), "by:ops@bastion".to_owned()],
            description: None,
        };
        vault.write(label, vec![entry], n == 0, || {}).await?;
    }
    Ok(())
}

/// How long a program takes to its end.
fn whole(program: &str, args: &[&str], folder: &Path) -> Outcome<Duration> {
    let start = Instant::now();
    let output = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output()?;
    let took = start.elapsed();
    // Ours ends with 1, since by today's clock the last of them is old.
    let listed = String::from_utf8_lossy(&output.stdout).matches("2026-").count();
    if listed == 0 {
        return Err(format!("{program} lists nothing: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(took)
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let place = RepositoryPlace::Folder(at.join("repository"));
    std::fs::write(at.join("password"), "watch")?;
    let config = RepositoryConfig { place, password: Secret::Literal("watch".to_owned().into()) };
    let now = Timestamp::from_secs(NOW);
    let vault = Vault::new(&"main".into(), &config, Arc::new(FixedClock(now)));
    let tasks = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    tasks.block_on(fill(&vault))?;

    let mut listed = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let all = tasks.block_on(vault.backups())?;
        listed.push(start.elapsed());
        assert_eq!(all.len(), usize::try_from(BACKUPS)?, "not all are listed");
    }
    row(
        "the list of 1,000 backups, its password known",
        &millis(quantile(&listed, 0.5)),
        &format!("worst of {ROUNDS}: {}; want 200 ms", millis(quantile(&listed, 1.0))),
    );

    let text = "[repositories.main]\npath = 'REPOSITORY'\npassword = { command = ['cat', 'PASSWORD'] }\n\
                [servers.db-1]\naddress = '127.0.0.1'\n\
                [datastores.shop]\nserver = 'db-1'\nrepository = 'main'\nkind = 'postgres'\ndatabase = 'shop'\n"
        .replace("REPOSITORY", &at.join("repository").display().to_string())
        .replace("PASSWORD", &at.join("password").display().to_string());
    std::fs::write(at.join("config.toml"), text)?;
    let ours = ["backups", "shop", "--json", "--config", "config.toml"];
    let theirs = ["--no-cache", "--repo", "repository", "--password-file", "password", "snapshots", "--json"];
    let (mut whole_of_ours, mut whole_of_theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS / 2 {
        whole_of_ours.push(whole(env!("CARGO_BIN_EXE_midwatch"), &ours, at)?);
        match whole("restic", &theirs, at) {
            Ok(took) => whole_of_theirs.push(took),
            Err(error) if whole_of_theirs.is_empty() => println!("NOT MEASURED: restic: {error}"),
            Err(error) => return Err(error),
        }
    }
    row(
        "the whole program, from its password on",
        &millis(quantile(&whole_of_ours, 0.5)),
        &format!("restic snapshots: {}", millis(quantile(&whole_of_theirs, 0.5))),
    );
    Ok(())
}
