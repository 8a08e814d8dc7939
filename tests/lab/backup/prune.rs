//! What nothing keeps goes with its room, restic and midwatch keep out of each other's way, and damage is
//! told of before anything is deleted.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::store::Store;

/// A datastore of one file of noise, which is another each time, beside one that stays.
fn noisy(name: &str) -> Store {
    let store = Store::of(
        name,
        &format!(
            "kind = \"files\"\npaths = [\"/tmp/{name}\"]\nretention.within = \"1s\"\nretention.last = 2"
        ),
    );
    store.on(&format!("mkdir -p /tmp/{name}; head -c 2000000 /dev/urandom >/tmp/{name}/always"));
    store
}

fn backed_up(store: &Store) {
    store.on(&format!("head -c 2000000 /dev/urandom >/tmp/{}/once", store.name));
    store.back_up(&[]).ends(0);
}

/// The same, and nothing is forgotten by it.
fn kept(store: &Store, times: usize) {
    let config = std::fs::read_to_string(store.path("config.toml")).unwrap();
    let all = config.replace("retention.last = 2", "retention.last = 9");
    std::fs::write(store.path("config.toml"), all).unwrap();
    for _ in 0..times {
        backed_up(store);
    }
    std::fs::write(store.path("config.toml"), config).unwrap();
    sleep(Duration::from_secs(1));
}

