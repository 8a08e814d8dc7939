//! The console end to end against the lab: what it shows of real servers, what it asks before it
//! trusts one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::pty::{Console, Start};

mod clipboard;
mod faults;
mod flood;
mod floors;
mod logs;
mod memory;
mod passphrase;
mod quit;
mod requests;
mod shell;
mod troubles;
mod way;

const SERVERS: [&str; 4] = ["web-1", "web-2", "db-1", "busy-1"];
/// How long a key may take to be seen, whatever the servers do: the bound past which something hangs,
/// no measure of speed. The terminal here is followed by a test, on a machine with others on it.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A console over the whole lab.
fn over_the_lab(lab: &Lab) -> Console {
    Start::new(&["--config", &lab.at("/config")]).size(140, 50).spawn()
}

/// The row of a server on the overview.
fn row_of(screen: &str, server: &str) -> Option<String> {
    let servers = screen.split("SERVERS").nth(1)?;
    servers.lines().find(|row| row.split_whitespace().any(|word| word == server)).map(ToOwned::to_owned)
}

fn is_up(screen: &str, server: &str) -> bool {
    row_of(screen, server).is_some_and(|row| row.contains('%') && !row.contains("never"))
}

/// Writes a configuration for one server that trusts what is in `known_hosts` alone.
fn one_server(lab: &Lab, start: Start, server: &str, known_hosts: &Path) -> Console {
    one_server_and(lab, start, server, known_hosts, "")
}

/// The same with more in the configuration.
fn one_server_and(lab: &Lab, start: Start, server: &str, known_hosts: &Path, more: &str) -> Console {
    let config =
        format!("[ssh]\nknown_hosts = [{known_hosts:?}]\nagent = false\n{}{more}", table_of(lab, server));
    start.size(120, 40).config(&config).spawn()
}

/// A server's own part of a configuration.
fn table_of(lab: &Lab, server: &str) -> String {
    format!(
        "[servers.{server}]\naddress = \"127.0.0.1\"\nport = {}\nuser = \"ops\"\nidentity = [{:?}]\n",
        lab.port(server),
        lab.path("/keys/accepted"),
    )
}

/// A console that trusts what the lab does, with one of its servers.
fn over_one(lab: &Lab, server: &str) -> Console {
    one_server(lab, Start::new(&[]), server, &lab.path("/known_hosts"))
}

/// Goes to a server's page.
fn open_server(console: &Console, server: &str) {
    console.wait_until("the server, read", |screen| is_up(screen, server));
    visit(console, server);
}

/// Goes to a server's page from any other, whether it was read or not.
fn visit(console: &Console, server: &str) {
    console.press(":").wait_for("go to, do").press(server).wait_for(&format!("go to server {server}"));
    console.press("\r").wait_gone("go to, do").wait_for("CONTAINERS");
}

/// Opens the log of a container of a server.
fn follow(console: &Console, server: &str, container: &str) {
    open_server(console, server);
    console.wait_for(container).press("/").press(container).press("\r");
    console.wait_until("the container, selected", |screen| {
        screen.lines().any(|row| row.contains(container) && row.contains('▌'))
    });
    console.press("l").wait_for("following");
}

/// Fails where keys are not answered at once: opens the help and closes it, some times.
fn assert_keys_react(console: &Console) {
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        for (key, open) in [("?", true), ("\x1b", false)] {
            let start = Instant::now();
            console.press(key);
            console.wait_until("the help", |screen| screen.contains("EVERYWHERE") == open);
            slowest = slowest.max(start.elapsed());
        }
    }
    assert!(slowest < AT_ONCE, "a key took {slowest:?}");
}

/// A container of the lab that is removed when the test ends, however it does.
struct Temporary<'a> {
    lab: &'a Lab,
    server: &'a str,
    name: &'static str,
}

impl<'a> Temporary<'a> {
    /// The image whose log is a flood of numbered lines, as its environment says.
    fn noisy(lab: &'a Lab, server: &'a str, name: &'static str, environment: &str) -> Self {
        let this = Self { lab, server, name };
        this.remove();
        let started =
            lab.ssh(server, &format!("docker run -d --name {name} {environment} registry:5000/shop:noisy"));
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        this
    }

    fn remove(&self) {
        self.lab.ssh(self.server, &format!("docker rm -f {}", self.name));
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_overview_shows_the_lab_within_ten_seconds() {
    let lab = Lab::get();
    let mut console = over_the_lab(&lab);
    console.wait_at_most(Duration::from_secs(10), "all servers read", |screen| {
        SERVERS.iter().all(|server| is_up(screen, server))
    });
    console.wait_at_most(Duration::from_secs(10), "the app shop", |screen| {
        screen.split("APPS").nth(1).is_some_and(|apps| apps.contains("shop"))
    });
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_unknown_key_is_asked_about_and_declined() {
    let lab = Lab::get();
    let start = Start::new(&[]);
    let known = start.home().join("known");
    fs::write(&known, "").unwrap();
    let mut console = one_server(&lab, start, "web-1", &known);
    console.wait_for("unknown host key").wait_for(&lab.server("web-1", "host_key_fingerprint"));
    console.wait_for("n  do not connect");
    // A key that was meant for something else must not answer: a moment passes before it counts.
    declined_or_accepted(&console, "n");
    console.wait_until("a refusal with its reason", |screen| {
        screen.contains("web-1") && screen.contains("is not known") && !is_up(screen, "web-1")
    });
    assert_eq!(fs::read_to_string(&known).unwrap(), "");
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_unknown_key_that_is_accepted_is_kept() {
    let lab = Lab::get();
    let start = Start::new(&[]);
    let known = start.home().join("known");
    fs::write(&known, "").unwrap();
    let mut console = one_server(&lab, start, "web-1", &known);
    console.wait_for(&lab.server("web-1", "host_key_fingerprint"));
    declined_or_accepted(&console, "y");
    console.wait_until("a reading of web-1", |screen| is_up(screen, "web-1"));
    let port = lab.port("web-1");
    assert!(fs::read_to_string(&known).unwrap().starts_with(&format!("[127.0.0.1]:{port} ")));
    console.quit();
}

/// Answers the question until it is taken: keys in its first moment do not count.
fn declined_or_accepted(console: &Console, key: &str) {
    let start = Instant::now();
    while console.screen_text().contains("unknown host key") {
        assert!(start.elapsed() < Duration::from_secs(10), "{key} is not taken");
        console.press(key);
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_changed_key_is_told_and_never_connected_to() {
    let lab = Lab::get();
    let mut console = one_server(&lab, Start::new(&[]), "web-1", &lab.path("/known_hosts_changed"));
    console.wait_until("the changed key", |screen| screen.contains("host key"));
    // Whole, where it is asked for: which line it is not the same as, and what to do about it.
    console.send(b"i");
    console.wait_until("the line and the command", |screen| {
        screen.contains("known_hosts.changed:1") && screen.contains("ssh-keygen -R")
    });
    console.send(b"\x1b");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(6) {
        let screen = console.screen_text();
        assert!(!is_up(&screen, "web-1"), "connected all the same\n{screen}");
        assert!(!screen.contains("unknown host key"), "asked to accept a changed key\n{screen}");
        std::thread::sleep(Duration::from_millis(100));
    }
    console.quit();
}
