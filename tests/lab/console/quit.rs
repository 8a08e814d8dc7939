//! Quitting: at once, whatever the servers do meanwhile.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::way::{Flow, Way};
use super::{is_up, over_the_lab, visit};
use crate::lab::Lab;
use crate::pty::{Console, Start};

/// How long quitting may take on a machine that others use too.
const SOON: Duration = Duration::from_secs(3);

/// Quits by its key, and says how long that took.
fn quit(console: &mut Console) -> Duration {
    let start = Instant::now();
    console.press("q");
    assert_eq!(console.exit_code(SOON), 0);
    let took = start.elapsed();
    console.assert_given_back();
    took
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn it_quits_on_the_page_of_a_frozen_server_fault() {
    let lab = Lab::get();
    let mut console = over_the_lab(&lab);
    console.wait_until("web-2, read", |screen| is_up(screen, "web-2"));
    let _fault = lab.fault("freeze", "web-2", &[]);
    visit(&console, "web-2");
    let took = quit(&mut console);
    eprintln!("quit after {took:?}");
}

/// Goes back through all the pages that were opened above each other.
pub(super) fn leave(console: &Console) {
    let start = Instant::now();
    while !console.screen_text().contains("SERVERS") {
        assert!(start.elapsed() < SOON, "no way back\n{}", console.screen_text());
        console.press("\x1b");
        std::thread::sleep(Duration::from_millis(60));
    }
}

/// The keys that the lab is known by, web-2's under the ports of the ways to it as well.
fn keys(lab: &Lab, ways: &[Way]) -> String {
    let mut known = std::fs::read_to_string(lab.path("/known_hosts")).unwrap();
    let direct = format!("[127.0.0.1]:{} ", lab.port("web-2"));
    let key = known.lines().find_map(|line| line.strip_prefix(&direct)).unwrap().to_owned();
    for way in ways {
        let _ = writeln!(known, "[127.0.0.1]:{} {key}", way.port());
    }
    known
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn it_quits_thirty_times_after_visits_to_pages_of_frozen_and_cut_servers() {
    let lab = Lab::get();
    let mut slowest = Duration::ZERO;
    for round in 0..30 {
        let ways = [Way::to(lab.port("web-2")), Way::to(lab.port("web-2"))];
        let start = Start::new(&[]);
        let known = start.home().join("known");
        std::fs::write(&known, keys(&lab, &ways)).unwrap();
        let mut config = format!("[ssh]\nknown_hosts = [{known:?}]\nagent = false\n");
        for (name, port) in
            [("well", lab.port("web-1")), ("frozen", ways[0].port()), ("broken", ways[1].port())]
        {
            let _ = writeln!(
                config,
                "[servers.{name}]\naddress = \"127.0.0.1\"\nport = {port}\nuser = \"ops\"\nidentity = [{:?}]",
                lab.path("/keys/accepted"),
            );
        }
        let mut console = start.size(140, 50).config(&config).spawn();
        // Each third round before anything was read, so that handshakes are under way too.
        if round % 3 != 0 {
            console.wait_until("all three, read", |screen| {
                ["well", "frozen", "broken"].iter().all(|server| is_up(screen, server))
            });
        }
        ways[0].set(Flow::Frozen);
        ways[1].set(Flow::Cut);
        let mut names = ["well", "frozen", "broken"];
        names.rotate_left(round % 3);
        for name in names {
            visit(&console, name);
        }
        if round % 2 == 0 {
            leave(&console);
        }
        slowest = slowest.max(quit(&mut console));
    }
    eprintln!("the slowest of thirty took {slowest:?}");
}