fn stored(store: &Store) -> u64 {
    let output = Command::new("du").arg("-sb").arg(store.path("repository/data")).output().unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_goes_is_shown_before_with_why_the_others_stay_and_restic_finds_the_rest_whole() {
    let store = noisy("pruned");
    kept(&store, 4);
    let before = stored(&store);
    let plan = store.run(&["prune", "test", "--dry-run"]).ends(0).text();
    assert_eq!(plan.matches("goes, was").count(), 2, "{plan}");
    assert_eq!(plan.matches("kept: ").count(), 2, "{plan}");
    assert!(plan.contains("kept: the newest, one of the last 2") && plan.contains(" written anew"), "{plan}");
    assert_eq!((stored(&store), store.snapshots()), (before, 4), "a plan changes nothing");
    store.run(&["prune", "test"]).ends(2);
    assert_eq!(store.snapshots(), 4, "nobody said yes");
    let told = store.run(&["prune", &store.name, "--confirm", "test"]).ends(0).text();
    assert!(told.contains("it is smaller by"), "{told}");
    assert_eq!(store.snapshots(), 2);
    let freed = before - stored(&store);
    assert!((3_500_000..9_000_000).contains(&freed), "{freed} of {before}");
    store.checked_by_restic();
    assert!(store.run(&["journal", "verify"]).ends(0).text().contains("entries"));
    store.run(&["prune", "--all", "--yes", "--json"]).ends(0);
    store.on("rm -rf /tmp/pruned");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn restic_and_midwatch_keep_out_of_each_others_way() {
    let store = noisy("shared");
    kept(&store, 2);
    let mut restic = store
        .restic()
        .args(["backup", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    restic.stdin.as_mut().unwrap().write_all(b"waits").unwrap();
    let locks = || std::fs::read_dir(store.path("repository/locks")).map_or(0, Iterator::count);
    while locks() == 0 {
        sleep(Duration::from_millis(50));
    }
    let told = store.run(&["prune", "test", "--yes"]).ends(2).text();
    assert!(told.contains(&format!("process {}", restic.id())), "{told}");
    assert!(told.contains("midwatch repo unlock test --force"), "{told}");
    backed_up(&store);
    let told = store.run(&["repo", "unlock", "test", "--yes"]).ends(2).text();
    assert!(told.contains("--force"), "its holder is alive: {told}");
    assert_eq!(locks(), 1);
    restic.kill().unwrap();
    restic.wait().unwrap();
    let told = store.run(&["repo", "unlock", "test", "--yes"]).ends(0).text();
    assert!(told.contains("that process has ended"), "{told}");
    assert_eq!(locks(), 0);

    std::fs::write(store.path("second"), "eight bells\n").unwrap();
    Command::new("chmod").arg("600").arg(store.path("second")).status().unwrap();
    let second = format!("file:{}", store.path("second").display());
    store.run(&["repo", "add-key", "test", "--secret", "eight bells", "--yes"]).ends(2);
    let told = store.run(&["repo", "add-key", "test", "--secret", &second, "--yes"]).ends(0).text();
    assert!(told.contains("opens it") && !told.contains("eight bells"), "{told}");
    let mut opened = Command::new("restic");
    opened.args(["--no-cache", "--repo"]).arg(store.path("repository"));
    opened.arg("--password-file").arg(store.path("second")).arg("snapshots");
    assert!(opened.output().unwrap().status.success(), "restic opens it with the second key");
    let told = store.run(&["repo", "add-key", "test", "--secret", &second, "--yes"]).ends(1).text();
    assert!(told.contains("that password opens it already"), "{told}");
    store.on("rm -rf /tmp/shared");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn damage_is_told_of_in_its_own_words_and_turns_its_datastores_red() {
    let store = noisy("damaged");
    kept(&store, 3);
    let health = || store.run(&["backups", "damaged", "--json"]).json()["datastores"][0].clone();
    assert_eq!(health()["repository_checked_ok"], serde_json::Value::Null);

    // A bit.
    store.damage();
    let told = store.run(&["repo", "check", "test", "--read-data"]).ends(1).text();
    assert!(told.contains("pack"), "{told}");
    let now = health();
    assert_eq!((now["health"].as_str(), now["repository_checked_ok"].as_bool()), (Some("down"), Some(false)));
    assert!(now["reason"].as_str().unwrap().starts_with("its repository is damaged: "), "{now}");
    store.damage();

    // A pack, and an index.
    for (what, folder) in [("a pack", "repository/data"), ("an index", "repository/index")] {
        let away = store.path("away");
        let _ = std::fs::remove_dir_all(&away);
        std::fs::create_dir(&away).unwrap();
        let script = format!(
            "for f in $(find {} -type f); do cp --parents $f {}; done; find {} -type f -delete",
            store.path(folder).display(),
            away.display(),
            store.path(folder).display(),
        );
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
        let told = store.run(&["repo", "check", "test"]).ends(1).text();
        assert!(told.contains("  NO  "), "{what}: {told}");
        let before = store.snapshots();
        let told = store.run(&["prune", "test", "--confirm", "test"]);
        assert_ne!(told.0.status.code(), Some(0), "{what} is missing: {}", told.text());
        assert_eq!(store.snapshots(), before, "{what}: nothing is forgotten");
        let back = format!("cp -a {0}{1}/. {1}/", away.display(), store.path(folder).display());
        assert!(Command::new("sh").args(["-c", &back]).status().unwrap().success());
    }
    store.run(&["repo", "check", "test"]).ends(0);
    let now = health();
    assert_eq!((now["health"].as_str(), now["repository_checked_ok"].as_bool()), (Some("up"), Some(true)));
    store.run(&["prune", "test", "--confirm", "test"]).ends(0);
    store.checked_by_restic();
    store.on("rm -rf /tmp/damaged");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_a_prune_leaves_all_that_is_kept_and_the_next_run_says_what_stands() {
    let store = noisy("struck");
    kept(&store, 4);
    let mut explained = 0;
    for (step, millis) in [("take", 0), ("take", 3), ("free", 0), ("free", 10), ("free", 60)] {
        let mut prune = store
            .command(&["prune", "test", "--confirm", "test"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = format!("  …   local: {step} ");
        let lines = BufReader::new(prune.stdout.take().unwrap()).lines().map(Result::unwrap);
        let seen = lines.take_while(|line| !line.starts_with(&begun)).count();
        assert!(seen > 0);
        sleep(Duration::from_millis(millis));
        prune.kill().unwrap();
        if prune.wait().unwrap().success() {
            break;
        }
        let plan = store.run(&["prune", "test", "--dry-run"]).text();
        if let Some(run) = plan.split("midwatch resume ").nth(1) {
            explained += 1;
            let run = run.split(|c: char| c.is_whitespace() || c == ')').next().unwrap().to_owned();
            assert!(store.run(&["resume", &run]).ends(1).text().contains("local"), "{plan}");
            store.run(&["resume", &run, "leave", "--confirm", "test"]).ends(1);
        }
        // restic heeds the lock that was left, and a plain plan names it. One that was not yet written is none.
        let locks = std::fs::read_dir(store.path("repository/locks")).unwrap();
        if locks.filter(|it| it.as_ref().unwrap().file_name().len() == 64).count() > 0 {
            assert!(plan.contains("left behind, and is taken away: lock"), "{plan}");
            store.run(&["repo", "unlock", "test", "--yes"]).ends(0);
        }
        assert!(store.snapshots() >= 2);
        store.checked_by_restic();
    }
    assert!(explained > 0, "none was struck in the middle");
    store.run(&["prune", "test", "--confirm", "test"]).ends(0);
    assert_eq!(store.snapshots(), 2);
    store.checked_by_restic();
    let unfinished = Command::new("find")
        .arg(store.path("repository"))
        .args(["-name", "*.new", "-not", "-path", "*/locks/*"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&unfinished.stdout), "", "what those that were killed left goes, too");
    store.on("rm -rf /tmp/struck");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn two_backups_and_a_prune_at_once_leave_nothing_that_is_not_whole() {
    let store = noisy("crowd");
    kept(&store, 4);
    let name = store.name.clone();
    let begin =
        |args: &[&str]| store.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..2 {
        store.on(&format!("head -c 2000000 /dev/urandom >/tmp/{name}/once"));
        let all = [
            begin(&["backup", &name, "--yes"]),
            begin(&["prune", "test", "--confirm", "test"]),
            begin(&["backup", &name, "--yes"]),
        ];
        let ends: Vec<bool> = all.into_iter().map(|mut it| it.wait().unwrap().success()).collect();
        assert!(ends.contains(&true), "all stood in each other's way");
    }
    store.back_up(&[]).ends(0);
    store.run(&["prune", "test", "--confirm", "test"]).ends(0);
    store.checked_by_restic();
    store.on("rm -rf /tmp/crowd");
}
