//! A shell in a container: from the console and from the command line, its ends and its ways to be cut off.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::way::{Flow, Way};
use super::{Temporary, open_server};
use crate::lab::Lab;
use crate::pty::{Console, Start};

/// A console with one server, web-1, over a way that can be cut.
fn console(lab: &Lab, way: &Way, more: &str) -> Console {
    let start = Start::new(&[]).size(100, 30);
    let known = start.home().join("known");
    let all = fs::read_to_string(lab.path("/known_hosts")).unwrap();
    let direct = format!("[127.0.0.1]:{} ", lab.port("web-1"));
    let key = all.lines().find_map(|line| line.strip_prefix(&direct)).unwrap();
    fs::write(&known, format!("[127.0.0.1]:{} {key}\n", way.port())).unwrap();
    let config = format!(
        "[ssh]\nknown_hosts = [{known:?}]\nagent = false\n[history]\npath = \"{}/history.db\"\n\
         [servers.web-1]\naddress = \"127.0.0.1\"\nport = {}\nuser = \"ops\"\nidentity = [{:?}]\n{more}",
        start.home().display(),
        way.port(),
        lab.path("/keys/accepted"),
    );
    start.config(&config).spawn()
}

/// A container of web-1 to open one in.
fn plain<'a>(lab: &'a Lab, name: &'static str) -> Temporary<'a> {
    let it = Temporary { lab, server: "web-1", name };
    it.remove();
    let started = lab.ssh("web-1", &format!("docker run -d --name {name} registry:5000/shop:1.0"));
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    it
}

/// Goes to web-1 and selects a container of it.
fn select(console: &Console, container: &str) {
    open_server(console, "web-1");
    console.wait_for(container).press("/").press(container).press("\r");
    console.wait_until("the container, selected", |screen| {
        screen.lines().any(|row| row.contains(container) && row.contains('▌'))
    });
}

/// Opens a shell in the container that is selected.
fn open(console: &Console) {
    console.press("e").wait_for("shell in").press("\r").wait_for("leads back to midwatch").wait_for("# ");
}

/// Fails unless the whole console is there again, with the terminal in its own modes.
fn assert_back(console: &Console) {
    console.wait_for("CONTAINERS");
    let modes = |screen: &vt100::Screen| {
        (
            screen.alternate_screen(),
            screen.application_cursor(),
            screen.bracketed_paste(),
            screen.hide_cursor(),
        )
    };
    console.wait_until("the console's modes", |_| console.terminal(modes) == (true, false, true, true));
    console.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
}

