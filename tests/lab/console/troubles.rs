//! Servers that are not as they should be, all in one console: each has its state and its reason,
//! and none holds up a key or another server.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use super::{assert_keys_react, open_server, over_one, row_of};
use crate::lab::Lab;
use crate::pty::Start;

/// A server in the configuration, and what the overview is to say of it.
struct Trouble {
    name: &'static str,
    port: u16,
    user: &'static str,
    key: PathBuf,
    health: &'static str,
    /// In its problem; empty where it has none.
    reason: &'static str,
}

/// Answers every connection on a port of its own until the test's process ends.
fn serve(answer: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

/// Takes the connection and never says a word.
fn silent(_stream: TcpStream) {
    std::thread::sleep(Duration::from_secs(600));
}

/// Bytes that mean nothing, until the other side has enough.
fn garbage(mut stream: TcpStream) {
    let noise: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    while stream.write_all(&noise).is_ok() {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Begins as an SSH server does, and goes on with such bytes.
fn nearly_ssh(mut stream: TcpStream) {
    let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.0\r\n");
    garbage(stream);
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn each_trouble_is_shown_with_its_state_and_its_reason() {
    let lab = Lab::get();
    let key = || lab.path("/keys/accepted");
    let ops = |name, port, health, reason| Trouble { name, port, user: "ops", key: key(), health, reason };
    let port = |server| lab.port(server);
    let troubles = [
        ops("switched-off", closed_port(), "down", "unreachable"),
        ops("silent", serve(silent), "down", "no answer"),
        ops("garbage", serve(garbage), "down", "handshake failed"),
        ops("nearly", serve(nearly_ssh), "down", "handshake failed"),
        ops("changed", port("web-1"), "unknown", "host key"),
        Trouble { key: lab.path("/keys/wrong"), ..ops("wrong-key", port("db-1"), "unknown", "not accepted") },
        Trouble {
            user: "plain",
            key: "/nonexistent".into(),
            ..ops("no-key", port("db-1"), "unknown", "not accepted")
        },
        Trouble { user: "plain", ..ops("no-group", port("web-2"), "unknown", "containers cannot be read") },
        Trouble { user: "late", ..ops("late", port("web-2"), "degraded", "clock 10m ahead") },
        ops("busybox", port("busy-1"), "up", ""),
        ops("well", port("web-2"), "", ""),
    ];
    let mut config =
        format!("[ssh]\nknown_hosts = [{:?}]\nagent = false\n", lab.path("/known_hosts_changed"));
    for Trouble { name, port, user, key, .. } in &troubles {
        let _ = writeln!(
            config,
            "[servers.{name}]\naddress = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\nidentity = [{key:?}]"
        );
    }
    let mut console = Start::new(&[]).size(180, 50).config(&config).spawn();
    console.wait_for("SERVERS");
    assert_keys_react(&console);
    for Trouble { name, health, reason, .. } in &troubles {
        console.wait_at_most(Duration::from_secs(40), &format!("{name}: {health}, {reason}"), |screen| {
            let problems = screen.split("SERVERS").next().unwrap_or_default();
            let told = reason.is_empty()
                || problems
                    .lines()
                    .any(|row| row.split_whitespace().any(|word| word == *name) && row.contains(reason));
            told && row_of(screen, name).is_some_and(|row| row.contains(health))
        });
        assert_keys_react(&console);
    }
    // It does not wait for the bad ones.
    console.wait_until("well, read", |screen| row_of(screen, "well").is_some_and(|row| row.contains('%')));
    console.quit();
}

/// The rows under a heading, up to the next one.
fn below<'a>(screen: &'a str, heading: &str) -> &'a str {
    let rest = screen.split(heading).nth(1).unwrap_or_default();
    let end = ["CONTAINERS", "UNITS", "DISKS", "CHECKS"].iter().filter_map(|next| rest.find(next)).min();
    &rest[..end.unwrap_or(rest.len())]
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_page_of_a_busybox_server_says_why_it_has_no_containers_and_no_units() {
    let lab = Lab::get();
    let mut console = over_one(&lab, "busy-1");
    open_server(&console, "busy-1");
    console.wait_until("why there are no containers", |screen| {
        below(screen, "CONTAINERS").contains("no Docker here")
    });
    console.wait_until("why there are no units", |screen| below(screen, "UNITS").contains("no systemd here"));
    console.quit();
}
