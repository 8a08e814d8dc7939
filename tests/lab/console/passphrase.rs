//! An encrypted key: its passphrase is asked for inside the console, once for all servers that take it.

use std::time::Duration;

use super::{is_up, table_of};
use crate::lab::Lab;
use crate::pty::Start;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_passphrase_is_asked_for_once_and_never_shown() {
    let lab = Lab::get();
    let start = Start::new(&[]).size(120, 40);
    let key = lab.at("/keys/accepted");
    let servers = [table_of(&lab, "web-1"), table_of(&lab, "web-2")].concat();
    let servers = servers.replace(&key, &lab.at("/keys/encrypted"));
    let known = lab.path("/known_hosts");
    let config = format!("[ssh]\nknown_hosts = [{known:?}]\nagent = false\n{servers}");
    let mut console = start.config(&config).spawn();
    console.wait_for("passphrase:").wait_for("id_encrypted");
    // Keys in a question's first moment were meant for something else.
    std::thread::sleep(Duration::from_secs(1));
    console.press("not-this\r").wait_for("That did not open it.");
    std::thread::sleep(Duration::from_secs(1));
    console.press("midnight").wait_for("••••••••").press("\r");
    console.wait_until("both servers", |screen| is_up(screen, "web-1") && is_up(screen, "web-2"));
    assert!(!console.screen_text().contains("passphrase:"), "it is asked for once more");
    console.quit();
    let written = console.written();
    let shown = |text: &str| written.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(shown("id_encrypted"));
    assert!(!shown("midnight") && !shown("not-this"), "a passphrase is on the terminal");
    let kept =
        std::process::Command::new("grep").args(["-rl", "midnight"]).arg(console.home()).output().unwrap();
    assert!(kept.stdout.is_empty(), "it is in {}", String::from_utf8_lossy(&kept.stdout));
}