/// The journal, as its own subcommand prints it.
fn journal(console: &Console, words: &[&str]) -> String {
    let config = console.home().join("midwatch.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .arg("--config")
        .arg(config)
        .arg("journal")
        .args(words)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_shell_in_a_container_has_the_terminal_and_gives_it_back() {
    let lab = Lab::get();
    let it = plain(&lab, "shell-good");
    let way = Way::to(lab.port("web-1"));
    let mut console = console(&lab, &way, "");
    select(&console, it.name);
    open(&console);
    assert!(!console.terminal(vt100::Screen::alternate_screen));
    // The screen is cleared, so that the second shell's prompt is not taken for this one's.
    console.press("clear; echo $((6*7))\r").wait_until("42", |screen| screen.lines().any(|row| row == "42"));
    console.press("stty size\r").wait_for("30 100");
    console.resize(90, 25);
    // It is told of the new size by the time its next question is answered, or soon after.
    console.wait_until("the new size", |screen| {
        if !screen.contains("25 90") {
            console.press("stty size\r");
            std::thread::sleep(Duration::from_millis(100));
        }
        screen.contains("25 90")
    });
    // What a key means in the console means nothing to it here, and bytes are as they are.
    console.press("head -c 3 /dev/zero; printf '\\001\\002q'; echo whole\r").wait_for("qwhole");
    console.press("printf '\\033[?1000h\\033[?1h\\033[?1049h\\033[31m in another'; exit 3\r");
    console.wait_for("ended with 3");
    assert_back(&console);
    let told = journal(&console, &["export"]);
    assert!(
        told.contains("exec-begun") && told.contains("\"exit\":3") && told.contains("shell-good"),
        "{told}"
    );
    assert!(!told.contains("stty") && !told.contains("echo"), "what was typed is in the journal: {told}");
    assert!(journal(&console, &["verify"]).contains("whole"));

    // A second one, killed with its container.
    open(&console);
    it.remove();
    console.wait_until("why it is over", |screen| screen.contains("its container"));
    console.press("\x1b");
    assert_back(&console);
    console.quit();
    console.assert_given_back();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_shell_whose_connection_is_cut_is_over_and_says_why() {
    let lab = Lab::get();
    let it = plain(&lab, "shell-cut");
    let way = Way::to(lab.port("web-1"));
    let mut console = console(&lab, &way, "");
    select(&console, it.name);
    open(&console);
    console.press("clear; echo $((6*7))\r").wait_for("42");
    console.wait_until("only that", |screen| !screen.contains("leads back"));
    way.set(Flow::Cut);
    console.wait_for("cannot run").wait_for("may go on");
    way.set(Flow::Open);
    console.press("\x1b");
    assert_back(&console);
    // A console that is ended meanwhile gives the terminal back all the same.
    console.wait_until("the server again", |screen| screen.contains("● up"));
    open(&console);
    console
        .press("printf '\\033[?1000h\\033[?2004h\\033[?1049h'\r")
        .wait_until("another screen", |_| console.terminal(vt100::Screen::alternate_screen));
    console.signal(Signal::TERM);
    assert_eq!(console.exit_code(Duration::from_secs(5)), 0);
    console.assert_given_back();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn where_there_is_no_shell_or_no_leave_it_is_refused() {
    let lab = Lab::get();
    let it = Temporary { lab: &lab, server: "web-1", name: "shell-none" };
    it.remove();
    let made = lab.ssh(
        "web-1",
        "d=$(mktemp -d) && cd $d && mkdir bin && docker cp shop-web-1:/bin/busybox bin/ && tar c bin | docker import -c 'CMD [\"/bin/busybox\",\"sleep\",\"600\"]' - test/bare:1 && docker run -d --name shell-none test/bare:1",
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let way = Way::to(lab.port("web-1"));
    let mut here = console(&lab, &way, "");
    select(&here, it.name);
    here.press("e").wait_for("command:").press("\r").wait_for("its image has no shell").wait_for("--pid");
    here.press("\x1b").press("e").wait_for("command:").press("/bin/busybox echo 'it is' there\r");
    here.wait_for("ended with 0");
    here.quit();

    let mut strict =
        console(&lab, &way, "environment = \"live\"\n[environments.live]\nguard = \"two-person\"\n");
    open_server(&strict, "web-1");
    strict.wait_for("shop-web-1").press("/").press("shop-web-1").press("\re");
    strict.wait_for("second person");
    strict.quit();
}

/// `midwatch exec` over the lab, with this on its standard input.
fn exec(lab: &Lab, words: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .env("XDG_STATE_HOME", home.path())
        .args(["--config", &lab.at("/config"), "exec"])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_command_in_a_container_without_a_terminal_keeps_its_outputs_apart_and_its_code() {
    let lab = Lab::get();
    let name = ["--confirm", "shop-web-1"];
    let script = "cat; printf 'a\\001b'; echo wrong >&2; exit 7";
    let words = [&["web-1/shop-web-1"], &name[..], &["--", "sh", "-c", script]].concat();
    let done = exec(&lab, &words, "typed\n");
    assert_eq!(done.status.code(), Some(7), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(done.stdout, b"typed\na\x01b");
    assert_eq!(done.stderr, b"wrong\n");
    // Much of it, both ways.
    let much = "0123456789abcde\n".repeat(64 * 1024);
    let words = [&["web-1/shop-web-1"], &name[..], &["--", "cat"]].concat();
    let done = exec(&lab, &words, &much);
    assert!(done.stdout == much.as_bytes(), "{} of {} bytes", done.stdout.len(), much.len());
    // A shell reads what it is given, and refusals are told apart from it.
    let done = exec(&lab, &["web-1/shop-web-1", name[0], name[1]], "echo $((6*7))\nexit 5\n");
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(5), &b"42\n"[..]));
    for (words, code, says) in [
        (&["web-1/shop-web-1", "--", "true"][..], 2, "--confirm shop-web-1"),
        (&["shop-web-1", "--", "true"], 2, "there are 2"),
        (&["web-1/shop-wep-1", "--", "true"], 2, "did you mean web-1/shop-web-1?"),
        (&["web-1/shop-web-1", "--read-only", "--", "true"], 1, "--read-only"),
    ] {
        let refused = exec(&lab, words, "");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(says), "{words:?}: {said}");
    }
}
