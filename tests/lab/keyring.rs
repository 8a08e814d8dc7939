//! Secrets from a real keyring: `gnome-keyring-daemon` on a session bus of the test's own, asked by the
//! program as it is.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::lab::Lab;
use crate::pty::Start;

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session as a desktop has one, in a folder of its own.
struct Session {
    lab: Lab,
    folder: TempDir,
    address: String,
    daemon: Option<Ended>,
    _bus: Ended,
}

impl Session {
    /// A bus with nobody on it, that starts nobody.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["data", "run", "home", "bin"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(
            at("bus.conf"),
            format!(
                "<busconfig><type>session</type><listen>unix:path={}</listen>\
                 <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
                 <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
                at("bus").display()
            ),
        )
        .unwrap();
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", at("bus.conf").display()))
            .args(["--nofork", "--print-address"])
            .env("XDG_RUNTIME_DIR", at("run"))
            .env("XDG_DATA_HOME", at("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is needed: tests/run installs it");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { lab: Lab::get(), folder, address: address.trim().to_owned(), daemon: None, _bus: Ended(bus) }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program in this session.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("XDG_RUNTIME_DIR", self.at("run"))
            .env("XDG_DATA_HOME", self.at("data"))
            .env_remove("DISPLAY")
            .stdin(Stdio::null());
        command
    }

    /// Starts a keyring, unlocked.
    fn with_keyring(mut self) -> Self {
        let mut daemon = self
            .command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring is needed: tests/run installs it");
        daemon.stdin.take().unwrap().write_all(b"night").unwrap();
        self.daemon = Some(Ended(daemon));
        let start = Instant::now();
        while !self.has_keyring() {
            assert!(start.elapsed() < Duration::from_secs(10), "no keyring comes");
            std::thread::sleep(Duration::from_millis(50));
        }
        self
    }

    fn has_keyring(&self) -> bool {
        let mut tool = self.command("secret-tool");
        tool.args(["search", "service", "lab-redis"]).output().unwrap().status.success()
    }

    /// Puts the lab's Redis password into the keyring.
    fn store(&self) -> bool {
        let mut tool = self
            .command("secret-tool")
            .args(["store", "--label=the lab's baskets", "service", "lab-redis", "username", "watch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("libsecret-tools is needed: tests/run installs it");
        tool.stdin.take().unwrap().write_all(self.password().as_bytes()).unwrap();
        tool.wait().unwrap().success()
    }

    fn lock(&self) {
        let done = self
            .command("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
            ])
            .arg("org.freedesktop.Secret.Service.Lock")
            .arg("array:objpath:/org/freedesktop/secrets/collection/login")
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    fn password(&self) -> String {
        self.lab.at("/redis/password")
    }

    /// A configuration with one check, whose password is this entry.
    fn config(&self, entry: &str) -> String {
        let here = self.lab.at("/redis/here");
        let (host, port) = here.rsplit_once(':').unwrap();
        format!(
            "[checks.baskets]\nkind = \"redis\"\nhost = \"{host}\"\nport = {port}\n\
             interval = \"2s\"\ndeadline = \"2s\"\n\
             password = {{ keyring = \"{entry}\" }}\n"
        )
    }

    /// `midwatch check` with that configuration.
    fn check(&self, entry: &str) -> Command {
        let config = self.at("midwatch.toml");
        fs::write(&config, self.config(entry)).unwrap();
        let mut command = self.command(env!("CARGO_BIN_EXE_midwatch"));
        command
            .args(["check", "baskets", "--json", "--config"])
            .arg(config)
            .env("HOME", self.at("home"))
            .env("XDG_STATE_HOME", self.at("home/state"));
        command
    }
}

/// Health and reason of the one check.
fn said(mut check: Command) -> String {
    health_and_reason(&check.output().unwrap())
}

fn health_and_reason(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let json: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let check = json.pointer("/checks/0").unwrap_or_else(|| panic!("no check in {json}"));
    format!("{}: {}", check["health"].as_str().unwrap(), check["reason"].as_str().unwrap_or_default())
}

/// Every file below a folder that holds these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if fs::read(&path).is_ok_and(|held| memchr::memmem::find(&held, bytes).is_some()) {
            found.push(path);
        }
    }
    found
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_password_is_read_from_an_unlocked_keyring_and_shown_nowhere() {
    let session = Session::new().with_keyring();
    assert!(session.store());
    let password = session.password();
    // The tool in front of the tool takes down what it is started with.
    let front = session.at("bin/secret-tool");
    let taken_down = session.at("arguments");
    let tool = "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$TAKEN_DOWN\"\nPATH=$REST exec secret-tool \"$@\"\n";
    fs::write(&front, tool).unwrap();
    fs::set_permissions(&front, fs::Permissions::from_mode(0o755)).unwrap();
    let rest = std::env::var("PATH").unwrap();
    let path = format!("{}:{rest}", session.at("bin").display());

    let output = session
        .check("lab-redis/watch")
        .env("PATH", &path)
        .env("REST", &rest)
        .env("TAKEN_DOWN", &taken_down)
        .env("MIDWATCH_LOG", "trace")
        .output()
        .unwrap();
    assert_eq!(health_and_reason(&output), "up: ");
    assert_eq!(fs::read_to_string(&taken_down).unwrap(), "lookup service lab-redis username watch\n");
    let told = [output.stdout, output.stderr].concat();
    assert!(memchr::memmem::find(&told, b"baskets").is_some(), "nothing was told");
    assert!(memchr::memmem::find(&told, password.as_bytes()).is_none(), "the password is told");
    assert_eq!(holding(session.folder.path(), password.as_bytes()), [] as [PathBuf; 0]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_console_tells_of_a_missing_entry_until_it_is_stored_and_never_shows_it() {
    let session = Session::new().with_keyring();
    let password = session.password();
    let start = Start::new(&[]).size(120, 30).config(&session.config("lab-redis/watch"));
    let mut console = start
        .env("DBUS_SESSION_BUS_ADDRESS", &session.address)
        .env("XDG_RUNTIME_DIR", &session.at("run").display().to_string())
        .env("MIDWATCH_LOG", "trace")
        .spawn();
    console.wait_for("the keyring has no entry lab-redis/watch; to mend it: secret-tool store");
    assert!(session.store());
    // This machine may have problems of its own.
    console.wait_gone("check baskets");
    console.quit();
    let written = console.written();
    assert!(memchr::memmem::find(&written, password.as_bytes()).is_none(), "the password is on the screen");
    assert!(!holding(console.home(), b"baskets").is_empty(), "the home is empty, so it shows nothing");
    for folder in [console.home(), session.folder.path()] {
        assert_eq!(holding(folder, password.as_bytes()), [] as [PathBuf; 0]);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_entry_that_is_not_there_is_told_with_the_command_that_stores_it() {
    let session = Session::new().with_keyring();
    assert_eq!(
        said(session.check("lab-redis/no one")),
        "unknown: the keyring has no entry lab-redis/no one; to mend it: \
         secret-tool store '--label=lab-redis/no one' service lab-redis username 'no one'"
    );
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_locked_keyring_is_told_with_the_command_that_unlocks_it() {
    let session = Session::new().with_keyring();
    assert!(session.store());
    session.lock();
    // Nobody can be asked here: the keyring gives up at once, and says nothing.
    assert_eq!(
        said(session.check("lab-redis/watch")),
        "unknown: the keyring that has lab-redis/watch is locked; to mend it: \
         secret-tool search --unlock service lab-redis username watch"
    );
    // What is not in a locked keyring is not said to be locked.
    let absent = said(session.check("lab-redis/nobody"));
    assert!(absent.starts_with("unknown: the keyring has no entry lab-redis/nobody; "), "{absent}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_keyring_that_does_not_answer_is_given_up_in_time() {
    let session = Session::new().with_keyring();
    assert!(session.store());
    // As one that asks a person who does not come.
    let daemon = session.daemon.as_ref().unwrap();
    kill_process(Pid::from_child(&daemon.0), Signal::STOP).unwrap();
    let start = Instant::now();
    let said = said(session.check("lab-redis/watch"));
    let took = start.elapsed();
    assert_eq!(
        said,
        "unknown: the keyring gave no lab-redis/watch within 30 s: perhaps it waits to be unlocked; to mend \
         it: secret-tool search --unlock service lab-redis username watch"
    );
    assert!(took < Duration::from_secs(40), "{took:?}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn where_nobody_keeps_secrets_it_is_told_what_is_missing() {
    let session = Session::new();
    let none = said(session.check("lab-redis/watch"));
    assert!(
        none.starts_with("unknown: no keyring runs in this session, so lab-redis/watch cannot be read: ")
            && none.contains("org.freedesktop.secrets")
            && none.ends_with("; to mend it: start one (gnome-keyring, KWallet, KeePassXC), or say where else the secret is: { file = … } or { command = […] }"),
        "{none}"
    );

    let mut without = session.check("lab-redis/watch");
    without.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
    let mut gone = session.check("lab-redis/watch");
    gone.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/no/bus");
    for check in [without, gone] {
        let said = said(check);
        assert!(
            said.starts_with(
                "unknown: there is no D-Bus session here, so no keyring to read lab-redis/watch from: "
            ) && said.contains("; to mend it: start midwatch in a desktop's session, or say where else"),
            "{said}"
        );
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn where_the_tool_is_missing_it_is_told_what_to_install() {
    let session = Session::new().with_keyring();
    let mut check = session.check("lab-redis/watch");
    check.env("PATH", session.at("bin"));
    assert_eq!(
        said(check),
        "unknown: secret-tool is not installed, so the keyring's lab-redis/watch cannot be read; to mend it: \
         install libsecret-tools"
    );
}
