//! What fails while it is looked at: keys react, and what comes back is shown again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::floors::Before;
use super::{Temporary, assert_keys_react, is_up, one_server, open_server, over_one, over_the_lab, row_of};
use crate::lab::Lab;
use crate::pty::Start;

/// Breaks web-2 under the overview of the whole lab, and mends it.
fn goes_and_comes_back(verb: &str, mend: &str) {
    let lab = Lab::get();
    let before = Before::console(&lab);
    let mut console = over_the_lab(&lab);
    console.wait_until("web-1 and web-2, read", |screen| is_up(screen, "web-1") && is_up(screen, "web-2"));
    let floor = before.floor(&console);
    let fault = lab.fault(verb, "web-2", &[]);
    let noticed = console.wait_at_most(Duration::from_secs(30), "web-2, down", |screen| {
        row_of(screen, "web-2").is_some_and(|row| row.contains("down"))
    });
    eprintln!("{verb}: noticed after {noticed:?}");
    assert_keys_react(&console);
    let screen = console.screen_text();
    let problems = screen.split("SERVERS").next().unwrap();
    assert!(
        problems.lines().any(|row| row.contains("web-2") && row.contains("unreachable")),
        "no reason is told\n{screen}"
    );
    assert!(is_up(&screen, "web-1"), "another server is affected\n{screen}");
    fault.run(mend, &[]);
    console.wait_at_most(Duration::from_secs(60), "web-2, back", |screen| {
        row_of(screen, "web-2").is_some_and(|row| row.contains('%') && !row.contains("down"))
    });
    before.assert_back_at(&floor, &console);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_frozen_server_is_shown_as_down_while_keys_react_fault() {
    goes_and_comes_back("freeze", "thaw");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_black_holed_server_is_shown_as_down_while_keys_react_fault() {
    goes_and_comes_back("cut", "mend");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn containers_come_back_after_their_engine_was_restarted_fault() {
    let lab = Lab::get();
    let before = Before::console(&lab);
    let mut console = over_one(&lab, "web-2");
    open_server(&console, "web-2");
    console.wait_for("shop-web-1");
    let floor = before.floor(&console);
    let restart = std::thread::spawn(|| {
        let lab = Lab::get();
        lab.fault("restart-engine", "web-2", &[]).run("start-engine", &[]);
    });
    assert_keys_react(&console);
    // Started anew: its time up counts seconds.
    console.wait_at_most(Duration::from_secs(60), "shop-web-1, started anew", |screen| {
        let row = screen.lines().find(|row| row.contains("shop-web-1"));
        row.is_some_and(|row| {
            row.split_whitespace()
                .any(|word| word.strip_suffix('s').is_some_and(|digits| digits.parse::<u32>().is_ok()))
        })
    });
    restart.join().unwrap();
    assert_keys_react(&console);
    before.assert_back_at(&floor, &console);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_container_that_comes_and_dies_a_hundred_times_holds_up_no_key_fault() {
    let lab = Lab::get();
    let before = Before::console(&lab);
    let mut console = over_one(&lab, "web-2");
    open_server(&console, "web-2");
    console.wait_for("shop-web-1");
    let floor = before.floor(&console);
    let script = "for n in $(seq 100); do docker run --rm --name e2e-dying --net none registry:5000/shop:noisy true; done";
    let dying = std::thread::spawn(move || Lab::get().ssh("web-2", script));
    while !dying.is_finished() {
        assert_keys_react(&console);
        std::thread::sleep(Duration::from_millis(100));
    }
    let done = dying.join().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    console.wait_gone("e2e-dying").wait_for("shop-web-1");
    assert_keys_react(&console);
    before.assert_back_at(&floor, &console);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_full_disk_of_a_server_is_a_problem_until_there_is_room_fault() {
    let lab = Lab::get();
    let mut console = over_one(&lab, "web-2");
    console.wait_until("web-2, read", |screen| is_up(screen, "web-2"));
    let told = |screen: &str| {
        let problems = screen.split("SERVERS").next().unwrap_or_default();
        problems.lines().any(|row| row.contains("web-2") && row.contains("/srv/small"))
    };
    assert!(!told(&console.screen_text()), "{}", console.screen_text());
    let fault = lab.fault("fill-disk", "web-2", &[]);
    let noticed = console.wait_at_most(Duration::from_secs(60), "/srv/small, full", told);
    eprintln!("noticed after {noticed:?}: {:?}", console.row("/srv/small"));
    // Containers there are down for reasons of their own, which a disk that they do not write to is not.
    let screen = console.screen_text();
    let problems = screen.split("SERVERS").next().unwrap_or_default();
    assert!(problems.contains("bad-") && !problems.contains("takes"), "{screen}");
    assert_keys_react(&console);
    fault.run("free-disk", &[]);
    console.wait_at_most(Duration::from_secs(60), "room on /srv/small", |screen| !told(screen));
    assert!(is_up(&console.screen_text(), "web-2"), "{}", console.screen_text());
    console.quit();
}

/// A small file system of its own; it needs root, as the lab does.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: &Path) -> Self {
        fs::create_dir_all(path).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(path).status();
        assert!(mounted.unwrap().success());
        Self(path.to_owned())
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_full_disk_under_the_history_is_told_and_nothing_else_stops_fault() {
    let lab = Lab::get();
    let start = Start::new(&[]);
    let disk = SmallDisk::at(&start.home().join("state"));
    let mut console = one_server(&lab, start, "web-2", &lab.path("/known_hosts"));
    console.wait_until("web-2, read", |screen| is_up(screen, "web-2"));
    assert!(disk.0.join("midwatch/history.db").exists());
    let noisy = Temporary::noisy(&lab, "web-2", "e2e-mark", "-e LINES=1");
    open_server(&console, "web-2");
    console.wait_for(noisy.name);
    disk.fill();
    // A restart is a mark, which is written within ten seconds; readings only after their minute.
    assert!(lab.ssh("web-2", "docker restart -t 0 e2e-mark").status.success());
    let told = console.wait_until("that no history is kept", |screen| screen.contains("no history"));
    eprintln!("told after {told:?}: {:?}", console.row("no history"));
    assert_keys_react(&console);
    console.press("m").wait_for("only live values: database or disk is full");
    fs::remove_file(disk.ballast()).unwrap();
    console.wait_at_most(Duration::from_secs(75), "that history is kept again", |screen| {
        screen.contains("history is kept again")
    });
    console.quit();
}
