//! A followed log on the page of logs: new lines, a lost connection, hostile lines, and what is left
//! on the servers afterwards.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::floors::Before;
use super::quit::leave;
use super::{SERVERS, Temporary, assert_keys_react, follow, over_one, over_the_lab, table_of};
use crate::lab::Lab;
use crate::pty::{Console, Start};

/// The numbers of the lines `line N …` in a text, in order.
pub(super) fn numbers(text: &str) -> Vec<u64> {
    text.lines().filter_map(|row| row.split("line ").nth(1)?.split(' ').next()?.trim().parse().ok()).collect()
}

/// Waits until a line with this number or a later one is on the screen.
fn wait_for_line(console: &Console, number: u64, seconds: u64) {
    console.wait_at_most(Duration::from_secs(seconds), &format!("line {number}"), |screen| {
        numbers(screen).last().is_some_and(|last| *last >= number)
    });
}

/// The processes of the user that consoles connect as.
pub(super) fn processes(lab: &Lab, server: &str) -> BTreeSet<String> {
    let listed = lab.ssh(server, "ps -u ops -o pid=,args= 2>/dev/null || ps -o pid,user,args | grep ' ops '");
    String::from_utf8_lossy(&listed.stdout).lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_followed_log_shows_new_lines_and_nothing_is_left_behind_fault() {
    let lab = Lab::get();
    let before: Vec<BTreeSet<String>> = SERVERS.iter().map(|server| processes(&lab, server)).collect();
    let noisy = Temporary::noisy(&lab, "web-1", "e2e-followed", "-e LINES=900 -e PER_SECOND=10");
    let mut console = over_the_lab(&lab);
    follow(&console, "web-1", noisy.name);
    wait_for_line(&console, 1, 20);
    let first = numbers(&console.screen_text()).last().copied().unwrap();
    wait_for_line(&console, first + 30, 20);
    assert_keys_react(&console);
    // What the console started there, and this test's own question, which is gone by the next one.
    let during: Vec<BTreeSet<String>> = SERVERS.iter().map(|server| processes(&lab, server)).collect();
    assert!(
        during.iter().zip(&before).all(|(during, before)| during.difference(before).count() > 1),
        "nothing of the console is seen on a server, so this shows nothing: {during:#?}"
    );
    console.quit();
    let start = Instant::now();
    for (at, server) in SERVERS.iter().enumerate() {
        loop {
            let now = processes(&lab, server);
            let ours = during[at].difference(&before[at]).cloned().collect::<BTreeSet<_>>();
            let left: Vec<&String> = ours.intersection(&now).collect();
            // The user's own systemd stays for a moment after the last session.
            if left.iter().all(|line| line.contains("systemd") || line.contains("(sd-pam)")) {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "left on {server}: {left:#?}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// Saves what the page shows, and reads it.
pub(super) fn saved(console: &Console) -> String {
    console.press("S").wait_for("save to").press("\r").wait_for("saved");
    let path = fs::read_dir(console.home())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .expect("no file was saved");
    fs::read_to_string(path).unwrap()
}

/// The ports on this side of the connections that a console has to a port: one connection, one port,
/// as long as it stands.
fn connections(console: &Console, to: u16) -> BTreeSet<u16> {
    let process = PathBuf::from(format!("/proc/{}", console.id()));
    let held: BTreeSet<String> = fs::read_dir(process.join("fd"))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = fs::read_to_string(process.join("net/tcp")).unwrap();
    // Columns as in proc(5): local and remote address, state (01 is established), the inode tenth.
    table
        .lines()
        .map(|row| row.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row.len() > 9 && row[3] == "01" && held.contains(row[9]))
        .filter_map(|row| Some((port_of(row[1])?, port_of(row[2])?)))
        .filter_map(|(local, remote)| (remote == to).then_some(local))
        .collect()
}

/// The port of an address such as `0100007F:0899`.
fn port_of(address: &str) -> Option<u16> {
    u16::from_str_radix(address.split(':').nth(1)?, 16).ok()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_connection_cut_under_a_followed_log_loses_no_line_and_repeats_none_fault() {
    const LINES: u64 = 800;
    let lab = Lab::get();
    let noisy = Temporary::noisy(&lab, "web-2", "e2e-cut", &format!("-e LINES={LINES} -e PER_SECOND=20"));
    let mut console = over_one(&lab, "web-2");
    follow(&console, "web-2", noisy.name);
    wait_for_line(&console, 60, 30);
    let before = connections(&console, lab.port("web-2"));
    assert!(!before.is_empty(), "no connection is seen, so that none could be a new one");
    {
        let _fault = lab.fault("cut", "web-2", &[]);
        // Long enough to be noticed, so that another connection has to go on with the log.
        std::thread::sleep(Duration::from_secs(12));
        assert_keys_react(&console);
    }
    wait_for_line(&console, LINES, 60);
    let after = connections(&console, lab.port("web-2"));
    eprintln!("from ports {before:?}, then {after:?}");
    assert!(
        !after.is_empty() && after.is_disjoint(&before),
        "{after:?}: no other connection than {before:?}"
    );
    let saved = numbers(&saved(&console));
    assert_eq!(saved, (1..=LINES).collect::<Vec<_>>(), "lost, repeated or out of order");
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_frozen_under_a_followed_log_is_told_there_and_costs_no_line_fault() {
    // Enough for what is held at rest to be seen while it grows.
    const LINES: u64 = 1000;
    let lab = Lab::get();
    let noisy = Temporary::noisy(&lab, "web-2", "e2e-frozen", &format!("-e LINES={LINES} -e PER_SECOND=40"));
    // Noticed after three seconds, not nine.
    let known = lab.path("/known_hosts");
    let ssh = format!("[ssh]\nknown_hosts = [{known:?}]\nagent = false\nkeepalive = \"1s\"\n");
    let held = Before::console(&lab);
    let mut console = Start::new(&[]).size(120, 40).config(&(ssh + &table_of(&lab, "web-2"))).spawn();
    follow(&console, "web-2", noisy.name);
    wait_for_line(&console, 20, 20);
    let floor = held.floor(&console);
    let before = connections(&console, lab.port("web-2"));
    {
        let fault = lab.fault("freeze", "web-2", &[]);
        console.wait_for("nothing comes").wait_for("web-2/e2e-frozen reconnecting for");
        assert_keys_react(&console);
        eprintln!("{}", console.row("reconnecting for").unwrap());
        fault.run("thaw", &[]);
    }
    wait_for_line(&console, LINES, 40);
    console.wait_gone("reconnecting").wait_for("following");
    let after = connections(&console, lab.port("web-2"));
    assert!(!before.is_empty() && !after.is_empty() && after.is_disjoint(&before), "{before:?}, {after:?}");
    assert_eq!(numbers(&saved(&console)), (1..=LINES).collect::<Vec<_>>(), "lost, repeated or out of order");
    held.assert_back_at(&floor, &console);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn going_back_further_than_what_is_held_leads_to_the_first_line() {
    const LINES: u64 = 15_000;
    let lab = Lab::get();
    let environment = format!("-e LINES={LINES} -e PER_SECOND=5000");
    let noisy = Temporary::noisy(&lab, "web-2", "e2e-back", &environment);
    let written = format!("until [ $(docker logs {} | wc -l) -ge {LINES} ]; do sleep 0.5; done", noisy.name);
    assert!(lab.ssh("web-2", &written).status.success());
    let mut console = over_one(&lab, "web-2");
    follow(&console, "web-2", noisy.name);
    wait_for_line(&console, LINES, 20);
    console.press("t").press("-15m\r");
    console.wait_for("line 1 ").wait_for("line 2 ");
    assert_keys_react(&console);
    // A save takes what is held when it is asked for.
    let start = Instant::now();
    let all = loop {
        let all = numbers(&saved(&console));
        if all.len() as u64 >= LINES || start.elapsed() > Duration::from_secs(20) {
            break all;
        }
        console.wait_gone("saved");
        for entry in fs::read_dir(console.home()).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|extension| extension == "txt") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    };
    assert_eq!(all, (1..=LINES).collect::<Vec<_>>(), "lost, repeated or out of order");
    console.quit();
}

/// Fails where one of the sequences of hostile lines came through to the terminal.
pub(super) fn assert_harmless(console: &Console) {
    let written = console.written();
    // As the lab's image writes them; the console itself sets no title, and its clipboard is its own.
    for sequence in [
        &b"\x1b]0;"[..],
        b"\x1b]52;",
        b"\x1bP",
        b"\x07",
        b"\x08",
        b"\x0b",
        b"\x0c",
        b"\xc2\x9b",
        b"\xe2\x80\xae",
        b"\xff",
    ] {
        let at = written.windows(sequence.len()).position(|bytes| bytes == sequence);
        let around =
            at.map(|at| String::from_utf8_lossy(&written[at..written.len().min(at + 60)]).into_owned());
        assert_eq!(around, None, "{sequence:?} came through");
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn hostile_lines_at_full_speed_reach_no_terminal_and_hold_up_no_key_fault() {
    const LINES: u64 = 500_000;
    let lab = Lab::get();
    let noisy = Temporary::noisy(&lab, "web-2", "e2e-hostile", "-e LINES=500000 -e KIND=hostile");
    let before = Before::console(&lab);
    let mut console = over_one(&lab, "web-2");
    // A quiet log, in whose place the other one comes.
    follow(&console, "web-2", "shop-web-1");
    let floor = before.floor(&console);
    leave(&console);
    follow(&console, "web-2", noisy.name);
    wait_for_line(&console, 1, 20);
    let start = Instant::now();
    let mut last = 0;
    while last < LINES {
        assert_keys_react(&console);
        last = numbers(&console.screen_text()).last().copied().unwrap_or(last);
        assert!(start.elapsed() < Duration::from_secs(70), "line {last} after {:?}", start.elapsed());
    }
    eprintln!("{LINES} hostile lines shown to their end in {:?}", start.elapsed());
    before.assert_back_at(&floor, &console);
    console.quit();
    assert_harmless(&console);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_line_of_ten_megabytes_holds_up_no_key_fault() {
    let lab = Lab::get();
    let noisy = Temporary::noisy(&lab, "web-2", "e2e-giant", "-e KIND=giant -e BYTES=10485760");
    let before = Before::console(&lab);
    let mut console = over_one(&lab, "web-2");
    follow(&console, "web-2", "shop-web-1");
    let floor = before.floor(&console);
    leave(&console);
    follow(&console, "web-2", noisy.name);
    console.wait_for("giant line begins");
    assert_keys_react(&console);
    // Over many rows as well as in one.
    console.press("w");
    assert_keys_react(&console);
    before.assert_back_at(&floor, &console);
    console.quit();
}
