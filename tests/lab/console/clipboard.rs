//! The clipboard through tmux, as on a jump host: OSC 52, which tmux takes where `set-clipboard` is
//! on, without a passthrough.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::Temporary;
use crate::lab::Lab;

/// A tmux server of its own, ended with the test.
struct Tmux {
    home: tempfile::TempDir,
}

impl Tmux {
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("tmux")
            .env_remove("TMUX")
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .arg("-S")
            .arg(self.home.path().join("tmux"))
            .args(["-u", "-f"])
            .arg(self.home.path().join("tmux.conf"))
            .args(arguments)
            .output()
            .expect("tmux is needed: tests/run installs it")
    }

    fn said(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.run(arguments).stdout).into_owned()
    }

    fn keys(&self, keys: &[&str]) {
        assert!(self.run(&[&["send-keys", "-t", "console"], keys].concat()).status.success());
    }

    fn wait_for(&self, text: &str) {
        let start = Instant::now();
        loop {
            let screen = self.said(&["capture-pane", "-p", "-t", "console"]);
            if screen.contains(text) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "not seen: {text}\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_copied_line_arrives_in_tmux() {
    let lab = Lab::get();
    let noisy = Temporary::noisy(&lab, "web-1", "e2e-copied", "-e LINES=3");
    let tmux = Tmux { home: tempfile::tempdir().unwrap() };
    let config: PathBuf = lab.path("/config");
    let command = format!(
        "XDG_STATE_HOME={home} {program} --config {config}",
        home = tmux.home.path().display(),
        program = env!("CARGO_BIN_EXE_midwatch"),
        config = config.display()
    );
    std::fs::write(tmux.home.path().join("tmux.conf"), "set -s set-clipboard on\n").unwrap();
    let started = tmux.run(&["new-session", "-d", "-x", "140", "-y", "45", "-s", "console", &command]);
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    assert_eq!(tmux.said(&["show", "-s", "-v", "set-clipboard"]).trim(), "on");
    tmux.wait_for("web-1");
    tmux.keys(&[":"]);
    tmux.wait_for("go to, do");
    tmux.keys(&["-l", "web-1"]);
    tmux.wait_for("go to server web-1");
    tmux.keys(&["Enter"]);
    tmux.wait_for(noisy.name);
    tmux.keys(&["/"]);
    tmux.keys(&["-l", noisy.name]);
    tmux.keys(&["Enter"]);
    tmux.wait_for("esc clears the filter");
    tmux.keys(&["l"]);
    tmux.wait_for("line 3 ");
    tmux.keys(&["y"]);
    tmux.wait_for("copied 1 line");
    let start = Instant::now();
    loop {
        let copied = tmux.said(&["show-buffer"]);
        if copied.trim_end() == "line 3 GET /basket/42 200 12ms the quick brown fox jumps over the lazy dog" {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "the clipboard holds {copied:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
